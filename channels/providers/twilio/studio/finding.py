"""Studio's definitions in whatever holds them: bare, in answers and lists of the REST API, and in the state of Terraform.

The REST API wraps a definition as `definition` beside `friendly_name`, as an object or as JSON in a text
(https://www.twilio.com/docs/studio/rest-api/v2/flow); Terraform keeps it as such a text among the attributes of a resource.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from routing.engine import limits

Path: TypeAlias = tuple[str | int, ...]

# Of what may be anybody's file: how deep and how far it is looked through.
_DEPTH: Final = 12
_PARTS: Final = 20_000
_FLOWS: Final = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A definition, what it is called outside of it, and where it stands."""

    name: str
    definition: Mapping[str, Any]
    where: Path


def looks_like_one(data: object) -> bool:
    """Whether there is a definition in it, whatever state it is in."""
    return bool(find(data))


def find(data: object) -> list[Found]:
    """Every definition in the data; one that is there itself is the only one."""
    found: list[Found] = []
    todo: deque[tuple[object, Path]] = deque([(data, ())])
    seen = 0
    while todo and seen < _PARTS and len(found) < _FLOWS:
        value, where = todo.popleft()
        seen += 1
        if isinstance(value, Mapping):
            if _is_definition(value):
                found.append(Found(_name(value), value, where))
                continue
            inner = _parsed(value.get("definition"))
            if inner is not None and _is_definition(inner):
                found.append(Found(_name(value), inner, (*where, "definition")))
                continue
            parts: list[tuple[object, Path]] = [(part, (*where, str(key))) for key, part in value.items()]
        else:
            parts = [(part, (*where, index)) for index, part in enumerate(value)] if isinstance(value, list) else []
        if len(where) < _DEPTH:
            todo.extend((part, at) for part, at in parts if isinstance(part, Mapping | list))
    return found


def _is_definition(value: Mapping[str, Any]) -> bool:
    states = value.get("states")
    if not isinstance(states, list):
        return False
    return "initial_state" in value or any(isinstance(state, Mapping) and "transitions" in state for state in states)


def _parsed(value: object) -> Mapping[str, Any] | None:
    if isinstance(value, str) and len(value) <= limits.DEFINITION_BYTES and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, Mapping) else None


def _name(outer: Mapping[str, Any]) -> str:
    found = outer.get("friendly_name") or outer.get("friendlyName") or ""
    return found.strip() if isinstance(found, str) else ""
