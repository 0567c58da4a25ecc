"""The revenue over the customers, kept as a picture of a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection
from django.utils import timezone

from customers.tiers.fields import METRICS
from customers.tiers.models import Snapshot
from customers.tiers.selectors import ground, policy_in_force, spec_of
from customers.tiers.shares import curve_of, tiers_now, took_ms

BEHIND: Final = 10_000


def take_snapshots(*, now: datetime) -> None:
    """One for each metric."""
    for metric in METRICS:
        take_snapshot(metric=metric, now=now)


def take_snapshot(*, metric: str, now: datetime) -> Snapshot:
    """In the currency of the policy in force."""
    began = timezone.now()
    currency = spec_of(policy_in_force()).currency
    facts = ground(currency=currency, now=now)
    counted_upto = _first_change_not_seen()
    curve = curve_of(metric, facts)
    values = {
        "currency": currency,
        "at": now,
        "customers": curve.customers,
        "paying": curve.paying,
        "revenue": curve.revenue,
        "facts": curve.facts | {"tiers": tiers_now(metric, facts), "counted_upto": counted_upto},
        "points": curve.points,
        "took_ms": took_ms(began, timezone.now()),
    }
    snapshot, _created = Snapshot.objects.update_or_create(metric=metric, defaults=values)
    return snapshot


def customers_since(snapshot: Snapshot) -> int:
    """How many came or changed after it was taken, as far as BEHIND."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM customers_customer WHERE change >= %s LIMIT %s) later",
            (snapshot.facts.get("counted_upto", 0), BEHIND),
        )
        return int(cursor.fetchone()[0])


def _first_change_not_seen() -> int:
    """Customers are marked with the transaction that wrote them: those below this are over, or ours, and were counted."""
    with connection.cursor() as cursor:
        cursor.execute("""SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
                                 pg_current_xact_id_if_assigned()::text::bigint""")
        under_way, own = cursor.fetchone()
        return int(under_way) + int(own == under_way)
