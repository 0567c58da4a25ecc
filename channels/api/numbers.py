"""Numbers: which account they belong to, which flow they start, and who takes contacts when all else fails."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from access.keeping import Kept, told
from access.serializers import Key, StrictModel, Text
from channels.models import Account, Number
from queues.models import Queue
from routing.models import Flow


class NumberBody(StrictModel):
    account = Key(slug_field="name", queryset=Account.objects.all(), help_text="Name of the account at the carrier.")
    flow = Key(queryset=Flow.objects.all(), allow_null=True, required=False, help_text="Key of the flow it starts.")
    fallback_queue = Key(
        queryset=Queue.objects.all(), help_text="Key of the queue that takes whoever cannot be routed."
    )
    access_token = Text(
        write_only=True, required=False, allow_null=True, max_length=4000, help_text="Kept encrypted, never answered."
    )
    has_access_token = serializers.SerializerMethodField(help_text="Whether the number has a token of its own.")

    class Meta:
        model = Number
        fields: tuple[str, ...] = (
            "id",
            "account",
            "address",
            "name",
            "flow",
            "fallback_queue",
            "access_token",
            "has_access_token",
            "is_active",
            "webhooks",
        )
        read_only_fields: tuple[str, ...] = ("id", "webhooks")

    def get_has_access_token(self, number: Number) -> bool:
        return bool(number.access_token)


class NumberChange(NumberBody):
    class Meta(NumberBody.Meta):
        read_only_fields = ("id", "webhooks", "account", "address")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["account"] = serializers.SlugRelatedField(slug_field="name", read_only=True)
        return fields


class NumberFilters(filters.FilterSet):  # type: ignore[misc]
    account = filters.CharFilter(field_name="account__name", help_text="Name of the account.")
    flow = filters.CharFilter(field_name="flow__key", help_text="Key of the flow.")
    is_active = filters.BooleanFilter()

    class Meta:
        model = Number
        fields: ClassVar[Any] = []


@extend_schema_view(**told("number", "numbers", body=NumberBody))
class Numbers(Kept):
    tag = "numbers"
    serializer_class = NumberBody
    change_class = NumberChange
    filterset_class = NumberFilters
    lookup_value_regex = "[0-9]{1,18}"
    scopes: ClassVar[Any] = Kept.scopes_of("numbers")
    orders: ClassVar[Any] = {"address": "address", "id": "id"}
    default_order = "address"
    search_in = ("address", "name")
    search_help = "A part of the number or of its name."

    def get_queryset(self) -> QuerySet[Number]:
        # Definitions are long, and a list has no use for them.
        numbers = Number.objects.select_related("account", "flow", "fallback_queue")
        return numbers.defer("flow__draft", "account__secret")
