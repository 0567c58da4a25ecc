"""Customers as rows of a file: read page by page, so that neither memory nor a transaction grows with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet

from customers.files.columns import TIER_THAT_COUNTS
from customers.files.sheets import Cell
from customers.models import Attribute, Customer, Identity

_PAGE: Final = 2_000
_FIELDS: Final = (
    "external_id",
    "name",
    "tier",
    "lifetime_value",
    "revenue_12m",
    "currency",
    "orders",
    "last_order_at",
    "subscription_plan",
    "customer_since",
    "account_manager",
    "language",
    "country",
    "time_zone",
)
# What a file calls the tier is what the CRM said.
_COLUMNS: Final = {"tier": "crm_tier__key"}


def header(attributes: list[Attribute]) -> list[str]:
    """Names that importing knows again, and last what it takes nothing of: the tier that counts, however it came about."""
    return [
        *_FIELDS,
        *(str(kind) for kind in Identity.Kind.values),
        *(row.name for row in attributes),
        TIER_THAT_COUNTS,
    ]


def declared() -> list[Attribute]:
    return list(Attribute.objects.order_by("name"))


def rows(customers: QuerySet[Customer], attributes: list[Attribute], *, shows_identities: bool) -> Iterator[list[Cell]]:
    """In the order of ids. Two queries a page, and no objects made of what only becomes text."""
    kinds = [str(kind) for kind in Identity.Kind.values]
    names = [row.name for row in attributes]
    ordered = customers.order_by("id").values_list(
        "id", *(_COLUMNS.get(name, name) for name in _FIELDS), "attributes", "tier__key"
    )
    last = 0
    while page := list(ordered.filter(pk__gt=last)[:_PAGE]):
        last = page[-1][0]
        known = _identities([row[0] for row in page]) if shows_identities else {}
        for pk, *fields, further, tier in page:
            own = known.get(pk, {})
            values = further or {}
            yield [
                *fields,
                *("; ".join(sorted(own[kind])) if kind in own else "" for kind in kinds),
                *(_plain(values.get(name)) for name in names),
                tier,
            ]


def _identities(ids: list[int]) -> dict[int, dict[str, list[str]]]:
    found: dict[int, dict[str, list[str]]] = {}
    rows = Identity.objects.filter(customer_id__in=ids).order_by().values_list("customer_id", "kind", "value")
    for customer_id, kind, value in rows:
        found.setdefault(customer_id, {}).setdefault(kind, []).append(value)
    return found


def _plain(value: Any) -> Cell:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return str(value) if isinstance(value, dict) else value
