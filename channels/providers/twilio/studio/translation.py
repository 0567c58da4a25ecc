"""A whole Studio flow as one of ours, and what became of each of its widgets."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

from pydantic import ValidationError

from channels.providers.twilio.studio import connecting, deciding, fetching, speaking
from channels.providers.twilio.studio.flow import Flow, State
from channels.providers.twilio.studio.layout import in_rows, place
from channels.providers.twilio.studio.liquid import Words
from channels.providers.twilio.studio.made import Job, Made, Step, placeholder
from channels.providers.twilio.studio.names import key as key_of
from channels.providers.twilio.studio.names import plain, title, titles_of, unique
from customers.enrichment.creating import NewSource
from routing.engine import limits
from routing.engine.checks.catalog import Catalog
from routing.engine.definition import FORMAT
from routing.engine.drawing.salvage import salvaged_exits
from routing.engine.faults import DefinitionInvalid, Fault
from routing.engine.steps import BY_TYPE
from routing.engine.steps.fetch import RESERVED
from routing.engine.steps.step import Exit
from routing.files import FlowFile
from routing.files.foreign import Foreign, Handover, Row, Wish

SYSTEM: Final = "Twilio Studio"
_WIDGETS: Final[Mapping[str, Callable[[Job], Made]]] = {
    "say-play": speaking.say_play,
    "gather-input-on-call": speaking.gather,
    "record-voicemail": speaking.voicemail,
    "send-message": speaking.send_message,
    "send-and-wait-for-reply": speaking.send_and_wait,
    "split-based-on": deciding.split,
    "set-variables": deciding.set_variables,
    "run-subflow": deciding.subflow,
    "make-http-request": fetching.http_request,
    "run-function": fetching.run_function,
    "run-function-v2": fetching.run_function,
    "connect-call-to": connecting.connect_call,
    "enqueue-call": connecting.enqueue_call,
    "send-to-flex": connecting.send_to_flex,
}
# What those without counterpart do, in the words of managers.
_UNKNOWN: Final = {
    "capture-payments": "Take a payment",
    "fork-stream": "Stream the sound of the call elsewhere",
    "add-twiml-redirect": "Hand the call over to TwiML elsewhere, and take it back",
    "connect-virtual-agent": "Talk to a virtual agent",
    "connect-virtual-agent-v2": "Talk to a virtual agent",
    "send-to-auto-pilot": "Talk to Autopilot",
    "send-to-autopilot": "Talk to Autopilot",
    "start-conversation": "Start a conversation",
    "make-outgoing-call": "Place a call",
    "make-outgoing-call-v1": "Place a call",
    "make-outgoing-call-v2": "Place a call",
    "record-call": "Record the call",
    "call-recording": "Record the call",
    "search-for-answers": "Search for an answer",
    "understand": "Talk to Autopilot",
    "create-task": "Make a task for an agent",
    "update-sync-object": "Note something in the carrier's store",
    "create-chat-channel": "Open a chat",
    "add-member-to-chat-channel": "Add somebody to a chat",
}
_TRIGGER = "trigger"
# What a flow that nothing here starts is made of: the first of these says whether it is for calls or for messages.
_VOICE = frozenset(
    {
        *("say-play", "gather-input-on-call", "record-voicemail", "connect-call-to", "enqueue-call", "record-call"),
        *("call-recording", "capture-payments", "fork-stream", "make-outgoing-call", "make-outgoing-call-v1"),
        "make-outgoing-call-v2",
    }
)
_WRITTEN = frozenset({"send-message", "send-and-wait-for-reply", "start-conversation"})
# Studio's own words for a flow that nobody named.
_NAMELESS = frozenset({"", "a new flow", "new flow", "flow", "untitled"})
_ENDS_HERE = "ends_here"
_NOTE_CHARS = 3_900


@dataclass
class _Whole:
    flow: Flow
    words: Words
    reach: Mapping[str, frozenset[str]]
    starts: Mapping[str, str]
    """Trigger of ours to the name of the state that it leads to; empty: nowhere."""
    offsets: Mapping[str, tuple[float, float]]
    """State to where it stands."""
    titles: Mapping[str, str]
    """State to what its steps are called."""
    jobs: dict[str, Job] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    """State and suffix to the id of the step."""
    nodes: list[dict[str, Any]] = field(default_factory=list)
    spots: list[tuple[str, tuple[float, float], int]] = field(default_factory=list)
    sources: list[NewSource] = field(default_factory=list)
    ends: bool = False

    def entry(self, state: str) -> str:
        """Id of the step by which contacts come in; empty: they come to nothing."""
        seen: set[str] = set()
        while state in self.made and state not in seen:
            seen.add(state)
            if not self.made[state].passes:
                return self.ids.get((state, self.made[state].entry), "")
            state = self.flow.by_name[state].to(self.made[state].passes)
        return ""


def translate(flow: Flow, *, wish: Wish, catalog: Catalog, unpublished: Mapping[str, str]) -> Foreign:
    """Raises DefinitionInvalid only if it is larger than a flow may be."""
    name = _name(flow, wish)
    key = wish.key or key_of(name)[:50].strip("-")
    ids, taken = {}, {*RESERVED, "call", "message", _TRIGGER, "widgets", "flow", _ENDS_HERE}
    for state in flow.by_name.values():
        if state.kind != _TRIGGER:
            ids[state.name] = unique(plain(state.name), taken)
            taken.add(ids[state.name])
    words = Words(flow, ids)
    words.learn()
    starts, trigger_notes = _starts(flow)
    whole = _Whole(flow, words, _reach(flow, starts), starts, _offsets(flow, starts), titles_of(flow.by_name))
    language = _language(flow)
    flows = {**catalog.flow_names, **unpublished}
    for state in flow.by_name.values():
        if state.kind == _TRIGGER:
            continue
        reached = whole.reach.get(state.name, frozenset())
        calls, messages = "call" in reached, "message" in reached
        job = Job(state, flow, words, catalog, flows, key, calls, messages, language, wish.queues)
        whole.jobs[state.name] = job
        whole.made[state.name] = _made(job)
        for step in whole.made[state.name].steps:
            whole.ids[state.name, step.suffix] = (
                unique(f"{ids[state.name][:32]}{step.suffix}", taken) if step.suffix else ids[state.name]
            )
            taken.add(whole.ids[state.name, step.suffix])
    rows = list(_rows(whole, trigger_notes))
    if len(whole.nodes) > limits.STEPS:
        raise DefinitionInvalid([Fault(f"It would have {len(whole.nodes)} steps; a flow has at most {limits.STEPS}.")])
    layout = place(whole.spots)
    remarks = _remarks(rows, layout)
    definition = {"format": FORMAT, "steps": whole.nodes, "notes": remarks, "layout": layout}
    origin = f"From {SYSTEM}, {PurePath(wish.file_name).name}." if wish.file_name else f"From {SYSTEM}."
    file = FlowFile(pareto_flow=1, key=key, name=name, description=origin, definition=definition)
    notes = tuple(f"There is more than one state “{double}”: only the first can be reached." for double in flow.doubles)
    return Foreign(SYSTEM, file, tuple(rows), tuple(whole.sources), notes, tuple(_handovers(whole)))


def _handovers(whole: _Whole) -> Iterator[Handover]:
    """What went to one team of theirs and found one queue of ours, each once."""
    steps: dict[tuple[str, str], list[str]] = {}
    for name, made in whole.made.items():
        if made.team is not None:
            steps.setdefault(made.team, []).append(whole.entry(name))
    for (team, queue), ids in steps.items():
        yield Handover(team, tuple(ids), queue)


def _name(flow: Flow, wish: Wish) -> str:
    stem = PurePath(wish.file_name).stem.strip() if wish.file_name not in {"", "-"} else ""
    name = flow.name if flow.name.casefold() not in _NAMELESS or not stem else ""
    found = wish.name or name or (title(stem.replace("-", "_")) if stem else "Imported flow")
    found = "".join(char for char in found if char.isprintable())
    return " ".join(found.split())[: limits.NAME_CHARS].strip() or "Imported flow"


def _starts(flow: Flow) -> tuple[dict[str, str], list[str]]:
    """Which of our triggers lead where, and what is to be known of those that have no counterpart."""
    notes: list[str] = []
    ways = [way for state in flow.states if state.kind == _TRIGGER for way in state.ways]
    to: dict[str, str] = {}
    for way in ways:
        if way.to and way.event in to and to[way.event] != way.to:
            notes.append(f"Its second way “{way.event}” to “{way.to}” is never taken.")
        elif way.to and way.to not in flow.by_name:
            notes.append(f"Its way “{way.event}” leads to “{way.to}”, which is not in the file.")
        elif way.to:
            to.setdefault(way.event, way.to)
    starts: dict[str, str] = {}
    if call := to.pop("incomingCall", ""):
        starts["call"] = call
    for event in ("incomingMessage", "incomingConversationMessage"):
        target = to.pop(event, "")
        if target and starts.setdefault("message", target) != target:
            notes.append(f"Its way “{event}” to “{target}” is not taken: all messages go one way.")
    for event in list(to):
        target = to.pop(event)
        if event == "incomingParent" and (not starts or target in starts.values()):
            # A sub-flow begins with any trigger that it has.
            starts.setdefault(_medium(flow, target), target)
        elif not starts:
            starts[_medium(flow, target)] = target
            notes.append(f"It was started by “{event}”; here {_WHO[next(iter(starts))]} begin at “{target}”.")
        elif target not in starts.values() or event != "incomingParent":
            notes.append(f"Its way “{event}” to “{target}” has no counterpart: nothing starts it so.")
    if flow.initial in flow.by_name and not any(state.kind == _TRIGGER for state in flow.states):
        starts[_medium(flow, flow.initial)] = flow.initial
        notes.append(f"It has no trigger: {_WHO[next(iter(starts))]} begin at “{flow.initial}”.")
    return starts or {"call": ""}, [*notes, *_nowhere(flow)]


def _nowhere(flow: Flow) -> Iterator[str]:
    if flow.initial and flow.initial not in flow.by_name:
        yield f"The file says that it begins at “{flow.initial}”, and holds no state of that name."


_WHO: Final = {"call": "calls", "message": "messages"}


def _medium(flow: Flow, first: str) -> str:
    """Whether a way is made for calls or for messages, by the first widget on it that is for one of them."""
    todo, seen = deque([first]), set[str]()
    while todo:
        state = flow.by_name.get(todo.popleft())
        if state is None or state.name in seen:
            continue
        if state.kind in _VOICE or state.kind in _WRITTEN:
            return "message" if state.kind in _WRITTEN else "call"
        seen.add(state.name)
        todo.extend(way.to for way in state.ways if way.to)
    return "call"


def _reach(flow: Flow, starts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """State to the triggers that contacts may come from."""
    found: dict[str, frozenset[str]] = {}
    for trigger, first in starts.items():
        todo = deque([first] if first else [])
        seen: set[str] = set()
        while todo:
            name = todo.popleft()
            if name in seen or name not in flow.by_name:
                continue
            seen.add(name)
            todo.extend(way.to for way in flow.by_name[name].ways if way.to)
        for name in seen:
            found[name] = found.get(name, frozenset()) | {trigger}
    return found


def _offsets(flow: Flow, starts: Mapping[str, str]) -> Mapping[str, tuple[float, float]]:
    """As they were drawn; files that programs wrote say nothing of it."""
    if any(state.properties.get("offset") for state in flow.states):
        return {state.name: state.offset for state in flow.by_name.values()}
    ways = {state.name: [way.to for way in state.ways if way.to] for state in flow.by_name.values()}
    return in_rows([first for first in starts.values() if first in ways], ways)


def _language(flow: Flow) -> str:
    """The one that most of the flow speaks."""
    said = Counter(found for state in flow.states if (found := state.text("language").strip()) and "{" not in found)
    first = said.most_common(1)[0][0] if said else "en-US"
    return first.replace("_", "-")[:20]


def _made(job: Job) -> Made:
    make = _WIDGETS.get(job.state.kind)
    if make is None:
        was = _UNKNOWN.get(job.state.kind, f"Widget {job.state.kind}")
        return placeholder(job, was)
    made = make(job)
    for step in made.steps:
        if step.is_unfinished:
            continue
        try:
            BY_TYPE[step.type].model_validate(step.settings)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            job.note(f"It cannot be said here: {first['msg']} ({'.'.join(map(str, first['loc']))}).")
            return placeholder(job, f"Widget {job.state.kind} with settings that do not fit here")
    return made


def _remarks(rows: list[Row], layout: Mapping[str, list[int]]) -> list[dict[str, Any]]:
    """What differs as a note beside the flow, for whoever goes on drawing."""
    lines = [f"{row.name}: {' '.join(row.notes)}" for row in rows if row.notes]
    if not lines:
        return []
    text = "\n".join((f"Differs from the flow of {SYSTEM}:", *lines))
    left = min((x for x, _ in layout.values()), default=0)
    return [{"text": text if len(text) <= _NOTE_CHARS else f"{text[:_NOTE_CHARS]}…", "at": [left - 360, 0]}]


def _rows(whole: _Whole, trigger_notes: list[str]) -> Iterator[Row]:
    """One for each state, in their order; the steps come to be on the way."""
    rows: list[Row] = []
    seen: set[str] = set()
    triggers = [state for state in whole.flow.states if state.kind == _TRIGGER]
    origin = triggers[0].offset if triggers else (0.0, -220.0)
    for number, (trigger, first) in enumerate(whole.starts.items()):
        exits = {"started": entry} if (entry := whole.entry(first)) else {}
        node = {"id": trigger, "type": trigger, "title": _TRIGGERS[trigger], "exits": exits}
        whole.nodes.append(node if exits else {name: value for name, value in node.items() if name != "exits"})
        whole.spots.append((trigger, (origin[0] + 300 * number, origin[1]), 1))
    for state in whole.flow.states:
        if state.kind == _TRIGGER:
            notes = tuple(trigger_notes if state is triggers[0] else ("A flow has one trigger of a kind.",))
            rows.append(Row(state.name, state.kind, "differs" if notes else "translated", tuple(whole.starts), notes))
        elif state.name in seen:
            rows.append(Row(state.name, state.kind, "differs", (), ("Nothing leads to it: another has its name.",)))
        else:
            seen.add(state.name)
            rows.append(_row(state, whole))
    if not triggers:
        rows.insert(0, Row("Trigger", _TRIGGER, "differs", tuple(whole.starts), tuple(trigger_notes)))
    if whole.ends:
        lowest = max((y for _, (_, y), _ in whole.spots), default=0.0)
        whole.nodes.append({"id": _ENDS_HERE, "type": "end", "title": "The flow ends here"})
        whole.spots.append((_ENDS_HERE, (origin[0], lowest + 240), 0))
    return iter(rows)


_TRIGGERS: Final = {"call": "Incoming call", "message": "Incoming message"}


def _row(state: State, whole: _Whole) -> Row:
    job, made = whole.jobs[state.name], whole.made[state.name]
    taken: set[str] = set(made.used)
    steps: list[str] = []
    for number, step in enumerate(made.steps):
        exits = _exits(step, state, whole, taken)
        own = whole.ids[state.name, step.suffix]
        steps.append(own)
        name = whole.titles[state.name]
        node: dict[str, Any] = {
            "id": own,
            "type": step.type,
            "title": name if not step.suffix else f"{name} ({number + 1})"[: limits.NAME_CHARS],
            "settings": step.settings,
        }
        whole.nodes.append({**node, "exits": exits} if exits else node)
        x, y = whole.offsets[state.name]
        whole.spots.append((own, (x, y), len(_known_exits(step))))
    whole.sources.extend(made.sources)
    _name_lost_ways(state, job, made, taken, whole)
    steps.sort(key=lambda one: one != whole.entry(state.name))
    outcome: Any = "placeholder" if made.placeholder else "differs" if job.notes else "translated"
    marked = (f"Still to be drawn: {made.steps[0].settings['was']}.",) if made.placeholder else ()
    return Row(state.name, state.kind, outcome, tuple(steps), (*marked, *job.said()))


def _known_exits(step: Step) -> tuple[Exit, ...]:
    return salvaged_exits(BY_TYPE[step.type], step.settings)


def _exits(step: Step, state: State, whole: _Whole, taken: set[str]) -> dict[str, str]:
    """Where the exits of a step lead. What ended the flow ends it here, too, but where something failed."""
    job, made = whole.jobs[state.name], whole.made[state.name]
    known = {exit_.name: exit_ for exit_ in _known_exits(step)}
    wanted: dict[str, str] = {}
    for name, way in step.ways.items():
        if way.startswith("@"):
            wanted[name] = whole.ids[state.name, way[1:]]
        else:
            taken.add(way)
            wanted[name] = whole.entry(state.to(way))
    for place_, target in made.ends.items():
        suffix, _, name = place_.partition(":")
        if suffix == step.suffix:
            wanted[name] = whole.entry(target)
    exits: dict[str, str] = {}
    for name, exit_ in known.items():
        if target := wanted.get(name, ""):
            exits[name] = target
        elif name in made.open_exits and not exit_.optional and name in known:
            if not made.placeholder:
                job.note(f"Where “{exit_.label}” led nowhere, contacts go to the number's fallback queue now.")
        elif not exit_.optional and (name in wanted or not exit_.otherwise):
            exits[name] = _ENDS_HERE
            whole.ends = True
    return exits


def _name_lost_ways(state: State, job: Job, made: Made, taken: set[str], whole: _Whole) -> None:
    """Every way that is no exit is named."""
    several = {"match"} if not made.placeholder else {way.event for way in state.ways}
    first: set[str] = set()
    for way in state.ways:
        again = way.event in first and way.event not in several
        first.add(way.event)
        if not way.to:
            continue
        if way.to not in whole.flow.by_name or whole.flow.by_name[way.to].kind == _TRIGGER:
            what = "which is not in the file" if way.to not in whole.flow.by_name else "where flows begin"
            job.note(f"Its way “{way.event}” leads to “{way.to}”, {what}: it ends there.")
        elif again:
            if way.to != state.to(way.event):
                job.note(f"Its second way “{way.event}” to “{way.to}” is never taken.")
        elif way.event not in taken:
            why = made.lost.get(way.event)
            job.note(
                f"Its way “{way.event}” to “{way.to}” is never taken: {why}."
                if why
                else f"Its way “{way.event}” to “{way.to}” has no counterpart."
            )
