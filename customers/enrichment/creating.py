"""Data sources that are made of what a file says: from a flow of another system, say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import IntegrityError, transaction

from customers.enrichment.models import DataSource
from customers.enrichment.validation import validate_source


@dataclass(frozen=True, slots=True)
class NewSource:
    """One API as a file describes it. The secret is kept encrypted, and shown nowhere."""

    key: str
    name: str
    url: str
    method: Literal["GET", "POST"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    auth: Literal["none", "basic", "bearer", "header"] = "none"
    auth_name: str = ""
    secret: str = field(default="", repr=False)
    total_timeout_s: float = 6.0
    mapping: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What would become of a new source."""

    source: NewSource
    exists: bool
    """There is one of this key: it stays as it is, but for what it would bring further."""
    is_active: bool
    faults: tuple[str, ...] = ()
    """Why it would be kept, but not asked."""
    further: tuple[Mapping[str, str], ...] = ()
    """Values that the one there does not bring yet, of the same address."""


def judge(source: NewSource) -> Judged:
    """Whether it could be asked. Looks its host up, for at most a second."""
    there = DataSource.objects.filter(key=source.key).first()
    if there is not None:
        return Judged(source, exists=True, is_active=there.is_active, further=_further(source, there))
    faults = tuple(fault.message for fault in validate_source(_row(source)))
    return Judged(source, exists=False, is_active=not faults, faults=faults)


def _further(source: NewSource, there: DataSource) -> tuple[Mapping[str, str], ...]:
    if (there.method, there.url) != (source.method, source.url) or not isinstance(there.mapping, list):
        return ()
    names = {row.get("name") for row in there.mapping if isinstance(row, dict)}
    return tuple(row for row in source.mapping if row["name"] not in names)


@transaction.atomic
def extend_source(judged: Judged) -> bool:
    """Has the one that is there bring what the file reads further; whether there was something. Nothing else is touched."""
    there = DataSource.objects.select_for_update().filter(key=judged.source.key).first()
    further = _further(judged.source, there) if there is not None else ()
    if there is None or not further:
        return False
    there.mapping = [*there.mapping, *(dict(row) for row in further)]
    there.save(update_fields=["mapping"])
    return True


def create_source(judged: Judged) -> bool:
    """Makes it, asked only if it can be; whether it was made. One of the same key stays as it is, whoever made it."""
    if judged.exists:
        return False
    row = _row(judged.source, is_active=judged.is_active)
    names = set(DataSource.objects.filter(name__startswith=row.name[:80]).values_list("name", flat=True))
    row.name = next(name for name in _names(row.name) if name not in names)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        # Somebody was quicker: with the same key it is the same source.
        return False
    return True


def _names(name: str) -> Any:
    yield name
    number = 2
    while True:
        yield f"{name[:94]} {number}"
        number += 1


def _row(source: NewSource, *, is_active: bool = True) -> DataSource:
    return DataSource(
        key=source.key,
        name=source.name[:100],
        method=source.method,
        url=source.url,
        headers=dict(source.headers),
        body=source.body,
        auth=source.auth,
        auth_name=source.auth_name,
        secret=source.secret or None,
        connect_timeout_s=min(3.0, source.total_timeout_s),
        total_timeout_s=source.total_timeout_s,
        # Another system asked once, each time, and kept nothing: nor does this, until somebody says so.
        retries=0,
        cache_s=0,
        last_known_s=0,
        mapping=[dict(row) for row in source.mapping],
        is_active=is_active,
    )
