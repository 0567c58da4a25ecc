"""What flows can know of the house at this moment: facts of a contact, of a customer, and of the answers of data sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from customers.attributes import Attribute, attributes
from customers.enrichment.models import DataSource
from customers.models import Tier
from routing.engine.checks.samples import sample_of
from routing.engine.checks.scope import Field, Outside
from routing.live import LiveFlow, live_flows

# Facts that carriers give with a call; each may be missing.
_CONTACT = (
    Field("from", "text", "+4915100000001"),
    Field("to", "text", "+4930901820"),
    Field("channel", "text", "voice", ("voice", "sms", "whatsapp", "messenger", "instagram")),
    Field("reference", "text", "K7QM2"),
    Field("started_at", "datetime"),
    Field("language", "text", "en", ("en", "de", "fr", "es", "it", "nl", "pl", "tr")),
    Field("country", "text", "DE"),
    Field("region", "text", "Berlin"),
    Field("city", "text", "Berlin"),
    Field("postal_code", "text", "10115"),
    Field("caller_name", "text", "Anna Example"),
    Field("forwarded_from", "text", "+4930901821"),
    Field("attestation", "text", "TN-Validation-Passed-A"),
    # Of whoever writes.
    Field("phone", "text", "+4915100000001"),
    Field("sender_id", "text", "4915100000001"),
    Field("name", "text", "Anna Example"),
    Field("text", "text", "Where is my order?"),
    Field("referral_url", "text", "https://www.example.com/ad"),
    Field("referral_headline", "text", "Sample product"),
    Field("referral_ref", "text", "spring"),
)
_KINDS = {
    "string": "text",
    "number": "number",
    "boolean": "boolean",
    "array": "list",
    "object": "object",
    "date": "date",
    "datetime": "datetime",
}
# Where a value of such a name is a text, it is likely to be the name of a tier.
_LIKE_A_TIER = ("tier", "loyalty", "level")


def outside(*, flows: Mapping[str, LiveFlow] | None = None, sources: Mapping[str, Any] | None = None) -> Outside:
    """For the variable picker. Samples are made up: no real customer's value is shown.

    `flows` and `sources` (key to mapping) are read unless they are given.
    """
    tiers = tuple(Tier.objects.order_by("rank").values_list("key", "name", "rank"))
    keys = tuple(key for key, *_ in tiers)
    if sources is None:
        sources = dict(DataSource.objects.filter(is_active=True).values_list("key", "mapping"))
    fixed = _customer(tiers)
    own = {field.name for field in fixed}
    return Outside(
        contact=_CONTACT,
        customer=fixed,
        synced=tuple(_synced(found, keys) for found in attributes() if found.name not in own),
        sources={key: fields_of(mapping, keys) for key, mapping in sources.items()},
        flows={key: flow.definition for key, flow in (live_flows() if flows is None else flows).items()},
    )


def fields_of(mapping: object, tiers: tuple[str, ...] = ()) -> tuple[Field, ...]:
    """The values of a data source, with an example for each: its default, or one made up from its name."""
    if not isinstance(mapping, list):
        return ()
    return tuple(_mapped(row, tiers) for row in mapping if isinstance(row, dict) and isinstance(row.get("name"), str))


def _mapped(row: Mapping[str, Any], tiers: tuple[str, ...]) -> Field:
    name, kind, default = row["name"], str(row.get("type") or "text"), row.get("default")
    suggestions = _suggested(name, kind, tiers)
    if default is not None and str(default) not in suggestions and kind == "text":
        suggestions = (*suggestions, str(default))
    return Field(name, kind, default if default is not None else _example(name, kind, suggestions), suggestions)


def _synced(found: Attribute, tiers: tuple[str, ...]) -> Field:
    kind = _KINDS.get(found.kind, "text")
    suggestions = found.shared or _suggested(found.name, kind, tiers)
    return Field(
        found.name, kind, {} if kind == "object" else _example(found.name, kind, suggestions), suggestions, found.label
    )


def _suggested(name: str, kind: str, tiers: tuple[str, ...]) -> tuple[str, ...]:
    return tiers if kind == "text" and any(word in name.lower() for word in _LIKE_A_TIER) else ()


def _example(name: str, kind: str, suggestions: tuple[str, ...]) -> Any:
    made_up = sample_of(name, kind)
    return suggestions[0] if suggestions and made_up not in suggestions else made_up


def _customer(tiers: tuple[tuple[str, str, int], ...]) -> tuple[Field, ...]:
    keys = tuple(key for key, *_ in tiers)
    tier = _example("tier", "text", keys)
    # Of one and the same tier.
    place = keys.index(tier) if tier in keys else -1
    return (
        Field("tier", "text", tier, keys),
        Field("tier_name", "text", tiers[place][1] if tiers else "Gold", tuple(name for _, name, _ in tiers)),
        Field("tier_rank", "number", tiers[place][2] if tiers else 2),
        Field("head_start_s", "number", 180),
        Field("lifetime_value", "number", 12500),
        Field("revenue_12m", "number", 4800),
        Field("orders", "number", 12),
        Field("last_order_at", "datetime"),
        Field("subscription_plan", "text", "plus", ("basic", "plus", "premium")),
        Field("customer_since", "date", "2019-05-01"),
        Field("currency", "text", "EUR", ("EUR", "USD", "GBP", "CHF")),
        Field("account_manager", "text", "Maria Muster"),
        Field("name", "text", "Anna Example"),
        Field("language", "text", "en", ("en", "de", "fr", "es", "it", "nl", "pl", "tr")),
        Field("time_zone", "text", "Europe/Berlin"),
        Field("external_id", "text", "C-1001"),
    )
