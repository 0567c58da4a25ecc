"""Patches: named changes of a definition that an editor can apply as one act, and a look at a definition for them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from routing.engine.checks.catalog import Catalog
from routing.engine.checks.ways import reached_from
from routing.engine.drawing.names import names_of
from routing.engine.steps import BY_TYPE
from routing.engine.steps.step import Exit, Step

Path: TypeAlias = tuple[str | int, ...]
_ID_CHARS = 40


@dataclass(frozen=True, slots=True)
class Change:
    """One place of a definition that is set or removed.

    Missing objects on the way to a place that is set are made; the place behind the last of a list appends to it.
    """

    op: Literal["set", "remove"]
    path: Path
    value: Any = None

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"op": self.op, "path": list(self.path)}
        return found | {"value": self.value} if self.op == "set" else found


@dataclass(frozen=True, slots=True)
class Mend:
    """What a button says, and the changes it makes, in order."""

    label: str
    patch: tuple[Change, ...]
    is_whole: bool = False
    """It throws away more than what is wrong, since nothing smaller helps."""

    def as_json(self) -> dict[str, Any]:
        return {"label": self.label, "patch": [change.as_json() for change in self.patch]}


def put(*path: str | int, value: Any) -> Change:
    return Change("set", path, value)


def cut(*path: str | int) -> Change:
    return Change("remove", path)


def patched(data: Any, patch: Iterable[Change]) -> Any:
    """A copy of `data` with the changes made. What is to be removed and is not there is no fault."""
    found = copy.deepcopy(data)
    for change in patch:
        holder = found
        for part, following in zip(change.path[:-1], change.path[1:], strict=True):
            if isinstance(holder, dict) and part not in holder:
                if change.op == "remove":
                    break
                holder[part] = [] if isinstance(following, int) else {}
            holder = holder[part]
        else:
            _change(holder, change)
    return found


def _change(holder: Any, change: Change) -> None:
    last = change.path[-1]
    if change.op == "remove":
        if isinstance(holder, dict):
            holder.pop(last, None)
        else:
            del holder[last]
    elif isinstance(holder, list) and last == len(holder):
        holder.append(change.value)
    else:
        holder[last] = change.value


@dataclass(frozen=True)
class Look:
    """A definition in outer form, as mends look at it: its steps by place and by id."""

    data: Mapping[str, Any]
    nodes: list[dict[str, Any]] = field(default_factory=list)
    catalog: Catalog = field(default_factory=Catalog)

    @classmethod
    def at(cls, data: object, catalog: Catalog) -> Look | None:
        """None unless every step is one in outer form."""
        steps = data.get("steps") if isinstance(data, Mapping) else None
        if not isinstance(data, Mapping) or not isinstance(steps, list):
            return None
        good = all(
            isinstance(node, dict) and isinstance(node.get("id"), str) and isinstance(node.get("exits", {}), dict)
            for node in steps
        )
        return cls(data, steps, catalog) if good else None

    @cached_property
    def index(self) -> dict[str, int]:
        return {node["id"]: place for place, node in enumerate(self.nodes)}

    @cached_property
    def steps(self) -> dict[str, Step]:
        """Those whose settings can be read."""
        found: dict[str, Step] = {}
        for node in self.nodes:
            step_type = BY_TYPE.get(str(node.get("type")))
            if step_type is not None:
                try:
                    found[node["id"]] = step_type.model_validate(node.get("settings", {}))
                except ValueError:
                    continue
        return found

    @cached_property
    def targets(self) -> dict[str, list[str]]:
        known = {node["id"] for node in self.nodes}
        return {
            node["id"]: [target for target in node.get("exits", {}).values() if target in known] for node in self.nodes
        }

    @cached_property
    def names(self) -> dict[str, str]:
        """What a button calls each step, no two alike."""
        return names_of(self.nodes, self.steps, self.catalog)

    def title(self, step_id: str) -> str:
        return self.names[step_id]

    def exits(self, step_id: str) -> tuple[Exit, ...]:
        step = self.steps.get(step_id)
        return step.exits() if step is not None else ()

    def fresh(self, wish: str) -> str:
        """An id that no step has."""
        name, count = wish[:_ID_CHARS], 2
        while name in self.index:
            name = f"{wish[: _ID_CHARS - 5]}_{count}"
            count += 1
        return name

    def returns(self, source: str, target: str) -> bool:
        """Whether whoever goes from `source` to `target` may come back to `source`, by any way."""
        return source in reached_from([target], self.targets)

    def circles_with(self, source: str, target: str) -> bool:
        """Whether a way from `source` to `target` would close a circle in which nothing waits for the contact."""
        types = {node["id"]: BY_TYPE.get(str(node.get("type"))) for node in self.nodes}
        waits = {name for name, step_type in types.items() if step_type is None or step_type.asks}
        if source in waits or target in waits:
            return False
        seen: set[str] = set()
        todo = [target]
        while todo:
            here = todo.pop()
            if here == source:
                return True
            if here not in seen and here not in waits:
                seen.add(here)
                todo.extend(self.targets.get(here, ()))
        return False
