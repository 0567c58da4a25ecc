"""Dates, instants and times of day in conditions, among them "now", "today" and "-30 days"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from routing.engine.hours import zone_of
from routing.engine.values import JSON, as_date, as_instant, as_time, look_up

_RELATIVE = re.compile(
    r"(now|today)?\s*(?:([+-])\s*([0-9]{1,5})\s*(minute|hour|day|week|month|year)s?)?", re.ASCII | re.IGNORECASE
)
_SPANS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Here:
    """What a comparison may know beside its two sides: the variables and the moment (aware)."""

    scope: Mapping[str, JSON]
    now: datetime

    @property
    def zone(self) -> tzinfo:
        """The contact's time zone, `contact.time_zone`, else UTC."""
        name = look_up(self.scope, "contact.time_zone")
        return (zone_of(name) if isinstance(name, str) else None) or UTC


def is_moment(text: str) -> bool:
    """Whether `moment_of` will understand it."""
    return moment_of(text, Here({}, datetime(2026, 1, 1, tzinfo=UTC))) is not None


def moment_of(value: JSON, here: Here) -> datetime | date | None:
    """An instant (aware), or a bare date.

    Text is ISO 8601, or counted from now: "now", "today", "-30 days", "now +2 hours", "today -1 month". Units are
    minutes, hours, days, weeks, months and years; an offset alone counts from now; "today" gives a bare date.
    """
    moment = as_date(value) or as_instant(value)
    if moment is not None or not isinstance(value, str):
        return moment
    text = value.strip()
    found = _RELATIVE.fullmatch(text) if text else None
    if found is None:
        return None
    base, sign, count, unit = found.groups()
    start: datetime | date = here.now
    if base and base.lower() == "today":
        start = here.now.astimezone(here.zone).date()
    if not sign:
        return start
    number = int(count) * (1 if sign == "+" else -1)
    unit = unit.lower()
    try:
        if span := _SPANS.get(unit):
            return start + span * number
        return _months_on(start, number * (12 if unit == "year" else 1))
    except (OverflowError, ValueError):
        return None


def _months_on(start: datetime | date, months: int) -> datetime | date:
    """The same day of another month, or its last: a month after 31 January is 28 February."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, calendar.monthrange(year, month + 1)[1]))


def compare(one: datetime | date, other: datetime | date, here: Here) -> int:
    """-1, 0 or 1. If either is a bare date, both are compared as dates on the contact's clock."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return (one > other) - (one < other)
    one, other = _day(one, here), _day(other, here)
    return (one > other) - (one < other)


def _day(moment: datetime | date, here: Here) -> date:
    if not isinstance(moment, datetime):
        return moment
    try:
        return moment.astimezone(here.zone).date()
    except OverflowError:  # at the very ends of the calendar
        return moment.date()


def time_of(value: JSON, here: Here) -> time | None:
    """A time of day; an instant's is the one on the contact's clock."""
    clock = as_time(value)
    if clock is not None:
        return clock
    instant = as_instant(value)
    if instant is None:
        return None
    try:
        return instant.astimezone(here.zone).time()
    except OverflowError:
        return instant.time()
