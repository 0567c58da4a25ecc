"""The rows in a step's settings: what its JSON schema says of each part, found along a path through unchecked data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from routing.engine.steps.step import Path, Step

Schema: TypeAlias = Mapping[str, Any]
NOTHING: Any = object()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the settings, its place in them, and its schema."""

    path: Path
    schema: Schema
    value: Any
    """`NOTHING` if it is not there."""
    is_row: bool = False
    """One of a list that people add to and take from."""
    exit_field: str = ""
    """The field of a row that names an exit of the step; "." if the row is that name."""

    @property
    def noun(self) -> str:
        """What a button calls it."""
        noun = self.schema.get("noun")
        return noun if isinstance(noun, str) else "entry"

    @property
    def exit_name(self) -> str:
        """Of a row: the exit that it names, if it does."""
        found = self.value if self.exit_field == "." else part_of(self.value, self.exit_field)
        return found if isinstance(found, str) else ""


def parts_on(step_type: type[Step], settings: object, path: Path) -> list[Part]:
    """The settings and every part on the way to the path, as far as the schema goes."""
    root = schema_of(step_type)
    found = [Part((), root, settings)]
    for depth, key in enumerate(path, start=1):
        above = found[-1]
        value = part_of(above.value, key)
        is_row = isinstance(key, int) and above.schema.get("type") == "array"
        if is_row:
            raw = above.schema.get("items", {})
        else:
            raw = above.schema.get("properties", {}).get(key, above.schema.get("additionalProperties"))
        schema = resolved(raw, root, value)
        found.append(Part(path[:depth], schema, value, is_row, exit_field_of(schema, above.schema) if is_row else ""))
    return found


def rows_of(step_type: type[Step], settings: object) -> Iterator[tuple[str, list[Part]]]:
    """Each setting whose rows name exits, and those rows that there are."""
    root = schema_of(step_type)
    for name, raw in root.get("properties", {}).items():
        schema = resolved(raw, root, NOTHING)
        if schema.get("type") != "array" or not exit_field_of(resolved(schema.get("items", {}), root, NOTHING), schema):
            continue
        rows = part_of(settings, name)
        count = len(rows) if isinstance(rows, list | tuple) else 0
        yield name, [parts_on(step_type, settings, (name, index))[-1] for index in range(count)]


def exit_field_of(schema: Schema, holder: Schema) -> str:
    """The field of such a row that names an exit; empty: rows of this list are no exits."""
    if holder.get("exit") == "name":
        return "."
    return field_marked(schema, "exit", "name")


def field_marked(schema: Schema, mark: str, value: object) -> str:
    """The first field of an object with this mark; empty if there is none."""
    fields = schema.get("properties", {})
    return next((name for name, field in fields.items() if isinstance(field, dict) and field.get(mark) == value), "")


def part_of(value: object, key: object) -> Any:
    if isinstance(value, Mapping):
        return value.get(key, NOTHING)
    if isinstance(value, list | tuple) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    return NOTHING


def resolved(schema: object, root: Schema, value: object) -> Schema:
    """Without references; of several that may stand here the one that the value looks most like."""
    if not isinstance(schema, Mapping):
        return {}
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        beside = {key: part for key, part in schema.items() if key != "$ref"}
        return {**resolved(root.get("$defs", {}).get(name), root, value), **beside}
    members = schema.get("anyOf")
    if isinstance(members, list):
        known: list[Schema] = [resolved(one, root, value) for one in members]
        beside = {key: part for key, part in schema.items() if key != "anyOf"}
        return {**_likest(known, value), **beside}
    return schema


def _likest(schemas: list[Schema], value: object) -> Schema:
    return max(schemas, key=lambda one: _likeness(one, value))


def _likeness(schema: Schema, value: object) -> int:
    if isinstance(value, Mapping):
        return len(schema.get("properties", {}).keys() & value.keys())
    if isinstance(value, list | tuple):
        return int(schema.get("type") == "array")
    return int(schema.get("type") not in {"null", "array", "object"})


@lru_cache(maxsize=100)
def schema_of(step_type: type[Step]) -> Schema:
    """The JSON schema that the editor's form is made of."""
    return step_type.model_json_schema()
