"""Every fault of a definition in one go, also where parts of it are so malformed that the validator stops at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from routing.engine.checks.catalog import Catalog
from routing.engine.checks.validation import validate
from routing.engine.definition import Node, read_definition
from routing.engine.faults import DefinitionInvalid, Fault

# What may only be so since a malformed part was left out.
_UNSURE = frozenset({"circle", "no_trigger", "recursion", "same_id"})


def every_fault(definition: object, catalog: Catalog, *, key: str = "") -> list[Fault]:
    """Those of its form, and those of whatever can be read all the same; paths begin at the definition."""
    try:
        read_definition(definition)
    except DefinitionInvalid as invalid:
        return [*invalid.faults, *_of_the_rest(definition, invalid.faults, catalog, key)]
    return validate(definition, catalog, key=key)


def _of_the_rest(definition: object, known: tuple[Fault, ...], catalog: Catalog, key: str) -> Iterator[Fault]:
    """Errors only: what is unreachable, say, is so for the parts that are left out."""
    if not isinstance(definition, Mapping):
        return
    steps = definition.get("steps")
    if not isinstance(steps, list) or not all(fault.where for fault in known):
        # It is no flow, or too large to be looked at.
        return
    readable = [(index, node) for index, raw in enumerate(steps) if (node := _readable(raw)) is not None]
    names = {raw["id"] for raw in steps if isinstance(raw, Mapping) and isinstance(raw.get("id"), str)}
    told = {fault.where for fault in known}
    rest = {"format": definition.get("format", 1), "steps": [node for _, node in readable]}
    try:
        read_definition(rest)
    except DefinitionInvalid:
        return
    for fault in validate(rest, catalog, key=key):
        where = fault.where
        if len(where) > 1 and where[0] == "steps" and isinstance(where[1], int):
            where = ("steps", readable[where[1]][0], *where[2:])
        is_there = fault.code == "no_such_target" and _target(steps, where) in names
        if fault.level == "error" and fault.code not in _UNSURE and where not in told and not is_there:
            yield replace(fault, where=where)


def _readable(raw: object) -> dict[str, Any] | None:
    """The step without those of its parts that cannot be read; None if nobody can say what step it is."""
    if not isinstance(raw, Mapping):
        return None
    node = {str(name): value for name, value in raw.items() if name in Node.model_fields}
    for _ in range(len(Node.model_fields) + 1):
        try:
            Node.model_validate(node)
        except ValidationError as error:
            broken = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
            if not broken or broken & {"id", "type"}:
                return None
            node = {name: value for name, value in node.items() if name not in broken}
        else:
            return node
    return None


def _target(steps: list[Any], where: tuple[str | int, ...]) -> object:
    found: Any = steps
    for part in where[1:]:
        try:
            found = found[part]
        except (KeyError, IndexError, TypeError):
            return None
    return found
