"""What the canvas shows of a flow's traffic: counts, who took an edge, who is where at this moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db import connection

from routing.models import FlowVersion, TrafficMark
from routing.traffic import statements
from routing.traffic.places import Edge, Place, edges_of, spots

SPANS = MappingProxyType({"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)})
# Turns since the last count that a page reads itself. More than that means that no worker counts.
TAIL = 10_000


@dataclass(frozen=True, slots=True)
class Look:
    """Which contacts are meant: those that arrived since `since`, of one version or of all of the flow."""

    flow_id: int
    flow_key: str
    since: datetime
    now: datetime
    version_id: int | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """An edge in whichever versions have it: a step's exit to the same step, or a stop at a step."""

    step: str
    kind: str
    exit: str
    target: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many contacts took an edge; `numbers` are the versions that they took it in."""

    step: str
    kind: str
    exit: str
    target: str
    title: str
    label: str
    target_title: str
    starts: bool
    contacts: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Here:
    """A contact that is at a step now."""

    contact_id: int
    started_at: datetime
    step: str


@dataclass(frozen=True, slots=True)
class Traffic:
    counts: tuple[Count, ...]
    here: tuple[Here, ...]
    counted_at: datetime | None
    """What happened later is not in the counts, since nobody counts at the moment; None if all is."""
    counted_from: datetime | None
    """Contacts that arrived earlier are still being counted; None if all of the span are."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A contact that took an edge, not counted yet."""

    contact_id: int
    started_at: datetime
    edge: Edge
    number: int


def read_traffic(look: Look) -> Traffic:
    """Four queries, however many contacts there were."""
    mark = TrafficMark.objects.first()
    found: dict[Way, Count] = {}
    for row in _rows(statements.COUNTS, _values(look)):
        step, kind, exit_, target, title, label, target_title, starts, number, contacts = row
        _add(found, Count(step, kind, exit_, target, title, label, target_title, starts, int(contacts), (number,)))
    tail, is_behind = _tail(look, mark)
    for taken in tail:
        edge = taken.edge
        names = (edge.title, edge.label, edge.target_title)
        _add(found, Count(edge.step, edge.kind, edge.exit, edge.target, *names, edge.starts, 1, (taken.number,)))
    filled_from = mark.filled_from if mark and not mark.is_complete else None
    return Traffic(
        counts=tuple(found.values()),
        here=tuple(who_is_here(look)),
        counted_at=(mark.counted_at if mark else look.since) if is_behind else None,
        counted_from=filled_from if filled_from and filled_from > look.since else None,
    )


def who_took(look: Look, way: Way, *, before: tuple[datetime, int] | None, most: int) -> list[int]:
    """Ids of the contacts that took an edge, newest first, at most `most`, that arrived before the cursor."""
    last, last_id = before or (look.now + timedelta(days=1), 0)
    values = {
        **_values(look),
        **asdict(way),
        "before": last,
        "before_id": last_id,
        "most": most,
    }
    found = dict(_rows(statements.WALKS, values))
    for taken in _tail(look, TrafficMark.objects.first())[0]:
        if _way(taken.edge) == way and (taken.started_at, taken.contact_id) < (last, last_id):
            found[taken.contact_id] = taken.started_at
    return sorted(found, key=lambda contact_id: (found[contact_id], contact_id), reverse=True)[:most]


def who_is_here(look: Look) -> list[Here]:
    """Contacts under way, whenever they arrived, at each step of this flow around them; newest first."""
    values = {"flow": look.flow_id, "key": look.flow_key, "only": look.version_id}
    found = [
        (contact_id, started_at, spot)
        for contact_id, started_at, version_id, path in _rows(statements.HERE, values)
        for spot in spots(version_id, path or "")
    ]
    mine = _mine(look, {spot.version_id for _, _, spot in found}) if found else {}
    return [Here(contact_id, at, spot.step) for contact_id, at, spot in found if spot.version_id in mine]


def _way(edge: Edge | Count) -> Way:
    return Way(edge.step, edge.kind, edge.exit, edge.target)


def _add(found: dict[Way, Count], count: Count) -> None:
    """A contact walks one version of a flow only, so those of several versions add up."""
    way = _way(count)
    known = found.get(way)
    if known is None:
        found[way] = count
        return
    numbers = known.numbers if count.numbers[0] in known.numbers else (*known.numbers, *count.numbers)
    found[way] = replace(known, contacts=known.contacts + count.contacts, numbers=numbers)


def _tail(look: Look, mark: TrafficMark | None) -> tuple[list[Taken], bool]:
    """What was taken since the last count, each once; and whether there is more than is read here."""
    after = mark.turn_id if mark else 0
    values = {
        **_values(look),
        "after": after,
        "most": TAIL,
        "floor": look.since,
    }
    found: dict[tuple[int, Edge], Taken] = {}
    unknown: list[tuple[Place, int, datetime]] = []
    for row in _rows(statements.of(statements.TAIL, statements.SAID_BY_TURN), values):
        contact_id, started_at, version_id, path, kind, exit_, owner, step, *named, number = row
        if owner is None:
            unknown.append((Place(version_id, path, kind, exit_), contact_id, started_at))
            continue
        edge = Edge(owner, step, kind, *named)
        if look.version_id is None or owner == look.version_id:
            found[contact_id, edge] = Taken(contact_id, started_at, edge, number)
    if unknown:
        _learned(look, unknown, found)
    [(is_behind,)] = _rows(statements.IS_BEHIND, {"after": after, "most": TAIL})
    return list(found.values()), is_behind


def _learned(look: Look, unknown: list[tuple[Place, int, datetime]], found: dict[tuple[int, Edge], Taken]) -> None:
    """Places that the next count will learn; a page only reads."""
    known = {place: tuple(edges_of(place)) for place in {place for place, _, _ in unknown}}
    mine = _mine(look, {edge.version_id for edges in known.values() for edge in edges})
    for place, contact_id, started_at in unknown:
        for edge in known[place]:
            if edge.version_id in mine:
                found[contact_id, edge] = Taken(contact_id, started_at, edge, mine[edge.version_id])


def _mine(look: Look, version_ids: Iterable[int]) -> dict[int, int]:
    """Those of these versions that are meant, with their numbers."""
    versions = FlowVersion.objects.filter(pk__in=version_ids, flow=look.flow_id)
    if look.version_id is not None:
        versions = versions.filter(pk=look.version_id)
    return dict(versions.values_list("pk", "number"))


def _values(look: Look) -> dict[str, Any]:
    whole = look.since.replace(minute=0, second=0, microsecond=0)
    return {
        "flow": look.flow_id,
        "only": look.version_id,
        "since": look.since,
        "whole": whole if whole == look.since else whole + timedelta(hours=1),
        "now": look.now,
    }


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
