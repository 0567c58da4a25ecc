"""What customers and their addresses look like to programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from access.serializers import Day, Instant, Integer, Json, Money, Strict, Text
from customers.models import Consent, Customer, Identity

# What is certainly an address of each kind. The sync also takes what people type; here each has one spelling.
PATTERNS = {
    "phone": r"^\+[1-9][0-9]{6,14}$",
    "whatsapp": r"^[A-Za-z][A-Za-z0-9._-]{2,119}$",
    "messenger": r"^[0-9]{3,32}$",
    "instagram": r"^[0-9]{3,32}$",
    "email": r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?\.){1,4}[A-Za-z]{2,20}$",
}
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,59}")
_MOST_ATTRIBUTES, _MOST_IDENTITIES = 200, 50


def _one_of(extra: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "oneOf": [
            {
                "type": "object",
                "required": [*extra, "kind", "value"],
                "properties": {
                    **extra,
                    "kind": {"type": "string", "const": kind},
                    "value": {"type": "string", "pattern": pattern},
                },
                "additionalProperties": False,
            }
            for kind, pattern in PATTERNS.items()
        ]
    }


@extend_schema_field(_one_of({}))
class Address(serializers.Field[Any, Any, Any, Any]):
    """Kind and value; telephone numbers in E.164."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, Mapping) or set(data) != {"kind", "value"}:
            raise ValidationError(_("An object with kind and value is expected."), code="invalid")
        check_address(data["kind"], data["value"])
        return dict(data)

    def to_representation(self, value: Identity) -> dict[str, str]:
        return {"kind": value.kind, "value": value.value}


def check_address(kind: Any, value: Any) -> None:
    """Raises ValidationError unless it is written as its kind wants."""
    if not isinstance(kind, str) or kind not in PATTERNS:
        said = _("The kind is one of %(kinds)s.") % {"kinds": ", ".join(PATTERNS)}
        raise ValidationError({"kind": [said]})
    if not isinstance(value, str) or not re.fullmatch(PATTERNS[kind], value):
        examples = {"phone": "+4915100000001", "email": "ada@example.com", "whatsapp": "DE.13491208655302741918"}
        said = _("Write it such as %(example)s.") % {"example": examples.get(kind, "4815162342")}
        raise ValidationError({"value": [said]})


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": _MOST_ATTRIBUTES,
        "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,59}$"},
        "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
        "description": "Further values by name. null takes one away; what is not named stays.",
    }
)
class Attributes(Json):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict) or len(data) > _MOST_ATTRIBUTES:
            raise ValidationError(_("An object with at most %(count)d names.") % {"count": _MOST_ATTRIBUTES})
        if wrong := [name for name in data if not _ATTRIBUTE.fullmatch(name)]:
            said = _("Names have small letters, digits and _, such as loyalty_status.")
            raise ValidationError({name: [said] for name in wrong})
        return super().to_internal_value(data)


class ConsentBody(serializers.ModelSerializer[Consent]):
    class Meta:
        model = Consent
        fields = ("purpose", "granted", "at", "source")


class CustomerBody(serializers.ModelSerializer[Customer]):
    tier: Any = serializers.SlugRelatedField(
        slug_field="key", read_only=True, allow_null=True, help_text="Key of the tier that counts."
    )
    crm_tier: Any = serializers.SlugRelatedField(
        slug_field="key", read_only=True, allow_null=True, help_text="Key of the tier in the CRM."
    )
    attributes = serializers.DictField(help_text="Further values by name.")
    identities = serializers.ListField(child=Address(), source="identities.all", read_only=True)
    consents = ConsentBody(many=True, read_only=True)

    class Meta:
        model = Customer
        fields: tuple[str, ...] = (
            "id",
            "external_id",
            "name",
            "language",
            "country",
            "time_zone",
            "account_manager",
            "tier",
            "tier_by",
            "tier_since",
            "crm_tier",
            "lifetime_value",
            "revenue_12m",
            "orders",
            "last_order_at",
            "subscription_plan",
            "customer_since",
            "currency",
            "attributes",
            "notes",
            "identities",
            "consents",
            "source_version",
            "source_at",
            "synced_at",
            "created_at",
            "updated_at",
        )


def _text(pattern: str, **kwargs: Any) -> Text:
    return Text(validators=[RegexValidator(pattern)], **kwargs)


def _empty_or(pattern: str) -> str:
    return f"^({pattern})?$"


class CustomerWrite(Strict):
    """What may be said of a customer. Empty or null takes a value away."""

    name = Text(required=False, allow_blank=True, max_length=200)
    language = _text(
        _empty_or("[a-z]{2,3}(-[A-Z]{2})?"), required=False, allow_blank=True, help_text="Such as de or en-GB."
    )
    country = _text(_empty_or("[A-Z]{2}"), required=False, allow_blank=True, help_text="Such as DE.")
    time_zone = Text(required=False, allow_blank=True, max_length=64, help_text="Such as Europe/Berlin.")
    account_manager = Text(required=False, allow_blank=True, max_length=200)
    tier = Text(required=False, allow_null=True, max_length=50, help_text="Key of the tier in the CRM.")
    lifetime_value = Money(required=False, allow_null=True)
    revenue_12m = Money(required=False, allow_null=True)
    orders = Integer(required=False, allow_null=True, min_value=0, max_value=2_147_483_647)
    last_order_at = Instant(required=False, allow_null=True)
    subscription_plan = Text(required=False, allow_blank=True, max_length=100)
    customer_since = Day(required=False, allow_null=True)
    currency = _text("^[A-Z]{3}$", required=False)
    attributes = Attributes(required=False)
    notes = Text(required=False, allow_blank=True, max_length=20_000)
    identities = serializers.ListField(
        child=Address(), required=False, max_length=_MOST_IDENTITIES, help_text="All addresses: others are taken away."
    )


class NewCustomer(CustomerWrite):
    external_id = Text(max_length=100, help_text="The customer number in the CRM.")


class IdentityBody(serializers.ModelSerializer[Identity]):
    customer = serializers.CharField(source="customer.external_id", help_text="The customer number in the CRM.")

    class Meta:
        model = Identity
        fields: tuple[str, ...] = ("id", "customer", "kind", "value")


NEW_IDENTITY = _one_of({"customer": {"type": "string", "maxLength": 100, "pattern": r"^[^\u0000]*$"}})
