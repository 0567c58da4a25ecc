"""What a key may be allowed: a closed set, each with the sentence that a manager reads beside its checkbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SCOPES: Final[Mapping[str, str | Promise]] = {
    "customers:read": _("Read customers with their addresses, values and history"),
    "customers:write": _("Add, change, sync, merge and delete customers"),
    "tiers:read": _("Read tiers"),
    "tiers:write": _("Add, change and delete tiers"),
    "queues:read": _("Read queues with their SIP addresses"),
    "queues:write": _("Add, change and delete queues"),
    "numbers:read": _("Read numbers, and where their contacts go"),
    "numbers:write": _("Add, change and delete numbers"),
    "sources:read": _("Read data sources; their secrets stay hidden"),
    "sources:write": _("Add, change and delete data sources, with their secrets"),
    "flows:read": _("Read, check and export flows and their versions"),
    "flows:write": _("Add flows, import them and change their drafts"),
    "flows:publish": _("Make drafts and old versions live"),
    "contacts:read": _("Read contacts and why they went where they did; telephone numbers are masked"),
    "contacts:read_personal": _("See telephone numbers and what was said in contacts"),
    "webhooks:read": _("Read webhook subscriptions and what was delivered"),
    "webhooks:write": _("Add, change and delete webhook subscriptions, and send again"),
}


def scope_choices() -> list[tuple[str, str | Promise]]:
    return list(SCOPES.items())
