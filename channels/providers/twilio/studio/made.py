"""What becomes of one widget: steps, where their exits lead, and what somebody should know of the difference."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from channels.providers.twilio.studio.flow import Flow, State, as_text
from channels.providers.twilio.studio.liquid import Words
from channels.providers.twilio.studio.names import plain, unique
from customers.enrichment.creating import NewSource
from routing.engine.checks.catalog import Catalog

_SECRET = re.compile(r"auth|token|secret|passw|credential|api[_-]?key|signature", re.IGNORECASE)
_LOGIN = re.compile(r"(https?://)[^/@\s\"]+@", re.IGNORECASE)
# Of a widget without counterpart, the way on: as if it had gone well.
_WELL: Final = (
    *("success", "completed", "sent", "next", "audioComplete", "callComplete", "callCompleted", "return", "answered"),
    *("sessionEnded", "recordingComplete", "incomingMessage", "keypress", "match", "noMatch"),
)


# Widgets whose good end proves something of the customer, and the ways by which they fail.
_PROVES: Final = re.compile(r"payment|verif|otp|authenticat")
_BADLY: Final = (
    *("maxFailedAttempts", "providerError", "payInterrupted", "validationError", "failed", "failure", "fail"),
    *("notApproved", "expired", "timeout"),
)
# Widgets that do something beside the contact, who is done where nothing is behind them: the caller who has left a
# message, of which a text message tells somebody, is not put through to a team.
_BESIDE: Final = frozenset(
    {
        *("send-message", "make-http-request", "run-function", "run-function-v2", "update-sync-object", "fork-stream"),
        *("record-call", "call-recording", "create-chat-channel", "add-member-to-chat-channel", "start-conversation"),
    }
)


@dataclass(slots=True)
class Step:
    """A step to be. `ways` leads from its exits to an event of the widget, or to another of its steps as `@suffix`."""

    type: str
    settings: dict[str, Any]
    ways: dict[str, str] = field(default_factory=dict)
    suffix: str = ""
    """Behind the widget's own id; empty for the step that does what the widget did."""
    title: str = ""
    is_unfinished: bool = False
    """Somebody has to choose before it can be read."""


@dataclass(slots=True)
class Made:
    """The steps of a widget. Contacts come in by `entry`, a suffix."""

    steps: list[Step]
    entry: str = ""
    placeholder: bool = False
    ends: dict[str, str] = field(default_factory=dict)
    """Exit to where it leads by the name of a state: for ways that have an event of their own each, such as matches."""
    used: frozenset[str] = frozenset()
    """Events that are taken care of, beside those that `ways` names."""
    lost: dict[str, str] = field(default_factory=dict)
    """Events that can never happen here, and why."""
    sources: list[NewSource] = field(default_factory=list)
    passes: str = ""
    """Of a widget that does nothing, and is no step: the event by which contacts go on."""
    team: tuple[str, str] | None = None
    """Of a widget that hands over: the team that took it there, and the key of the queue here, if there is one."""
    open_exits: frozenset[str] = frozenset()
    """Exits that stay open where the widget's way led nowhere: the fallback queue takes such contacts."""


@dataclass(slots=True)
class Job:
    """One widget at work: what its translation may look at, and its notes."""

    state: State
    flow: Flow
    words: Words
    catalog: Catalog
    flows: Mapping[str, str]
    """Key to name of every flow that may be walked through."""
    key: str
    """Of the flow that is being made."""
    from_calls: bool
    from_messages: bool
    language: str
    """That texts without one are in."""
    queues: Mapping[str, str] = field(default_factory=dict)
    """Which queue takes which team, as far as somebody said: see `Wish`."""
    notes: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.words.ids[self.state.name]

    def said(self) -> tuple[str, ...]:
        """Each note once."""
        return tuple(dict.fromkeys(self.notes))

    def text(self, name: str) -> str:
        """A property with its variables translated."""
        return self.words.text(self.state.text(name), self.notes)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def placeholder(job: Job, was: str) -> Made:
    """Marks the widget with its settings. Contacts go on as if it had gone well, but nobody as if they had paid."""
    ways: dict[str, str] = {}
    named: list[dict[str, str]] = []
    ends: dict[str, str] = {}
    events = list(dict.fromkeys(way.event for way in job.state.ways if way.event))
    leading = [event for event in events if job.state.to(event)]
    proves = _PROVES.search(job.state.kind) is not None
    on = next((event for event in (_BADLY if proves else (*_WELL, *leading)) if event in leading), "")
    if on:
        ways["done"] = on
    if proves:
        where = f"by its way “{on}”" if on else "to the number's fallback queue"
        job.note(f"Nobody is taken to have passed it: contacts go on {where}.")
    taken = {"done"}
    # A way of its own for each, also where an event has several.
    seen_first: set[str] = set()
    for way in job.state.ways:
        if way.event == on and way.event not in seen_first:
            seen_first.add(way.event)
            continue
        if not way.to and (way.event in seen_first or len(named) >= 20):
            continue
        seen_first.add(way.event)
        if len(named) >= 20:
            job.note(f"Its way “{way.event}” to “{way.to}” is not kept: a step has at most 20.")
            continue
        name = unique(plain(way.event, other="way"), taken)
        taken.add(name)
        named.append({"name": name, "label": way.event[:100]})
        if way.to:
            ends[f":{name}"] = way.to
    kept = {name[:200]: _kept(name, value) for name, value in job.state.properties.items() if name != "offset"}
    settings: dict[str, Any] = {"was": was[:200]}
    if kept:
        settings["kept"] = dict(list(kept.items())[:100])
    if named:
        settings["ways"] = named
    step = Step("placeholder", settings, ways)
    open_exits = frozenset(() if job.state.kind in _BESIDE else {"done"})
    return Made([step], placeholder=True, ends=ends, used=frozenset(events), open_exits=open_exits)


def _kept(name: str, value: Any) -> str:
    """A setting as text, without what signs in somewhere."""
    if _SECRET.search(name) and value and not isinstance(value, bool):
        return "•••"
    return safe(as_text(_without_secrets(value)))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        named = _SECRET.search(as_text(value.get("key") or value.get("name"))) and "value" in value
        return {
            key: "•••" if (_SECRET.search(str(key)) or (named and key == "value")) else _without_secrets(part)
            for key, part in value.items()
        }
    return [_without_secrets(part) for part in value] if isinstance(value, list) else value


def safe(text: str) -> str:
    """The text without a user and password in an address."""
    return _LOGIN.sub(r"\1•••@", text)


def is_secret(name: str) -> bool:
    """Whether a header or parameter of this name signs in."""
    return _SECRET.search(name) is not None


def json_of(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
