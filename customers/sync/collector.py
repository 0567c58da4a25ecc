"""Keeps Python's collector of cycles from walking through a batch, which has none, again and again: a third of its time."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_busy = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection while any thread is in here; that is a second or two."""
    global _busy  # noqa: PLW0603  the collector is the process's, and so is the count
    with _lock:
        _busy += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _busy -= 1
            if not _busy:
                gc.enable()
