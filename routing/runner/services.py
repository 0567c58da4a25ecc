"""What channels ask of routing: a contact arrives, goes on, or hangs up."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import structlog
from django.db import Error as DatabaseError
from django.db import transaction
from prometheus_client import Counter

from customers.selectors import CustomerFacts
from routing.engine.effects import Effect, dump, load
from routing.engine.events import ContactStarted, Event, HungUp, TransferEnded
from routing.engine.plan import Plan
from routing.runner.fallback import fall_back, of_the_fallback
from routing.runner.outcome import standing
from routing.runner.plans import fallback_plan, plan_for
from routing.runner.play import Clock, Played, play
from routing.runner.store import (
    NewContact,
    Standing,
    StoredContact,
    TurnRecord,
    amend_outcome,
    insert_contact,
    load_contact,
    save_turn,
)
from routing.runner.surroundings import Surroundings, surroundings

log = structlog.get_logger(__name__)

FELL_BACK = Counter("pareto_fallbacks", "Contacts that the number's fallback queue had to take", ["cause"])

# Without the letters that look like digits, or like each other.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# How often a turn is computed anew because another event of the same contact came first.
_TRIES = 10


class ContactUnknown(Exception):
    """No contact has this carrier's id."""


class ContactContended(Exception):
    """Other events of the same contact kept coming first."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Someone calls or writes."""

    origin: str
    external_id: str
    channel: str
    trigger: str
    sender: str
    recipient: str
    version_id: int | None
    fallback_queue: str
    queues_revision: int
    customer: CustomerFacts | None = None
    """Whom `identity_of` belongs to; None: a stranger."""
    details: dict[str, str] = field(default_factory=dict)
    """Further facts of the carrier, readable in flows as contact.<name>."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A turn at the moment at which it is saved."""

    contact_id: int
    turn: int
    effects: tuple[Effect, ...]
    state: str
    waits_for: str
    """`input`, `fetch`, `transfer`, `recording`; empty when the contact is over."""


Alongside: TypeAlias = Callable[[Saved], None]
"""Writes what must be saved with a turn or not at all; what it raises takes the turn back."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the contact hears next. `next_turn` names the event that comes after it."""

    effects: tuple[Effect, ...]
    next_turn: int
    reference: str
    repeated: bool


def identity_of(channel: str, sender: str) -> tuple[str, str] | None:
    """Kind and value of the identity behind a carrier's name of a sender; None where it hides who it is."""
    value = sender.rpartition(":")[2]
    if value.startswith("+"):
        return ("phone", value)
    if channel in {"voice", "sms"}:
        return None
    return (channel, value) if value else None


def arrive(arrival: Arrival, *, now: datetime, until: float, alongside: Alongside | None = None) -> Answer:
    """Starts a contact; the same arrival again gets the first one's answer. `until` reads `time.monotonic`."""
    clock = Clock(now)
    customer = arrival.customer
    around = surroundings(arrival.queues_revision)
    reference = _reference()
    event = ContactStarted(
        trigger="message" if arrival.trigger == "message" else "call",
        contact={
            **arrival.details,
            "from": arrival.sender,
            "to": arrival.recipient,
            "channel": arrival.channel,
            "reference": reference,
            "started_at": now.isoformat(),
        },
        customer=customer.values if customer else None,
    )
    plan, played, fell_back = _start(arrival, event, clock, around, until)
    new = NewContact(
        reference=reference,
        origin=arrival.origin,
        external_id=arrival.external_id,
        channel=arrival.channel,
        sender=arrival.sender,
        recipient=arrival.recipient,
        customer_id=customer.id if customer else None,
        tier_id=customer.tier_id if customer else None,
        version_id=arrival.version_id,
    )
    after = standing(
        before=None,
        event=event,
        played=played,
        trace=played.trace,
        plan=plan,
        fell_back=fell_back,
        surroundings=around,
        now=clock.now(),
    )
    record = _record({"event": "ContactStarted"}, played, clock)
    with _together(alongside):
        contact_id = insert_contact(new, after, {**played.state, "fallback": arrival.fallback_queue}, record)
        if contact_id and alongside:
            alongside(_saved(contact_id, 0, played, after))
    if contact_id:
        return Answer(tuple(played.effects), 1, reference, repeated=False)
    stored = load_contact(origin=arrival.origin, external_id=arrival.external_id, turn=0)
    if stored is None or stored.answer is None:
        raise ContactUnknown(arrival.external_id)
    return Answer(_effects(stored.answer), 1, stored.reference, repeated=True)


def go_on(*, origin: str, external_id: str, turn: int, event: Event, now: datetime, until: float) -> Answer:
    """The event of a turn. A turn that was handled before gets its stored answer. Raises ContactUnknown."""
    clock = Clock(now)
    for _ in range(_TRIES):
        stored = load_contact(origin=origin, external_id=external_id, turn=turn)
        if stored is None:
            raise ContactUnknown(external_id)
        if turn < stored.next_turn:
            _learn_late(stored, event)
            return Answer(_effects(stored.answer or []), turn + 1, stored.reference, repeated=True)
        played = _turn(stored, event, clock, until)
        if played is not None:
            return Answer(tuple(played.effects), stored.next_turn + 1, stored.reference, repeated=False)
    raise ContactContended(external_id)


def tell(
    *,
    origin: str,
    external_id: str,
    event: Event,
    now: datetime,
    until: float,
    alongside: Alongside | None = None,
) -> Answer:
    """Whatever the contact waits for, this happened. The caller sees to it that it is told once. Raises ContactUnknown."""
    clock = Clock(now)
    for _ in range(_TRIES):
        stored = load_contact(origin=origin, external_id=external_id, turn=-1)
        if stored is None:
            raise ContactUnknown(external_id)
        played = _turn(stored, event, clock, until, alongside=alongside)
        if played is not None:
            return Answer(tuple(played.effects), stored.next_turn + 1, stored.reference, repeated=False)
    raise ContactContended(external_id)


def hang_up(*, origin: str, external_id: str, now: datetime, seconds: int | None = None) -> None:
    """The carrier says that the contact is over. Raises ContactUnknown; again is harmless."""
    clock = Clock(now)
    for _ in range(_TRIES):
        stored = load_contact(origin=origin, external_id=external_id, turn=-1)
        if stored is None:
            raise ContactUnknown(external_id)
        if stored.standing.state == "ended":
            return
        if _turn(stored, HungUp(), clock, 0.0, {"seconds": seconds}) is not None:
            return
    raise ContactContended(external_id)


def _reference() -> str:
    """Ten characters, fifty bits: two contacts of one installation hardly ever draw the same, and the database refuses it."""
    # Thirty-two characters, so each takes five bits and none is more likely.
    drawn = secrets.randbits(50)
    return "".join(_ALPHABET[drawn >> shift & 31] for shift in range(0, 50, 5))


def _start(
    arrival: Arrival, event: ContactStarted, clock: Clock, around: Surroundings, until: float
) -> tuple[Plan | None, Played, str]:
    """The flow's answer, or the fallback queue's and why the flow could not."""
    if arrival.version_id is None:
        return None, _fall_back(arrival.fallback_queue, event, clock, around, []), "the number has no live flow"
    plan: Plan | None = None
    try:
        plan = plan_for(arrival.version_id)
        played = play(plan, None, event, clock=clock, world=around.world, until=until)
        if played.status != "stranded":
            return plan, played, ""
        cause, trace = played.stranded, played.trace
        FELL_BACK.labels("stranded").inc()
        log.warning("flow stranded a contact", origin=arrival.origin, contact=arrival.external_id, cause=cause)
    except DatabaseError:
        raise
    except Exception:
        # Whatever a flow does wrong, its caller is put through; the way there is in the log.
        log.exception("flow failed", origin=arrival.origin, contact=arrival.external_id, version=arrival.version_id)
        FELL_BACK.labels("error").inc()
        cause, trace = "an error in the flow", []
    return plan, _fall_back(arrival.fallback_queue, event, clock, around, trace), cause


def _fall_back(
    queue: str, event: ContactStarted, clock: Clock, around: Surroundings, trace: list[dict[str, Any]]
) -> Played:
    played = fall_back(queue, event, now=clock.now(), world=around.world, trace=trace)
    if played.status == "stranded":
        log.error("fallback queue has no SIP address", queue=queue)
    return played


def _turn(
    stored: StoredContact,
    event: Event,
    clock: Clock,
    until: float,
    facts: dict[str, Any] | None = None,
    alongside: Alongside | None = None,
) -> Played | None:
    """Plays and saves one event; None if another event of the contact was saved first."""
    around = surroundings(stored.queues_revision)
    plan, played, fell_back = _continue(stored, event, clock, around, until)
    after = standing(
        before=stored.standing,
        event=event,
        played=played,
        trace=[*stored.trace, *played.trace],
        plan=plan,
        fell_back=fell_back,
        surroundings=around,
        now=clock.now(),
    )
    record = _record({"event": type(event).__name__, **asdict(event), **(facts or {})}, played, clock)
    kept: dict[str, Any] = {name: stored.run[name] for name in ("fallback", "fell_back") if name in stored.run}
    with _together(alongside):
        saved = save_turn(stored, after, {**kept, **played.state}, record)
        if saved and alongside:
            alongside(_saved(stored.id, stored.next_turn, played, after))
    return played if saved else None


def _together(alongside: Alongside | None) -> AbstractContextManager[Any]:
    """A turn is one statement; only what is written beside it needs a transaction."""
    return transaction.atomic() if alongside else nullcontext()


def _saved(contact_id: int, turn: int, played: Played, after: Standing) -> Saved:
    waits_for = str(played.state.get("waits_for", "")) if played.status == "waiting" else ""
    return Saved(contact_id, turn, tuple(played.effects), after.state, waits_for)


def _continue(
    stored: StoredContact, event: Event, clock: Clock, around: Surroundings, until: float
) -> tuple[Plan | None, Played, str]:
    queue = str(stored.run.get("fallback", ""))
    if stored.run.get("fell_back"):
        plan = plan_for(stored.version_id) if stored.version_id else None
        played = play(fallback_plan(queue), stored.run, event, clock=clock, world=around.world, until=until)
        played.trace = of_the_fallback(played.trace)
        return plan, played, "" if played.status != "stranded" else played.stranded
    plan = None
    try:
        plan = plan_for(stored.version_id or 0)
        played = play(plan, stored.run, event, clock=clock, world=around.world, until=until)
        if played.status != "stranded":
            return plan, played, ""
        cause, trace = played.stranded, played.trace
        FELL_BACK.labels("stranded").inc()
        log.warning("flow stranded a contact", contact=stored.reference, cause=cause)
    except DatabaseError:
        raise
    except Exception:
        log.exception("flow failed", contact=stored.reference, version=stored.version_id)
        FELL_BACK.labels("error").inc()
        cause, trace = "an error in the flow", []
    scope = stored.run.get("scope", {})
    again = ContactStarted(
        trigger=stored.run.get("trigger", "call"), contact=scope.get("contact", {}), customer=scope.get("customer")
    )
    return plan, _fall_back(queue, again, clock, around, trace), cause


def _learn_late(stored: StoredContact, event: Event) -> None:
    """The end of a conversation may be told after the call itself was reported over."""
    if isinstance(event, TransferEnded) and event.status == "completed" and stored.standing.state == "ended":
        amend_outcome(stored, was="abandoned", outcome="connected")


def _record(event: dict[str, Any], played: Played, clock: Clock) -> TurnRecord:
    return TurnRecord(
        event=event,
        effects=[dump(effect) for effect in played.effects],
        trace=played.trace,
        at=clock.start,
        took_ms=round(clock.passed_s() * 1000, 2),
    )


def _effects(answer: Sequence[dict[str, Any]]) -> tuple[Effect, ...]:
    return tuple(load(effect) for effect in answer)
