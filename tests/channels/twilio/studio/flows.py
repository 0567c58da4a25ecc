"""Studio flows for tests: files of dozens of states, and single widgets between a trigger and two ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from channels.providers.twilio.studio.reader import StudioReader
from routing.engine.checks.catalog import Catalog
from routing.files import read_source
from routing.files.foreign import Foreign, Row, Wish
from tests.routing.engine.runs import Walk, plan_of

FIXTURES = Path(__file__).parent / "fixtures"
CATALOG = Catalog(queues={"vip": "VIP", "standard": "Standard"})


def translated(
    data: Any, *, catalog: Catalog = CATALOG, wish: Wish | None = None, flows: dict[str, str] | None = None
) -> Foreign:
    source = read_source(json.dumps(data))
    return StudioReader().read(source, wish=wish or Wish(), catalog=catalog, unpublished=flows or {})


def fixture(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return data


def state(name: str, kind: str, ways: dict[str, str], **properties: Any) -> dict[str, Any]:
    transitions = [{"event": event, **({"next": to} if to else {})} for event, to in ways.items()]
    return {
        "name": name,
        "type": kind,
        "transitions": transitions,
        "properties": {"offset": {"x": 0, "y": 0}, **properties},
    }


def say(name: str, to: str = "", text: str = "") -> dict[str, Any]:
    return state(name, "say-play", {"audioComplete": to}, say=text or f"Here is {name}")


def flow(*states: dict[str, Any], event: str = "incomingCall") -> dict[str, Any]:
    """A flow that begins with the first of these; `yes`, `no` and `other` say where a contact came to."""
    trigger = state("Trigger", "trigger", {event: states[0]["name"]})
    there = {one["name"] for one in states}
    ends = [say(name) for name in ("yes", "no", "other") if name not in there]
    return {"description": "Test", "states": [trigger, *states, *ends], "initial_state": "Trigger"}


def split(tests: list[dict[str, Any]], tested: str, name: str = "split") -> dict[str, Any]:
    ways = [
        {"event": "noMatch", "next": "no"},
        {"event": "match", "next": "yes", "conditions": [{"arguments": [tested], **test} for test in tests]},
    ]
    return {"name": name, "type": "split-based-on", "transitions": ways, "properties": {"input": tested}}


def walk(data: Any, **how: Any) -> Walk:
    return Walk(plan_of(translated(data, **how).file.definition))


def row(foreign: Foreign, name: str) -> Row:
    return next(one for one in foreign.rows if one.name == name)


def step(foreign: Foreign, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in foreign.file.definition["steps"] if one["id"] == name)
    return found
