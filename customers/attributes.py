"""The further values of customers: those that are declared, those that the CRM sends besides, and what many share of each; nobody's own."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from customers import models

# Enough to have seen every name, few enough to be read while somebody waits for a list.
_CUSTOMERS = 2_000
_NAMES = 200
_VALUES = 12
_VALUE_CHARS = 60
# A value that fewer customers share might tell who somebody is.
_SHARED_BY = 5
_KINDS = {
    "text": "string",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "list": "array",
    "object": "object",
}

_QUERY = """
WITH newest AS (SELECT attributes FROM customers_customer ORDER BY id DESC LIMIT %s),
pairs AS (
  SELECT e.key, jsonb_typeof(e.value) AS kind, e.value FROM newest, jsonb_each(newest.attributes) e
  WHERE jsonb_typeof(newest.attributes) = 'object'
),
shared AS (
  SELECT key, value #>> '{}' AS text, count(*) AS held FROM pairs
  WHERE kind = 'string' AND length(value #>> '{}') BETWEEN 1 AND %s
  GROUP BY 1, 2 HAVING count(*) >= %s
)
SELECT p.key, mode() WITHIN GROUP (ORDER BY p.kind) FILTER (WHERE p.kind <> 'null'),
       (SELECT array_agg(s.text ORDER BY s.held DESC, s.text) FROM shared s WHERE s.key = p.key)
FROM pairs p GROUP BY p.key ORDER BY count(*) DESC, p.key LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A further value of customers, read in flows as customer.<name>."""

    name: str
    kind: str
    """As JSON calls it: string, number, boolean, array, object; of declared ones also date and datetime."""
    shared: tuple[str, ...]
    """Texts that several customers have, the most usual first; none if they are too many to be kinds of something."""
    label: str = ""
    """What people call it; empty if nobody declared it."""


def attributes() -> tuple[Attribute, ...]:
    """Declared ones by their label, then the names that the newest customers have besides. Two queries."""
    seen = {found.name: found for found in _seen()}
    declared = [
        Attribute(
            row.name, _KINDS.get(row.kind, "string"), seen[row.name].shared if row.name in seen else (), row.label
        )
        for row in models.Attribute.objects.order_by("label")
    ]
    names = {found.name for found in declared}
    return (*declared, *(found for found in seen.values() if found.name not in names))


def _seen() -> tuple[Attribute, ...]:
    """What the newest customers have, the most usual first."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, (_CUSTOMERS, _VALUE_CHARS, _SHARED_BY, _NAMES))
        rows = cursor.fetchall()
    return tuple(
        Attribute(name, kind or "string", tuple(texts) if texts and len(texts) <= _VALUES else ())
        for name, kind, texts in rows
    )
