"""What a flow is: a versioned JSON document of steps, exits and notes, and its upgrades from older formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from routing.engine import limits
from routing.engine.complaints import complaints
from routing.engine.faults import DefinitionInvalid, Fault

FORMAT = 1

StepId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Node(BaseModel):
    """One step of a flow: its type, its settings, and where each exit leads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: StepId = Field(description="Unique in the flow. Other steps' exits name it.")
    type: str = Field(max_length=40, description="One of the step types.")
    title: str = Field(default="", max_length=limits.NAME_CHARS, description="What people call the step.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Depends on the type.")
    exits: dict[str, StepId] = Field(
        default_factory=dict, max_length=limits.EXITS_A_STEP, description="Exit name to step id. Absent: leads nowhere."
    )


class Note(BaseModel):
    """A remark on the canvas."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(max_length=limits.TEXT_CHARS)
    at: tuple[float, float] = (0, 0)


class Definition(BaseModel):
    """A whole flow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = Field(default=1, description="The version of this format.")
    steps: tuple[Node, ...] = Field(default=(), max_length=limits.STEPS)
    notes: tuple[Note, ...] = Field(default=(), max_length=limits.STEPS)
    layout: dict[StepId, tuple[float, float]] = Field(
        default_factory=dict,
        max_length=limits.STEPS,
        description="Where steps stand on the canvas. Means nothing else.",
    )


# From format N to N + 1. A published version is never rewritten: it is upgraded each time it is read.
UPGRADES: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def read_definition(
    data: object, *, upgrades: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = UPGRADES
) -> Definition:
    """The definition in `data` (parsed JSON). Raises DefinitionInvalid with every fault of its outer form."""
    if not isinstance(data, dict):
        raise DefinitionInvalid([Fault("A flow is a JSON object with “format” and “steps”.")])
    try:
        size = len(json.dumps(data))
    except (TypeError, ValueError, RecursionError):
        raise DefinitionInvalid([Fault("This is no JSON.")]) from None
    if size > limits.DEFINITION_BYTES:
        raise DefinitionInvalid([Fault(f"{size} bytes; a flow has at most {limits.DEFINITION_BYTES}.")])
    found = data.get("format", FORMAT)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= FORMAT:
        raise DefinitionInvalid([Fault(f"Format {found!r} is not known here; this is format {FORMAT}.", ("format",))])
    while found < FORMAT:
        if found not in upgrades:
            raise DefinitionInvalid([Fault(f"Format {found} is too old to be read.", ("format",))])
        data = upgrades[found](data)
        found += 1
    try:
        return Definition.model_validate(data)
    except ValidationError as error:
        raise DefinitionInvalid(faults_of(error, data)) from None


def faults_of(error: ValidationError, data: Mapping[str, Any], prefix: tuple[str | int, ...] = ()) -> list[Fault]:
    """pydantic's errors as faults, each on its step."""
    return [
        Fault(message, where, step_at(data, where))
        for path, message in complaints(error)
        for where in ((*prefix, *path),)
    ]


def step_at(data: Mapping[str, Any], where: tuple[str | int, ...]) -> str:
    """Id of the step that a path in the definition leads into; empty if none."""
    match where:
        case ("steps", int() as index, *_):
            try:
                found = data["steps"][index]["id"]
            except (KeyError, IndexError, TypeError):
                return ""
            return found if isinstance(found, str) else ""
        case _:
            return ""
