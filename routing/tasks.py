"""What the scheduler has done to contacts; each may run twice, or two at once."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from routing import history


@shared_task  # type: ignore[untyped-decorator,unused-ignore]
def close_lost_contacts() -> None:
    history.close_lost_contacts(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator,unused-ignore]
def prune_contacts() -> None:
    history.prune_contacts(now=timezone.now(), keep_days=settings.CONTACT_RETENTION_DAYS)
