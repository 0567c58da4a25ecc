"""Opening hours: whether a place is open at an instant, why, and until when, on the clock of its own time zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# How far ahead a change is looked for. Special days may close a place for months, but not for more than a year.
_HORIZON_DAYS = 400


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly periods and special days, in wall-clock time of `zone`.

    A period that closes at or before the time it opens runs past midnight; both the same is 24 hours. Whatever runs
    past midnight belongs to the day on which it started: a special day replaces the periods that start on its date,
    and an empty special day has none, yet the late shift of the day before still ends when it would have.
    """

    key: str
    name: str
    zone: str
    weekly: tuple[tuple[int, time, time], ...] = ()
    """Weekday (0 is Monday), opens, closes."""
    special: Mapping[date, tuple[tuple[time, time], ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether it is open, a reason in words, and the instant (aware UTC) until which that holds, if it ever changes."""

    open: bool
    because: str
    until: datetime | None


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name, None if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError on some systems, see below
        return None
    except KeyError:
        return None


def is_open(hours: Hours, now: datetime) -> Opening:
    """Open or closed at `now` (aware). An unknown time zone counts as UTC, and the reason says so."""
    zone = zone_of(hours.zone) or UTC
    now = now.astimezone(UTC)
    today = now.astimezone(zone).date()
    # Two days back: with a period of 24 hours and a clock that jumps, yesterday alone may not reach.
    closes: datetime | None = None
    because = ""
    for day, opens_at, closes_at, opens, shuts in _periods(hours, zone, today - timedelta(days=2)):
        if closes is None:
            if opens_at > now:
                return Opening(False, _closed_because(hours, today), opens_at)
            if closes_at > now:
                closes, because = closes_at, _open_because(hours, day, opens, shuts)
        elif opens_at <= closes:
            closes = max(closes, closes_at)
        else:
            break
        if closes is not None and closes - now > timedelta(days=_HORIZON_DAYS - 10):
            return Opening(True, because, None)
    if closes is not None:
        return Opening(True, because, closes)
    return Opening(False, _closed_because(hours, today), None)
