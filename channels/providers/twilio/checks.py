"""Complaints about a set-up that carriers cannot call, or that would not put callers through as meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as Complaint
from django.db import DatabaseError, connections

from channels.models import Number
from queues.models import SipAddress

_PROVIDER = "twilio"
# A list of a hundred numbers helps nobody.
_NAMED = 5


def check_public_url(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Before the start of a production system: what carriers sign must be known."""
    if not settings.PUBLIC_URL:
        return [
            Complaint(
                "PUBLIC_URL is not set, so the address that carriers sign is guessed from each request.",
                hint="Set PUBLIC_URL to the address in the carrier's console, such as https://calls.example.com.",
                id="channels.W001",
            )
        ]
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme != "https" or parts.path or parts.query or parts.fragment:
        return [
            Complaint(
                f"PUBLIC_URL is {settings.PUBLIC_URL}: carriers post callers' numbers there.",
                hint="It begins with https:// and ends after the host, such as https://calls.example.com.",
                id="channels.W002",
            )
        ]
    return []


def check_numbers(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001
    databases: Sequence[str] | None = None,
    **_kwargs: Any,
) -> list[CheckMessage]:
    """With the database: numbers whose calls would not start what their manager means."""
    if "default" not in (databases or ()):
        return []
    numbers = Number.objects.filter(is_active=True, account__is_active=True, account__provider=_PROVIDER)
    try:
        tables = set(connections["default"].introspection.table_names())
        if not {"channels_number", "queues_sipaddress"} <= tables:
            return []  # before the first migration
        unpublished = list(
            numbers.filter(flow__isnull=False, flow__live__isnull=True).values_list("address", flat=True)
        )
        with_addresses = SipAddress.objects.filter(queue__is_active=True).values("queue")
        nowhere = list(numbers.exclude(fallback_queue__in=with_addresses).values_list("address", flat=True))
    except DatabaseError:
        return []  # while a migration is outstanding
    found: list[CheckMessage] = []
    if unpublished:
        found.append(
            Complaint(
                f"The flow of {_listed(unpublished)} is not published: calls go to the fallback queue.",
                hint="Publish the flow in the admin.",
                id="channels.W003",
            )
        )
    if nowhere:
        found.append(
            Complaint(
                f"The fallback queue of {_listed(nowhere)} is switched off or has no SIP address: "
                "when all else fails, callers are only told to call again.",
                hint="Give the queue a SIP address, or choose another fallback queue.",
                id="channels.W004",
            )
        )
    return found


def _listed(addresses: Sequence[str]) -> str:
    more = len(addresses) - _NAMED
    return ", ".join(sorted(addresses)[:_NAMED]) + (f" and {more} more" if more > 0 else "")
