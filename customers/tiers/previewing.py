"""Who would move, were a policy in force: counted in chunks, so that progress can be seen, and nothing is written."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction

from customers.tiers.compiling import BY_OF_CODE, CODE_NOW, Levels, amount, decision
from customers.tiers.matching import Ground
from customers.tiers.models import Preview, State
from customers.tiers.selectors import ground
from customers.tiers.services import next_chunk
from customers.tiers.shares import levels_json, levels_of, read_levels
from customers.tiers.spec import Spec

_CHUNK: Final = 200_000
EXAMPLES: Final = 50


def carry_on_preview(*, preview_id: int, now: datetime) -> bool:
    """One chunk; True while there is more."""
    with transaction.atomic():
        preview = Preview.objects.select_for_update().get(pk=preview_id)
        if preview.state not in {State.WAITING, State.RUNNING}:
            return False
        spec = Spec.model_validate(preview.spec)
        facts = ground(currency=spec.currency, now=now)
        if preview.state == State.WAITING:
            preview.state = State.RUNNING
            preview.levels = levels_json(levels_of(spec, facts))
        levels = read_levels(preview.levels)
        last, count = next_chunk(preview.cursor, preview.upto, _CHUNK)
        if count:
            _add(preview, spec, facts, levels, last)
        preview.cursor, preview.looked_at, preview.beat_at = last, preview.looked_at + count, now
        preview.state = State.RUNNING if count else State.DONE
        preview.save()
        return bool(count)


def _add(preview: Preview, spec: Spec, facts: Ground, levels: Levels, last: int) -> None:
    """The policy is looked at as it will be carried out at first: without its margin."""
    code = decision(spec, facts, levels, is_sharp=True)
    value = amount(spec.metric, facts)
    looked = f"""WITH looked AS MATERIALIZED (
          SELECT c.id, COALESCE(c.tier_id, 0) AS old, {CODE_NOW} AS code_now, {code.text} AS code, {value.text} AS value
          FROM customers_customer c WHERE c.id > %s::bigint AND c.id <= %s::bigint)"""  # noqa: S608  our own parts
    params = (*code.params, *value.params, preview.cursor, last)
    with connection.cursor() as cursor:
        # One scan for both questions: the rows of the matrix first, then the examples.
        cursor.execute(
            f"""{looked},
                top AS (
                  SELECT id, old, code / 8 AS new, value, {BY_OF_CODE} AS by FROM looked WHERE code / 8 <> old
                  ORDER BY value DESC NULLS LAST, id LIMIT {EXAMPLES})
                SELECT NULL::bigint, old, code / 8, sum(GREATEST(value, 0)), NULL::text, count(*) FROM looked
                GROUP BY old, code / 8
                UNION ALL SELECT id, old, new, value, by, 1 FROM top""",  # noqa: S608  our own parts
            params,
        )
        rows = cursor.fetchall()
    keys = {pk: key for key, pk in facts.tiers.items()} | {0: ""}
    counts: Counter[tuple[str, str]] = Counter()
    sums: dict[tuple[str, str], Decimal] = {}
    for before, after, count, revenue in preview.matrix:
        counts[before, after] = count
        sums[before, after] = Decimal(revenue)
    examples: list[list[Any]] = list(preview.examples)
    for customer_id, old, new, revenue, by, count in rows:
        move = (keys.get(old, ""), keys.get(new, ""))
        if customer_id is None:
            counts[move] += count
            sums[move] = sums.get(move, Decimal(0)) + (revenue or 0)
            preview.moved += count if move[0] != move[1] else 0
        else:
            examples.append([customer_id, *move, None if revenue is None else str(round(revenue, 2)), by])
    preview.matrix = [[*move, count, str(round(sums[move], 2))] for move, count in sorted(counts.items())]
    examples.sort(key=lambda one: (one[3] is None, -Decimal(one[3] or 0), one[0]))
    preview.examples = examples[:EXAMPLES]
