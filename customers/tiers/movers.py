"""Who would move, were a policy in force: asked of the customers as they are, a range of them at a time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from customers.tiers.compiling import BY_OF_CODE, CODE_NOW, Levels, Sql, amount, decision
from customers.tiers.matching import Ground
from customers.tiers.spec import Spec

EXAMPLES: Final = 50
_PAGE: Final = 5_000


def looked(spec: Spec, facts: Ground, levels: Levels, *, after: int, upto: int) -> Sql:
    """`WITH looked AS` everybody with an id above `after` and up to `upto`: id, old, code_now, code, value.

    The policy is looked at as it will be carried out at first: without its margin.
    """
    code = decision(spec, facts, levels, is_sharp=True)
    value = amount(spec.metric, facts)
    text = f"""WITH looked AS MATERIALIZED (
          SELECT c.id, COALESCE(c.tier_id, 0) AS old, {CODE_NOW} AS code_now, {code.text} AS code, {value.text} AS value
          FROM customers_customer c WHERE c.id > %s::bigint AND c.id <= %s::bigint)"""  # noqa: S608  our own parts
    return Sql(text, (*code.params, *value.params, after, upto))


def movers(
    spec: Spec, facts: Ground, levels: Levels, *, upto: int, before: str | None, after: str | None
) -> Iterator[tuple[str, str, str, str, Decimal | None, str]]:
    """Number, name, tier before and after by key (empty: none), amount, who decides; all, or of one tier to another.

    In the order of ids, one statement for five thousand customers.
    """
    keys = {pk: key for key, pk in facts.tiers.items()} | {0: ""}
    ids = {key: pk for pk, key in keys.items()}
    last = 0
    while last < upto:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT max(id) FROM (SELECT id FROM customers_customer WHERE id > %s AND id <= %s ORDER BY id LIMIT %s) x",
                (last, upto, _PAGE),
            )
            end = cursor.fetchone()[0]
            if end is None:
                return
            sql = looked(spec, facts, levels, after=last, upto=end)
            cursor.execute(
                f"""{sql.text} SELECT c.external_id, c.name, l.old, l.code / 8, l.value, {BY_OF_CODE} AS by
                    FROM looked l JOIN customers_customer c ON c.id = l.id
                    WHERE l.code / 8 <> l.old AND (%s::int IS NULL OR l.old = %s::int)
                      AND (%s::int IS NULL OR l.code / 8 = %s::int) ORDER BY l.id""",  # noqa: S608  our own parts
                (*sql.params, *_twice(ids, before), *_twice(ids, after)),
            )
            rows = cursor.fetchall()
        for number, name, old, new, value, by in rows:
            yield number, name, keys.get(old, ""), keys.get(new, ""), value, by
        last = end


def _twice(ids: dict[str, int], key: str | None) -> tuple[int | None, int | None]:
    wanted = None if key is None else ids.get(key, -1)
    return wanted, wanted


def most_of_each(sql: Sql) -> tuple[str, tuple[Any, ...]]:
    """Counts of each pair of tiers, and of each pair the first by value; one scan for both.

    Rows: id or null, old, new, value or sum, by or null, count.
    """
    text = f"""{sql.text},
        ranked AS (
          SELECT id, old, code / 8 AS new, value, {BY_OF_CODE} AS by,
                 row_number() OVER (PARTITION BY old, code / 8 ORDER BY value DESC NULLS LAST, id) AS place
          FROM looked WHERE code / 8 <> old)
        SELECT NULL::bigint, old, code / 8, sum(GREATEST(value, 0)), NULL::text, count(*) FROM looked
        GROUP BY old, code / 8
        UNION ALL SELECT id, old, new, value, by, 1 FROM ranked WHERE place <= {EXAMPLES}"""  # noqa: S608  our own parts
    return text, sql.params
