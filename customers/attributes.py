"""What further values the CRM syncs of customers: their names and kinds, and values that many share; nobody's own."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

# Enough to have seen every name, few enough to be read while somebody waits for a list.
_CUSTOMERS = 2_000
_NAMES = 200
_VALUES = 12
_VALUE_CHARS = 60
# A value that fewer customers share might tell who somebody is.
_SHARED_BY = 5

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
    """As JSON calls it: string, number, boolean, array, object."""
    shared: tuple[str, ...]
    """Texts that several customers have, the most usual first; none if they are too many to be kinds of something."""


def attributes() -> tuple[Attribute, ...]:
    """The names that the newest customers have, the most usual first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, (_CUSTOMERS, _VALUE_CHARS, _SHARED_BY, _NAMES))
        rows = cursor.fetchall()
    return tuple(
        Attribute(name, kind or "string", tuple(texts) if texts and len(texts) <= _VALUES else ())
        for name, kind, texts in rows
    )
