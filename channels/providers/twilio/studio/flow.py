"""What a Studio flow definition is: states with properties, and transitions that lead from one to the next.

https://www.twilio.com/docs/studio/flows: `states`, `initial_state`, `description` and `flags`. Exports of many years differ
in details, hence nothing here insists on any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from channels.providers.twilio.studio.finding import Path, find
from routing.engine import limits
from routing.engine.faults import DefinitionInvalid, Fault

_CONDITIONS = 50


@dataclass(frozen=True, slots=True)
class Test:
    """One condition of a way."""

    kind: str
    argument: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Way:
    """A transition. `to` is empty where the flow ends."""

    event: str
    to: str
    tests: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """A widget on the canvas."""

    name: str
    kind: str
    ways: tuple[Way, ...]
    properties: Mapping[str, Any]
    sid: str = ""
    """What the transitions of old exports name it by."""

    def text(self, name: str) -> str:
        """A property as text; numbers and switches as Studio writes them."""
        return as_text(self.properties.get(name))

    def number(self, name: str) -> float | None:
        try:
            found = float(self.text(name))
        except ValueError:
            return None
        return found if abs(found) < 1e9 else None

    def is_set(self, name: str) -> bool:
        return self.text(name).strip().lower() == "true"

    def pairs(self, name: str) -> list[tuple[str, str]]:
        """Key and value of a list such as `parameters`; also written as an object."""
        raw = self.properties.get(name)
        if isinstance(raw, Mapping):
            return [(str(key), as_text(value)) for key, value in raw.items()]
        rows = raw if isinstance(raw, list) else []
        return [(as_text(row.get("key")), as_text(row.get("value"))) for row in rows if isinstance(row, Mapping)]

    def to(self, event: str) -> str:
        """Where the first way of this event leads; empty: nowhere."""
        return next((way.to for way in self.ways if way.event == event), "")

    @property
    def offset(self) -> tuple[float, float]:
        raw = self.properties.get("offset")
        raw = raw if isinstance(raw, Mapping) else {}
        x, y = raw.get("x"), raw.get("y")
        return (_coordinate(x), _coordinate(y))


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole definition."""

    name: str
    states: tuple[State, ...]
    initial: str
    doubles: tuple[str, ...] = ()
    """Names that more than one state has: only the first can be led to."""
    by_name: Mapping[str, State] = field(default_factory=dict)


def read_flow(data: object, *, name: str = "") -> Flow:
    """Raises DefinitionInvalid with each fault of the outer form and its path. Of several flows it reads that of the name."""
    found = find(data)
    if len(found) > 1:
        wanted = [one for one in found if one.name.casefold() == name.strip().casefold()]
        if len(wanted) != 1:
            names = ", ".join(f"“{one.name or 'without a name'}”" for one in found[:20])
            message = f"The file holds {len(found)} flows: {names}. Say the name of the one that is meant."
            raise DefinitionInvalid([Fault(message, found[0].where)])
        found = wanted
    inner = found[0].definition if found else {}
    prefix = found[0].where if found else ()
    faults: list[Fault] = []
    states = as_today(_states(inner.get("states"), prefix, faults))
    if not states and not faults:
        faults.append(Fault("There is no state in it.", (*prefix, "states")))
    if len(states) > limits.STEPS:
        faults.append(Fault(f"{len(states)} states; a flow has at most {limits.STEPS} steps.", (*prefix, "states")))
    if faults:
        raise DefinitionInvalid(faults)
    by_name: dict[str, State] = {}
    doubles = [state.name for state in states if by_name.setdefault(state.name, state) is not state]
    name = (found[0].name if found else "") or as_text(inner.get("description")).strip()
    initial = as_text(inner.get("initial_state"))
    return Flow(name, tuple(states), initial, tuple(dict.fromkeys(doubles)), by_name)


def _states(raw: object, prefix: Path, faults: list[Fault]) -> Iterator[State]:
    for index, one in enumerate(raw if isinstance(raw, list) else []):
        where = (*prefix, "states", index)
        if not isinstance(one, Mapping):
            faults.append(Fault("A state is an object in braces.", where))
            continue
        for part in ("name", "type"):
            if not isinstance(one.get(part), str) or not one[part].strip():
                faults.append(Fault(f"The state has no “{part}”.", where))
        properties = one.get("properties")
        ways = tuple(_ways(one.get("transitions"), (*where, "transitions"), faults))
        yield State(
            as_text(one.get("name")),
            as_text(one.get("type")),
            ways,
            properties if isinstance(properties, Mapping) else {},
            as_text(one.get("sid")),
        )


# https://www.twilio.com/docs/studio: exports before the REST API of 2019 have types of their own, of which these are seen.
_ONCE = {
    "InitialState": "trigger",
    "SayPlay": "say-play",
    "Gather": "gather-input-on-call",
    "Branch": "split-based-on",
    "SetVariables": "set-variables",
    "Webhook": "make-http-request",
    "EnqueueCall": "enqueue-call",
}
# Of other types of that time, what their ways tell.
_BY_WAYS = (
    ("recordingComplete", "record-voicemail"),
    ("deliveryFailure", "send-and-wait-for-reply"),
    ("sent", "send-message"),
    ("callCompleted", "connect-call-to"),
    ("failedToEnqueue", "send-to-flex"),
    ("audioComplete", "say-play"),
    ("keypress", "gather-input-on-call"),
    ("noMatch", "split-based-on"),
    ("fail", "run-function"),
    ("failed", "make-http-request"),
)


def as_today(states: Iterable[State]) -> list[State]:
    """Those of old exports under today's names: they have types in capitals, and lead to each other by number."""
    found = list(states)
    names = {state.name for state in found}
    by_sid = {state.sid: state.name for state in found if state.sid}
    return [
        replace(
            state,
            kind=_today(state),
            ways=tuple(
                replace(way, to=by_sid.get(way.to, way.to) if way.to not in names else way.to) for way in state.ways
            ),
        )
        for state in found
    ]


def _today(state: State) -> str:
    if not re.match(r"[A-Z][A-Za-z]+\Z", state.kind):
        return state.kind
    events = {way.event for way in state.ways}
    by_ways = next((kind for event, kind in _BY_WAYS if event in events), state.kind)
    wants_url = by_ways in {"run-function", "make-http-request"}
    return _ONCE.get(state.kind) or (state.kind if wants_url and not state.text("url") else by_ways)


def _ways(raw: object, where: Path, faults: list[Fault]) -> Iterator[Way]:
    if raw is not None and not isinstance(raw, list):
        faults.append(Fault("Transitions are a list in square brackets.", where))
        return
    for index, one in enumerate(raw or []):
        if not isinstance(one, Mapping):
            faults.append(Fault("A transition is an object in braces.", (*where, index)))
            continue
        tests = one.get("conditions")
        tests = tests if isinstance(tests, list) else []
        if len(tests) > _CONDITIONS:
            faults.append(Fault(f"{len(tests)} conditions; a way has at most {_CONDITIONS}.", (*where, index)))
        yield Way(as_text(one.get("event")), as_text(one.get("next")), tuple(_tests(tests)))


def _tests(raw: list[Any]) -> Iterator[Test]:
    for one in raw:
        if isinstance(one, Mapping):
            arguments = one.get("arguments")
            first = arguments[0] if isinstance(arguments, list) and arguments else one.get("argument")
            value = one.get("value")
            joined = ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
            yield Test(as_text(one.get("type")), as_text(first), joined, as_text(one.get("friendly_name")))


def rings_several(state: State) -> bool:
    """Whether a widget that connects a call rings more than one number."""
    to = state.properties.get("to")
    several = len([one for one in (to if isinstance(to, list) else as_text(to).split(",")) if as_text(one).strip()]) > 1
    return several and state.text("noun").strip().lower() in {"", "number", "number-multi", "numbers"}


def as_text(value: Any) -> str:
    """A value of the definition as text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) else str(value)
    return json.dumps(value, ensure_ascii=False)


def _coordinate(value: Any) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6
    return float(value) if usable else 0.0
