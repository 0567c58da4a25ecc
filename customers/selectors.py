"""What other rooms may read of customers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from customers.identities import spellings
from customers.models import Customer, Identity
from customers.privacy.sight import is_hiding

# On the way of every call, hence by hand: the identity's unique index, then two primary keys. Whoever asks the database
# for something else at the same moment joins these to it, and hands the columns to `read_facts`.
FACTS = """c.id, c.external_id, c.name, c.language, c.time_zone, c.account_manager, c.lifetime_value, c.orders,
       c.currency, c.attributes, t.id, t.key, t.name, t.rank, t.head_start_s,
       c.revenue_12m, c.last_order_at, c.subscription_plan, c.customer_since"""
FACTS_FROM = """customers_identity i
  JOIN customers_customer c ON c.id = i.customer_id
  LEFT JOIN customers_tier t ON t.id = c.tier_id"""
FACTS_WHERE = "i.kind = %s AND i.value = %s"
_BY_IDENTITY = f"SELECT {FACTS} FROM {FACTS_FROM} WHERE {FACTS_WHERE}"  # noqa: S608  our own parts
_BY_ID = f"""SELECT {FACTS} FROM customers_customer c
  LEFT JOIN customers_tier t ON t.id = c.tier_id WHERE c.id = %s"""  # noqa: S608  our own parts


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """A customer as flows see them."""

    id: int
    tier_id: int | None
    values: dict[str, Any]
    """Plain JSON. `attributes` lie beside the proper columns, which win where both have a name."""


def find_customer(*, kind: str, value: str) -> CustomerFacts | None:
    """The customer whom an identity belongs to. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_IDENTITY, (kind, value))
        row = cursor.fetchone()
    return read_facts(row) if row else None


def customer_values(customer_id: int) -> CustomerFacts | None:
    """The customer of this id, as flows see them. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_ID, (customer_id,))
        row = cursor.fetchone()
    return read_facts(row) if row else None


@dataclass(frozen=True, slots=True)
class FoundCustomer:
    """A customer in a list to choose from."""

    id: int
    name: str
    external_id: str
    tier: str
    addresses: tuple[str, ...]
    """Telephone numbers first."""

    @property
    def facts(self) -> list[str]:
        """What tells them from others of that name."""
        # Some channels know a telephone number without its plus.
        once = {address.removeprefix("+"): address for address in reversed(self.addresses)}
        return [fact for fact in (self.external_id, self.tier, *reversed(once.values())) if fact]


# Each way of being found has an index; joined by OR the planner would read everybody.
_BY_NAME = "SELECT id FROM customers_customer WHERE {names} LIMIT %s"
_BY_NUMBER = "SELECT id FROM customers_customer WHERE external_id LIKE %s LIMIT %s"
_BY_ADDRESS = "SELECT customer_id FROM customers_identity WHERE value LIKE %s LIMIT %s"


def ids_found(text: str, *, most: int) -> list[int]:
    """Customers by parts of their name, or by how their number with the CRM or an address of theirs begins. One query.

    Whoever may not see addresses has to know a whole one: else it is found out digit by digit.
    """
    wanted = text.replace("\x00", "").strip()[:200]
    if not wanted:
        return []
    parts: list[str] = []
    parameters: list[str | int] = []
    if words := wanted.upper().split()[:8]:
        # The index knows parts of three letters; whoever types fewer means all of a name.
        is_short = all(len(word) < 3 for word in words)
        names = "upper(name::text) = %s" if is_short else " AND ".join(["upper(name::text) LIKE %s"] * len(words))
        parts.append(_BY_NAME.format(names=names))
        parameters += [wanted.upper()] if is_short else [f"%{_literally(word)}%" for word in words]
        parameters.append(most)
    for number in dict.fromkeys((wanted, wanted.upper())):
        parts.append(_BY_NUMBER)
        parameters += [f"{_literally(number)}%", most]
    for address in spellings(wanted, settings.DEFAULT_COUNTRY):
        if len(address) >= 3:
            parts.append(_BY_ADDRESS)
            parameters += [_literally(address) + ("" if is_hiding() else "%"), most]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ".join(f"({part})" for part in parts) + " LIMIT %s", [*parameters, most])
        return [row[0] for row in cursor.fetchall()]


def _literally(text: str) -> str:
    """For LIKE."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def search_customers(text: str, *, most: int = 8) -> list[FoundCustomer]:
    """Customers by a part of their name, by their number with the CRM, or by the beginning of an address."""
    ids = ids_found(text, most=most * 10)
    rows = (
        Customer.objects.filter(pk__in=ids)
        .select_related("tier")
        .prefetch_related("identities")
        .defer("attributes")
        .order_by("name", "id")[:most]
    )
    return [
        FoundCustomer(
            id=row.pk,
            name=row.name,
            external_id=row.external_id,
            tier=row.tier.name if row.tier else "",
            addresses=tuple(
                str(one) for one in sorted(row.identities.all(), key=lambda one: (one.kind != "phone", one.pk))
            ),
        )
        for row in rows
    ]


def read_facts(row: Sequence[Any]) -> CustomerFacts | None:
    """The customer in the columns of `FACTS`; None if they are those of nobody."""
    if row[0] is None:
        return None
    attributes = json.loads(row[9]) if isinstance(row[9], str) else row[9]
    values: dict[str, Any] = dict(attributes) if isinstance(attributes, dict) else {}
    values |= {
        "external_id": row[1],
        "name": row[2],
        "language": row[3],
        "time_zone": row[4],
        "account_manager": row[5],
        # JSON has one kind of number; fourteen digits fit it exactly enough to compare.
        "lifetime_value": None if row[6] is None else float(row[6]),
        "revenue_12m": None if row[15] is None else float(row[15]),
        "orders": row[7],
        "last_order_at": None if row[16] is None else row[16].isoformat(),
        "subscription_plan": row[17],
        "customer_since": None if row[18] is None else row[18].isoformat(),
        "currency": row[8],
        "tier": row[11] or "",
        "tier_name": row[12] or "",
        "tier_rank": row[13],
        "head_start_s": row[14] or 0,
    }
    return CustomerFacts(id=row[0], tier_id=row[10], values=values)


def phone_of(customer_id: int) -> str:
    """The telephone number that the customer is known by longest; empty if none is known."""
    phones = Identity.objects.filter(customer_id=customer_id, kind=Identity.Kind.PHONE).order_by("id")
    return phones.values_list("value", flat=True).first() or ""
