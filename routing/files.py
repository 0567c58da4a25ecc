"""Flows as files: reading one with every fault and where it is, and writing one that is the same whoever writes it."""

from __future__ import annotations

import functools
import json
import operator
import types
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from routing.engine import limits
from routing.engine.definition import Definition, Node
from routing.engine.faults import DefinitionInvalid, Fault
from routing.engine.steps import BY_TYPE
from routing.simulator.expectation import Expected
from routing.simulator.keeping import CaseFile, faults_of_files
from routing.simulator.scenario import Scenario

FILE_FORMAT = 1
# The envelope and white space beside the definition itself.
_FILE_CHARS = 4 * limits.DEFINITION_BYTES


class FlowFile(BaseModel):
    """A flow and how it is called, as a file holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pareto_flow: Literal[1] = Field(description="The format of the file.")
    key: Annotated[str, StringConstraints(pattern=r"^[-a-zA-Z0-9_]{1,50}$")]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=limits.NAME_CHARS)]
    description: Annotated[str, StringConstraints(max_length=limits.TEXT_CHARS)] = ""
    definition: dict[str, Any]
    cases: tuple[CaseFile, ...] | None = Field(default=None, description="Test cases. Absent: those of today stay.")


def read_file(text: str) -> FlowFile:
    """The flow in `text`. Raises DefinitionInvalid with every fault of the file's own form."""
    if len(text) > _FILE_CHARS:
        raise DefinitionInvalid([Fault(f"{len(text)} characters; a file of a flow has at most {_FILE_CHARS}.")])
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        """JSON would silently keep the last of two equal keys."""
        if len(kept := dict(found)) < len(found):
            twice.extend(name for name, times in Counter(name for name, _ in found).items() if times > 1)
        return kept

    try:
        data = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=pairs, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        message = f"line {error.lineno}, column {error.colno}: {error.msg}."
        raise DefinitionInvalid([Fault(message)]) from None
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DefinitionInvalid([Fault(f"The file cannot be read as JSON: {reason}.")]) from None
    faults = [Fault(f"The key “{key}” is there twice in one object.") for key in dict.fromkeys(twice)]
    faults.extend(unstorable(data))
    if not isinstance(data, dict) or "pareto_flow" not in data:
        faults.append(Fault("This is no flow of Pareto: a JSON object with “pareto_flow”: 1 is expected."))
        raise DefinitionInvalid(faults)
    try:
        file = FlowFile.model_validate(data)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            faults.append(Fault(one["msg"], one["loc"]))
        raise DefinitionInvalid(faults) from None
    faults.extend(faults_of_files(file.cases or ()))
    if faults:
        raise DefinitionInvalid(faults)
    return file


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def unstorable(data: Any, where: tuple[str | int, ...] = ()) -> list[Fault]:
    """Texts that JSON may hold and PostgreSQL may not: the character U+0000, and halves of surrogate pairs."""
    faults: list[Fault] = []
    todo: list[tuple[Any, tuple[str | int, ...]]] = [(data, where)]
    while todo:
        value, path = todo.pop()
        if isinstance(value, dict):
            todo.extend((part, (*path, str(key))) for key, part in value.items())
            texts = [str(key) for key in value]
        elif isinstance(value, list | tuple):
            todo.extend((part, (*path, index)) for index, part in enumerate(value))
            texts = []
        else:
            texts = [value] if isinstance(value, str) else []
        for text in texts:
            if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
                faults.append(Fault("This text holds a character that cannot be kept.", path))
    return faults


def write_file(file: FlowFile) -> str:
    """The file as text: the same bytes for the same flow, in whatever order the database returns its keys."""
    data = {
        "pareto_flow": file.pareto_flow,
        "key": file.key,
        "name": file.name,
        "description": file.description,
        "definition": ordered(file.definition),
    }
    if file.cases:
        data["cases"] = [
            {
                "name": case.name,
                "scenario": _in_order(case.scenario, Scenario),
                "expected": _in_order(case.expected, Expected),
            }
            for case in file.cases
        ]
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def ordered(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with its keys in the order of the models' fields; the values stay as they are.

    Keys that people choose (languages, inputs, defaults) are sorted, exits go in the order in which the
    step has them, the layout in the order of the steps. Takes drafts that are not valid yet.
    """
    found = dict(_in_order(dict(definition), Definition))
    steps = found.get("steps")
    if isinstance(steps, list):
        found["steps"] = [_ordered_step(step) for step in steps]
        layout = found.get("layout")
        if isinstance(layout, dict):
            rank = {step.get("id"): index for index, step in enumerate(steps) if isinstance(step, dict)}
            found["layout"] = {key: layout[key] for key in sorted(layout, key=lambda key: (rank.get(key, 10**6), key))}
    return found


def _ordered_step(step: Any) -> Any:
    if not isinstance(step, dict):
        return step
    step = _in_order(step, Node)
    step_type = BY_TYPE.get(step["type"]) if isinstance(step.get("type"), str) else None
    if step_type is None:
        return step
    exits = step.get("exits")
    if isinstance(exits, dict):
        try:
            names = [exit_.name for exit_ in step_type.model_validate(step.get("settings", {})).exits()]
        except ValidationError:
            names = []
        rank = {name: index for index, name in enumerate(names)}
        step["exits"] = {key: exits[key] for key in sorted(exits, key=lambda key: (rank.get(key, len(names)), key))}
    if isinstance(step.get("settings"), dict):
        step["settings"] = _in_order(step["settings"], step_type)
    return step


def _in_order(value: Any, annotation: Any) -> Any:
    """`value` with the keys of its objects in the order that their type gives them."""
    if isinstance(value, dict):
        model = _model_for(value, annotation)
        if model is None:
            inner = _inside(annotation, dict)
            return {key: _in_order(value[key], inner) for key in sorted(value)}
        fields = model.model_fields
        rank = {name: index for index, name in enumerate(fields)}
        keys = sorted(value, key=lambda key: (rank.get(key, len(fields)), key))
        return {key: _in_order(value[key], fields[key].annotation if key in fields else None) for key in keys}
    if isinstance(value, list | tuple):
        inner = _inside(annotation, tuple) or _inside(annotation, list)
        return [_in_order(part, inner) for part in value]
    return value


def _members(annotation: Any) -> list[Any]:
    """The types that an annotation allows, unions and `Annotated` taken apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        return [member for part in get_args(annotation) for member in _members(part)]
    return [annotation]


def _model_for(value: dict[str, Any], annotation: Any) -> type[BaseModel] | None:
    """Of the models that may stand here, the one that knows most of the keys."""
    models = [one for one in _members(annotation) if isinstance(one, type) and issubclass(one, BaseModel)]
    return max(models, key=lambda model: len(model.model_fields.keys() & value.keys()), default=None)


def _inside(annotation: Any, container: type) -> Any:
    """What the values of a `dict`, `list` or `tuple` are annotated with; None if unknown."""
    for member in _members(annotation):
        if get_origin(member) is container:
            arguments = [part for part in get_args(member) if part is not Ellipsis]
            return arguments[-1] if container is dict else functools.reduce(operator.or_, arguments)
    return None
