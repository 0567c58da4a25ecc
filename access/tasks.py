"""What is done for the API at night."""

from celery import shared_task
from django.utils import timezone

from access import idempotency


@shared_task(name="access.tasks.prune", ignore_result=True)
def prune() -> None:
    """Forgets the answers that were kept for requests sent again."""
    idempotency.prune(now=timezone.now())
