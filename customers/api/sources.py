"""Data sources for programs, by their key. Their secrets go in and never come out."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field, extend_schema_view
from rest_framework import serializers

from access.keeping import Kept, told
from access.openapi import TEXT
from access.serializers import Json, StrictModel, Text
from customers.enrichment.models import DataSource


@extend_schema_field({"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Text"}})
class Headers(Json):
    pass


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "path"],
            "propertyNames": {"$ref": "#/components/schemas/Text"},
            "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
            "properties": {
                "name": {"type": "string", "pattern": TEXT, "description": "What flows call the value."},
                "path": {"type": "string", "pattern": TEXT, "description": "Where it stands in the answer (JMESPath)."},
                "type": {
                    "type": "string",
                    "pattern": TEXT,
                    "description": "text, number, boolean, date, datetime or list.",
                },
            },
        },
    }
)
class Mapping(Json):
    pass


@extend_schema_field({"type": "array", "items": {"type": "integer", "minimum": 200, "maximum": 499}})
class Statuses(Json):
    pass


class SourceBody(StrictModel):
    headers = Headers(required=False)
    mapping = Mapping(required=False, help_text="Which values to take from an answer.")
    not_found_statuses = Statuses(required=False, help_text="HTTP statuses that mean: no such customer.")
    secret = Text(
        write_only=True, required=False, allow_null=True, max_length=4000, help_text="Kept encrypted, never answered."
    )
    has_secret = serializers.SerializerMethodField(help_text="Whether a secret is kept.")

    class Meta:
        model = DataSource
        fields: tuple[str, ...] = (
            "key",
            "name",
            "method",
            "url",
            "headers",
            "body",
            "auth",
            "auth_name",
            "secret",
            "has_secret",
            "token_url",
            "scope",
            "connect_timeout_s",
            "total_timeout_s",
            "retries",
            "cache_s",
            "last_known_s",
            "mapping",
            "not_found_statuses",
            "not_found_path",
            "breaker_failures",
            "breaker_rest_s",
            "is_active",
            "updated_at",
        )

    def get_has_secret(self, source: DataSource) -> bool:
        return bool(source.secret)


class SourceChange(SourceBody):
    class Meta(SourceBody.Meta):
        read_only_fields = ("key",)


class SourceFilters(filters.FilterSet):  # type: ignore[misc]
    is_active = filters.BooleanFilter()

    class Meta:
        model = DataSource
        fields: ClassVar[Any] = []


@extend_schema_view(**told("data source", "data sources", body=SourceBody))
class Sources(Kept):
    tag = "data-sources"
    serializer_class = SourceBody
    change_class = SourceChange
    filterset_class = SourceFilters
    lookup_field = "key"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,50}"
    scopes: ClassVar[Any] = Kept.scopes_of("sources")
    orders: ClassVar[Any] = {"name": "name", "key": "key", "updated_at": "updated_at"}
    default_order = "name"
    search_in = ("name", "key", "url")
    search_help = "A part of the name, the key or the address."

    def get_queryset(self) -> QuerySet[DataSource]:
        return DataSource.objects.all()
