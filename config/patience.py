"""A database that hangs, rather than refuses, must not keep a webhook: its connection is cut, and the fallback answers.

No time-out of PostgreSQL's helps where the server itself stands still, and libpq waits for as long as the socket lives.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.conf import settings
from django.db import connections

log = structlog.get_logger(__name__)

_EVERY_S = 0.25

_asking: dict[int, tuple[float, Any]] = {}
# Held while a connection is cut and while a request lets go of its own: nobody else's is ever hit.
_lock = threading.Lock()
_watcher_of = 0


@contextmanager
def bounded() -> Iterator[None]:
    """Within it, whatever is asked of the database after DATABASE_PATIENCE_S fails with an OperationalError."""
    global _watcher_of  # noqa: PLW0603  a thread does not survive a fork
    if _watcher_of != os.getpid():
        with _lock:
            if _watcher_of != os.getpid():
                _watcher_of = os.getpid()
                _asking.clear()
                threading.Thread(target=_watch, name="patience", daemon=True).start()
    me = threading.get_ident()
    _asking[me] = (time.monotonic() + settings.DATABASE_PATIENCE_S, connections["default"])
    try:
        yield
    finally:
        with _lock:
            _asking.pop(me, None)


def _watch() -> None:
    while True:
        time.sleep(_EVERY_S)
        now = time.monotonic()
        for me, (until, _wrapper) in list(_asking.items()):
            if until <= now:
                with _lock:
                    held = _asking.get(me)
                    if held is not None and held[0] == until:
                        _cut(held[1])


def _cut(wrapper: Any) -> None:
    """Ends both directions of the socket: whoever waits for it reads its end."""
    connection = wrapper.connection
    try:
        if connection is None or connection.closed:
            return
        descriptor = os.dup(connection.fileno())
    except Exception as error:  # noqa: BLE001  closed meanwhile, in whatever way the driver says so
        log.info("connection was closed already", why=type(error).__name__)
        return
    with socket.socket(fileno=descriptor) as its:
        try:
            its.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            log.info("connection was closed already", why=type(error).__name__)
            return
    log.error("the database hangs: a webhook's connection was cut")
