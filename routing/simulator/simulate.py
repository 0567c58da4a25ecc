"""Walks a plan through a scenario with the engine of live contacts. Pure: no clock, no database, nothing is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias

import structlog

from routing.engine.effects import AwaitReply, Dial, Effect, Enqueue, Fetch, Gather, Hangup, Record, SendMessage
from routing.engine.events import CameBack, ContactStarted, Event, FetchAnswered
from routing.engine.plan import Plan
from routing.engine.run import Advance, Status, advance
from routing.runner.fallback import fall_back, of_the_fallback
from routing.runner.outcome import standing
from routing.runner.plans import fallback_plan
from routing.runner.play import Played
from routing.runner.store import Standing
from routing.runner.surroundings import Surroundings
from routing.simulator.clock import event_of, fits, takes_s
from routing.simulator.scenario import FetchAnswer, Reply, Scenario
from routing.simulator.splits import reference_for

log = structlog.get_logger(__name__)

_NOTHING_SAID = "The scenario does not say what this data source answers."
_BROKEN = "an error in the flow"
_DOES_NOT_ANSWER = "The API does not answer."


@dataclass(frozen=True, slots=True)
class Wanted:
    """One question of a run, as an `Oracle` is asked it."""

    path: str
    source: str
    inputs: dict[str, str]
    patience_s: float
    how: str
    """`recorded` or `real`."""


class Oracle(Protocol):
    """Knows what data sources answered, or asks them. None: no answer came in time."""

    def __call__(self, wanted: Wanted, /) -> Reply | None: ...


@dataclass(frozen=True, slots=True)
class Held:
    """The contact hears nothing new while a data source is asked."""

    seconds: float


Moment: TypeAlias = Effect | Held


@dataclass(slots=True)
class SimulatedTurn:
    """One event and what came of it."""

    number: int
    event: dict[str, Any]
    at: datetime
    moments: list[Moment]
    trace: list[dict[str, Any]]
    over_at: datetime
    """When the contact had something to do again, or it was over."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """All that came of a scenario."""

    turns: tuple[SimulatedTurn, ...]
    status: Status
    standing: Standing
    queue: str
    """Key of the queue that was dialled last."""
    dial: Dial | None
    """What was dialled last."""
    waits_for: str
    """`input`, `transfer`, `recording`; empty when it is over."""
    prompt: Effect | None
    """What the contact was told to do: keys, a written reply, a transfer, a recording."""
    offered: tuple[tuple[str, str], ...]
    """Name and label of the answers that the last message offers."""
    clock: datetime
    reference: str
    replies: tuple[Reply, ...]
    """What was recorded or really asked, to be handed in again."""
    silent: tuple[str, ...]
    """Keys of data sources of which the scenario says nothing."""
    unsteered: tuple[str, ...]
    """Splits that could not be made to go the way that was wished."""
    used: int
    """How many of the inputs were used; the others do not fit what the contact was asked."""
    stranded: str

    @property
    def trace(self) -> list[dict[str, Any]]:
        return [entry for turn in self.turns for entry in turn.trace]


@dataclass(slots=True)
class _Try:
    plan: Plan
    scenario: Scenario
    around: Surroundings
    oracle: Oracle | None
    fallback_queue: str
    now: datetime
    state: dict[str, Any] | None = None
    fell_back: bool = False
    standing: Standing | None = None
    trace: list[dict[str, Any]] = field(default_factory=list)
    turns: list[SimulatedTurn] = field(default_factory=list)
    status: Status = "waiting"
    stranded: str = ""
    arrivals: dict[str, tuple[datetime, FetchAnswered] | None] = field(default_factory=dict)
    """By question: when the answer comes, and which. None: never."""
    replies: list[Reply] = field(default_factory=list)
    silent: dict[str, None] = field(default_factory=dict)
    queue: str = ""
    dial: Dial | None = None
    prompt: Effect | None = None
    offered: tuple[tuple[str, str], ...] = ()


def simulate(
    plan: Plan,
    scenario: Scenario,
    *,
    around: Surroundings,
    customer: Mapping[str, Any] | None = None,
    fallback_queue: str = "",
    oracle: Oracle | None = None,
) -> Simulation:
    """The way of `scenario` through `plan`, up to where its inputs end or nothing more can happen.

    `customer` are the facts of the caller, None for a stranger. Without an `oracle` nothing recorded or real is known
    beside the scenario's own replies.
    """
    reference, unsteered = reference_for(plan, scenario.splits)
    attempt = _Try(plan, scenario, around, oracle, scenario.fallback_queue or fallback_queue, scenario.at)
    start = ContactStarted(
        trigger=scenario.trigger,
        contact={
            **scenario.details,
            **({"language": scenario.language} if scenario.language else {}),
            "from": scenario.caller.number,
            "to": scenario.called,
            "channel": scenario.channel,
            "reference": reference,
            "started_at": scenario.at.isoformat(),
        },
        customer=dict(customer) if customer else None,
    )
    _turn(attempt, start, {"event": "ContactStarted"})
    used, writes = 0, scenario.trigger == "message"
    for done in scenario.inputs:
        waits_for = (attempt.state or {}).get("waits_for", "")
        if attempt.status != "waiting" or not fits(done, waits_for, writes=writes):
            break
        attempt.now += timedelta(seconds=takes_s(done, attempt.prompt, writes=writes))
        event = event_of(done, writes=writes)
        _turn(attempt, event, {"event": type(event).__name__, **_fields(event)})
        used += 1
    assert attempt.standing is not None  # the first turn has set it
    return Simulation(
        turns=tuple(attempt.turns),
        status=attempt.status,
        standing=attempt.standing,
        queue=attempt.queue,
        dial=attempt.dial,
        waits_for=(attempt.state or {}).get("waits_for", "") if attempt.status == "waiting" else "",
        prompt=attempt.prompt,
        offered=attempt.offered,
        clock=attempt.now,
        reference=reference,
        replies=tuple(attempt.replies),
        silent=tuple(attempt.silent),
        unsteered=unsteered,
        used=used,
        stranded=attempt.stranded,
    )


def _fields(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__slots__}


def _turn(attempt: _Try, event: Event, said: dict[str, Any]) -> None:
    """One event through the engine, answers of data sources included, as `runner.services` does it for live contacts."""
    at, fell_back = attempt.now, ""
    played, moments = _play(attempt, event)
    if played.status == "stranded" and not attempt.fell_back:
        fell_back = attempt.stranded = played.stranded
        scope = (attempt.state or {}).get("scope", {})
        again = (
            event
            if isinstance(event, ContactStarted)
            else ContactStarted(attempt.scenario.trigger, scope.get("contact", {}), scope.get("customer"))
        )
        played = fall_back(
            attempt.fallback_queue, again, now=attempt.now, world=attempt.around.world, trace=played.trace
        )
        moments = list(played.effects)
        attempt.fell_back = True
    elif played.status == "stranded":
        fell_back = attempt.stranded = played.stranded
    attempt.trace.extend(played.trace)
    attempt.state, attempt.status = played.state, played.status
    attempt.standing = standing(
        before=attempt.standing,
        event=event,
        played=played,
        trace=attempt.trace,
        plan=attempt.plan,
        fell_back=fell_back,
        surroundings=attempt.around,
        now=attempt.now,
    )
    attempt.offered = ()
    for effect in played.effects:
        match effect:
            case Gather() | AwaitReply() | Dial() | Enqueue() | Record() | Hangup():
                attempt.prompt = effect
            case SendMessage(choices=choices):
                attempt.offered = choices
        if isinstance(effect, Dial):
            attempt.dial = effect
        if isinstance(effect, Dial | Enqueue):
            attempt.queue = effect.queue
    attempt.turns.append(SimulatedTurn(len(attempt.turns), said, at, moments, list(played.trace), attempt.now))


def _play(attempt: _Try, event: Event) -> tuple[Played, list[Moment]]:
    """Advances until the contact has something to do or is over. Waiting for a data source moves the clock, no more."""
    plan = fallback_plan(attempt.fallback_queue) if attempt.fell_back else attempt.plan
    world = attempt.around.world
    played = Played({}, [], [], "waiting")
    moments: list[Moment] = []

    def take(event: Event) -> None:
        try:
            step = advance(plan, played.state or attempt.state, event, attempt.now, world)
        except Exception:
            # As for a live contact: the fallback queue takes whom a flow breaks down on.
            log.exception("flow failed in the simulator", flow=plan.key)
            played.trace = []
            step = Advance({}, (), (), "stranded", _BROKEN)
        played.take(step)
        moments.extend(effect for effect in step.effects if not isinstance(effect, Fetch))

    take(event)
    while played.status == "waiting":
        if (due := _due(attempt, played.state)) is not None:
            take(due)
            continue
        if played.state.get("waits_for") != "fetch":
            break
        attempt.now, answer = _next(attempt, played.state)
        _hold(moments, attempt.now - datetime.fromisoformat(played.trace[-1]["at"]))
        take(answer)
    played.effects = [effect for effect in played.effects if not isinstance(effect, Fetch)]
    if attempt.fell_back:
        played.trace = of_the_fallback(played.trace)
    return played, moments


def _hold(moments: list[Moment], passed: timedelta) -> None:
    if passed.total_seconds() > 0:
        moments.append(Held(passed.total_seconds()))


def _open(state: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, asked) for path, asked in state.get("fetches", {}).items() if "answer" not in asked]


def _due(attempt: _Try, state: Mapping[str, Any]) -> FetchAnswered | None:
    """An answer that is there by now, in the order of the questions."""
    for path, asked in _open(state):
        arrival = _arrival(attempt, path, asked)
        if arrival is not None and arrival[0] <= attempt.now:
            return arrival[1]
    return None


def _next(attempt: _Try, state: Mapping[str, Any]) -> tuple[datetime, Event]:
    """What happens next while a fetch is awaited: an answer, or the end of patience."""
    here = "/".join(frame["at"] for frame in state["frames"])
    asked = state["fetches"][here]
    until = datetime.fromisoformat(asked["until"])
    coming = [
        arrival
        for path, one in _open(state)
        if (arrival := _arrival(attempt, path, one)) is not None and arrival[0] <= until
    ]
    if coming:
        return min(coming, key=lambda arrival: arrival[0])
    return max(until, attempt.now), _too_late(attempt, here, asked) or CameBack()


def _too_late(attempt: _Try, path: str, asked: Mapping[str, Any]) -> FetchAnswered | None:
    """The last known answer, for whoever has waited as long as the step allows."""
    said = attempt.scenario.answer_of(path, asked["source"])
    if said is None or said.last_known is None:
        return None
    waited_s = (datetime.fromisoformat(asked["until"]) - datetime.fromisoformat(asked["asked_at"])).total_seconds()
    return FetchAnswered(
        question=asked["question"],
        status="found",
        values=dict(said.last_known),
        rung="last_known",
        ms=waited_s * 1000,
        error=f"no answer within {waited_s:.0f} seconds",
    )


def _arrival(attempt: _Try, path: str, asked: Mapping[str, Any]) -> tuple[datetime, FetchAnswered] | None:
    question = asked["question"]
    if question not in attempt.arrivals:
        attempt.arrivals[question] = _answer(attempt, path, asked)
    return attempt.arrivals[question]


def _answer(attempt: _Try, path: str, asked: Mapping[str, Any]) -> tuple[datetime, FetchAnswered] | None:
    source, inputs, question = asked["source"], asked["inputs"], asked["question"]
    asked_at = datetime.fromisoformat(asked["asked_at"])
    said = attempt.scenario.answer_of(path, source)
    if said is None:
        attempt.silent[source] = None
        return asked_at, FetchAnswered(question, "failed", {}, "none", 0.0, _NOTHING_SAID)
    if said.answer in {"recorded", "real"}:
        patience_s = (datetime.fromisoformat(asked["until"]) - asked_at).total_seconds()
        reply = _reply(attempt, Wanted(path, source, dict(inputs), patience_s, said.answer))
        if reply is None:
            return None
        arrives_at = asked_at + timedelta(milliseconds=reply.ms)
        values = dict(reply.values)
        return arrives_at, FetchAnswered(question, reply.status, values, reply.rung, reply.ms, reply.error)
    return asked_at + timedelta(seconds=said.after_s), _typed(question, said)


def _typed(question: str, said: FetchAnswer) -> FetchAnswered:
    ms = said.after_s * 1000
    match said.answer:
        case "fails" if said.last_known is not None:
            return FetchAnswered(
                question, "found", dict(said.last_known), "last_known", ms, said.error or _DOES_NOT_ANSWER
            )
        case "fails":
            return FetchAnswered(question, "failed", {}, "none", ms, said.error or _DOES_NOT_ANSWER)
        case "not_found":
            return FetchAnswered(question, "not_found", {}, "fresh", ms, "")
        case _:
            return FetchAnswered(question, "found", dict(said.values), "fresh", ms, "")


def _reply(attempt: _Try, wanted: Wanted) -> Reply | None:
    """What was answered before in this try, else what the oracle knows."""
    found = known_reply(attempt.scenario.replies, wanted, exactly=attempt.oracle is not None)
    if found is None and attempt.oracle is not None:
        found = attempt.oracle(wanted)
    if found is not None:
        attempt.replies.append(found)
    return found


def known_reply(replies: Sequence[Reply], wanted: Wanted, *, exactly: bool) -> Reply | None:
    """The reply to this very question; where nobody can be asked, the last one of its data source will do."""
    mine = [reply for reply in replies if reply.source == wanted.source]
    same = next((reply for reply in reversed(mine) if reply.inputs == wanted.inputs), None)
    return same or (None if exactly or not mine else mine[-1])
