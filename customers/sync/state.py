"""What a batch may touch, as it was read and as it shall be, and what became of each record: plain values in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from customers.sync.records import Address, Fault

CREATED: Final = "created"
UPDATED: Final = "updated"
UNCHANGED: Final = "unchanged"
STALE: Final = "stale"
DELETED: Final = "deleted"
MERGED: Final = "merged"
FAILED: Final = "failed"
RESULTS: Final = (CREATED, UPDATED, UNCHANGED, STALE, DELETED, MERGED, FAILED)

_TIERS = {"tier_id": "tier", "crm_tier_id": "crm_tier"}
Told: TypeAlias = tuple[int | None, datetime | None]
"""The source's own version, and its time."""


@dataclass(frozen=True, slots=True)
class Held:
    """Who has an address."""

    customer_id: int
    external_id: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Who gives an address away, and the index of the record that says so."""

    external_id: str
    index: int


@dataclass(slots=True, eq=False)
class Known:
    """A customer as they are in the database, and as they will be."""

    id: int | None
    external_id: str
    values: dict[str, Any]
    """Columns; without attributes."""
    attributes: dict[str, Any]
    manual_tier_id: int | None = None
    manual_tier_until: datetime | None = None
    source_version: int | None = None
    source_at: datetime | None = None
    consents: dict[str, tuple[bool, datetime, str]] = field(default_factory=dict)
    old_values: dict[str, Any] | None = None
    """As they were; only once something changed."""
    old_attributes: dict[str, Any] | None = None
    come: set[Address] = field(default_factory=set)
    gone: set[Address] = field(default_factory=set)
    new_consents: dict[str, tuple[bool, datetime, str]] = field(default_factory=dict)
    is_deleted: bool = False
    is_newer: bool = False
    """The source's version went up; to be kept even where nothing else changed."""

    @property
    def is_changed(self) -> bool:
        return bool(self.old_values is not None or self.old_attributes is not None or self.come or self.gone)

    def changes(self, tier_keys: Mapping[int, str]) -> dict[str, list[Any]]:
        """For the history: field to [before, after]."""
        found: dict[str, list[Any]] = {}
        for name, old in (self.old_values or {}).items():
            new = self.values[name]
            if name in {"tier_by", "tier_since"} or old == new:
                continue
            if name in _TIERS:
                found[_TIERS[name]] = [tier_keys.get(old), tier_keys.get(new)]
            else:
                found[name] = [plain(old), plain(new)]
        if self.old_attributes is not None:
            old_attributes = self.old_attributes
            found |= {
                f"attributes.{name}": [old_attributes.get(name), self.attributes.get(name)]
                for name in sorted({*old_attributes, *self.attributes})
                if old_attributes.get(name) != self.attributes.get(name)
            }
        if self.come or self.gone:
            found["identities"] = [sorted(map(":".join, self.gone)), sorted(map(":".join, self.come))]
        for purpose, (granted, _at, _source) in self.new_consents.items():
            before = self.consents.get(purpose)
            if before is None or before[0] != granted:
                found[f"consent.{purpose}"] = [before[0] if before else None, granted]
        return found


def plain(value: Any) -> Any:
    """For JSON, as customers.history writes it."""
    if value is None or isinstance(value, (str, int)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


@dataclass(slots=True)
class Outcome:
    """What became of one record."""

    index: int
    external_id: str
    result: str
    faults: list[Fault] = field(default_factory=list)
    repeats: int | None = None
    """The index of an earlier record of the same customer in this batch."""

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"index": self.index, "external_id": self.external_id or None, "result": self.result}
        if self.repeats is not None:
            found["repeats"] = self.repeats
        if self.faults:
            found["errors"] = [fault.as_json() for fault in self.faults]
        return found


@dataclass(slots=True)
class State:
    """Everything a batch may touch, as loaded; and, after `decide`, as it shall be."""

    by_number: dict[str, Known]
    owners: dict[Address, Held]
    """Who has each address that the batch names, and every address of whom it asks to replace, delete or merge."""
    held_by: dict[int, set[Address]]
    """All addresses, of those for whom they were asked."""
    buried: dict[str, Told]
    """The source's version and time of those who are gone, by number."""
    tiers: Mapping[str, int]
    now: datetime
    crm_decides: bool = True
    """Whether the CRM's word comes first; else the tiers' own rules look at everybody who was written."""
    erased: frozenset[str] = frozenset()
    """Numbers of those who were erased for good: whoever sends them is too late."""
    created: list[Known] = field(default_factory=list)
    deleted: list[tuple[Known, int | None, datetime | None]] = field(default_factory=list)
    foretold: set[str] = field(default_factory=set)
    """Numbers that are not there, of whom a deletion or merge came before the record itself; when is in `buried`."""
    leaving: dict[Address, Leave] = field(default_factory=dict)
    """Addresses that a record of the batch gives away."""
    relied: dict[Address, Leave] = field(default_factory=dict)
    """Those that an earlier record took before they were given away."""
    relied_on: set[int] = field(default_factory=set)
    """The indexes of the records that give those away."""
    merges: list[tuple[Outcome, Known, Known, Told]] = field(default_factory=list)
    by_id: dict[int, Known] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_id = {known.id: known for known in self.by_number.values() if known.id is not None}

    def new(self) -> list[Known]:
        """Who is to be added, in the order in which everybody adds."""
        return sorted((known for known in self.created if not known.is_deleted), key=lambda known: known.external_id)

    def touched(self) -> list[Known]:
        """Who is there already and is to be written."""
        return [
            known
            for known in self.by_id.values()
            if not known.is_deleted and (known.is_changed or known.is_newer or known.new_consents)
        ]


class Contended(Exception):
    """Somebody else wrote at the same moment: roll back and look again."""
