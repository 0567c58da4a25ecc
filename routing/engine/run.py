"""`advance`: what one event does to one contact. Live contacts, the simulator and backtests all come through here."""

from __future__ import annotations

import marshal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from routing.engine import limits
from routing.engine.effects import Effect, Fetch, Hangup
from routing.engine.events import CameBack, ContactStarted, Event, FetchAnswered, HungUp
from routing.engine.faults import RunStranded
from routing.engine.plan import BACK, Plan, PlannedStep
from routing.engine.steps.fetch import FetchVariables
from routing.engine.steps.step import UNANSWERED, Finish, GoInto, Leave, Move, Visit, Wait
from routing.engine.templates import TemplateFailed
from routing.engine.world import NOWHERE, World

Status = Literal["waiting", "ended", "stranded"]


@dataclass(frozen=True, slots=True)
class Advance:
    """What came of an event."""

    state: dict[str, Any]
    """Plain JSON; hand it to the next `advance`."""
    effects: tuple[Effect, ...]
    trace: tuple[dict[str, Any], ...]
    """One entry a step that was passed or reached, in order."""
    status: Status
    """`stranded`: the flow cannot go on, and somebody else has to take the contact."""
    stranded: str = ""
    """Why, in a sentence."""


@dataclass(slots=True)
class _Run:
    plan: Plan
    state: dict[str, Any]
    now: datetime
    world: World
    effects: list[Effect] = field(default_factory=list)
    trace: list[dict[str, Any]] = field(default_factory=list)
    visits: int = 0
    known: set[str] = field(default_factory=set)
    """The fetches whose answers were there when the contact started."""
    ordered: int = 0
    noted: int = 0
    """How many effects and entries of the trace the bounds of a turn no longer count."""
    stamp: str = ""
    """`now` as the trace and the state have it."""

    def __post_init__(self) -> None:
        self.stamp = self.now.isoformat()


def first_fetches(plan: Plan, event: ContactStarted, now: datetime) -> tuple[Fetch, ...]:
    """The fetches that start with the contact, as `advance` will order them.

    Who asks them first may hand the answers that are known at once to `advance`, which then need not stop for them.
    """
    if not plan.prefetch.get(_trigger(plan, event)):
        return ()
    run = _Run(plan, _new_state(event, now), now, NOWHERE)
    run.state["scope"]["now"] = run.stamp
    try:
        _fetch_early(run, event)
    except (RunStranded, TemplateFailed):
        return ()  # `advance` says so
    return tuple(effect for effect in run.effects if isinstance(effect, Fetch))


def advance(
    plan: Plan,
    state: Mapping[str, Any] | None,
    event: Event,
    now: datetime,
    world: World = NOWHERE,
    known: Sequence[FetchAnswered] = (),
) -> Advance:
    """The next state, effects and trace. Pure: the same arguments always give the same answer.

    `state` is None for `ContactStarted` and what the last call returned otherwise. `now` is aware. `known` are answers
    to `first_fetches` that were there when the contact started.
    """
    if isinstance(event, ContactStarted):
        run = _Run(plan, _new_state(event, now), now, world)
    else:
        # marshal copies plain JSON ten times as fast as copy.deepcopy does.
        run = _Run(plan, marshal.loads(marshal.dumps(dict(state or {}))), now, world)  # noqa: S302  our own bytes
        if run.state.get("status") != "waiting":
            return Advance(run.state, (), (), run.state.get("status", "ended"))
    run.state["scope"]["now"] = run.stamp
    try:
        move = _begin(run, event, known) if isinstance(event, ContactStarted) else _wake(run, event)
        if move is not None:
            _walk(run, move)
        _weigh(run)
    except (RunStranded, TemplateFailed) as reason:
        _over(run, "stranded")
        if len(marshal.dumps(run.state)) > limits.STATE_BYTES:
            run.state["scope"] = {"contact": run.state["scope"]["contact"]}
        run.trace.append(
            {"step": _path(run), "type": "", "title": "", "exit": "", "at": now.isoformat(), "stranded": str(reason)}
        )
        return Advance(run.state, (), tuple(run.trace), "stranded", str(reason))
    return Advance(run.state, tuple(run.effects), tuple(run.trace), run.state["status"])


_PATIENCE_S = {"call": limits.RUN_SECONDS, "message": limits.MESSAGE_RUN_SECONDS}


def _new_state(event: ContactStarted, now: datetime) -> dict[str, Any]:
    return {
        "status": "waiting",
        "trigger": event.trigger,
        "frames": [],
        "scope": {"contact": dict(event.contact), "customer": dict(event.customer or {}), "vars": {}, "steps": {}},
        "fetches": {},
        "memory": {},
        "because": {},
        "visits": 0,
        "entered_at": now.isoformat(),
        "gives_up_at": (now + timedelta(seconds=_PATIENCE_S[event.trigger])).isoformat(),
    }


def _begin(run: _Run, event: ContactStarted, known: Sequence[FetchAnswered]) -> Move:
    run.state["frames"] = [{"flow": "", "at": run.plan.entries[_trigger(run.plan, event)]}]
    _fetch_early(run, event)
    run.known = {_take_answer(run, answer) for answer in known}
    return _enter(run)


def _trigger(plan: Plan, event: ContactStarted) -> str:
    """A flow drawn for calls serves messages too, and the other way round: its only trigger stands for both."""
    return event.trigger if event.trigger in plan.entries else next(iter(plan.entries))


def _fetch_early(run: _Run, event: ContactStarted) -> None:
    for step_id in run.plan.prefetch.get(_trigger(run.plan, event), ()):
        planned = run.plan.steps[step_id]
        visit = _visit(run, step_id)
        if isinstance(planned.step, FetchVariables):
            planned.step.begin(visit)
        run.effects.extend(visit.effects)


def _wake(run: _Run, event: Event) -> Move | None:
    """What the waiting step makes of `event`; None if it is not for that step."""
    if isinstance(event, HungUp):
        planned = _at(run)
        run.trace.append(
            {
                "step": _path(run),
                "type": planned.step.type,
                "title": planned.title,
                "exit": "",
                "at": run.stamp,
                "hung_up": True,
            }
        )
        _over(run, "ended")
        return None
    if run.now >= datetime.fromisoformat(run.state["gives_up_at"]):
        raise RunStranded("The contact has been in the flow for too long.")
    waits_for = run.state.get("waits_for")
    if isinstance(event, FetchAnswered):
        mine = _take_answer(run, event)
        if waits_for != "fetch" or mine != _path(run):
            return None
    elif waits_for == "fetch" and not isinstance(event, CameBack):
        # A key pressed, or a late callback, while nothing was asked: the fetch goes on.
        event = CameBack()
    planned = _at(run)
    visit = _visit(run, _path(run))
    move = planned.step.resume(visit, event)
    _note(run, planned, visit, move)
    if planned.step.kind == "ask":
        _count_rounds(run, planned, visit, move)
    return move


def _count_rounds(run: _Run, planned: PlannedStep, visit: Visit, move: Move) -> None:
    """Whoever is silent, or is not understood, again and again, is helped by somebody of the fallback queue."""
    if not visit.is_written:
        rounds = run.state.setdefault("rounds", {})
        rounds[visit.step_id] = rounds.get(visit.step_id, 0) + 1
        if rounds[visit.step_id] >= limits.ROUNDS_OF_A_QUESTION:
            raise RunStranded(f"“{planned.title}” was asked {limits.ROUNDS_OF_A_QUESTION} times in one call.")
    if isinstance(move, Leave) and move.exit not in UNANSWERED:
        run.state.pop("in_vain", None)
        return
    run.state["in_vain"] = run.state.get("in_vain", 0) + 1
    if run.state["in_vain"] >= limits.ROUNDS_IN_VAIN:
        raise RunStranded(f"What was asked {limits.ROUNDS_IN_VAIN} times in a row had no answer that helps.")


def _take_answer(run: _Run, event: FetchAnswered) -> str:
    """Keeps the answer; the step it belongs to. An answer to a question of the past is dropped."""
    for path, asked in run.state["fetches"].items():
        if asked["question"] == event.question:
            asked.setdefault(
                "answer",
                {
                    "status": event.status,
                    "values": event.values,
                    "rung": event.rung,
                    "ms": event.ms,
                    "error": event.error,
                },
            )
            return str(path)
    return ""


def _walk(run: _Run, move: Move) -> None:
    """From step to step until one waits or the flow is over."""
    while True:
        match move:
            case Wait(for_=reason):
                run.state["waits_for"] = reason
                return
            case Finish(result=result, hang_up=hang_up):
                if hang_up or len(run.state["frames"]) == 1:
                    _hang_up(run)
                    return
                run.state["frames"].pop()
                exits = _at(run).exits
                move = Leave(result if result in exits else "done")
                _note_return(run, move.exit)
                continue
            case GoInto(flow=flow):
                _go_into(run, flow)
            case Leave(exit=name):
                target = _target(run, name)
                if target is None:
                    _hang_up(run)
                    return
                run.state["frames"][-1]["at"] = target
        move = _enter(run)


def _go_into(run: _Run, flow: str) -> None:
    inner = _plan(run).subflows.get(flow)
    if inner is None or len(run.state["frames"]) > limits.SUBFLOW_DEPTH:
        raise RunStranded(f"The sub-flow “{flow}” is not published.")
    entry = inner.entries.get(run.state["trigger"]) or next(iter(inner.entries.values()))
    run.state["frames"].append({"flow": flow, "at": entry})


def _target(run: _Run, exit_name: str) -> str | None:
    """The step behind an exit; None where the contact may end. A sub-flow that runs out goes back to its caller."""
    while True:
        planned = _at(run)
        exit_ = planned.exits.get(exit_name)
        if (target := planned.target(exit_name)) is not None:
            return target
        if len(run.state["frames"]) > 1 and exit_ is not None and exit_.optional:
            run.state["frames"].pop()
            exit_name = "done"
            _note_return(run, exit_name)
            continue
        if exit_ is not None and exit_.optional:
            return None
        label = exit_.label if exit_ else exit_name
        raise RunStranded(f"The exit “{label}” of “{planned.title}” leads nowhere.")


def _enter(run: _Run) -> Move:
    run.visits += 1
    run.state["visits"] += 1
    if run.visits > limits.VISITS_A_TURN or run.state["visits"] > limits.VISITS_A_RUN:
        raise RunStranded("The flow goes round in circles.")
    run.state["memory"] = {}
    run.state["entered_at"] = run.stamp
    planned = _at(run)
    path = _path(run)
    _forget_reason(run, path)
    visit = _visit(run, path)
    move = planned.step.enter(visit)
    if path in run.known and isinstance(move, Leave):
        # Had the answer come a moment later, the contact would have stopped here and gone on with new bounds. Whether
        # a flow is stranded must not depend on that.
        run.known.remove(path)
        run.visits, run.ordered, run.noted = 0, len(run.effects), len(run.trace)
    _note(run, planned, visit, move)
    return move


def _visit(run: _Run, path: str) -> Visit:
    state = run.state
    return Visit(
        names=run.plan.names,
        step_id=path,
        now=run.now,
        world=run.world,
        scope=state["scope"],
        memory=state["memory"],
        fetches=state["fetches"],
        because=state["because"],
        effects=[],
    )


def _note(run: _Run, planned: PlannedStep, visit: Visit, move: Move) -> None:
    """Writes the step into the trace and takes over what it ordered."""
    run.effects.extend(visit.effects)
    if len(run.effects) - run.ordered > limits.EFFECTS_A_TURN:
        raise RunStranded(f"More than {limits.EFFECTS_A_TURN} things to say or do at once.")
    entered_at = run.state["entered_at"]
    waited = run.now - datetime.fromisoformat(entered_at) if entered_at != run.stamp else timedelta()
    entry: dict[str, Any] = {
        "step": visit.step_id,
        "type": planned.step.type,
        "title": planned.title,
        "exit": move.exit if isinstance(move, Leave) else "",
        "at": run.stamp,
        "ms": round(waited.total_seconds() * 1000),
    }
    if isinstance(move, Wait):
        entry["waits_for"] = move.for_
    elif visit.saw and planned.meets and (meets := _meeting(visit.step_id, planned.meets)):
        # Whoever has come there would have come there by any other exit, too.
        entry["meets"] = meets
    if planned.step.kind == "hand_over" and planned.step.leads_by():
        entry["by_values"] = True
    if run.state["because"].get("step") == visit.step_id:
        run.state["because"]["until"] = entry.get("meets", "")
    for effect in visit.effects:
        if not isinstance(effect, Fetch):
            entry.setdefault("effects", []).append(type(effect).__name__)
    if visit.saw:
        entry["saw"] = visit.saw
    if visit.did:
        entry["did"] = visit.did
    run.trace.append(entry)
    if len(run.trace) - run.noted > limits.TRACE_ENTRIES_A_TURN:
        raise RunStranded("The flow goes round in circles.")


def _meeting(path: str, meets: str) -> str:
    """The path of the step where the ways of the one at `path` meet; empty if nobody is behind that end."""
    around, _stroke, _id = path.rpartition("/")
    if meets == BACK:
        return around
    return f"{around}/{meets}" if around else meets


def _note_return(run: _Run, exit_name: str) -> None:
    """Writes down by which exit a sub-flow's step is left: where the contact goes on, the sub-flow alone cannot tell."""
    planned, path = _at(run), _path(run)
    entry = {
        "step": path,
        "type": planned.step.type,
        "title": planned.title,
        "exit": exit_name,
        "at": run.stamp,
        "came_back": True,
    }
    if planned.meets and (meets := _meeting(path, planned.meets)):
        entry["meets"] = meets
    run.trace.append(entry)
    _forget_reason(run, path)
    if len(run.trace) - run.noted > limits.TRACE_ENTRIES_A_TURN:
        raise RunStranded("The flow goes round in circles.")


def _forget_reason(run: _Run, path: str) -> None:
    """The rule that matched is no reason for anything behind the step where all ways of its branch meet."""
    if run.state["because"].get("until") == path:
        run.state["because"] = {}


def _hang_up(run: _Run) -> None:
    if not any(isinstance(effect, Hangup) for effect in run.effects):
        run.effects.append(Hangup())
    _over(run, "ended")


def _over(run: _Run, status: Status) -> None:
    run.state["status"] = status
    run.state.pop("waits_for", None)
    run.state["memory"] = {}


def _weigh(run: _Run) -> None:
    if run.state["status"] == "waiting" and len(marshal.dumps(run.state)) > limits.STATE_BYTES:
        raise RunStranded(f"The flow keeps more than {limits.STATE_BYTES} bytes of values.")


def _plan(run: _Run) -> Plan:
    plan = run.plan
    for frame in run.state["frames"][1:]:
        plan = plan.subflows[frame["flow"]]
    return plan


def _at(run: _Run) -> PlannedStep:
    try:
        return _plan(run).steps[run.state["frames"][-1]["at"]]
    except (KeyError, IndexError):
        raise RunStranded("The contact stands at a step that this version does not have.") from None


def _path(run: _Run) -> str:
    """Where the contact is: the step's id, behind those of the sub-flow steps around it."""
    frames = run.state["frames"]
    if len(frames) == 1:
        return str(frames[0]["at"])
    return "/".join(frame["at"] for frame in frames)
