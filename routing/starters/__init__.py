"""Flows to start from: each file of this folder is one, in the form that import and export speak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from routing.engine.definition import read_definition
from routing.engine.plan import plan_steps
from routing.files import FlowFile, read_file
from routing.starters.fitting import fit

__all__ = ["Starter", "fit", "starters"]

_FOLDER = Path(__file__).resolve().parent
# In the order in which a page offers them; a file that is not named here comes after them, by its name.
_ORDER = (
    "priority-call",
    "priority-chat",
    "vip-account-manager",
    "menu-by-language",
    "hours-with-voicemail",
    "overflow",
    "only-a-trigger",
)
_NOUNS = {"queue": ("queue", "queues"), "source": ("data source", "data sources"), "hours": ("opening hours",) * 2}


@dataclass(frozen=True, slots=True)
class Starter:
    """A flow to start from. `definition` is as the file has it: `fit` puts what an installation has in its places."""

    key: str
    name: str
    description: str
    summary: str
    """How large it is and what it needs, in a few words."""
    definition: dict[str, Any]


@cache
def starters() -> tuple[Starter, ...]:
    """Every flow of the folder. Raises DefinitionInvalid if one of them is no flow."""
    files = [read_file(path.read_text(encoding="utf-8")) for path in _FOLDER.glob("*.json")]
    return tuple(_starter(file) for file in sorted(files, key=_place))


def _place(file: FlowFile) -> tuple[int, str]:
    return (_ORDER.index(file.key) if file.key in _ORDER else len(_ORDER), file.name)


def _starter(file: FlowFile) -> Starter:
    steps = plan_steps(read_definition(file.definition))
    needed = {(reference.kind, reference.key) for planned in steps.values() for reference in planned.step.references()}
    counts = Counter(str(kind) for kind, _ in needed)
    words = ", ".join(_words(counts))
    size = f"{len(steps)} steps" if len(steps) != 1 else "1 step"
    return Starter(
        file.key, file.name, file.description, f"{size}; needs {words}" if words else size, dict(file.definition)
    )


def _words(counts: Counter[str]) -> Iterator[str]:
    for kind, (one, many) in _NOUNS.items():
        if counts[kind]:
            yield (
                one if kind == "hours" and counts[kind] == 1 else f"{counts[kind]} {one if counts[kind] == 1 else many}"
            )
