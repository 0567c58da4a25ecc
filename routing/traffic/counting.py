"""Counts up what contacts took since the last time. Killed in the middle, late, twice, or two at once: each counts once."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from routing.models import Contact, TrafficHour, TrafficMark, TrafficWalk
from routing.traffic import statements
from routing.traffic.places import Place, learn

# The longest span that the canvas shows, and the rest of the hour that it begins in.
KEPT = timedelta(days=8)
# A turn that is younger is read again the next time: one that began before it may still be on its way into the table.
UNSETTLED = timedelta(minutes=5)
# Turns a transaction: a fraction of a second, so that whoever waits for the lock, or is killed, loses little.
CHUNK = 5_000
# One run of the task; the next one goes on from there.
PATIENCE_S = 20.0


def count_up(*, now: datetime, patience_s: float = PATIENCE_S) -> bool:
    """Counts what is new, then further back what was never counted. False if there is more to do."""
    until = time.monotonic() + patience_s
    after: int | None = 0
    while after is not None:
        after = _count_turns(now, after)
        if after is not None and time.monotonic() >= until:
            return False
    while _fill_an_hour(now):
        if time.monotonic() >= until:
            return False
    return True


def look_again(*, now: datetime) -> None:
    """Has every contact of the span looked at again, and forgets what is older: whatever was missed is found."""
    floor = _floor(now)
    TrafficWalk.objects.filter(started_at__lt=floor).delete()
    TrafficHour.objects.filter(hour__lt=floor - timedelta(hours=1)).delete()
    with transaction.atomic():
        TrafficMark.objects.filter(filled_from__isnull=True).update(filled_from=now)


def _floor(now: datetime) -> datetime:
    """Contacts that arrived before are shown nowhere, or are deleted already."""
    days = settings.CONTACT_RETENTION_DAYS
    return now - (min(KEPT, timedelta(days=days)) if days > 0 else KEPT)


def _mark(now: datetime) -> TrafficMark | None:
    """The mark, locked; None if somebody else is counting."""
    mark = TrafficMark.objects.select_for_update(skip_locked=True).first()
    if mark is not None or TrafficMark.objects.exists():
        return mark
    settled = _row(statements.NEWEST_SETTLED, {"settled": now - UNSETTLED})
    first = TrafficMark(pk=1, turn_id=settled[0] if settled else 0, counted_at=now, filled_from=now)
    TrafficMark.objects.bulk_create([first], ignore_conflicts=True)
    return TrafficMark.objects.select_for_update(skip_locked=True).first()


@transaction.atomic
def _count_turns(now: datetime, after: int) -> int | None:
    """One piece of what was written after the mark, or after that turn; where the next begins, if there is one."""
    mark = _mark(now)
    if mark is None:
        return None
    begin = max(mark.turn_id, after)
    # Whoever is further ahead than `soon` has a wrong clock, and is not waited for.
    times = {"settled": now - UNSETTLED, "soon": now + UNSETTLED}
    last, count, settled = _row(statements.PIECE, {"after": begin, "most": CHUNK, **times}) or (begin, 0, begin)
    if count:
        _merge(statements.SAID_BY_TURN, {"after": begin, "most": CHUNK, "floor": _floor(now)})
    if begin == mark.turn_id:
        # What is not settled is counted by now, too; only the mark stays behind, so that it is read once more.
        mark.turn_id = settled
    mark.counted_at = now
    mark.save(update_fields=["turn_id", "counted_at"])
    return int(last) if count == CHUNK else None


@transaction.atomic
def _fill_an_hour(now: datetime) -> bool:
    """The latest hour with contacts that was not looked at yet; True if there is more."""
    mark = _mark(now)
    if mark is None or mark.filled_from is None:
        return False
    floor = _floor(now)
    latest = (
        Contact.objects.filter(started_at__lt=mark.filled_from, started_at__gte=floor, version__isnull=False)
        .order_by("-started_at", "-id")
        .values_list("started_at", flat=True)
        .first()
    )
    if latest is None:
        mark.filled_from, mark.is_complete = None, True
        mark.save(update_fields=["filled_from", "is_complete"])
        return False
    begin = latest - timedelta(hours=1)
    _merge(statements.SAID_BY_ARRIVAL, {"begin": begin, "end": mark.filled_from, "floor": floor})
    mark.filled_from = begin
    mark.save(update_fields=["filled_from"])
    return True


def _merge(said: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements.of(statements.UNKNOWN, said), values)
        unknown = [Place(*row) for row in cursor.fetchall()]
    learn(unknown)
    with connection.cursor() as cursor:
        cursor.execute(statements.of(statements.MERGE, said), values)


def _row(statement: str, values: dict[str, Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: tuple[Any, ...] | None = cursor.fetchone()
    return found
