"""Ways to mend a fault: labelled patches of the definition, each of which removes the fault and adds none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from routing.engine.catalog import Catalog
from routing.engine.faults import Fault


@dataclass(frozen=True, slots=True)
class Change:
    """One place of a definition that is set or removed."""

    op: Literal["set", "remove"]
    path: tuple[str | int, ...]
    value: Any = None

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"op": self.op, "path": list(self.path)}
        return found | {"value": self.value} if self.op == "set" else found


@dataclass(frozen=True, slots=True)
class Mend:
    """What a button says, and the changes it makes, in order."""

    label: str
    patch: tuple[Change, ...]

    def as_json(self) -> dict[str, Any]:
        return {"label": self.label, "patch": [change.as_json() for change in self.patch]}


def mends_of(fault: Fault, data: object, catalog: Catalog, *, key: str = "") -> Iterator[Mend]:
    """The ways to mend this fault of `data`, the likeliest first."""
    del fault, data, catalog, key
    yield from ()
