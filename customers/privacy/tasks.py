"""What workers do for privacy."""

import structlog
from celery import shared_task
from django.utils.timezone import now

from customers.privacy import services

log = structlog.get_logger()


@shared_task(ignore_result=True)
def prune() -> None:
    """Each night: what is older than its kind may be."""
    for kind, count in services.prune(now=now()).items():
        log.info("old rows are deleted", kind=kind, rows=count)
