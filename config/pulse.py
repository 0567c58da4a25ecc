"""The pulse of the Celery workers: each says every few seconds which queues it serves, and /health/ready/ listens."""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery.signals import worker_ready
from django.core.cache import cache

logger = structlog.get_logger(__name__)
_EVERY_S = 5.0
_LIFE_S = 3600


def seconds_since_pulse(queue: str, now: float) -> float | None:
    """How long ago a worker of `queue` was last heard; None if none was within the hour."""
    heard_at = cache.get(_key(queue))
    return None if heard_at is None else now - heard_at


def _key(queue: str) -> str:
    return f"pulse:{queue}"


@worker_ready.connect
def _start(sender: Any, **_: object) -> None:
    # The consumer's own timer: it stops when the consumer hangs, which a thread of its own would not.
    consumer = sender

    def beat() -> None:
        try:
            for queue in consumer.task_consumer.queues:
                cache.set(_key(queue.name), time.time(), _LIFE_S)
        except Exception as problem:  # noqa: BLE001  a lost pulse shows in /health/ready/; the worker works on
            logger.warning("no_pulse", problem=type(problem).__name__)

    beat()
    consumer.timer.call_repeatedly(_EVERY_S, beat)
