"""Tiers for programs, by their key."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from access.keeping import Kept, told
from access.serializers import StrictModel
from customers.models import Tier
from customers.tiers.counting import with_counts


class TierBody(StrictModel):
    customers = serializers.IntegerField(
        source="customer_count",
        read_only=True,
        help_text="How many are in it: counted each minute where they are very many.",
    )

    class Meta:
        model = Tier
        fields: tuple[str, ...] = ("key", "name", "rank", "head_start_s", "answer_within_s", "color", "customers")

        extra_kwargs: ClassVar[Any] = {"rank": {"min_value": 1}}


class TierChange(TierBody):
    class Meta(TierBody.Meta):
        read_only_fields = ("key",)


class TierFilters(filters.FilterSet):  # type: ignore[misc]
    class Meta:
        model = Tier
        fields: ClassVar[Any] = {"rank": ["exact"]}


@extend_schema_view(**told("tier", "tiers", body=TierBody))
class Tiers(Kept):
    tag = "tiers"
    serializer_class = TierBody
    change_class = TierChange
    filterset_class = TierFilters
    lookup_field = "key"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,50}"
    scopes: ClassVar[Any] = Kept.scopes_of("tiers")
    orders: ClassVar[Any] = {"rank": "rank", "name": "name"}
    default_order = "rank"
    search_in = ("name", "key")

    def get_queryset(self) -> QuerySet[Tier]:
        # Whoever draws the schema has no database to count in.
        is_drawn = getattr(self, "swagger_fake_view", False)
        return Tier.objects.none() if is_drawn else with_counts(Tier.objects.all())
