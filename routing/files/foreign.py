"""Files of other systems: what a reader of theirs makes of one, and the register of such readers.

Providers register theirs when Pareto starts; nothing here knows which systems there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from customers.enrichment.creating import NewSource
from routing.engine.checks.catalog import Catalog
from routing.files.document import FlowFile
from routing.files.text import Source

Outcome: TypeAlias = Literal["translated", "differs", "placeholder"]


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one part of the other system's flow."""

    name: str
    kind: str
    """What the other system calls such a part."""
    outcome: Outcome
    steps: tuple[str, ...] = ()
    """Ids of the steps that do it now; the first is the one that is reached."""
    notes: tuple[str, ...] = ()
    """What differs, and which of its ways lead nowhere now. Never a secret."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Steps that hand over to one and the same team of the other system."""

    team: str
    """What the other system calls it; empty: it has no name."""
    steps: tuple[str, ...]
    """Their ids, in the order of the flow."""
    queue: str
    """Key of the queue that takes them here; empty: there is none of that name, and somebody has to choose."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A flow of another system in our terms, and everything that somebody should know of the translation."""

    system: str
    file: FlowFile
    rows: tuple[Row, ...]
    sources: tuple[NewSource, ...] = ()
    """Data sources that the flow asks, to be made when it is kept."""
    notes: tuple[str, ...] = ()
    """Of the flow as a whole."""
    handovers: tuple[Handover, ...] = ()

    def count(self, outcome: Outcome) -> int:
        return sum(row.outcome == outcome for row in self.rows)


@dataclass(frozen=True, slots=True)
class Wish:
    """How the flow is to be called, as far as somebody said."""

    key: str = ""
    name: str = ""
    file_name: str = ""
    queues: Mapping[str, str] = field(default_factory=dict)
    """Team of the other system to the key of our queue; that of the empty name takes what finds no queue by itself."""


class Reader(Protocol):
    """Reads the files of one other system."""

    system: str
    """What people call it."""

    def recognises(self, data: object) -> bool:
        """Whether this is a file of that system, whatever state it is in. Quick, and never raises."""

    def read(self, source: Source, *, wish: Wish, catalog: Catalog, unpublished: Mapping[str, str]) -> Foreign:
        """The flow. Raises DefinitionInvalid with each fault and where it is, if it is none after all.

        `catalog` is what there is to refer to; `unpublished` are further flows that may be sub-flows one day.
        """


_READERS: list[Reader] = []


def register(reader: Reader) -> None:
    """Called once for each, while Pareto starts."""
    if reader not in _READERS:
        _READERS.append(reader)


def reader_for(data: object) -> Reader | None:
    """Who knows such a file."""
    return next((reader for reader in _READERS if reader.recognises(data)), None)


def systems() -> tuple[str, ...]:
    """Names of the systems whose files are read, for people."""
    return tuple(reader.system for reader in _READERS)
