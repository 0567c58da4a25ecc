"""Opening hours: whether a place is open at an instant, why, and until when, on the clock of its own time zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# A whole week and the edges of it: who stays open (or closed) for so long does so until the next special day.
_DAYS_AHEAD = 10


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


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name, None if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # "No such zone" is a KeyError; a folder's name is an OSError.
        return None


def is_open(hours: Hours, now: datetime) -> Opening:
    """Open or closed at `now` (aware). An unknown time zone counts as UTC."""
    zone = zone_of(hours.zone) or UTC
    now = now.astimezone(UTC)
    today = now.astimezone(zone).date()
    closes: datetime | None = None
    because = ""
    for first, last in _stretches(hours, today):
        # Open to the very end of the stretch before: then the week has no gap, and it is open until here.
        carried = closes is not None
        for period in _periods(hours, zone, first, last):
            if closes is None:
                if period.closes_at <= now:
                    continue
                if period.opens_at > now:
                    return Opening(False, _why_closed(hours, today), period.opens_at)
                closes, because = period.closes_at, _why_open(hours, period)
            elif carried or period.opens_at <= closes:
                closes, carried = max(closes, period.closes_at), False
            else:
                return Opening(True, because, closes)
        if closes is not None and closes.astimezone(zone).date() <= last:
            return Opening(True, because, closes)
    return Opening(closes is not None, because or _why_closed(hours, today), None)


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """When it opens: `now` itself if it is open, None if it never will."""
    opening = is_open(hours, now)
    return now if opening.open else opening.until


@dataclass(frozen=True, slots=True)
class _Period:
    day: date
    opens: time
    closes: time
    opens_at: datetime
    closes_at: datetime


def _periods(hours: Hours, zone: tzinfo, first: date, last: date) -> Iterator[_Period]:
    """The periods that start on these days, by the instant at which they open."""
    weekly: dict[int, list[tuple[time, time]]] = {}
    for weekday, opens, closes in hours.weekly:
        weekly.setdefault(weekday, []).append((opens, closes))
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        spans = hours.special[day] if day in hours.special else weekly.get(day.weekday(), ())
        for opens, closes in sorted(spans):
            end = day if closes > opens else day + timedelta(days=1)
            opens_at, closes_at = _instant(day, opens, zone, 0), _instant(end, closes, zone, 1)
            if opens_at < closes_at:
                yield _Period(day, opens, closes, opens_at, closes_at)


def _stretches(hours: Hours, today: date) -> Iterator[tuple[date, date]]:
    """First and last days of what has to be looked at: the days around today, then around each special day.

    Yesterday is among them for its late shift. Between the stretches lie nothing but ordinary weeks: whoever was open
    (or closed) for all of one stretch is so until the next.
    """
    first, last = today - timedelta(days=1), today + timedelta(days=_DAYS_AHEAD)
    for special in sorted(day for day in hours.special if day >= today):
        if special - timedelta(days=1) > last + timedelta(days=1):
            yield first, last
            first = special - timedelta(days=1)
        last = max(last, special + timedelta(days=_DAYS_AHEAD))
    yield first, last


def _instant(day: date, clock: time, zone: tzinfo, fold: int) -> datetime:
    """The instant at which the clock on the wall shows this.

    What it shows twice in autumn begins with the first (fold 0) and ends with the second (fold 1). What it never shows
    in spring is the moment at which it jumps.
    """
    local = datetime.combine(day, clock.replace(tzinfo=None, fold=0), zone)
    before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
    if before == after or before is None or after is None:
        return local.astimezone(UTC)
    if before > after:
        return local.replace(fold=fold).astimezone(UTC)
    low, high = local.replace(fold=1).astimezone(UTC), local.astimezone(UTC)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _why_open(hours: Hours, period: _Period) -> str:
    kind = "special day" if period.day in hours.special else _DAYS[period.day.weekday()]
    if period.opens == period.closes:
        return f"{kind}, {period.day:%Y-%m-%d}: open for 24 hours from {period.opens:%H:%M}"
    return f"{kind}, {period.day:%Y-%m-%d}: open {period.opens:%H:%M} to {period.closes:%H:%M}"


def _why_closed(hours: Hours, today: date) -> str:
    if today in hours.special:
        spans, kind = hours.special[today], "special day"
    else:
        spans = tuple((opens, closes) for day, opens, closes in hours.weekly if day == today.weekday())
        kind = _DAYS[today.weekday()]
    if not spans:
        return f"{kind}, {today:%Y-%m-%d}: closed all day"
    listed = " and ".join(f"{opens:%H:%M} to {closes:%H:%M}" for opens, closes in sorted(spans))
    return f"{kind}, {today:%Y-%m-%d}: open only {listed}"
