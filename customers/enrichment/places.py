"""How many threads of one worker one API may have, so that an API that hangs does not take them all.

Questions beyond that are parked without a thread, and asked in their order by the threads that become free.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from django.conf import settings

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Places:
    taken: int = 0
    parked: deque[Callable[[], None]] = field(default_factory=deque)


_lock = threading.Lock()
_of: dict[str, _Places] = {}


def _after_fork() -> None:
    # The threads that held places stayed in the parent, perhaps in the middle of taking one.
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _of.clear()


os.register_at_fork(after_in_child=_after_fork)


def ask_in_turn(source: str, ask: Callable[[], None]) -> None:
    """Calls `ask` now if the source has a place left, else leaves it to whoever gives one back; never blocks."""
    with _lock:
        places = _of.setdefault(source, _Places())
        if places.taken >= settings.FETCHES_AT_ONCE:
            places.parked.append(ask)
            return
        places.taken += 1
    turn: Callable[[], None] | None = ask
    while turn is not None:
        try:
            turn()
        except Exception:  # noqa: BLE001  logged; those who are parked behind it must not pay for it
            _log.exception("question broke", source=source)
        turn = _next(source, places)


def parked() -> int:
    """How many questions wait for a place in this process."""
    with _lock:
        return sum(len(places.parked) for places in _of.values())


def _next(source: str, places: _Places) -> Callable[[], None] | None:
    """The next question for the thread that has just become free; None gives its place back."""
    with _lock:
        if places.parked:
            return places.parked.popleft()
        places.taken -= 1
        if not places.taken:
            _of.pop(source, None)
        return None
