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
    """In the order of ids. Two queries a page."""
    kinds = list(Identity.Kind.values)
    last = 0
    ordered = customers.order_by("id").select_related("tier", "crm_tier").prefetch_related("identities")
    while True:
        page = list(ordered.filter(pk__gt=last)[:_PAGE])
        if not page:
            return
        last = page[-1].pk
        for one in page:
            known: dict[str, list[str]] = {}
            for identity in one.identities.all() if shows_identities else ():
                known.setdefault(identity.kind, []).append(identity.value)
            yield [
                *(_field(one, name) for name in _FIELDS),
                *("; ".join(sorted(known.get(kind, ()))) for kind in kinds),
                *(_plain((one.attributes or {}).get(row.name)) for row in attributes),
                one.tier.key if one.tier else None,
            ]


def _field(customer: Customer, name: str) -> Cell:
    if name == "tier":
        return customer.crm_tier.key if customer.crm_tier else None
    return _plain(getattr(customer, name))


def _plain(value: Any) -> Cell:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return str(value) if isinstance(value, dict) else value
