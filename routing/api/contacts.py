"""Contacts and why each went where it did: read only, and without what tells who somebody is unless the key may see it."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers

from access.problems import QueryInvalid
from access.resources import Resource
from routing.admin.veil import veiled, veiled_all
from routing.models import Contact, Turn

PERSONAL = "contacts:read_personal"
_NUMBER = re.compile(r"[+\d][\d\s()/.-]{3,}")


class TurnBody(serializers.ModelSerializer[Turn]):
    event = serializers.SerializerMethodField(help_text="What happened.")
    answer = serializers.SerializerMethodField(help_text="What the contact was told.")
    trace = serializers.SerializerMethodField(help_text="Each step, what it saw, and the exit it took.")

    class Meta:
        model = Turn
        fields = ("number", "at", "took_ms", "event", "trace", "answer")

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_event(self, turn: Turn) -> Any:
        return self._shown(turn.event)

    @extend_schema_field({"type": "array", "items": {"type": "object", "additionalProperties": True}})
    def get_answer(self, turn: Turn) -> Any:
        return self._shown(turn.effects)

    @extend_schema_field({"type": "array", "items": {"type": "object", "additionalProperties": True}})
    def get_trace(self, turn: Turn) -> Any:
        return self._shown(turn.trace)

    def _shown(self, value: Any) -> Any:
        return value if self.context["personal"] else _without_people(value)


class ContactBody(serializers.ModelSerializer[Contact]):
    sender = serializers.SerializerMethodField(help_text=f"Masked without the scope {PERSONAL}.")
    customer = serializers.SerializerMethodField(help_text="The customer number in the CRM.")
    tier: Any = serializers.SlugRelatedField(
        slug_field="key", read_only=True, allow_null=True, help_text="Key of the tier, then."
    )
    queue: Any = serializers.SlugRelatedField(
        slug_field="key", read_only=True, allow_null=True, help_text="Key of the queue it went to."
    )
    flow = serializers.SerializerMethodField(help_text="Key of the flow.")
    version = serializers.SerializerMethodField(help_text="Number of the flow's version.")
    why = serializers.SerializerMethodField(help_text="In one sentence.")

    class Meta:
        model = Contact
        fields: tuple[str, ...] = (
            "reference",
            "channel",
            "sender",
            "recipient",
            "customer",
            "tier",
            "flow",
            "version",
            "state",
            "outcome",
            "queue",
            "fell_back",
            "why",
            "started_at",
            "last_event_at",
            "ended_at",
        )

    def get_sender(self, contact: Contact) -> str:
        return contact.sender if self.context["personal"] else masked(contact.sender)

    def get_customer(self, contact: Contact) -> str | None:
        return contact.customer.external_id if contact.customer else None

    def get_flow(self, contact: Contact) -> str | None:
        return contact.version.flow.key if contact.version else None

    def get_version(self, contact: Contact) -> int | None:
        return contact.version.number if contact.version else None

    def get_why(self, contact: Contact) -> str:
        return contact.why_shown if self.context["personal"] else veiled(contact.why_shown)


class ContactWithTurns(ContactBody):
    turns = TurnBody(many=True, read_only=True, help_text="What happened, in order.")

    class Meta(ContactBody.Meta):
        fields = (*ContactBody.Meta.fields, "turns")


class ContactFilters(filters.FilterSet):  # type: ignore[misc]
    channel = filters.ChoiceFilter(choices=Contact.Channel.choices)
    state = filters.ChoiceFilter(choices=Contact.State.choices)
    outcome = filters.ChoiceFilter(choices=[choice for choice in Contact.Outcome.choices if choice[0]])
    queue = filters.CharFilter(field_name="queue__key", help_text="Key of the queue.")
    tier = filters.CharFilter(field_name="tier__key", help_text="Key of the tier.")
    flow = filters.CharFilter(field_name="version__flow__key", help_text="Key of the flow.")
    customer = filters.CharFilter(field_name="customer__external_id", help_text="The customer number in the CRM.")
    fell_back = filters.BooleanFilter(help_text="Whether the number's fallback queue stepped in.")
    started_from = filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="gte", help_text="At or after.")
    started_before = filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="lt", help_text="Before.")

    class Meta:
        model = Contact
        fields: ClassVar[Any] = []


@extend_schema_view(
    list=extend_schema(summary="List contacts"),
    retrieve=extend_schema(summary="One contact with its trace", responses={200: ContactWithTurns}),
)
class Contacts(Resource):
    tag = "contacts"
    http_method_names = ("get", "head")
    serializer_class = ContactBody
    filterset_class = ContactFilters
    lookup_field = "reference"
    lookup_value_regex = "[0-9A-Z]{1,16}"
    scopes: ClassVar[Any] = {"list": "contacts:read", "retrieve": "contacts:read"}
    orders: ClassVar[Any] = {"started_at": "started_at", "last_event_at": "last_event_at"}
    default_order = "-started_at"
    search_help = "The reference; with contacts:read_personal also the whole telephone number."

    def get_serializer_class(self) -> Any:
        return ContactWithTurns if self.action == "retrieve" else ContactBody

    def get_serializer_context(self) -> dict[str, Any]:
        # The schema is made without a key.
        personal = bool(getattr(self.request, "auth", None)) and self.may(PERSONAL)
        return {**super().get_serializer_context(), "personal": personal}

    def get_queryset(self) -> QuerySet[Contact]:
        rows = Contact.objects.select_related("customer", "tier", "queue", "version__flow").only(
            *("reference", "channel", "sender", "recipient", "state", "outcome", "fell_back", "why"),
            *("external_id", "started_at", "last_event_at", "ended_at"),
            *("customer__external_id", "tier__key", "queue__key", "version__number", "version__flow__key"),
        )
        if self.action == "retrieve":
            rows = rows.prefetch_related(Prefetch("turns", Turn.objects.order_by("number")))
        return rows

    def search(self, contacts: QuerySet[Contact], text: str) -> QuerySet[Contact]:
        wanted = Q(reference=text.upper())
        if _NUMBER.fullmatch(text) and len(re.sub(r"\D", "", text)) > 5:
            if not self.may(PERSONAL):
                raise QueryInvalid("search", _("A search by telephone number needs the scope %(s)s.") % {"s": PERSONAL})
            number = re.sub(r"[^\d+]", "", text)
            number = f"+{number[2:]}" if number.startswith("00") else number
            wanted |= Q(sender=number) | Q(sender__endswith=f":{number}")
        return contacts.filter(wanted)


def masked(sender: str) -> str:
    """Enough to tell two apart, too little to call or write to anybody."""
    hidden = veiled(sender)
    channel, colon, address = sender.rpartition(":")
    if hidden == sender and len(address) > 4:
        return f"{channel}{colon}{address[:2]}…{address[-2:]}"
    return hidden


# What somebody said or wrote, and who they are: values that a step saw of these are nobody's business either.
_TOLD = frozenset({"text", "digits", "details", "url", "media"})


def _without_people(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "…" if name in _TOLD and isinstance(one, str) and one else _without_people(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_without_people(one) for one in value]
    return veiled_all(value)
