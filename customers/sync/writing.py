"""Writes what was decided: a handful of statements, however many customers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection

from customers.models import Attribute, CustomerChange, Tombstone
from customers.services import delete_customers, merge_customers
from customers.sync.loading import COLUMNS
from customers.sync.state import Contended, Known, State

_KEPT: Final = ("attributes", "source_version", "source_at", "synced_at", "updated_at")
_TYPES: Final = {
    "attributes": "jsonb",
    "tier_id": "bigint",
    "crm_tier_id": "bigint",
    "tier_since": "timestamptz",
    "lifetime_value": "numeric",
    "revenue_12m": "numeric",
    "orders": "integer",
    "last_order_at": "timestamptz",
    "customer_since": "date",
    "source_version": "bigint",
    "source_at": "timestamptz",
    "synced_at": "timestamptz",
    "updated_at": "timestamptz",
}
_UPDATED: Final = (*COLUMNS, *_KEPT)
_UPDATE = f"""UPDATE customers_customer c SET {", ".join(f"{name} = w.{name}" for name in _UPDATED)}
  FROM json_to_recordset(%s::json) AS w(id bigint, {", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _UPDATED)})
  WHERE c.id = w.id"""  # noqa: S608  our own names
_NEW: Final = ("id", "external_id", "manual_tier_id", "manual_tier_until", "change", "created_at", *_UPDATED)


def declare(kinds: Mapping[str, str], now: datetime) -> None:
    """Adds declared fields; raises Contended if one was declared otherwise at the same moment."""
    names = sorted(kinds)
    Attribute.objects.bulk_create(
        [
            Attribute(name=name, label=name.replace("_", " ").capitalize(), kind=kinds[name], created_at=now)
            for name in names
        ],
        ignore_conflicts=True,
    )
    if dict(Attribute.objects.filter(name__in=names).values_list("name", "kind")) != dict(kinds):
        raise Contended


def write(state: State, *, by: str, via: str, now: datetime) -> list[int]:
    """Everything but merges, in one order for all: who goes, who comes, who changes, their addresses, the history.

    Gives the ids of those who came or changed.
    """
    _delete(state, now)
    new, touched = state.new(), state.touched()
    _drop_addresses(touched)
    _insert(new, now)
    _update(touched, now)
    everybody = [*new, *touched]
    _add_addresses(everybody)
    _put_consents(everybody)
    _remember(new, touched, state, by=by, via=via, now=now)
    return [known.id for known in everybody if known.id is not None]


def merge(state: State, *, by: str, now: datetime) -> None:
    """The merges of a batch, once everything else of it is written."""
    told: list[tuple[Any, ...]] = []
    for _outcome, keep, other, last in state.merges:
        assert keep.id is not None
        assert other.id is not None
        merge_customers(keep_id=keep.id, other_ids=[other.id], by=by, now=now)
        told.append((other.id, *last))
    _tell_stones(told, now)


def _delete(state: State, now: datetime) -> None:
    if state.deleted:
        delete_customers(customer_ids=[known.id for known, _version, _at in state.deleted if known.id is not None])
        _tell_stones([(known.id, version, at) for known, version, at in state.deleted], now)
    # They were never here: nobody who asks what changed needs to hear of them.
    Tombstone.objects.bulk_create(
        Tombstone(
            external_id=number,
            customer_id=Tombstone.NOBODY,
            source_version=state.buried[number][0],
            source_at=state.buried[number][1],
            change=0,
            at=now,
        )
        for number in sorted(state.foretold - state.by_number.keys())
    )


def _tell_stones(rows: list[tuple[Any, ...]], now: datetime) -> None:
    """The source's version and time of those who are gone: the database's own trigger knows only those of before."""
    if not rows:
        return
    query = """UPDATE customers_tombstone t SET source_version = w.version, source_at = w.source_at, at = %s
        FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS w(id, version, source_at)
        WHERE t.customer_id = w.id"""
    _run(query, [now, *_arrays(rows, 3)])


def _drop_addresses(touched: list[Known]) -> None:
    rows = sorted((kind, value, known.id) for known in touched for kind, value in known.gone)
    if rows:
        query = """DELETE FROM customers_identity i USING unnest(%s::text[], %s::text[], %s::bigint[]) AS w(kind, value, id)
            WHERE i.kind = w.kind AND i.value = w.value AND i.customer_id = w.id"""
        _run(query, _arrays(rows, 3))


def _insert(new: list[Known], now: datetime) -> None:
    if not new:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('customers_customer', 'id')) FROM generate_series(1, %s)", [len(new)]
        )
        ids = [row[0] for row in cursor.fetchall()]
    for known, customer_id in zip(new, ids, strict=True):
        known.id = customer_id
    _copy(
        "customers_customer",
        _NEW,
        ((known.id, known.external_id, None, None, 0, now, *_row(known, now)) for known in new),
    )


def _row(known: Known, now: datetime) -> tuple[Any, ...]:
    values = known.values
    return (
        *[values[name] for name in COLUMNS],
        json.dumps(known.attributes, ensure_ascii=False) if known.attributes else "{}",
        known.source_version,
        known.source_at,
        now,
        now,
    )


def _update(touched: list[Known], now: datetime) -> None:
    if touched:
        rows = [
            known.values
            | {
                "id": known.id,
                "attributes": known.attributes,
                "source_version": known.source_version,
                "source_at": known.source_at,
                "synced_at": now,
                "updated_at": now,
            }
            for known in touched
        ]
        _run(_UPDATE, [json.dumps(rows, default=str)])


def _add_addresses(everybody: list[Known]) -> None:
    rows = sorted((kind, value, known.id) for known in everybody for kind, value in known.come)
    if rows:
        _copy("customers_identity", ("kind", "value", "customer_id"), rows)


def _put_consents(everybody: list[Known]) -> None:
    rows = [(known.id, purpose, *answer) for known in everybody for purpose, answer in known.new_consents.items()]
    if rows:
        query = """INSERT INTO customers_consent (customer_id, purpose, granted, at, source)
            SELECT * FROM unnest(%s::bigint[], %s::text[], %s::boolean[], %s::timestamptz[], %s::text[])
            ON CONFLICT (customer_id, purpose)
            DO UPDATE SET granted = EXCLUDED.granted, at = EXCLUDED.at, source = EXCLUDED.source"""
        _run(query, _arrays(rows, 5))


def _remember(new: list[Known], touched: list[Known], state: State, *, by: str, via: str, now: datetime) -> None:
    """The history. Of who is new it says so; the values they came with are what the next change starts from."""
    keys = {pk: key for key, pk in state.tiers.items()}

    def lines() -> Iterable[tuple[Any, ...]]:
        for known in new:
            yield known.id, now, by, via, json.dumps({"created": [None, known.external_id]})
        for known in touched:
            if changes := known.changes(keys):
                yield known.id, now, by, via, json.dumps(changes)

    _copy(CustomerChange._meta.db_table, ("customer_id", "at", "by", "via", "changes"), lines())  # noqa: SLF001


def _arrays(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Columns of the rows."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _copy(table: str, columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    # Django translates the errors of execute() only.
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _run(query: str, parameters: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
