"""Reads about flows for the pages and addresses that show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auditlog.models import LogEntry
from django.contrib.auth.models import AbstractBaseUser, AbstractUser
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
    return full_name(entry.actor) if entry and entry.actor else ""


@dataclass(frozen=True, slots=True)
class GoingLive:
    """How what is live came to be live."""

    by: str
    """Empty if nobody is known."""
    at: datetime
    note: str
    back_to: int | None
    """Number of the version that was gone back to."""


def going_live(flow: Flow) -> GoingLive | None:
    """The last time that something of the flow went live; None if nothing is."""
    if flow.live_id is None:
        return None
    entries = LogEntry.objects.get_for_object(flow).filter(changes__has_key="live")
    entry = entries.order_by("-timestamp", "-id").values_list("additional_data", flat=True).first()
    version = FlowVersion.objects.select_related("published_by").defer("definition", "subflows").get(pk=flow.live_id)
    back_to = (entry or {}).get("back_to")
    return GoingLive(
        by=full_name(version.published_by) if version.published_by else "",
        at=version.published_at,
        note=version.note,
        back_to=back_to if isinstance(back_to, int) else None,
    )


def full_name(user: AbstractBaseUser) -> str:
    """As colleagues call them; the name to sign in with, where nothing else is known."""
    return (user.get_full_name() if isinstance(user, AbstractUser) else "") or str(user)


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
            published_by=full_name(row.published_by) if row.published_by else "",
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
