"""Reads about flows for the pages and addresses that show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auditlog.models import LogEntry
from django.db.models import Count, Q

from routing.models import Contact, Flow, FlowVersion


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """One published version, without its definition."""

    id: int
    number: int
    published_at: datetime
    published_by: str
    note: str
    live: bool
    contacts_open: int
    """Calls and conversations that are still under way on it."""
    pinned_by: tuple[str, ...]
    """Names of the flows whose live version walks through this very version."""


def last_writer(flow: Flow) -> str:
    """Who saved the draft last; empty if nobody is known."""
    entries = LogEntry.objects.get_for_object(flow).filter(changes__has_key="draft")
    entry = entries.select_related("actor").order_by("-timestamp", "-id").first()
    return str(entry.actor) if entry and entry.actor else ""


def version_facts(flow: Flow, *, most: int = 200) -> list[VersionFacts]:
    """The versions of a flow, newest first; at most `most`, in three queries."""
    versions = flow.versions.select_related("published_by").defer("definition", "subflows").order_by("-number")[:most]
    rows = list(versions)
    under_way = dict(
        Contact.objects.filter(version__in=[row.pk for row in rows])
        .filter(~Q(state=Contact.State.ENDED))
        .values_list("version_id")
        .annotate(count=Count("id"))
    )
    pinned = _pinned(flow, rows)
    return [
        VersionFacts(
            id=row.pk,
            number=row.number,
            published_at=row.published_at,
            published_by=str(row.published_by) if row.published_by else "",
            note=row.note,
            live=row.pk == flow.live_id,
            contacts_open=under_way.get(row.pk, 0),
            pinned_by=tuple(pinned.get(row.pk, ())),
        )
        for row in rows
    ]


def _pinned(flow: Flow, rows: Sequence[FlowVersion]) -> dict[int, list[str]]:
    """Names of other flows by the version of this one that they were published with."""
    found: dict[int, list[str]] = {}
    users = Flow.objects.filter(live__subflows__has_key=flow.key).exclude(pk=flow.pk).order_by("name")
    for name, subflows in users.values_list("name", "live__subflows"):
        found.setdefault(subflows[flow.key], []).append(name)
    return {row.pk: found[row.pk] for row in rows if row.pk in found}
