"""What a trace says of a contact's way, as edges of the flow, or of the sub-flow, that the step stands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache

from django.db.models import Q

from routing.engine.faults import DefinitionInvalid
from routing.engine.plan import Plan, PlannedStep
from routing.engine.steps.subflow import Subflow
from routing.models import FlowVersion, TrafficEdge, TrafficPlace
from routing.runner.plans import plan_for

EXIT = TrafficEdge.Kind.EXIT.value
# As long as the columns that keep them; the statements cut what they read to the same.
PATH_CHARS, NAME_CHARS = 600, 200


@dataclass(frozen=True, slots=True)
class Place:
    """As a trace has it: the version that the contact walks, and the step behind those of the sub-flows around it."""

    version_id: int
    path: str
    kind: str
    exit: str


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge of one version of one flow, as it is drawn."""

    version_id: int
    step: str
    kind: str
    exit: str
    target: str = ""
    title: str = ""
    label: str = ""
    target_title: str = ""
    starts: bool = False
    """Whoever came into the flow took one of these, and no more than one."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A step of a path: in which version it stands, and the step itself; None if that version has none such."""

    version_id: int
    step: str
    planned: PlannedStep | None
    around: Plan | None = None
    """The plan that the step belongs to."""


def spots(version_id: int, path: str) -> list[Spot]:
    """Where a path leads, outermost first; whatever cannot be followed stands in the outermost version as it is."""
    plan, owner = _plan(version_id), version_id
    pinned = _pinned(version_id)
    found: list[Spot] = []
    for step in path.split("/"):
        if plan is None:
            break
        planned = plan.steps.get(step)
        found.append(Spot(owner, step, planned, plan))
        inner = planned.step if planned else None
        plan, owner = (
            (plan.subflows.get(inner.flow), pinned.get(inner.flow, 0)) if isinstance(inner, Subflow) else (None, 0)
        )
    if len(found) != path.count("/") + 1 or not all(spot.version_id for spot in found):
        return [Spot(version_id, path[:NAME_CHARS], None)]
    return found


def edges_of(place: Place) -> Iterator[Edge]:
    """An exit belongs to the flow that the step stands in; a stop, to every flow around it, too."""
    found = spots(place.version_id, place.path)
    if place.kind == EXIT:
        yield _edge(found[-1], place)
        return
    for spot in found:
        yield _edge(spot, place)


def _edge(spot: Spot, place: Place) -> Edge:
    planned, exit_name = spot.planned, place.exit
    if planned is None:
        return Edge(spot.version_id, spot.step, place.kind, exit_name)
    exit_ = planned.exits.get(exit_name)
    if exit_ and not planned.targets.get(exit_name) and planned.targets.get(exit_.otherwise):
        # The way that is drawn, and that the contact went.
        exit_name = exit_.otherwise
        exit_ = planned.exits.get(exit_name)
    target = planned.targets.get(exit_name, "") if place.kind == EXIT else ""
    goal = spot.around.steps.get(target) if spot.around else None
    return Edge(
        version_id=spot.version_id,
        step=spot.step,
        kind=place.kind,
        exit=exit_name,
        target=target,
        title=planned.title[:NAME_CHARS],
        label=str(exit_.label if exit_ else exit_name)[:NAME_CHARS],
        target_title=goal.title[:NAME_CHARS] if goal else "",
        starts=planned.step.kind == "trigger" and place.kind == EXIT,
    )


def learn(places: Iterable[Place]) -> None:
    """Keeps which edges these are. Again, or by two at once, is harmless."""
    wanted = {(place, edge) for place in places for edge in edges_of(place)}
    if not wanted:
        return
    edges = {edge for _, edge in wanted}
    TrafficEdge.objects.bulk_create([TrafficEdge(**asdict(edge)) for edge in edges], ignore_conflicts=True)
    versions = {edge.version_id for edge in edges}
    kept = {
        (row.version_id, row.step, row.kind, row.exit): row.pk
        for row in TrafficEdge.objects.filter(Q(version__in=versions))
    }
    TrafficPlace.objects.bulk_create(
        [
            TrafficPlace(**asdict(place), edge_id=kept[edge.version_id, edge.step, edge.kind, edge.exit])
            for place, edge in wanted
        ],
        ignore_conflicts=True,
    )


# Versions never change.
@lru_cache(maxsize=256)
def _pinned(version_id: int) -> dict[str, int]:
    return dict(FlowVersion.objects.values_list("subflows", flat=True).get(pk=version_id))


def _plan(version_id: int) -> Plan | None:
    try:
        return plan_for(version_id)
    except DefinitionInvalid:
        # Published when the engine allowed more: its contacts are counted by what their traces say.
        return None
