"""What other rooms may read: every queue and all opening hours, as one snapshot."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, time

from django.db import connection

from queues.models import OpeningHours, OpeningPeriod, Queue, SipAddress, SpecialDay


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """A queue. `addresses` are (uri, seconds to ring) in the order in which they are tried."""

    id: int
    key: str
    name: str
    addresses: tuple[tuple[str, int], ...]
    overflow: str
    hours: str
    head_start_s: int = 0


@dataclass(frozen=True, slots=True)
class HoursFacts:
    """Opening hours; weekday 0 is Monday. A special day without periods is closed."""

    key: str
    name: str
    time_zone: str
    weekly: tuple[tuple[int, time, time], ...]
    special: tuple[tuple[date, tuple[tuple[time, time], ...]], ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """All of it, as of one revision."""

    revision: int
    queues: tuple[QueueFacts, ...]
    hours: tuple[HoursFacts, ...]


def current_revision() -> int:
    """Grows whenever a queue, a SIP address or opening hours change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM queues_revision")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def read_directory() -> Directory:
    """Reads the whole directory; a change in the middle shows as an older revision and is read again."""
    revision = current_revision()
    addresses: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for queue_id, uri, ring_s in SipAddress.objects.order_by("queue_id", "position", "id").values_list(
        "queue_id", "uri", "ring_s"
    ):
        addresses[queue_id].append((uri, ring_s))
    queues = tuple(
        QueueFacts(
            row.id,
            row.key,
            row.name,
            tuple(addresses[row.id]),
            row.overflow.key if row.overflow else "",
            hours,
            row.head_start_s,
        )
        for row in Queue.objects.filter(is_active=True).select_related("overflow", "hours").order_by("id")
        for hours in (row.hours.key if row.hours else "",)
    )
    return Directory(revision, queues, _read_hours())


def _read_hours() -> tuple[HoursFacts, ...]:
    weekly: dict[int, list[tuple[int, time, time]]] = defaultdict(list)
    for period in OpeningPeriod.objects.all():
        weekly[period.hours_id].append((period.weekday, period.opens_at, period.closes_at))
    special: dict[int, dict[date, list[tuple[time, time]]]] = defaultdict(lambda: defaultdict(list))
    for day in SpecialDay.objects.all():
        periods = special[day.hours_id][day.date]
        if day.opens_at is not None and day.closes_at is not None:
            periods.append((day.opens_at, day.closes_at))
    return tuple(
        HoursFacts(
            row.key,
            row.name,
            row.time_zone,
            tuple(weekly[row.id]),
            tuple((date_, tuple(periods)) for date_, periods in special[row.id].items()),
        )
        for row in OpeningHours.objects.all()
    )
