"""Renews the claims of requests that take longer, so that a worker that died is told from one that waits."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from customers.enrichment import flight

_log = structlog.get_logger(__name__)
_EVERY_S = 0.5
# Fast requests are over before anybody needs to renew anything.
_SLOW_S = flight.LEASE_S / 2

_running: dict[tuple[str, str], float] = {}
_lock = threading.Lock()
_thread_of: int = 0


@contextmanager
def kept(question: str, token: str) -> Iterator[None]:
    """While this lasts the claim does not run out."""
    global _thread_of  # noqa: PLW0603  a thread does not survive a fork
    if _thread_of != os.getpid():
        with _lock:
            if _thread_of != os.getpid():
                _running.clear()
                _thread_of = os.getpid()
                threading.Thread(target=_keep, name="claims", daemon=True).start()
    name = (question, token)
    _running[name] = time.monotonic()
    try:
        yield
    finally:
        _running.pop(name, None)


def _keep() -> None:
    while True:
        time.sleep(_EVERY_S)
        slow = time.monotonic() - _SLOW_S
        for (question, token), since in list(_running.items()):
            if since < slow:
                try:
                    flight.renew(question, token=token)
                except flight.Unavailable as error:
                    _log.warning("claim not renewed", why=type(error).__name__)
                    break
