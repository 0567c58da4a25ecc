"""Who brings the revenue: the amounts at which cuts lie, and the curve, each from one pass over all customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction

from customers.tiers.compiling import Levels, Sql, amount
from customers.tiers.matching import Ground
from customers.tiers.spec import Spec

_POINTS: Final = 500
"""By customers, and as many by revenue: about a thousand in all."""


def levels_of(spec: Spec, ground: Ground) -> Levels:
    """From which amount on each cut takes customers. Equal amounts are never parted: they are all in.

    Somebody is within the first 50 % if those who bring more than they do bring less than 50 %.
    """
    if not spec.uses_shares:
        return Levels((), ())
    hundred = Decimal(100)
    enter = [cut.percent for cut in spec.cuts]
    stay = [min(hundred, percent + spec.margin) for percent in enter]
    found = _amounts([*enter, *stay], amount(spec.metric, ground))
    return Levels(tuple(found[: len(enter)]), tuple(found[len(enter) :]))


def _ranked(value: Sql) -> Sql:
    """Each amount above nothing, how many have it, and what those with more bring together."""
    text = f"""WITH amounts AS (
          SELECT value, count(*) AS held FROM (SELECT {value.text} AS value FROM customers_customer c) every
          WHERE value > 0 GROUP BY value),
        ranked AS (
          SELECT value, held, COALESCE(sum(value * held) OVER before, 0) AS above,
                 COALESCE(sum(held) OVER before, 0) AS ahead, sum(value * held) OVER () AS total
          FROM amounts
          WINDOW before AS (ORDER BY value DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))"""  # noqa: S608
    return Sql(text, value.params)


def _amounts(percents: Sequence[Decimal], value: Sql) -> list[Decimal | None]:
    columns = ", ".join("min(value) FILTER (WHERE above * 100 < total * %s::numeric)" for _ in percents)
    ranked = _ranked(value)
    row = _one(Sql(f"{ranked.text} SELECT {columns} FROM ranked", (*ranked.params, *percents)))  # noqa: S608  our parts
    return list(row)


@dataclass(frozen=True, slots=True)
class Curve:
    """Revenue over customers, the best first."""

    points: list[list[Any]]
    """[customers, revenue, amount], from the first on; money as text."""
    customers: int
    paying: int
    revenue: Decimal
    facts: dict[str, Any]


def curve_of(metric: str, ground: Ground) -> Curve:
    """Two passes. Whoever has nothing, less than nothing, or a currency without a rate is told apart."""
    value = amount(metric, ground)
    ranked = _ranked(value)
    query = f"""{ranked.text},
        marked AS (
          SELECT value, above + value * held AS upto, ahead + held AS reach, total,
                 floor(ahead * {_POINTS} / sum(held) OVER ()) AS place,
                 floor(above * {_POINTS} / total) AS part
          FROM ranked)
        SELECT reach, upto, value, total FROM marked m
        WHERE true AND (value) IN (
          SELECT min(value) FROM marked GROUP BY place UNION SELECT min(value) FROM marked GROUP BY part)
        ORDER BY reach"""  # noqa: S608  our own parts
    rows = _all(Sql(query, ranked.params))
    facts = _one(
        Sql(
            f"""SELECT count(*), count(*) FILTER (WHERE value > 0), count(*) FILTER (WHERE value < 0),
                COALESCE(sum(value) FILTER (WHERE value < 0), 0),
                count(*) FILTER (WHERE value IS NULL AND raw IS NOT NULL),
                array_agg(DISTINCT currency) FILTER (WHERE value IS NULL AND raw IS NOT NULL),
                count(*) FILTER (WHERE value = 0 OR raw IS NULL)
            FROM (SELECT {value.text} AS value, c.{metric} AS raw, c.currency FROM customers_customer c) every""",  # noqa: S608
            value.params,
        )
    )
    return Curve(
        points=[[int(reach), str(round(upto, 2)), str(round(value, 2))] for reach, upto, value, _total in rows],
        customers=facts[0],
        paying=facts[1],
        revenue=round(rows[0][3], 2) if rows else Decimal(0),
        facts={
            "refunds": facts[2],
            "refunded": str(round(facts[3], 2)),
            "unknown": facts[4],
            "currencies": facts[5] or [],
            "nothing": facts[6],
        },
    )


def tiers_now(metric: str, ground: Ground) -> list[list[Any]]:
    """[tier id or null, customers, revenue above nothing] as they are. One pass."""
    value = amount(metric, ground)
    query = f"""SELECT c.tier_id, count(*), COALESCE(sum(GREATEST({value.text}, 0)), 0)
        FROM customers_customer c GROUP BY c.tier_id"""  # noqa: S608  our own parts
    return [[tier_id, count, str(round(revenue, 2))] for tier_id, count, revenue in _all(Sql(query, value.params))]


def levels_json(levels: Levels) -> dict[str, Any]:
    return {name: [None if one is None else str(one) for one in getattr(levels, name)] for name in ("enter", "stay")}


def read_levels(raw: Any) -> Levels:
    def amounts(name: str) -> tuple[Decimal | None, ...]:
        return tuple(None if one is None else Decimal(one) for one in (raw or {}).get(name, ()))

    return Levels(amounts("enter"), amounts("stay"))


def _all(query: Sql) -> list[tuple[Any, ...]]:
    """With memory enough to sort a million amounts at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(query.text, query.params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _one(query: Sql) -> tuple[Any, ...]:
    return _all(query)[0]


def took_ms(began: datetime, ended: datetime) -> int:
    return round((ended - began).total_seconds() * 1000)
