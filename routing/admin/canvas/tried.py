"""A try as the canvas shows it: what was heard and done, which steps and lines, what is waited for, how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from routing.admin.canvas.naming import in_names, known_words, name_of, named, truly
from routing.admin.story import Line, StepStory, TurnStory, span, tell
from routing.engine.effects import (
    AwaitReply,
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Play,
    Record,
    Say,
    SendMessage,
    dump,
)
from routing.engine.plan import Plan, PlannedStep
from routing.engine.prompts import readable
from routing.engine.steps import ask_choice, gather
from routing.engine.steps.to_queue import TransferToQueue
from routing.engine.values import show
from routing.models import Contact, Turn
from routing.simulator.bench import Bench
from routing.simulator.cases import expected_of
from routing.simulator.expectation import got_of, outcome_words, title_of
from routing.simulator.reading import look_of, numbered
from routing.simulator.scenario import Scenario
from routing.simulator.simulate import Held, Moment, SimulatedTurn, Simulation
from routing.simulator.splits import step_at

_VALUES_SHOWN = 80
_PAUSE_S = 0.5
# Where there is only one way on, it needs no word.
_UNSPOKEN = frozenset({"done", "started"})


@dataclass(slots=True)
class Visit:
    """A stay at a step, from coming in to going out."""

    number: int
    story: StepStory
    edge: str
    values: dict[str, str]
    """What was known before."""
    lines: list[Line] = field(default_factory=list)
    way: str = ""
    """By which exit it was left, as the canvas calls it."""

    @property
    def is_over(self) -> bool:
        return bool(self.story.exit or self.story.stop)


def shown(simulation: Simulation, bench: Bench, scenario: Scenario) -> dict[str, Any]:
    """Everything of a try as JSON."""
    visits: list[Visit] = []
    known = _known_at_start(scenario, bench)
    turns = [_turn(turn, visits, known, bench, scenario, simulation) for turn in simulation.turns]
    edges: dict[str, list[int]] = {}
    for visit in visits:
        if visit.edge:
            edges.setdefault(visit.edge, []).append(visit.number)
    got = got_of(simulation)
    return {
        "turns": turns,
        "visits": [_shown(visit, bench) for visit in visits],
        "edges": edges,
        "status": simulation.status,
        "waits_for": _waits_for(simulation, bench),
        "clock": simulation.clock.isoformat(),
        "end": _end(simulation, bench, scenario),
        "notes": list(_notes(simulation, scenario, bench)),
        "replies": [reply.model_dump(mode="json") for reply in simulation.replies],
        "used": simulation.used,
        "expected": expected_of(got).as_json(),
        "expected_words": _expected_words(_outcome(got.outcome, scenario), got.queue, got.end, bench),
        "path": list(got.path),
    }


def _turn(
    turn: SimulatedTurn,
    visits: list[Visit],
    known: dict[str, str],
    bench: Bench,
    scenario: Scenario,
    simulation: Simulation,
) -> dict[str, Any]:
    is_message = scenario.trigger == "message"
    # Not saved: the story is told from the same fields as that of a live contact.
    effects = [dump(moment) for moment in turn.moments if not isinstance(moment, Held)]
    (story,) = tell(
        [
            Turn(
                number=turn.number,
                event=turn.event,
                effects=effects,
                trace=named(turn.trace, bench, scenario),
                at=turn.at,
                took_ms=0,
            )
        ],
        written=is_message,
    )
    trace = iter(turn.trace)
    taken: list[int] = []
    ways: dict[int, str] = {}
    for step in story.steps:
        number = _visit(step, visits, known, bench)
        taken.append(number)
        # Of this turn alone: a step that asked again had not been left yet.
        ways[number] = (visits[number - 1].way if step.exit else "") or step.left_by
        _learn(trace, step, known)
    if taken:
        last = visits[taken[-1] - 1]
        _overflow(last, turn, bench, is_message=is_message)
        ways[last.number] = last.way or ways[last.number]
    return {
        "number": turn.number,
        "at": turn.at.isoformat(),
        "event": _event(story, turn, simulation, scenario),
        "heard": [heard for moment in turn.moments for heard in _heard(moment, bench, scenario)],
        "visits": list(dict.fromkeys(taken)),
        "ways": [ways[number] for number in dict.fromkeys(taken)],
    }


def _event(story: TurnStory, turn: SimulatedTurn, simulation: Simulation, scenario: Scenario) -> str:
    """What happened; of silence, for how long: the clock is further by as much."""
    match turn.event:
        case {"event": "ContactStarted"} if scenario.trigger == "message":
            text = scenario.details.get("text", "")
            return _("They wrote “%(text)s”") % {"text": text} if text else _("They wrote to us")
        case {"event": "InputTimedOut"}:
            passed = (turn.at - simulation.turns[turn.number - 1].over_at).total_seconds()
            words = _("No reply for %(time)s") if scenario.trigger == "message" else _("Nothing heard for %(time)s")
            return words % {"time": span(passed)}
    return story.event


def _visit(step: StepStory, visits: list[Visit], known: dict[str, str], bench: Bench) -> int:
    last = next((one for one in reversed(visits) if not one.is_over and one.story.path == step.path), None)
    if last is None or last.story.fallback != step.fallback:
        last = Visit(len(visits) + 1, step, "", dict(list(known.items())[:_VALUES_SHOWN]))
        visits.append(last)
    last.story = step
    last.lines.extend(step.lines)
    planned = step_at(bench.plan, step.path) if step.exit and not step.fallback else None
    if planned and step.exit in planned.exits and step.exit not in _UNSPOKEN:
        last.way = f"→ {planned.exits[step.exit].label}"
    if step.exit and not step.fallback and "/" not in step.path:
        last.edge = f"{step.path}:{_taken(bench.plan.steps.get(step.path), step.exit)}"
    return last.number


def _overflow(visit: Visit, turn: SimulatedTurn, bench: Bench, *, is_message: bool) -> None:
    """Says so where not the step's own team rings, but the one that it overflows into: no line leads there."""
    planned = step_at(bench.plan, visit.story.path)
    rings = next((moment.queue for moment in reversed(turn.moments) if isinstance(moment, Dial)), "")
    if visit.story.fallback or planned is None or not isinstance(planned.step, TransferToQueue):
        return
    own = planned.step.queue
    if not rings or rings == own or visit.is_over:
        return
    names = {"queue": bench.queue_name(own), "overflow": bench.queue_name(rings)}
    visit.way = _("→ overflows into %(overflow)s") % names
    words = (
        _("Nobody of “%(queue)s” took it: it goes on to “%(overflow)s”, which that queue overflows into.")
        if is_message
        else _("Nobody of “%(queue)s” answered: “%(overflow)s” rings, which that queue overflows into.")
    )
    visit.lines.append(Line(words % names))


def _taken(planned: PlannedStep | None, exit_name: str) -> str:
    """The exit whose line was followed: another stands in for one that leads nowhere."""
    exit_ = planned.exits.get(exit_name) if planned else None
    if planned is None or exit_ is None or exit_name in planned.targets or exit_.otherwise not in planned.targets:
        return exit_name
    return exit_.otherwise


def _shown(visit: Visit, bench: Bench) -> dict[str, Any]:
    story = visit.story
    return {
        "number": visit.number,
        # On this canvas: the step, or the sub-flow's step that it is inside of. Empty: in the fallback queue.
        "step": "" if story.fallback else story.path.split("/")[0],
        "path": story.path,
        "depth": story.depth,
        "title": story.title,
        "kind": story.kind,
        "icon": story.icon,
        "exit": story.exit,
        "way": visit.way or story.left_by,
        "edge": visit.edge,
        "at": story.at,
        "waits": story.waits and not visit.is_over,
        "stop": story.stop,
        "fallback": story.fallback,
        "lines": [asdict(line) for line in visit.lines],
        "values": known_words(visit.values, bench),
    }


def _heard(moment: Moment, bench: Bench, scenario: Scenario) -> Iterator[dict[str, Any]]:
    is_message = scenario.trigger == "message"
    match moment:
        case SendMessage(text=text, language=language, media=media, choices=choices):
            yield from ({"kind": "media", "text": url} for url in media)
            if text or choices:
                yield {"kind": "say", "text": text, "language": language, **_offer(text, choices, scenario)}
        case Enqueue(queue=queue):
            yield {"kind": "dial", "text": _("It waits for the team of %(name)s") % {"name": bench.queue_name(queue)}}
        case Say(text=text, language=language):
            yield {"kind": "say", "text": text, "language": language}
        case Play(url=url):
            yield {"kind": "play", "text": url}
        case Gather(prompts=prompts):
            for prompt in prompts:
                yield from _heard(prompt, bench, scenario)
        case Held(seconds=seconds) if seconds >= _PAUSE_S:
            yield {
                "kind": "wait",
                "text": _("%(seconds)s s on the line, while a data source answers") % {"seconds": f"{seconds:g}"},
            }
        case Dial(to=to, queue=queue):
            name = bench.queue_name(queue) if queue else to
            words = _("It goes to %(name)s") if is_message else _("It rings at %(name)s")
            yield {"kind": "dial", "text": words % {"name": name}, "to": to}
        case Record():
            yield {"kind": "record", "text": _("Beep: the message is recorded")}
        case Hangup(reject=reject):
            over = _("The conversation ends") if is_message else _("The call ends")
            yield {"kind": "hangup", "text": _("The call is refused") if reject else over}


def _offer(text: str, choices: tuple[tuple[str, str], ...], scenario: Scenario) -> dict[str, Any]:
    """The answers of a message as its channel shows them."""
    if not choices:
        return {}
    labels = [label for _name, label in choices]
    look = look_of(scenario.channel, text, labels)
    if look == "numbers":
        return {"text": numbered(text, labels), "look": look}
    return {"look": look, "choices": [{"label": label, "payload": name} for name, label in choices]}


def _waits_for(simulation: Simulation, bench: Bench) -> dict[str, Any] | None:
    if not simulation.waits_for:
        return None
    found: dict[str, Any] = {"kind": simulation.waits_for}
    match simulation.prompt:
        case Gather() as asked if simulation.waits_for == "input":
            found |= {"keys": asked.keys, "speech": asked.speech, "digits": asked.digits, "timeout_s": asked.timeout_s}
            found["choices"] = _choices(simulation, bench.plan)
        case AwaitReply(timeout_s=timeout):
            found |= {"timeout_s": timeout, "timeout": span(timeout)}
            offered = [
                {"label": label, "keys": "", "words": str(number)}
                for number, (_name, label) in enumerate(simulation.offered, start=1)
            ]
            found["choices"] = offered or _choices(simulation, bench.plan)
        case Enqueue(queue=queue) if simulation.waits_for == "transfer":
            found["name"] = bench.queue_name(queue)
        case Dial(to=to, queue=queue, ring_s=ring_s) if simulation.waits_for == "transfer":
            found |= {"name": bench.queue_name(queue) if queue else to, "to": to, "ring_s": ring_s}
        case Record(max_s=longest) if simulation.waits_for == "recording":
            found["max_s"] = longest
    return found


def _choices(simulation: Simulation, plan: Plan) -> list[dict[str, Any]]:
    at = simulation.trace[-1]["step"] if simulation.trace else ""
    planned = step_at(plan, at)
    if planned is not None and isinstance(planned.step, ask_choice.AskChoice):
        labels = [choice.label for choice in planned.step.choices]
        # A label may hold variables: the number is what is certain to be heard.
        return [
            {
                "label": readable(label),
                "keys": str(number) if number < 10 or len(labels) < 10 else "",
                "words": str(number),
            }
            for number, label in enumerate(labels, start=1)
        ]
    if planned is None or not isinstance(planned.step, gather.Gather):
        return []
    return [
        {"label": choice.label or choice.name, "keys": choice.key, "words": choice.words[0] if choice.words else ""}
        for choice in planned.step.choices
    ]


def _end(simulation: Simulation, bench: Bench, scenario: Scenario) -> dict[str, Any]:
    dial, standing = simulation.dial, simulation.standing
    why = truly(standing.why, simulation.trace, scenario)
    return {
        "outcome": standing.outcome,
        "outcome_label": _outcome(standing.outcome, scenario) if standing.outcome else "",
        "queue": {"key": simulation.queue, "name": bench.queue_name(simulation.queue)} if simulation.queue else None,
        "to": dial.to if dial else "",
        "headers": dict(dial.headers) if dial else {},
        "why": in_names(why, bench, sources=_sources(simulation)),
        "fell_back": standing.fell_back,
        "stranded": in_names(simulation.stranded, bench, sources=_sources(simulation)),
    }


def _outcome(outcome: str, scenario: Scenario) -> str:
    if outcome == Contact.Outcome.ABANDONED and scenario.trigger == "message":
        return _("they left")
    return outcome_words(outcome)


def _sources(simulation: Simulation) -> set[str]:
    """Keys of the data sources that were asked."""
    return {str(seen["source"]) for entry in simulation.trace for seen in entry.get("saw", ()) if "source" in seen}


def _notes(simulation: Simulation, scenario: Scenario, bench: Bench) -> Iterator[str]:
    for source in simulation.silent:
        name = name_of("source", source, bench)
        yield _("Nothing is said about what “%(source)s” answers, so it counts as failed.") % {"source": name}
    for path in simulation.unsteered:
        yield _("“%(step)s” cannot be made to go the way you chose.") % {"step": title_of(path, bench.plan)}
    unused = len(scenario.inputs) - simulation.used
    if unused > 0:
        yield _("The contact went another way, so what came then no longer fits: %(count)d left out.") % {
            "count": unused
        }
    if simulation.stranded:
        reason = in_names(simulation.stranded, bench, sources=_sources(simulation))
        yield _("The flow could not go on: %(reason)s") % {"reason": reason}


def _expected_words(outcome: str, queue: str, end: str, bench: Bench) -> dict[str, str]:
    return {
        "outcome": outcome,
        "queue": bench.queue_name(queue) if queue else _("no queue"),
        "end": title_of(end, bench.plan) if end else _("the fallback queue"),
    }


def _known_at_start(scenario: Scenario, bench: Bench) -> dict[str, str]:
    """The facts that the flow reads, before anything happened."""
    read = bench.plan.names.get("contact", frozenset())
    contact = {"from": scenario.caller.number, "to": scenario.called, "channel": scenario.channel, **scenario.details}
    return {f"contact.{name}": show(contact[name]) for name in sorted(read) if name in contact}


def _learn(trace: Iterator[dict[str, Any]], step: StepStory, known: dict[str, str]) -> None:
    """What the entries up to that of `step` have brought; the story leaves out those that only waited."""
    for entry in trace:
        for seen in entry.get("saw", ()):
            known.update(_learnt(seen, str(entry.get("step", "")).rsplit("/", 1)[-1]))
        if entry.get("step") == step.path and (entry.get("exit") or "") == step.exit:
            return


def _learnt(seen: Mapping[str, Any], step: str) -> Iterator[tuple[str, str]]:
    match seen:
        case {"what": "set", "name": str(name), "seen": value}:
            yield name, str(value)
        case {"what": "fetch", "name": str(name), "values": dict(values)}:
            for key, value in values.items():
                yield f"{name}.{key}", str(value)
        case {"what": "input", "seen": value} if value != "nothing":
            yield f"steps.{step}.digits", str(value)
        case {"what": "recording", "seen": value}:
            yield f"steps.{step}.seconds", str(value)
