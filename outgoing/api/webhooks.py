"""Subscriptions and their deliveries for programs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from access.keeping import Kept, told
from access.resources import Resource
from access.serializers import Choice, StrictModel
from outgoing.models import Delivery, Kind, Subscription
from outgoing.services import change_subscription, send_again, subscribe, unsubscribe


class SubscriptionBody(StrictModel):
    kinds = serializers.ListField(child=Choice(choices=Kind.choices), min_length=1, max_length=20)

    class Meta:
        model = Subscription
        fields: tuple[str, ...] = (
            "id",
            "name",
            "url",
            "kinds",
            "personal",
            "is_active",
            "failing_since",
            "disabled_why",
            "created_at",
        )
        read_only_fields: tuple[str, ...] = ("failing_since", "disabled_why", "created_at")

    def unchecked(self) -> set[str]:
        return {"secret", "created_at"}


class SubscriptionMade(SubscriptionBody):
    secret = serializers.CharField(read_only=True, help_text="Signs what we send. It is shown this once.")

    class Meta(SubscriptionBody.Meta):
        fields = (*SubscriptionBody.Meta.fields, "secret")


@extend_schema_view(**told("webhook subscription", "webhook subscriptions", body=SubscriptionBody))
class Webhooks(Kept):
    tag = "webhooks"
    serializer_class = SubscriptionBody
    lookup_value_regex = "[0-9]{1,18}"
    scopes: ClassVar[Any] = Kept.scopes_of("webhooks")
    orders: ClassVar[Any] = {"id": "id", "name": "name"}
    search_in = ("name", "url")
    search_help = "A part of the name or the address."

    def get_queryset(self) -> QuerySet[Subscription]:
        return Subscription.objects.defer("secret")

    @extend_schema(summary="Add one webhook subscription", responses={201: SubscriptionMade})
    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = subscribe(**serializer.validated_data, by=self.key.user, now=timezone.now())
        body = SubscriptionMade(made.subscription).data
        where = reverse("webhook-detail", args=[made.subscription.pk], request=request)
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": where})

    def change(self, serializer: Any) -> Subscription:
        return change_subscription(subscription=serializer.instance, **serializer.validated_data)

    def destroy(self, request: Request, **_kwargs: Any) -> Response:  # noqa: ARG002
        unsubscribe(subscription_id=self.get_object().pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class DeliveryBody(serializers.ModelSerializer[Delivery]):
    webhook = serializers.IntegerField(source="subscription_id", help_text="Id of the subscription.")

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = (
            "id",
            "webhook",
            "event_id",
            "kind",
            "state",
            "attempts",
            "due_at",
            "status",
            "response",
            "error",
            "took_ms",
            "created_at",
            "sent_at",
        )


@extend_schema_field({"type": "integer"})
class IdFilter(filters.NumberFilter):  # type: ignore[misc]
    """The id of a row; a foreign key would be told of as any number."""


class DeliveryFilters(filters.FilterSet):  # type: ignore[misc]
    webhook = IdFilter(field_name="subscription_id", help_text="Id of the subscription.")
    state = filters.ChoiceFilter(choices=Delivery.State.choices)
    kind = filters.ChoiceFilter(choices=Kind.choices)

    class Meta:
        model = Delivery
        fields: ClassVar[Any] = []


@extend_schema_view(
    list=extend_schema(summary="List what was sent, and what is due"),
    retrieve=extend_schema(summary="One delivery"),
)
class Deliveries(Resource):
    tag = "webhooks"
    serializer_class = DeliveryBody
    filterset_class = DeliveryFilters
    lookup_value_regex = "[0-9]{1,18}"
    scopes: ClassVar[Any] = {"list": "webhooks:read", "retrieve": "webhooks:read", "again": "webhooks:write"}
    default_order = "-id"

    def get_queryset(self) -> QuerySet[Delivery]:
        return Delivery.objects.defer("facts", "body")

    @extend_schema(summary="Send it again", request=None, responses={200: DeliveryBody})
    @action(detail=True, methods=["post"], url_path="send-again")
    def again(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        row = self.get_object()
        send_again(delivery_ids=[row.pk], now=timezone.now())
        return Response(DeliveryBody(self.get_queryset().get(pk=row.pk)).data)
