"""What the scheduler has done to contacts and their traffic; each may run twice, or two at once."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from routing import history
from routing.traffic import counting


@shared_task  # type: ignore[untyped-decorator,unused-ignore]
def close_lost_contacts() -> None:
    history.close_lost_contacts(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator,unused-ignore]
def prune_contacts() -> None:
    history.prune_contacts(now=timezone.now(), keep_days=settings.CONTACT_RETENTION_DAYS)


@shared_task  # type: ignore[untyped-decorator,unused-ignore]
def count_traffic() -> None:
    counting.count_up(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator,unused-ignore]
def look_again_at_traffic() -> None:
    counting.look_again(now=timezone.now())
