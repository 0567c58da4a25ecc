"""One contact's way on the canvas of a flow: each visit to a step in order, what it saw, and how long it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from customers.privacy.sight import shown_all
from routing.admin.canvas.door import Asked, Refused, canvas_view, page
from routing.admin.canvas.traffic import contact_row, contacts_only, without_definitions
from routing.admin.story import Line, StepStory, TurnStory, tell
from routing.admin.veil import veiled_all
from routing.catalog import catalog
from routing.engine.drawing.analysis import analyse
from routing.models import Contact, Flow, FlowVersion, Turn
from routing.traffic.places import EXIT, Place, Spot, edges_of, spots

# Nobody's telephone number, though times look like one.
_FACTS = frozenset({"at", "ended_at", "reference", "recipient", "url", "color", "step", "path", "exit", "edges"})


@dataclass(slots=True)
class Visit:
    """A stay at a step, from coming in to going out; several turns long if the step waits."""

    number: int
    story: StepStory
    """What was written down last about it."""
    spots: list[Spot]
    came_at: str
    left_at: str
    lines: list[Line] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return bool(self.story.exit or self.story.stop)

    @property
    def spent_ms(self) -> int | None:
        try:
            spent = datetime.fromisoformat(self.left_at) - datetime.fromisoformat(self.came_at)
        except ValueError:
            return None
        return round(spent.total_seconds() * 1000)


@canvas_view("GET", flows=without_definitions)
def contact(asked: Asked, contact_id: int) -> dict[str, Any]:
    """The whole way with the version that it went through; `?known=<turns>` leaves out what cannot have changed."""
    contacts_only(asked)
    found = _contact(contact_id)
    version = _version(asked.flow, found)
    known = asked.request.GET.get("known", "")
    may_see = asked.user.has_perm("customers.view_customer")
    answer: dict[str, Any] = {
        "contact": {
            **contact_row(found, may_see_customers=may_see),
            "why": found.why_shown,
            "turns": found.next_turn,
            "recipient": found.recipient,
        },
        "version": {"id": version.pk, "number": version.number},
    }
    if known == str(found.next_turn) and found.state == Contact.State.ENDED:
        return veil(answer, may_see_customers=may_see)
    turns = tell(Turn.objects.filter(contact=found).order_by("number"), written=found.channel != Contact.Channel.VOICE)
    answer |= _way(found, turns, {version.pk}, found.version_id or 0)
    answer = veil(answer, may_see_customers=may_see)
    if not known:
        answer |= {
            "definition": version.definition,
            "analysis": analyse(version.definition, catalog(), key=asked.flow.key),
            "title": _("Contact %(reference)s · version %(number)s")
            % {"reference": found.reference, "number": version.number},
        }
    return answer


def veil(answer: dict[str, Any], *, may_see_customers: bool) -> dict[str, Any]:
    """The answer without anybody's whole telephone number, for who may not see customers."""
    return shown_all(answer, but=_FACTS) if may_see_customers else veiled_all(answer, but=_FACTS)


def _contact(contact_id: int) -> Contact:
    related = ("customer", "tier", "queue", "version")
    contacts = Contact.objects.select_related(*related).defer("run", "customer__attributes", "version__definition")
    found = contacts.filter(pk=contact_id).first() if contact_id < 2**63 else None
    if found is None:
        raise Refused(_("There is no such contact. Perhaps it was so old that it was deleted."), 404)
    return found


def _version(flow: Flow, contact: Contact) -> FlowVersion:
    """The version of this flow that the contact walked, by itself or as a sub-flow of its own."""
    own = contact.version
    if own is None:
        raise Refused(
            _("%(reference)s walked through no flow: its number led to none, and the fallback queue took it.")
            % {"reference": contact.reference},
            404,
        )
    pk = own.pk if own.flow_id == flow.pk else own.subflows.get(flow.key)
    version = FlowVersion.objects.filter(pk=pk, flow=flow).first() if pk else None
    if version is None:
        raise Refused(
            _("%(reference)s walked through another flow.") % {"reference": contact.reference},
            404,
            elsewhere=_page_of(own.flow_id, contact),
        )
    return version


def _page_of(flow_id: int, contact: Contact) -> str:
    return f"{page('routing_flow_change', flow_id)}?contact={contact.pk}"


def _way(contact: Contact, turns: list[TurnStory], mine: set[int], version_id: int) -> dict[str, Any]:
    visits: list[Visit] = []
    shown = [_turn(turn, list(_visit(turn, visits, version_id))) for turn in turns]
    flows = _flows({spot.version_id for visit in visits for spot in visit.spots} - mine)
    edges: dict[str, list[int]] = {}
    for visit in visits:
        for key in _edges(visit, mine, version_id):
            edges.setdefault(key, []).append(visit.number)
    return {
        "turns": shown,
        "visits": [_shown(visit, mine, flows, contact) for visit in visits],
        "edges": edges,
    }


def _visit(turn: TurnStory, visits: list[Visit], version_id: int) -> Iterator[tuple[Visit, StepStory]]:
    """Each step of a turn with the visit that it belongs to: a new one, or one that waited."""
    for step in turn.steps:
        visit = next((one for one in reversed(visits) if _is_same(one, step)), None)
        if visit is None:
            found = [] if step.fallback else spots(version_id, step.path)
            visit = Visit(len(visits) + 1, step, found, step.at, step.at)
            visits.append(visit)
        visit.story, visit.left_at = step, step.at or visit.left_at
        visit.lines.extend(step.lines)
        yield visit, step


def _is_same(visit: Visit, step: StepStory) -> bool:
    return not visit.is_over and visit.story.path == step.path and visit.story.fallback == step.fallback


def _turn(turn: TurnStory, steps: list[tuple[Visit, StepStory]]) -> dict[str, Any]:
    return {
        "number": turn.number,
        "at": turn.at.isoformat(),
        "event": turn.event,
        "took_ms": turn.took_ms,
        "answers": [line.text for line in turn.answers],
        "steps": [
            {
                "visit": visit.number,
                "title": step.title,
                "kind": step.kind,
                "icon": step.icon,
                "way": step.left_by,
                "lines": [asdict(line) for line in step.lines],
            }
            for visit, step in steps
        ],
    }


def _shown(visit: Visit, mine: set[int], flows: Mapping[int, FlowVersion], contact: Contact) -> dict[str, Any]:
    story = visit.story
    here = next((spot for spot in visit.spots if spot.version_id in mine), None)
    inner = visit.spots[-1] if visit.spots else None
    elsewhere = flows.get(inner.version_id) if inner else None
    return {
        "number": visit.number,
        # On this canvas: the step, or the sub-flow's step that it is inside of. Empty: the contact was elsewhere.
        "step": here.step if here else "",
        "is_inside": here is not None and here is not inner,
        "path": story.path,
        "depth": story.depth,
        "title": story.title,
        "exit": story.exit,
        "way": story.left_by,
        "icon": story.icon,
        "at": visit.came_at,
        "spent_ms": visit.spent_ms,
        "is_open": not visit.is_over and story.waits,
        "stop": story.stop,
        "fallback": story.fallback,
        "lines": [asdict(line) for line in visit.lines],
        "flow": {"name": str(elsewhere.flow), "url": _page_of(elsewhere.flow_id, contact)} if elsewhere else None,
    }


def _edges(visit: Visit, mine: set[int], version_id: int) -> Iterator[str]:
    story = visit.story
    if story.exit and visit.spots and visit.spots[-1].version_id in mine:
        for edge in edges_of(Place(version_id, story.path, EXIT, story.exit)):
            yield f"{edge.step}:{edge.exit}"


def _flows(version_ids: set[int]) -> dict[int, FlowVersion]:
    if not version_ids:
        return {}
    return FlowVersion.objects.select_related("flow").only("flow__name").in_bulk(version_ids)
