"""What workers do for webhooks. One sender at a time, so that slow listeners cost one thread of one worker."""

import time

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from outgoing import sending

_LOCK, _RUN_S, _LOCK_S = "outgoing:sender", 20.0, 60


@shared_task(name="outgoing.tasks.send", ignore_result=True)
def send() -> None:
    """Sends what is due."""
    if not cache.add(_LOCK, 1, _LOCK_S):
        return
    try:
        sending.send_due(clock=timezone.now, until=time.monotonic() + _RUN_S)
    finally:
        cache.delete(_LOCK)


@shared_task(name="outgoing.tasks.prune", ignore_result=True)
def prune() -> None:
    sending.prune(now=timezone.now())
