"""The revenue over the customers, kept as a picture of a moment."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from customers.tiers.fields import METRICS
from customers.tiers.models import Snapshot
from customers.tiers.selectors import ground, policy_in_force, spec_of
from customers.tiers.shares import curve_of, tiers_now, took_ms


def take_snapshots(*, now: datetime) -> None:
    """One for each metric."""
    for metric in METRICS:
        take_snapshot(metric=metric, now=now)


def take_snapshot(*, metric: str, now: datetime) -> Snapshot:
    """In the currency of the policy in force."""
    began = timezone.now()
    currency = spec_of(policy_in_force()).currency
    facts = ground(currency=currency, now=now)
    curve = curve_of(metric, facts)
    values = {
        "currency": currency,
        "at": now,
        "customers": curve.customers,
        "paying": curve.paying,
        "revenue": curve.revenue,
        "facts": curve.facts | {"tiers": tiers_now(metric, facts)},
        "points": curve.points,
        "took_ms": took_ms(began, timezone.now()),
    }
    snapshot, _created = Snapshot.objects.update_or_create(metric=metric, defaults=values)
    return snapshot
