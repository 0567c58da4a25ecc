"""A customer's history: what changed, from what to what, when, by whom."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Consent, Customer, CustomerChange, Tier

# What a person or a CRM changes; what the system keeps of its own is no history.
FIELDS = (
    "external_id",
    "name",
    "language",
    "country",
    "time_zone",
    "account_manager",
    "tier",
    "crm_tier",
    "manual_tier",
    "manual_tier_until",
    "lifetime_value",
    "revenue_12m",
    "orders",
    "last_order_at",
    "subscription_plan",
    "customer_since",
    "currency",
    "attributes",
    "notes",
)


def snapshot(customer: Customer) -> dict[str, Any]:
    """The values of a customer as plain JSON, to be compared with a later snapshot. A tier is its key."""
    return {name: _plain(getattr(customer, name)) for name in FIELDS}


def addresses(customer: Customer) -> list[str]:
    """The customer's identities as plain text, in order. One query."""
    rows = customer.identities.order_by("kind", "value").values_list("kind", "value")
    return [f"{kind}:{value}" for kind, value in rows]


def addresses_of(customer: Customer) -> list[str]:
    """The same of a customer whose identities were prefetched. No query."""
    return sorted(f"{one.kind}:{one.value}" for one in customer.identities.all())


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Field to [before, after] where the two snapshots differ; attributes one by one, as `attributes.<name>`."""
    found: dict[str, list[Any]] = {}
    for name, value in after.items():
        if name == "attributes":
            old, new = before.get(name) or {}, value or {}
            found |= {
                f"attributes.{key}": [old.get(key), new.get(key)]
                for key in sorted({*old, *new})
                if old.get(key) != new.get(key)
            }
        elif before.get(name) != value:
            found[name] = [before.get(name), value]
    return found


def record(
    *,
    customer_id: int,
    changes: Mapping[str, Any],
    by: str,
    via: CustomerChange.Via,
    now: datetime,
) -> None:
    """Adds a line to the history; nothing if nothing changed."""
    if changes:
        CustomerChange.objects.create(customer_id=customer_id, at=now, by=by[:150], via=via, changes=dict(changes))


def identity_changes(before: Iterable[str], after: Iterable[str]) -> dict[str, list[Any]]:
    """The addresses that went and came, as a field of the history."""
    gone, come = sorted(set(before) - set(after)), sorted(set(after) - set(before))
    return {"identities": [gone, come]} if gone or come else {}


@dataclass(frozen=True, slots=True)
class Line:
    """One moment of a customer's history, as people read it."""

    at: datetime
    by: str
    via: str
    changes: tuple[tuple[str, str, str], ...]
    """Label, before, after."""


def timeline(customer_id: int, labels: Mapping[str, str], *, most: int = 50) -> list[Line]:
    """Newest first. `labels`: those of declared fields. One query."""
    rows = CustomerChange.objects.filter(customer_id=customer_id).order_by("-at", "-id")[:most]
    return [
        Line(
            at=row.at,
            by=row.by,
            via=row.get_via_display(),
            changes=tuple(_in_words(name, pair, labels) for name, pair in row.changes.items()),
        )
        for row in rows
    ]


def _in_words(name: str, pair: Any, labels: Mapping[str, str]) -> tuple[str, str, str]:
    before, after = pair if isinstance(pair, list) and len(pair) == 2 else (None, pair)
    place, _dot, inner = name.partition(".")
    if place == "attributes":
        label = labels.get(inner, inner)
    elif place == "consent":
        label = _("consent: %(purpose)s") % {"purpose": dict(Consent.Purpose.choices).get(inner, inner)}
    elif name == "tier_by":
        said = {key: str(words) for key, words in Customer.TierBy.choices if key}
        before, after = said.get(str(before)), said.get(str(after))
        label = str(Customer._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # noqa: SLF001
    elif name == "policy":
        label, after = str(_("policy of tiers")), _("version %(number)s") % {"number": after}
    elif name in _NAMED:
        label = str(_NAMED[name])
    else:
        field: Any = Customer._meta.get_field(name) if name in FIELDS else None  # noqa: SLF001
        label = str(field.verbose_name) if field else name
    return label, _text(before), _text(after)


_NAMED = {
    "identities": gettext_lazy("addresses"),
    "created": gettext_lazy("added"),
    "merged": gettext_lazy("merged with"),
}


def _text(value: Any) -> str:
    match value:
        case None | "" | []:
            return "–"
        case bool():
            return str(_("yes") if value else _("no"))
        case list():
            return ", ".join(map(str, value))
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    match value:
        case Tier():
            return value.key
        case Decimal():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case _:
            return value
