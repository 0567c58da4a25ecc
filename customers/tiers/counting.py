"""How many customers are in each tier: counted at once while they are not very many, else about a minute ago."""

from __future__ import annotations

from typing import Final

from django.core.cache import cache
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from customers.models import Customer, Tier

# A million rows of an index take some 300 ms to count; whoever has fewer always sees the very number.
_MANY: Final = 100_000
# The workers count them anew each minute; without any, a page does after so long.
_KEPT_S: Final = 600
_NAME: Final = "customers-by-tier"


def with_counts(tiers: QuerySet[Tier]) -> QuerySet[Tier]:
    """Each with `customer_count`, to be shown and ordered by. One query of its own, or none."""
    counts = _counts()
    whens = [When(pk=pk, then=Value(count)) for pk, count in counts.items()]
    return tiers.annotate(customer_count=Case(*whens, default=Value(0), output_field=IntegerField()))


def count_again() -> None:
    """Keeps what is to be kept of very many, so that no page has to count them, not even the first."""
    if sum(_count().values()) < _MANY:
        cache.delete(_NAME)


def _counts() -> dict[int, int]:
    kept: dict[int, int] | None = cache.get(_NAME)
    return _count() if kept is None else kept


def _count() -> dict[int, int]:
    rows = Customer.objects.filter(tier__isnull=False).order_by().values("tier_id")
    # The index of tiers alone is read, without a look at tiers or customers.
    counts = dict(rows.annotate(count=Count("*")).values_list("tier_id", "count"))
    if sum(counts.values()) >= _MANY:
        cache.set(_NAME, counts, _KEPT_S)
    return counts
