"""Queues with their SIP addresses, by their key."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError as ModelInvalid
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from access.keeping import Kept, told
from access.serializers import Key, StrictModel
from queues.models import OpeningHours, Queue, SipAddress

_ADDRESSES = 50


class SipAddressBody(StrictModel):
    class Meta:
        model = SipAddress
        fields: tuple[str, ...] = ("uri", "ring_s")
        extra_kwargs: ClassVar[Any] = {
            # What the schema can say of it; which hosts there can be, the model knows.
            "uri": {
                "help_text": "Such as sip:vip@pbx.example.com, or with a port: sip:vip@10.0.0.5:5060;transport=tcp."
            }
        }

    def unchecked(self) -> set[str]:
        return {"queue"}


class _Addresses(serializers.ListSerializer[Any]):
    """At most so many, in their order."""


class QueueBody(StrictModel):
    hours = Key(
        queryset=OpeningHours.objects.all(), allow_null=True, required=False, help_text="Key of its opening hours."
    )
    overflow = Key(
        queryset=Queue.objects.all(), allow_null=True, required=False, help_text="Key of the queue to try next."
    )
    sip_addresses: Any = _Addresses(
        child=SipAddressBody(),
        required=False,
        max_length=_ADDRESSES,
        help_text="Where it rings, in this order. All of them are replaced.",
    )

    class Meta:
        model = Queue
        fields: tuple[str, ...] = (
            "key",
            "name",
            "description",
            "head_start_s",
            "answer_within_s",
            "service_level_percent",
            "hours",
            "overflow",
            "is_active",
            "sip_addresses",
        )

    def validate_sip_addresses(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        uris = [row["uri"] for row in rows]
        if len(set(uris)) < len(uris):
            raise serializers.ValidationError(ErrorDetail(_("A SIP address is there twice."), "taken"))
        return rows

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        rows = attrs.pop("sip_addresses", None)
        attrs = super().validate(attrs)
        return attrs if rows is None else {**attrs, "sip_addresses": rows}

    def create(self, validated_data: dict[str, Any]) -> Queue:
        rows = validated_data.pop("sip_addresses", [])
        queue = Queue(**validated_data)
        queue.save()
        _replace(queue, rows)
        return queue

    def update(self, instance: Queue, validated_data: dict[str, Any]) -> Queue:
        rows = validated_data.pop("sip_addresses", None)
        queue: Queue = super().update(instance, validated_data)
        if rows is not None:
            _replace(queue, rows)
        return queue


def _replace(queue: Queue, rows: list[dict[str, Any]]) -> None:
    """Changes what differs and no more: each row is a line of the log."""
    kept = {row.uri: row for row in queue.sip_addresses.all()}
    wanted = {row["uri"] for row in rows}
    for uri, old in kept.items():
        if uri not in wanted:
            old.delete()
    for position, row in enumerate(rows, start=1):
        address = kept.get(row["uri"]) or SipAddress(queue=queue, uri=row["uri"])
        before = (address.pk, address.position, address.ring_s)
        address.position, address.ring_s = position, row.get("ring_s", address.ring_s)
        if before != (address.pk, address.position, address.ring_s) or address.pk is None:
            try:
                address.full_clean(exclude=["queue"])
            except ModelInvalid as error:
                raise serializers.ValidationError({"sip_addresses": error.messages}) from None
            address.save()


class QueueChange(QueueBody):
    class Meta(QueueBody.Meta):
        read_only_fields = ("key",)


class QueueFilters(filters.FilterSet):  # type: ignore[misc]
    is_active = filters.BooleanFilter()

    class Meta:
        model = Queue
        fields: ClassVar[Any] = []


@extend_schema_view(**told("queue", "queues", body=QueueBody))
class Queues(Kept):
    tag = "queues"
    serializer_class = QueueBody
    change_class = QueueChange
    filterset_class = QueueFilters
    lookup_field = "key"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,50}"
    scopes: ClassVar[Any] = Kept.scopes_of("queues")
    orders: ClassVar[Any] = {"name": "name", "key": "key"}
    default_order = "name"
    search_in = ("name", "key", "description")
    search_help = "A part of the name, the key or the description."

    def get_queryset(self) -> QuerySet[Queue]:
        addresses = Prefetch("sip_addresses", SipAddress.objects.order_by("position", "id"))
        return Queue.objects.select_related("hours", "overflow").prefetch_related(addresses)
