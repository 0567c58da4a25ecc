"""Reads whom a batch is about, and locks them in one order, so that two batches of the same customers cannot deadlock."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from customers.models import Attribute, Tier
from customers.sealing import erased_among
from customers.sync.records import Address, Catalog, Record
from customers.sync.state import Held, Known, State, Told

COLUMNS: Final = (
    "name",
    "language",
    "country",
    "time_zone",
    "account_manager",
    "tier_id",
    "tier_by",
    "tier_since",
    "crm_tier_id",
    "lifetime_value",
    "revenue_12m",
    "orders",
    "last_order_at",
    "subscription_plan",
    "customer_since",
    "currency",
    "notes",
)
_CUSTOMERS = f"""SELECT id, external_id, attributes, manual_tier_id, manual_tier_until, source_version, source_at,
       {", ".join(COLUMNS)} FROM customers_customer WHERE id = ANY(%s::bigint[]) ORDER BY id"""  # noqa: S608  our own parts
# Thousands of texts travel as one: an array is quoted text by text.
_TEXTS = "ARRAY(SELECT json_array_elements_text(%s::json))"
# Clocks differ a little; a source that is a day ahead would lock its customers until then.
_AHEAD = timedelta(days=1)
_LOCK = " FOR NO KEY UPDATE"  # weaker than FOR UPDATE: a call of the customer may come in meanwhile


def catalog(*, declares: bool, now: datetime | None = None) -> Catalog:
    """What records may refer to at this moment. Two queries."""
    return Catalog(
        tiers=dict(Tier.objects.order_by("rank").values_list("key", "id")),
        kinds=dict(Attribute.objects.values_list("name", "kind")),
        default_country=settings.DEFAULT_COUNTRY,
        declares=declares,
        latest=now and now + _AHEAD,
    )


def countries_of(numbers: list[str]) -> dict[str, str]:
    """Customer number to country, where one is known."""
    if not numbers:
        return {}
    query = f"""SELECT external_id, country FROM customers_customer
        WHERE external_id = ANY({_TEXTS}) AND country <> ''"""  # noqa: S608  our own parts
    return dict(_rows(query, [json.dumps(numbers)]))


def load(records: Iterable[Record], tiers: Mapping[str, int], *, now: datetime, lock: bool) -> State:
    """Everything that the records may touch. With `lock`, nobody else writes these customers until we are done."""
    good = [record for record in records if not record.faults]
    with connection.cursor() as cursor:
        # Thousands of keys into a million rows: the planner would rather read the whole table, and every time.
        cursor.execute("SET LOCAL enable_seqscan = off")
    numbers = {record.external_id for record in good} | {record.merge_into for record in good}
    numbers.discard("")
    query = f"SELECT id FROM customers_customer WHERE external_id = ANY({_TEXTS})"  # noqa: S608  our own parts
    ids = {row[0] for row in _rows(query, [json.dumps(list(numbers))])}
    addresses = {one for record in good for one in (*record.identities, *record.remove_identities)}
    # Who is found by an address, or may lose one.
    decisive = {
        one for record in good if not record.external_id or record.takes_identities for one in record.identities
    }
    ids |= {held.customer_id for held in _owners(decisive).values()}
    known = {row[0]: _known(row) for row in _rows(_CUSTOMERS + (_LOCK if lock else ""), [sorted(ids)])}
    by_number = {one.external_id: one for one in known.values()}
    # After the lock, so that it stays true.
    owners = _owners(addresses)
    held_by = _all_addresses(_whole(good, by_number, owners), owners)
    if any(record.consents for record in good):
        _add_consents(known)
    numbers = {record.external_id or record.made_up_number for record in good}
    unknown = sorted(numbers - by_number.keys())
    return State(by_number, owners, held_by, _buried(unknown), tiers, now, erased=erased_among(unknown))


def _known(row: tuple[Any, ...]) -> Known:
    attributes = json.loads(row[2]) if isinstance(row[2], str) else row[2]
    return Known(
        id=row[0],
        external_id=row[1],
        values=dict(zip(COLUMNS, row[7:], strict=True)),
        attributes=attributes if isinstance(attributes, dict) else {},
        manual_tier_id=row[3],
        manual_tier_until=row[4],
        source_version=row[5],
        source_at=row[6],
    )


def _owners(addresses: Iterable[Address]) -> dict[Address, Held]:
    by_kind = defaultdict(list)
    for kind, value in addresses:
        by_kind[kind].append(value)
    query = f"""SELECT i.kind, i.value, i.customer_id, c.external_id FROM customers_identity i
        JOIN customers_customer c ON c.id = i.customer_id
        WHERE i.kind = %s AND i.value = ANY({_TEXTS})"""  # noqa: S608  our own parts
    return {
        (kind, value): Held(customer_id, external_id)
        for wanted, values in by_kind.items()
        for kind, value, customer_id, external_id in _rows(query, [wanted, json.dumps(values)])
    }


def _whole(good: list[Record], by_number: Mapping[str, Known], owners: Mapping[Address, Held]) -> dict[int, str]:
    """Id to number of those of whom every address is wanted."""
    numbers = set()
    for record in good:
        if record.replaces_identities or record.deleted or record.merge_into:
            numbers.add(record.external_id)
            numbers |= {owners[one].external_id for one in record.identities if one in owners}
    found = (by_number.get(number) for number in numbers)
    return {known.id: known.external_id for known in found if known is not None and known.id is not None}


def _all_addresses(numbers: Mapping[int, str], owners: dict[Address, Held]) -> dict[int, set[Address]]:
    held_by: dict[int, set[Address]] = {customer_id: set() for customer_id in numbers}
    if numbers:
        query = "SELECT customer_id, kind, value FROM customers_identity WHERE customer_id = ANY(%s::bigint[])"
        for customer_id, kind, value in _rows(query, [list(numbers)]):
            held_by[customer_id].add((kind, value))
            owners[kind, value] = Held(customer_id, numbers[customer_id])
    return held_by


def _add_consents(known: Mapping[int, Known]) -> None:
    query = """SELECT customer_id, purpose, granted, at, source FROM customers_consent
        WHERE customer_id = ANY(%s::bigint[])"""
    for customer_id, purpose, granted, at, source in _rows(query, [list(known)]):
        known[customer_id].consents[purpose] = (granted, at, source)


def _buried(numbers: list[str]) -> dict[str, Told]:
    """The last that was said of those who are gone."""
    if not numbers:
        return {}
    query = f"""SELECT external_id, source_version, source_at FROM customers_tombstone
        WHERE external_id = ANY({_TEXTS}) ORDER BY id"""  # noqa: S608  our own parts
    return {number: (version, at) for number, version, at in _rows(query, [json.dumps(numbers)])}


def _rows(query: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())
