"""Who would move, were a policy in force: counted in chunks, so that progress can be seen, and nothing is written."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction

from customers.tiers.compiling import Levels
from customers.tiers.matching import Ground
from customers.tiers.models import Preview, State
from customers.tiers.movers import EXAMPLES, looked, most_of_each
from customers.tiers.selectors import ground
from customers.tiers.services import next_chunk
from customers.tiers.shares import levels_json, levels_of, read_levels
from customers.tiers.spec import Spec

_CHUNK: Final = 200_000


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
    sql = looked(spec, facts, levels, after=preview.cursor, upto=last)
    with connection.cursor() as cursor:
        cursor.execute(*most_of_each(sql))
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
    places: Counter[tuple[str, str]] = Counter()
    preview.examples = []
    for one in examples:
        places[one[1], one[2]] += 1
        if places[one[1], one[2]] <= EXAMPLES:
            preview.examples.append(one)
