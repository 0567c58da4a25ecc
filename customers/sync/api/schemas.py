"""What OpenAPI says of the sync's bodies. A record is read by `customers.sync.records`, faster than by serializers."""

from __future__ import annotations

from typing import Any, Final

from customers.models import Consent, Identity
from customers.sync.models import SyncRun
from customers.sync.state import RESULTS

MOST_RECORDS: Final = 10_000


def _or_null(schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    kind = schema["type"]
    found = schema | {"type": [*(kind if isinstance(kind, list) else [kind]), "null"]}
    return found | ({"description": description} if description else {})


_TEXT = {"type": "string"}
_MONEY = _or_null({"type": ["string", "number"]}, 'An amount, best as a text: "1250.50".')
_INSTANT = _or_null({"type": "string"}, "ISO 8601; without an offset it is read as UTC.")
_ADDRESS: Final = {
    "type": "object",
    "required": ["kind", "value"],
    "properties": {
        "kind": {"type": "string", "enum": list(Identity.Kind.values)},
        "value": {"type": "string", "description": "As the CRM has it: it is brought into one spelling."},
    },
}
_RECORD: Final[dict[str, Any]] = {
    "type": "object",
    "title": "SyncRecord",
    "description": "What is not named stays as it is; null clears.",
    "properties": {
        "external_id": {"type": ["string", "integer"], "description": "The CRM's own number."},
        "name": _or_null(_TEXT),
        "language": _or_null(_TEXT, "Such as de or en-GB."),
        "country": _or_null(_TEXT, "Two letters. Telephone numbers as at home are read as of this country."),
        "time_zone": _or_null(_TEXT, "Such as Europe/Berlin."),
        "account_manager": _or_null(_TEXT),
        "tier": _or_null(_TEXT, "The key of a tier."),
        "lifetime_value": _MONEY,
        "revenue_12m": _MONEY,
        "orders": _or_null({"type": "integer"}),
        "last_order_at": _INSTANT,
        "subscription_plan": _or_null(_TEXT),
        "customer_since": _or_null(_TEXT, "A date: 2019-05-01."),
        "currency": _or_null(_TEXT, "Such as EUR."),
        "notes": _or_null(_TEXT),
        "attributes": {
            "type": "object",
            "description": "Further values by name. One that nobody declared is declared by its type.",
            "additionalProperties": True,
        },
        "identities": {"type": "array", "items": _ADDRESS, "description": "Addresses to add, or to find by."},
        "identities_replace": {"type": "boolean", "description": "True: `identities` are all there are."},
        "remove_identities": {"type": "array", "items": _ADDRESS},
        "take_identities": {"type": "boolean", "description": "True: also from another customer who has them."},
        "consents": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["purpose", "granted"],
                "properties": {
                    "purpose": {"type": "string", "enum": list(Consent.Purpose.values)},
                    "granted": {"type": "boolean"},
                    "at": _INSTANT,
                    "source": _or_null(_TEXT),
                },
            },
        },
        "source_version": _or_null({"type": "integer"}, "Newest wins: an older one changes nothing."),
        "source_at": _INSTANT,
        "deleted": {"type": "boolean", "description": "True: the customer is deleted."},
        "merge_into": {"type": ["string", "integer"], "description": "The number of the customer who stays."},
    },
}
# Whatever is wrong with a record is that record's fault in the report, never the request's: hence any value is allowed.
_RECORDS: Final = {
    "type": "array",
    "maxItems": MOST_RECORDS,
    "items": {},
    "description": "Each a `SyncRecord`, which stands among the schemas. What is none of them fails for itself.",
    "example": [{"external_id": "C-1001", "lifetime_value": "1250.50", "tier": "gold"}],
}
BATCH: Final[dict[str, Any]] = {
    "oneOf": [
        {
            "type": "object",
            "required": ["records"],
            "additionalProperties": False,
            "properties": {
                "records": _RECORDS,
                "dry_run": {"type": "boolean"},
                "atomic": {"type": "boolean"},
                "strict": {"type": "boolean"},
            },
        },
        _RECORDS,
    ]
}
_FAULTS: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["field", "code", "detail"],
        "properties": {
            "field": {"type": "string", "description": "Such as attributes.points; empty for the record as a whole."},
            "code": {"type": "string"},
            "detail": {"type": "string"},
        },
    },
}
_COUNTS: Final = {
    "type": "object",
    "required": list(RESULTS),
    "properties": {result: {"type": "integer"} for result in RESULTS},
}
_DECLARED: Final = {
    "type": "object",
    "description": "Further values that were declared on the way, by name: their kind.",
    "additionalProperties": {"type": "string"},
}
REPORT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["dry_run", "written", "received", "counts", "declared", "results"],
    "properties": {
        "dry_run": {"type": "boolean"},
        "written": {"type": "boolean"},
        "received": {"type": "integer"},
        "counts": _COUNTS,
        "declared": _DECLARED,
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "external_id", "result"],
                "properties": {
                    "index": {"type": "integer", "description": "Which record, from 0."},
                    "external_id": {"type": ["string", "null"]},
                    "result": {"type": "string", "enum": list(RESULTS)},
                    "repeats": {"type": "integer", "description": "An earlier record of the same customer."},
                    "errors": _FAULTS,
                },
            },
        },
    },
}
RUN: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["id", "state", "is_over", "received", "done", "counts"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "url": {"type": "string"},
        "state": {"type": "string", "enum": list(SyncRun.State.values)},
        "is_over": {"type": "boolean"},
        "dry_run": {"type": "boolean"},
        "received": {"type": "integer", "description": "Records."},
        "received_bytes": {"type": "integer"},
        "done": {"type": "integer"},
        "counts": _COUNTS,
        "declared": _DECLARED,
        "error": {"type": ["string", "null"]},
        "started_at": {"type": "string", "format": "date-time"},
        "finished_at": {"type": ["string", "null"], "format": "date-time"},
    },
}
_NEXT: Final = {"type": ["string", "null"], "description": "The address of the next page; null on the last one."}
RUNS: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["next", "results"],
    "properties": {"next": _NEXT, "results": {"type": "array", "items": RUN}},
}
ERRORS: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["next", "results"],
    "properties": {
        "next": _NEXT,
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["line", "external_id", "errors"],
                "properties": {
                    "line": {"type": "integer", "description": "From 1."},
                    "external_id": {"type": ["string", "null"]},
                    "errors": _FAULTS,
                },
            },
        },
    },
}
CHANGES: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["results", "since", "next", "has_more"],
    "properties": {
        "since": {"type": "string", "description": "Keep it: the next question begins here, today or in a month."},
        "next": _NEXT | {"description": "The address of the next question."},
        "has_more": {"type": "boolean", "description": "False: this was all for now."},
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "external_id", "deleted", "changed_at", "merged_into", "customer"],
                "properties": {
                    "id": {"type": "integer", "description": "Ours, which a customer keeps for life."},
                    "external_id": {
                        "type": "string",
                        "description": "Of whoever was erased it is sealed: “erased:…”. They are known by `id` alone.",
                    },
                    "deleted": {"type": "boolean"},
                    "merged_into": {"type": ["string", "null"]},
                    "changed_at": {"type": "string", "format": "date-time"},
                    "customer": {
                        "type": ["object", "null"],
                        "description": "As they are now; null if deleted.",
                        "additionalProperties": True,
                    },
                },
            },
        },
    },
}


def name_record(result: dict[str, Any], **_others: Any) -> dict[str, Any]:
    """drf-spectacular's hook: what a record is made of, under a name of its own."""
    result["components"]["schemas"]["SyncRecord"] = _RECORD
    return result
