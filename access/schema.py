"""What OpenAPI says of every address: the key it wants, its problems, its headers, the fields it can be asked for."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from access.idempotency import HEADER
from access.openapi import HEADERS, TEXT

_WRITES = {"POST", "PUT", "PATCH", "DELETE"}
_WITH_BODY = {"POST", "PUT", "PATCH"}


# As django-filter has it.
_MOST = 1e50
_SOMETHING = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"


class Operation(AutoSchema):
    """One address and method."""

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "") or super().get_tags()[0]]

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        said = str(super().get_description() or "").strip()
        scope = self._scope()
        return f"{said}\n\nNeeds the scope `{scope}`.".strip() if ":" in scope else said

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = []
        if self._doing() in getattr(self.view, "with_fields", ()):
            parameters.append(self._fields())
        if self.method == "POST" and self._scope():
            parameters.append(
                OpenApiParameter(
                    HEADER,
                    {"type": "string", "pattern": "^[!-~]{1,255}$"},
                    OpenApiParameter.HEADER,
                    description=(
                        "Any name of your choosing, such as a UUID. The same request sent again with it gets the "
                        "first one's answer, and nothing is done twice."
                    ),
                )
            )
        return parameters

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None or not self._scope():
            return operation
        content = operation.get("requestBody", {}).get("content", {})
        if any("$ref" not in media["schema"] for media in content.values()):
            operation["requestBody"]["required"] = True  # what is no serializer has no say in it
        for response in operation["responses"].values():
            response.setdefault("headers", {}).update(
                {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS}
            )
        for code in self._problems():
            operation["responses"].setdefault(code, {"$ref": f"#/components/responses/Problem{code}"})
        return operation

    def _problems(self) -> list[str]:
        codes = {"400", "401", "403", "404", "406", "429", "503"}
        if self.method in _WRITES:
            codes |= {"409"}
        if self.method in _WITH_BODY:
            codes |= {"413", "415"}
        codes |= set(getattr(self.view, "problems", {}).get(self._doing(), ()))
        return sorted(codes)

    def _doing(self) -> str:
        return getattr(self.view, "action", None) or self.method.lower()

    def _scope(self) -> str:
        return str(getattr(self.view, "scopes", {}).get(self._doing(), ""))

    def _fields(self) -> OpenApiParameter:
        view: Any = self.view
        names = list(view.get_serializer_class()().fields)
        return OpenApiParameter(
            "fields",
            {"type": "array", "minItems": 1, "items": {"type": "string", "enum": names}},
            style="form",
            explode=False,
            description="Only these fields, separated by commas.",
        )


def _pattern(validator: RegexValidator) -> str:
    regex: Any = validator.regex  # compiled when it is first looked at
    return str(regex.pattern)


class TextScheme(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Texts without NUL, and with something in them where they may not be empty."""

    target_class = "access.serializers.Text"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:  # noqa: ARG002
        schema: dict[str, Any] = {"type": "string"}
        if direction == "request":
            patterns = [_pattern(one) for one in self.target.validators if isinstance(one, RegexValidator)]
            schema["pattern"] = patterns[0] if patterns else TEXT if self.target.allow_blank else _SOMETHING
            if self.target.max_length:
                schema["maxLength"] = self.target.max_length
        return schema


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "access.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "pk_…",
            "description": "A key that was made in the admin under *API keys*: `Authorization: Bearer pk_…`.",
        }


class StrictScheme(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """What a body may not hold beside its fields: anything."""

    target_class = "access.serializers.Strict"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001  its way to go on
        if direction == "request":
            schema["additionalProperties"] = False
        return schema


def forget_required(result: dict[str, Any], **_others: Any) -> dict[str, Any]:
    """drf-spectacular's hook: where `?fields=` chooses, an answer may lack every field."""
    schemas = result["components"]["schemas"]
    for operations in result["paths"].values():
        for operation in operations.values():
            if not any(one.get("name") == "fields" for one in operation.get("parameters", ())):
                continue
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            while "$ref" in schema:
                schema = schemas[schema["$ref"].rpartition("/")[2]]
                results = schema.get("properties", {}).get("results")
                if results and "next" in schema["properties"]:
                    schema = results["items"]
            schema.pop("required", None)
    return result


def say_limits(result: dict[str, Any], **_others: Any) -> dict[str, Any]:
    """drf-spectacular's hook: no text sent holds NUL, which the database cannot keep; no number is beyond reason."""
    todo: list[Any] = [schema for name, schema in result["components"]["schemas"].items() if name.endswith("Request")]
    for operations in result["paths"].values():
        for operation in operations.values():
            todo += [operation.get("requestBody"), operation.get("parameters")]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            if one.get("type") == "string" and not one.keys() & {"pattern", "enum", "format", "const"}:
                one["pattern"] = TEXT
            if one.get("type") == "object" and one.get("additionalProperties"):
                one.setdefault("propertyNames", {"type": "string", "pattern": TEXT})
            todo.extend(one.values())
        elif isinstance(one, list):
            todo.extend(one)
    for operations in result["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter.get("schema", {}).get("type") == "number":
                    parameter["schema"] |= {"maximum": _MOST}
    return result
