"""What every address of the API shares in OpenAPI: problems, headers, and values of any kind. Read by the settings."""

from __future__ import annotations

from typing import Any, Final

# Whatever the database can keep.
TEXT: Final = r"^[^\u0000]*$"

_PROBLEM: Final = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "description": "What kind of problem: a name to compare with."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do about it, for people."},
        "instance": {"type": "string", "description": "The address that was asked."},
        "errors": {
            "type": "array",
            "description": "Each fault with its place: a JSON pointer into the body, or ?name for the query.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
        "missing_scope": {"type": ["string", "null"], "description": "What the key lacks."},
    },
}
_SAYS = {
    "400": "The query or the body is not right.",
    "401": "No key, or none that opens anything.",
    "403": "The key may not do this: `missing_scope` says what it lacks; or not from this network.",
    "404": "There is no such thing.",
    "406": "Only `application/json` is answered.",
    "409": "The body is as the schema says, but cannot be kept: something is taken, missing, in use, or against a rule.",
    "410": "It is too old to be asked for.",
    "412": "Somebody changed it since the version in `If-Match`; the `ETag` is that of now.",
    "413": "The body is too large.",
    "415": "The body is not `application/json`, or packed with something else than gzip.",
    "429": "Too many requests: `Retry-After` says when to come back.",
    "503": "The database cannot be reached: `Retry-After` says when to come back.",
}
HEADERS: Final = {
    "RateLimit-Limit": ("integer", "Requests that this key may send a minute."),
    "RateLimit-Remaining": ("integer", "How many are left of them."),
    "RateLimit-Reset": ("integer", "Seconds until the count begins anew."),
    "RateLimit-Policy": ("string", "The same as a policy: requests;w=seconds."),
}
# Any value that JSON and PostgreSQL know.
_JSON_VALUE: Final = {
    "description": "Any JSON, without the character NUL.",
    "anyOf": [
        {"type": "null"},
        {"type": "boolean"},
        {"type": "number", "minimum": -1e300, "maximum": 1e300},
        {"$ref": "#/components/schemas/Text"},
        {"type": "array", "items": {"$ref": "#/components/schemas/JsonValue"}},
        {
            "type": "object",
            "propertyNames": {"$ref": "#/components/schemas/Text"},
            "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
        },
    ],
}
COMPONENTS: Final[dict[str, Any]] = {
    "schemas": {
        "Problem": _PROBLEM,
        "Text": {"type": "string", "pattern": TEXT},
        "JsonValue": _JSON_VALUE,
    },
    "headers": {name: {"description": said, "schema": {"type": kind}} for name, (kind, said) in HEADERS.items()},
    "responses": {
        f"Problem{code}": {
            "description": said,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for code, said in _SAYS.items()
    },
}
