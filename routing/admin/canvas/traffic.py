"""The published flow as contacts use it: how many took each edge, and who."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from customers.privacy.sight import shown
from routing.admin.canvas.door import Asked, Refused, canvas_view, page
from routing.admin.veil import veiled
from routing.admin.ways import list_url
from routing.engine.faults import DefinitionInvalid
from routing.engine.plan import Plan
from routing.models import Contact, Flow, TrafficEdge
from routing.runner.plans import plan_for
from routing.traffic.reading import SPANS, Count, Look, Way, read_traffic, who_is_here, who_took

Kind = TrafficEdge.Kind
_PAGE = 25
_HERE = "here"


def without_definitions() -> QuerySet[Flow]:
    """Flows and the number of what is live, without what is large in them."""
    return Flow.objects.select_related("live").defer("draft", "live__definition", "live__subflows")


@canvas_view("GET", flows=without_definitions)
def traffic(asked: Asked) -> dict[str, Any]:
    """`?span=hour|day|week&versions=all|live`: of the contacts that arrived in the span, how many took what."""
    look = _look(asked)
    found = read_traffic(look)
    live = asked.flow.live
    plan = _plan(asked.flow)
    here = Counter(one.step for one in found.here)
    edges: list[dict[str, Any]] = []
    gone: list[dict[str, Any]] = []
    for count in found.counts:
        if count.kind == Kind.EXIT:
            (edges if _is_there(plan, count) else gone).append(_edge(plan, count))
    return {
        "span": _span(asked),
        "versions": "live" if look.version_id else "all",
        "live": {"id": live.pk, "number": live.number} if live else None,
        "since": look.since.isoformat(),
        "now": look.now.isoformat(),
        "counted_at": found.counted_at.isoformat() if found.counted_at else None,
        "counted_from": found.counted_from.isoformat() if found.counted_from else None,
        # Whoever came in took one of the triggers, and no other.
        "total": sum(count.contacts for count in found.counts if count.starts),
        "edges": edges,
        "gone": gone,
        "stops": [
            *(_stop(plan, count) for count in found.counts if count.kind != Kind.EXIT),
            *(_stopped(plan, step, _HERE, contacts, "") for step, contacts in here.items()),
        ],
    }


@canvas_view("GET", flows=without_definitions)
def contacts(asked: Asked) -> dict[str, Any]:
    """`?step=&exit=&target=&kind=exit|hung_up|stranded|here&span=&versions=&before=`: who, newest first, by pages."""
    look = _look(asked)
    asking = asked.request.GET
    step, exit_name, target = (asking.get(name, "")[:200] for name in ("step", "exit", "target"))
    way = Way(step, asking.get("kind", "exit"), exit_name, target)
    if way.kind not in {*Kind.values, _HERE} or "\x00" in step + exit_name + target:
        raise Refused(_("There is no such way through a flow."))
    before = _cursor(asking.get("before", ""))
    if way.kind == _HERE:
        ids = [
            one.contact_id
            for one in sorted(who_is_here(look), key=lambda one: (one.started_at, one.contact_id), reverse=True)
            if one.step == step and (before is None or (one.started_at, one.contact_id) < before)
        ][: _PAGE + 1]
    else:
        ids = who_took(look, way, before=before, most=_PAGE + 1)
    related = ("customer", "tier", "queue")
    kept = Contact.objects.select_related(*related).defer("run", "customer__attributes").in_bulk(ids)
    shown = [kept[pk] for pk in ids[:_PAGE] if pk in kept]
    last = shown[-1] if shown and len(ids) > _PAGE else None
    may_see = asked.user.has_perm("customers.view_customer")
    return {
        "contacts": [contact_row(contact, may_see_customers=may_see) for contact in shown],
        # The same in the admin's own list, which can be searched and narrowed further.
        "list": "" if way.kind == _HERE else list_url(look, way),
        "next": f"{last.started_at.isoformat()}_{last.pk}" if last else None,
    }


def contact_row(contact: Contact, *, may_see_customers: bool) -> dict[str, Any]:
    """A contact in a list, and at the head of its trace."""
    customer = contact.customer if may_see_customers else None
    return {
        "id": contact.pk,
        "reference": contact.reference,
        "who": str(customer) if customer else _sender(contact, may_see_customers=may_see_customers),
        "sender": _sender(contact, may_see_customers=may_see_customers),
        "channel": contact.get_channel_display(),
        "tier": {"name": str(contact.tier), "color": contact.tier.color} if contact.tier else None,
        "at": contact.started_at.isoformat(),
        "ended_at": contact.ended_at.isoformat() if contact.ended_at else None,
        "outcome": contact.get_outcome_display() if contact.outcome else contact.get_state_display(),
        "fell_back": contact.fell_back,
        "queue": str(contact.queue) if contact.queue else "",
        "is_open": contact.state != Contact.State.ENDED,
        "url": page("routing_contact_change", contact.pk),
    }


def contacts_only(asked: Asked) -> None:
    """Raises Refused for who may see flows, but no contacts."""
    if not asked.user.has_perm("routing.view_contact"):
        raise Refused(_("You are not allowed to see contacts. Ask whoever manages your rights."), 403)


def _sender(contact: Contact, *, may_see_customers: bool) -> str:
    return shown(contact.sender) if may_see_customers else veiled(contact.sender)


def _look(asked: Asked) -> Look:
    contacts_only(asked)
    versions = asked.request.GET.get("versions", "all")
    if versions not in {"all", "live"}:
        raise Refused(_("“versions” is “all” or “live”."))
    return Look(
        flow_id=asked.flow.pk,
        flow_key=asked.flow.key,
        since=asked.now - SPANS[_span(asked)],
        now=asked.now,
        # A flow that is not live has no version of which it could be asked: 0 is none.
        version_id=(asked.flow.live_id or 0) if versions == "live" else None,
    )


def _span(asked: Asked) -> str:
    span = asked.request.GET.get("span", "hour")
    if span not in SPANS:
        raise Refused(_("“span” is “hour”, “day” or “week”."))
    return span


def _cursor(text: str) -> tuple[datetime, int] | None:
    if not text:
        return None
    # A plus sign that nobody escaped arrives as a blank.
    at, _line, pk = text.replace(" ", "+").rpartition("_")
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not pk.isdecimal() or len(pk) > 18:
        raise Refused(_("“before” names no place in this list."))
    return found, int(pk)


def _plan(flow: Flow) -> Plan | None:
    try:
        return plan_for(flow.live_id) if flow.live_id else None
    except DefinitionInvalid:
        return None


def _is_there(plan: Plan | None, count: Count) -> bool:
    planned = plan.steps.get(count.step) if plan else None
    return planned is not None and count.exit in planned.exits and planned.targets.get(count.exit, "") == count.target


def _edge(plan: Plan | None, count: Count) -> dict[str, Any]:
    planned = plan.steps.get(count.step) if plan else None
    exit_ = planned.exits.get(count.exit) if planned else None
    goal = plan.steps.get(count.target) if plan else None
    return {
        "step": count.step,
        "exit": count.exit,
        "target": count.target,
        "title": planned.title if planned else count.title or count.step,
        "label": (exit_.label if exit_ else count.label) or count.exit,
        # Where it leads; empty: contacts end there.
        "to": goal.title if goal else count.target_title or count.target,
        "contacts": count.contacts,
        "numbers": _numbers(count.numbers),
    }


def _stop(plan: Plan | None, count: Count) -> dict[str, Any]:
    return _stopped(plan, count.step, count.kind, count.contacts, count.title)


def _stopped(plan: Plan | None, step: str, kind: str, contacts: int, title: str) -> dict[str, Any]:
    planned = plan.steps.get(step) if plan else None
    return {
        "step": step,
        "kind": kind,
        "title": planned.title if planned else title or step or _("Before the first step"),
        "gone": planned is None,
        "contacts": contacts,
    }


def _numbers(numbers: Sequence[int]) -> list[int]:
    return sorted(numbers)
