"""Who keeps what of customers: rooms above this one register themselves, and this one knows none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from customers.tiers.fields import Words


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom it is about."""

    customer_id: int
    external_id: str
    name: str
    addresses: tuple[tuple[str, str], ...]
    """Kind and value; also those of before, unless they are somebody else's by now."""
    former_names: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return [name for name in (self.name, *self.former_names) if name.strip()]

    @property
    def spellings(self) -> list[str]:
        """Each address as providers write it: bare, and with its channel before it."""
        found = set()
        for kind, value in self.addresses:
            found |= {value, f"{kind}:{value}"}
            if kind == "phone":
                found.add(f"whatsapp:{value}")
        return sorted(found)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A call or a conversation that is not over."""

    words: str
    url: str


class StillUnderWay(Exception):
    """The customer is talking to us at this moment; erasing waits until that is over."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """A part of the house that keeps something of customers."""

    name: str
    """The file of the export."""
    label: Words
    export: Callable[[Subject], Iterator[dict[str, Any]]]
    """Everything, row by row, as plain JSON."""
    erase: Callable[[Subject, datetime], dict[str, int]]
    """Takes it away for good, in the transaction it is called in; what was erased, by kind. Raises StillUnderWay."""
    forget: Callable[[Subject], int] | None = None
    """What lies outside the database; called after the transaction."""
    under_way: Callable[[Subject], list[UnderWay]] | None = None
    """What keeps them from being erased at this moment."""
    end: Callable[[Subject, datetime], None] | None = None
    """Ends that."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of data that may become too old."""

    name: str
    label: Words
    help_text: Words
    old: Callable[[datetime], QuerySet[Any]]
    """Rows from before."""
    most_usual_days: int = 0
    """Until somebody sets it; 0: kept."""
    most_days: int = 0
    """What whoever runs the house set: older rows go anyway; 0: no such end."""


_keepers: dict[str, Keeper] = {}
_kept: dict[str, Kept] = {}


def register(keeper: Keeper) -> None:
    _keepers[keeper.name] = keeper


def register_kept(kept: Kept) -> None:
    _kept[kept.name] = kept


def keepers() -> tuple[Keeper, ...]:
    """The log of changes after all that may write into it; customers themselves last, since the others look for them."""
    last = ("log_of_changes", "customer")
    return tuple(sorted(_keepers.values(), key=lambda one: last.index(one.name) + 1 if one.name in last else 0))


def kinds() -> tuple[Kept, ...]:
    return tuple(_kept.values())
