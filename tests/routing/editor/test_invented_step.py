"""A new step type needs no TypeScript: its form is made, and every field edited, from what the server says of it.

The type is invented here. It goes through the address that the canvas opens a flow by; the editor's form is rendered
of that answer (vitest, the same components), each field is edited by its widget, and pydantic reads what comes of it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from django.test import Client
from django.utils import timezone
from pydantic import BaseModel, ConfigDict, Field

from routing.admin.canvas import document
from routing.editor import build
from routing.engine import steps as package
from routing.engine.conditions import Group
from routing.engine.prompts import Prompt
from routing.engine.steps import BY_TYPE, STEP_TYPES
from routing.engine.steps.step import Exit, Kind, Leave, Step, Visit
from routing.services import create_flow

pytestmark = pytest.mark.django_db


class Color(StrEnum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"
    BLACK = "black"
    WHITE = "white"


class Part(BaseModel):
    """Something inside."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(title="Inner text", max_length=50)
    deep: tuple[float, float] = Field(default=(0, 0), title="Corner")


class Way(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"noun": "way"})

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", json_schema_extra={"exit": "name"})
    label: str = Field(default="", json_schema_extra={"exit": "label"})
    weight: int = Field(ge=1, title="Weight")


class Mail(BaseModel):
    kind: Literal["mail"] = "mail"
    address: str = Field(title="Address")


class Letter(BaseModel):
    kind: Literal["letter"] = "letter"
    street: str = Field(title="Street")
    copies: int = Field(default=1, ge=1, title="Copies")


class Invented(Step):
    """Does what no step did before. It holds one field of every kind."""

    type: ClassVar[str] = "invented"
    kind: ClassVar[Kind] = "data"
    title: ClassVar[str] = "Invented"
    sample: ClassVar[dict[str, Any]] = {
        "text": "a",
        "long": "b",
        "template": "{{ contact.from }}",
        "name": "some_name",
        "whole": 3,
        "amount": 1.5,
        "wait_s": 150,
        "few": "one",
        "many": "green",
        "some": ["red"],
        "queue": "vip",
        "words": ["a"],
        "numbers": [1],
        "pair": [1, 2],
        "headers": {"X-One": "1"},
        "loose": {"one": "x"},
        "part": {"text": "inside"},
        "ways": [{"name": "first", "weight": 1}],
        "send": {"kind": "mail", "address": "anna@example.com"},
        "day": "2026-05-01",
        "at": "08:00:00",
        "moment": "2026-05-01T08:00:00",
        "prompt": {"text": {"en": "Hello"}},
        "when": {"conditions": [{"variable": "customer.tier", "operator": "equals", "value": "gold"}]},
        "reads": "customer.tier",
        "rule": "customer.orders > 1",
        "either": "x",
        "plain": [{"text": "one"}],
    }

    text: str = Field(title="Text", max_length=100, description="Help for the text.")
    long: str = Field(title="Long text", max_length=2000)
    template: str = Field(title="Template", json_schema_extra={"template": True})
    name: str = Field(title="Name", pattern=r"^[a-z_]+$")
    whole: int = Field(title="Whole number", ge=1, le=9, json_schema_extra={"unit": "times"})
    amount: float = Field(title="Amount", ge=0.5)
    wait_s: int = Field(title="Wait", ge=1, le=600, json_schema_extra={"unit": "seconds"})
    maybe: int | None = Field(default=None, title="Perhaps a number", ge=1)
    on: bool = Field(default=False, title="On")
    few: Literal["one", "two"] = Field(title="One of two")
    many: Color = Field(title="One of many")
    some: list[Annotated[Literal["red", "green"], Field()]] = Field(
        title="Some", json_schema_extra={"uniqueItems": True}
    )
    queue: str = Field(title="Queue", json_schema_extra={"choices": "queue"})
    words: tuple[str, ...] = Field(title="Words")
    numbers: list[int] = Field(title="Numbers")
    pair: tuple[float, float] = Field(title="Pair")
    headers: dict[str, str] = Field(title="Headers")
    loose: dict[str, str | int | float | bool] = Field(title="Loose values")
    part: Part = Field(title="Part")
    spare: Part | None = Field(default=None, title="Spare part")
    ways: tuple[Way, ...] = Field(title="Ways", json_schema_extra={"rest": "otherwise"})
    send: Annotated[Mail | Letter, Field(discriminator="kind")] = Field(title="Send by")
    day: date = Field(title="Day")
    at: time = Field(title="Time")
    moment: datetime = Field(title="Moment")
    prompt: Prompt = Field(title="Says")
    when: Group = Field(title="When")
    reads: str = Field(title="Reads", json_schema_extra={"widget": "variable"})
    rule: str = Field(title="Rule", json_schema_extra={"widget": "expression"})
    either: str | int = Field(title="Text or number")
    plain: list[Part] = Field(title="Plain parts")

    def exits(self) -> tuple[Exit, ...]:
        return (*(Exit(way.name, way.label or way.name) for way in self.ways), Exit("otherwise", "Otherwise"))

    def enter(self, visit: Visit) -> Leave:
        return Leave("otherwise")


WIDGETS = {
    "text": "text",
    "long": "text",
    "template": "template",
    "name": "text",
    "whole": "number",
    "amount": "number",
    "wait_s": "duration",
    "maybe": "number",
    "on": "switch",
    "few": "enum",
    "many": "enum",
    "some": "checks",
    "queue": "catalog",
    "words": "chips",
    "numbers": "chips",
    "pair.0": "number",
    "pair.1": "number",
    "headers": "map",
    "loose": "map",
    "part.text": "text",
    "part.deep.0": "number",
    "part.deep.1": "number",
    "spare.text": "text",
    "spare.deep.0": "number",
    "spare.deep.1": "number",
    "ways": "list",
    "send": "union",
    "day": "moment",
    "at": "moment",
    "moment": "moment",
    "prompt": "prompt",
    "when": "conditions",
    "reads": "variable",
    "rule": "expression",
    "either": "value",
    "plain": "list",
}


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Step]]:
    """The type is known to the engine and to the server, as one line in `STEP_TYPES` would make it."""
    types = (*STEP_TYPES, Invented)
    monkeypatch.setitem(BY_TYPE, Invented.type, Invented)
    monkeypatch.setattr(package, "STEP_TYPES", types)
    monkeypatch.setattr(document, "STEP_TYPES", types)
    document._palette.cache_clear()
    yield Invented
    document._palette.cache_clear()


def palette(client: Client, settings: Mapping[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    """What the server tells the canvas of step types, and the flow it was asked about."""
    flow = create_flow(
        key="line",
        name="Line",
        definition={
            "steps": [
                {"id": "call", "type": "call", "exits": {"started": "it"}},
                {"id": "it", "type": "invented", "settings": dict(settings), "exits": {"otherwise": "bye"}},
                {"id": "bye", "type": "end"},
            ]
        },
        by=None,
        now=timezone.now(),
    )
    answer = client.get(f"/admin/routing/flow/{flow.pk}/canvas/document/")
    assert answer.status_code == 200, answer.content
    return flow.pk, list(answer.json()["palette"])


def prove(items: list[dict[str, Any]], folder: Path) -> dict[str, dict[str, Any]]:
    """Type to what the form made of it. Fails with what vitest says."""
    build.install()
    config = folder / "vitest.config.mjs"
    config.write_text(
        "export default "
        + json.dumps(
            {
                "root": str(build.HERE),
                "cacheDir": str(folder / "cache"),
                "test": {
                    "environment": "jsdom",
                    "include": ["src/forms/proof.tsx"],
                    "setupFiles": ["src/testing.ts"],
                    "disableConsoleIntercept": True,
                    "provide": {"proof": items},
                },
            }
        )
    )
    command = [str(build._node()), str(build.MODULES / "vitest/vitest.mjs"), "run", "--config", str(config)]
    done = subprocess.run(
        command,
        cwd=build.HERE,
        env={**build._environment(), "NO_COLOR": "1", "DEBUG_PRINT_LIMIT": "0"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    proved = [
        json.loads(line.removeprefix("PROVED ")) for line in done.stdout.splitlines() if line.startswith("PROVED ")
    ]
    return {one["type"]: one for one in proved}


def test_the_form_of_every_step_type_edits_every_field_and_pydantic_takes_what_comes_of_it(
    admin_client: Client, invented: type[Step], tmp_path: Path
) -> None:
    flow_id, items = palette(admin_client, Invented.sample)
    # From the example of each, also where a new step is left empty on purpose: its fields are all there then.
    proved = prove([{**item, "sample": BY_TYPE[item["type"]].sample} for item in items], tmp_path)
    assert proved.keys() == {step.type for step in (*STEP_TYPES, invented)}

    edited = {".".join(map(str, one["path"])): one["widget"] for one in proved["invented"]["edited"]}
    assert edited == WIDGETS
    for type_, one in proved.items():
        BY_TYPE[type_].model_validate(one["settings"])
    made = Invented.model_validate(proved["invented"]["settings"])
    assert made.on is True
    assert made.whole == 1
    assert made.wait_s == 90
    assert isinstance(made.send, Letter)
    assert [way.name for way in made.ways] == ["first", "copy_of_first"]
    assert made.prompt.text == {"en": "Hello And so on."}
    assert len(made.when.conditions) == 2

    # And back through the address that the canvas saves by.
    steps = [
        {"id": "call", "type": "call", "exits": {"started": "it"}},
        {"id": "it", "type": "invented", "settings": proved["invented"]["settings"], "exits": {"otherwise": "bye"}},
        {"id": "bye", "type": "end"},
    ]
    answer = admin_client.post(
        f"/admin/routing/flow/{flow_id}/canvas/draft/",
        json.dumps({"revision": 1, "definition": {"format": 1, "steps": steps}, "session": "test"}),
        content_type="application/json",
    )
    assert answer.status_code == 200, answer.content
    analysis = answer.json()["analysis"]
    assert [one for one in analysis["faults"] if one["level"] == "error" and one["step"] == "it"] == []
    assert [one["name"] for one in analysis["steps"]["it"]["exits"]] == ["first", "copy_of_first", "otherwise"]
