"""Puts policies in force, and customers into tiers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from customers.models import CustomerChange
from customers.nudges import nudge
from customers.tiers.compiling import BY_OF_CODE, CODE_NOW, Levels, Sql, decision
from customers.tiers.matching import Ground
from customers.tiers.models import Policy, Preview, Run, State
from customers.tiers.selectors import ground, levels_in_force, policy_in_force, spec_of
from customers.tiers.shares import levels_json, levels_of
from customers.tiers.signals import Move, tier_changed
from customers.tiers.spec import Spec

CHUNK: Final = 20_000
_KEPT_PREVIEWS: Final = 20


class PolicyChanged(Exception):
    """Another policy was put in force after the preview was made."""


@transaction.atomic
def assign(*, customer_ids: Sequence[int], now: datetime) -> int:
    """Puts these customers into the tiers that the policy gives them; how many moved. A few statements in all.

    To be called in the transaction that changed them. Locks are taken in the order of the ids.
    """
    if not customer_ids:
        return 0
    policy = policy_in_force()
    spec = spec_of(policy)
    facts = ground(currency=spec.currency, now=now)
    code = decision(spec, facts, levels_in_force(policy), is_sharp=False)
    scope = Sql("c.id = ANY(%s::bigint[])", (list(customer_ids),))
    return _move(scope, code, facts, policy)


def _move(scope: Sql, code: Sql, facts: Ground, policy: Policy | None) -> int:
    """Locks whoever is to move and moves them; gives how many came into another tier. Three statements."""
    with connection.cursor() as cursor:
        # Looked at first without a lock: nearly everybody stays. Whoever moves is looked at again once they are locked.
        cursor.execute(
            f"""SELECT c.id FROM customers_customer c
                WHERE {scope.text} AND {code.text} <> {CODE_NOW} ORDER BY c.id FOR NO KEY UPDATE""",  # noqa: S608
            (*scope.params, *code.params),
        )
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return 0
        cursor.execute(
            f"""WITH looked AS MATERIALIZED (
                  SELECT c.id, c.external_id, c.tier_id AS old, c.tier_by AS old_by, {CODE_NOW} AS code_now, {code.text} AS code
                  FROM customers_customer c WHERE c.id = ANY(%s::bigint[])),
                decided AS (
                  SELECT id, external_id, old, old_by, NULLIF(code / 8, 0) AS new, {BY_OF_CODE} AS by FROM looked
                  WHERE code <> code_now),
                written AS (
                  UPDATE customers_customer c SET tier_id = d.new, tier_by = d.by, updated_at = %s::timestamptz,
                    tier_since = CASE WHEN d.old IS NOT DISTINCT FROM d.new THEN c.tier_since
                                      WHEN d.new IS NULL THEN NULL ELSE %s::timestamptz END
                  FROM decided d WHERE c.id = d.id),
                moves AS (
                  SELECT d.id, d.external_id, a.key AS was, b.key AS is_now, d.old_by, d.by FROM decided d
                  LEFT JOIN customers_tier a ON a.id = d.old LEFT JOIN customers_tier b ON b.id = d.new
                  WHERE d.old IS DISTINCT FROM d.new),
                remembered AS (
                  INSERT INTO customers_customerchange (customer_id, at, by, via, changes)
                  SELECT id, %s::timestamptz, '', %s::text,
                         jsonb_build_object('tier', jsonb_build_array(was, is_now),
                                            'tier_by', jsonb_build_array(old_by, by))
                         || CASE WHEN by IN ('rule', 'share') AND %s::int IS NOT NULL
                                 THEN jsonb_build_object('policy', jsonb_build_array(NULL, %s::int))
                                 ELSE '{{}}'::jsonb END FROM moves)
                SELECT id, external_id, was, is_now, by FROM moves ORDER BY id""",  # noqa: S608  our own parts
            (
                *code.params,
                ids,
                *[facts.now] * 3,
                CustomerChange.Via.TIERS.value,
                *[policy.number if policy else None] * 2,
            ),
        )
        moves = [Move(row[0], row[1], row[2] or "", row[3] or "", row[4]) for row in cursor.fetchall()]
    if moves:
        tier_changed.send(sender=Policy, moves=moves, now=facts.now)
    return len(moves)


def put_in_force(
    *, spec: Spec, levels: Levels, by: str, note: str, now: datetime, based_on: int | None = None
) -> Policy:
    """A new version decides from now on; a worker brings everybody into their tier. Raises PolicyChanged."""
    with transaction.atomic():
        current = Policy.objects.select_for_update().filter(is_active=True).first()
        if based_on is not None and based_on != (current.number if current else 0):
            raise PolicyChanged
        if current:
            Policy.objects.filter(pk=current.pk).update(is_active=False)
        last = Policy.objects.order_by("-number").values_list("number", flat=True).first() or 0
        policy = Policy.objects.create(
            number=last + 1,
            spec=spec.as_json(),
            levels=levels_json(levels),
            levels_at=now,
            by=by[:150],
            note=note[:200],
            created_at=now,
        )
        start_run(policy=policy, by=by, now=now, is_sharp=True)
    return policy


def start_run(*, policy: Policy | None, by: str, now: datetime, is_sharp: bool = False) -> Run | None:
    """Has a worker bring everybody into the tier that the policy in force gives; what was under way begins anew."""
    with transaction.atomic():
        if policy is None:
            policy = _first_policy(by=by, now=now)
        under_way = Run.objects.select_for_update().filter(state__in=[State.WAITING, State.RUNNING]).first()
        if under_way:
            # What was decided without the margin and is not finished has to be finished so.
            is_sharp = is_sharp or (under_way.is_sharp and under_way.policy_id == policy.pk)
            under_way.state = State.STOPPED
            under_way.save(update_fields=["state"])
        run = Run.objects.create(policy=policy, by=by[:150], is_sharp=is_sharp, created_at=now, beat_at=now)
        transaction.on_commit(partial(nudge, "tiers.tasks.carry_out", run.pk))
    return run


def _first_policy(*, by: str, now: datetime) -> Policy:
    return Policy.objects.create(
        number=1, spec=Spec().as_json(), by=by[:150], note=_("The CRM decides"), created_at=now
    )


def begin_run(*, run_id: int, now: datetime) -> bool:
    """Counts, and looks anew where the cuts lie; False if somebody else carries it out already, or it is over."""
    run = Run.objects.select_related("policy").get(pk=run_id)
    if run.state != State.WAITING:
        return run.state == State.RUNNING
    spec = spec_of(run.policy)
    levels = levels_of(spec, ground(currency=spec.currency, now=now))
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run_id)
        if locked.state != State.WAITING:
            return locked.state == State.RUNNING
        Policy.objects.filter(pk=run.policy_id, is_active=True).update(levels=levels_json(levels), levels_at=now)
        locked.state, locked.beat_at = State.RUNNING, now
        locked.total, locked.upto = _how_many(), _last_id()
        locked.save(update_fields=["state", "beat_at", "total", "upto"])
    return True


def carry_on_run(*, run_id: int, now: datetime) -> bool:
    """One chunk, in one transaction; True while there is more. Two workers never do the same chunk."""
    with transaction.atomic():
        run = Run.objects.select_for_update(of=("self",)).select_related("policy").get(pk=run_id)
        if run.state != State.RUNNING:
            return False
        if not run.policy.is_active:
            Run.objects.filter(pk=run_id).update(state=State.STOPPED)
            return False
        last, count = next_chunk(run.cursor, run.upto, CHUNK)
        if count:
            spec = spec_of(run.policy)
            facts = ground(currency=spec.currency, now=now)
            code = decision(spec, facts, levels_in_force(run.policy), is_sharp=run.is_sharp)
            scope = Sql("c.id > %s::bigint AND c.id <= %s::bigint", (run.cursor, last))
            run.moved += _move(scope, code, facts, run.policy)
        run.cursor, run.looked_at, run.beat_at = last, run.looked_at + count, now
        run.state = State.RUNNING if count else State.DONE
        run.save(update_fields=["cursor", "looked_at", "moved", "beat_at", "state"])
        return bool(count)


def next_chunk(cursor_id: int, upto: int, size: int) -> tuple[int, int]:
    """The last id of the next `size` customers, and how many they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT max(id), count(*) FROM (SELECT id FROM customers_customer
               WHERE id > %s AND id <= %s ORDER BY id LIMIT %s) chunk""",
            (cursor_id, upto, size),
        )
        last, count = cursor.fetchone()
    return (last or cursor_id, count)


def _how_many() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers_customer")
        return int(cursor.fetchone()[0])


def _last_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(max(id), 0) FROM customers_customer")
        return int(cursor.fetchone()[0])


def expire_by_hand(*, now: datetime, most: int = 5_000) -> int:
    """Whoever's tier by hand is over gets the one that the policy gives."""
    from customers.models import Customer  # noqa: PLC0415  only here

    over = Customer.objects.filter(manual_tier_until__lte=now, tier_by=Customer.TierBy.HAND)
    return assign(customer_ids=list(over.order_by("id").values_list("id", flat=True)[:most]), now=now)


def ask_preview(*, spec: Spec, by: str, note: str, now: datetime) -> Preview:
    """Has a worker count who would move."""
    with transaction.atomic():
        policy = policy_in_force()
        preview = Preview.objects.create(
            spec=spec.as_json(),
            based_on=policy.number if policy else 0,
            by=by[:150],
            note=note[:200],
            created_at=now,
            beat_at=now,
            total=_how_many(),
            upto=_last_id(),
        )
        old = Preview.objects.filter(created_at__lt=now - timedelta(days=1)).order_by("-id")[_KEPT_PREVIEWS:]
        Preview.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
        transaction.on_commit(partial(nudge, "tiers.tasks.look_ahead", preview.pk))
    return preview
