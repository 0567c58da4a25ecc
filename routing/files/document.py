"""A flow as a file of ours: reading one with every fault and where it is, and writing one that is the same whoever writes it."""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from routing.engine import limits
from routing.engine.complaints import complaints
from routing.engine.definition import Definition, Node
from routing.engine.faults import DefinitionInvalid, Fault
from routing.engine.steps import BY_TYPE
from routing.files import json_text, yaml_text
from routing.files.text import Form, Source, read_source
from routing.simulator.expectation import Expected
from routing.simulator.keeping import CaseFile, faults_of_files
from routing.simulator.scenario import Scenario

FILE_FORMAT = 1


class FlowFile(BaseModel):
    """A flow and how it is called, as a file holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pareto_flow: Literal[1] = Field(description="The format of the file.")
    key: Annotated[str, StringConstraints(pattern=r"^[-a-zA-Z0-9_]{1,50}$")]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=limits.NAME_CHARS)]
    description: Annotated[str, StringConstraints(max_length=limits.TEXT_CHARS)] = ""
    definition: dict[str, Any]
    cases: tuple[CaseFile, ...] | None = Field(default=None, description="Test cases. Absent: those of today stay.")


def read_file(text: str, *, name: str = "") -> FlowFile:
    """The flow in `text`, JSON or YAML. Raises DefinitionInvalid with every fault of the file's own form and where it is."""
    return file_of(read_source(text, name=name))


def file_of(source: Source) -> FlowFile:
    """The flow in a file that is one of ours. Raises DefinitionInvalid."""
    data = source.data
    if not is_ours(data):
        message = "This is no flow of Pareto: an object with “pareto_flow”: 1 is expected."
        raise DefinitionInvalid([Fault(message, line=1, column=1)])
    faults: list[Fault] = []
    try:
        file = FlowFile.model_validate(data)
    except ValidationError as error:
        faults.extend(Fault(message, path) for path, message in complaints(error))
    else:
        faults.extend(faults_of_files(file.cases or ()))
        if not faults:
            return file
    raise DefinitionInvalid([source.located(fault) for fault in faults])


def is_ours(data: object) -> bool:
    """Whether it says that it is a flow of Pareto."""
    return isinstance(data, dict) and "pareto_flow" in data


def write_file(file: FlowFile, form: Form = "json") -> str:
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
    return json_text.write(data) if form == "json" else yaml_text.write(data)


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
