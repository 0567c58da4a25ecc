"""Everything that changed since somebody asked last: who was added, changed, merged or deleted, and nobody left out.

A customer's `change` is the number of the transaction that wrote last. A page holds only what transactions wrote that
are older than every one still under way (the snapshot's xmin): whatever commits later has a greater number than the
cursor, so it is on a later page, however long it took. A time would miss those who were slow.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

MOST = 1_000
# Of one transaction first those who went, then those who came: it may have replaced somebody.
_PAGE = """
WITH bound AS (
  SELECT pg_snapshot_xmin(s)::text::bigint AS xmin, pg_snapshot_xmax(s)::text::bigint AS xmax FROM pg_current_snapshot() s
),
page AS (
  (SELECT change, 0 AS kind, id FROM customers_tombstone, bound
   WHERE (change, id) > (%(change)s, %(stone)s) AND change < bound.xmin AND customer_id <> 0 ORDER BY change, id LIMIT %(most)s)
  UNION ALL
  (SELECT change, 1 AS kind, id FROM customers_customer, bound
   WHERE (change, id) > (%(change)s, %(customer)s) AND change < bound.xmin ORDER BY change, id LIMIT %(most)s)
)
SELECT p.change, p.kind, p.id, b.xmax FROM bound b LEFT JOIN LATERAL (
  SELECT * FROM page ORDER BY change, kind, id LIMIT %(most)s
) p ON true ORDER BY p.change, p.kind, p.id
"""
_LAST = 2**63 - 1
_CUSTOMERS = """
SELECT c.id, c.external_id, c.name, c.language, c.country, c.time_zone, c.account_manager, t.key, c.tier_by,
       c.tier_since, ct.key,
       c.lifetime_value::text, c.revenue_12m::text, c.orders, c.last_order_at, c.subscription_plan, c.customer_since,
       c.currency, c.attributes, c.notes, c.source_version, c.source_at, c.synced_at, c.created_at, c.updated_at,
       (SELECT coalesce(json_agg(json_build_object('kind', i.kind, 'value', i.value) ORDER BY i.kind, i.value), '[]')
        FROM customers_identity i WHERE i.customer_id = c.id)::text,
       (SELECT coalesce(json_agg(json_build_object('purpose', o.purpose, 'granted', o.granted, 'at', o.at,
                                                   'source', o.source) ORDER BY o.purpose), '[]')
        FROM customers_consent o WHERE o.customer_id = c.id)::text
FROM customers_customer c LEFT JOIN customers_tier t ON t.id = c.tier_id
LEFT JOIN customers_tier ct ON ct.id = c.crm_tier_id WHERE c.id = ANY(%s::bigint[])
"""
_STONES = """
SELECT id, customer_id, external_id, merged_into, at FROM customers_tombstone WHERE id = ANY(%s::bigint[])
"""
NAMES = (
    "external_id",
    "name",
    "language",
    "country",
    "time_zone",
    "account_manager",
    "tier",
    "tier_by",
    "tier_since",
    "crm_tier",
    "lifetime_value",
    "revenue_12m",
    "orders",
    "last_order_at",
    "subscription_plan",
    "customer_since",
    "currency",
    "attributes",
    "notes",
    "source_version",
    "source_at",
    "synced_at",
    "created_at",
    "updated_at",
    "identities",
    "consents",
)
_JSON = {"attributes", "identities", "consents"}


class CursorUnknown(ValueError):
    """A cursor that this database never gave."""


class CursorTooOld(CursorUnknown):
    """The database was replaced since, or deletions since then were forgotten: everybody has to be read anew."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything up to here was read."""

    change: int = 0
    stone: int = 0
    customer: int = 0

    def text(self) -> str:
        return (
            base64.urlsafe_b64encode(json.dumps([self.change, self.stone, self.customer]).encode()).decode().rstrip("=")
        )

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Raises CursorUnknown."""
        try:
            parts = json.loads(base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
        except ValueError:
            raise CursorUnknown(text) from None
        if not (isinstance(parts, list) and len(parts) == 3 and all(type(p) is int and 0 <= p <= _LAST for p in parts)):
            raise CursorUnknown(text)
        return cls(*parts)


@dataclass(frozen=True, slots=True)
class Page:
    """What changed, oldest first."""

    entries: list[dict[str, Any]]
    next: Cursor
    has_more: bool


def changes_since(cursor: Cursor, *, most: int) -> Page:
    """The next page. Three queries. Raises CursorTooOld."""
    parameters = {"change": cursor.change, "stone": cursor.stone, "customer": cursor.customer, "most": most}
    with connection.cursor() as db:
        db.execute(_PAGE, parameters)
        rows = db.fetchall()
        if cursor.change > rows[0][3]:
            raise CursorTooOld
        keys = [(kind, pk) for _change, kind, pk, _xmax in rows if pk is not None]
        stones = _by_id(db, _STONES, [pk for kind, pk in keys if kind == 0])
        customers = _by_id(db, _CUSTOMERS, [pk for kind, pk in keys if kind == 1])
    # Whoever was written again between the queries is left to a later page.
    entries = [
        _gone(stones[pk]) if kind == 0 else _there(pk, customers[pk])
        for kind, pk in keys
        if pk in (customers if kind else stones)
    ]
    if not keys:
        return Page([], cursor, has_more=False)
    change, kind, pk = rows[-1][:3]
    same = cursor.change == change
    after = Cursor(change, pk, cursor.customer if same else 0) if kind == 0 else Cursor(change, _LAST, pk)
    return Page(entries, after, has_more=len(keys) == most)


def _by_id(db: Any, query: str, ids: list[int]) -> Mapping[int, tuple[Any, ...]]:
    if not ids:
        return {}
    db.execute(query, [ids])
    return {row[0]: row[1:] for row in db.fetchall()}


def _gone(row: tuple[Any, ...]) -> dict[str, Any]:
    customer_id, external_id, merged_into, at = row
    return {
        "id": customer_id,
        "external_id": external_id,
        "deleted": True,
        "merged_into": merged_into or None,
        "changed_at": at,
        "customer": None,
    }


def _there(pk: int, row: tuple[Any, ...]) -> dict[str, Any]:
    """The customer as the list of customers has them, so that a copy may be compared."""
    customer = {"id": pk} | {
        name: json.loads(value) if name in _JSON and isinstance(value, str) else value
        for name, value in zip(NAMES, row, strict=True)
    }
    return {
        "id": pk,
        "external_id": customer["external_id"],
        "deleted": False,
        "merged_into": None,
        "changed_at": customer["updated_at"],
        "customer": customer,
    }
