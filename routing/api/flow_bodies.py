"""What is sent of flows, and what is answered."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from access.serializers import Integer, Json, Slug, Strict, Text, YesNo
from routing.engine.faults import Fault
from routing.models import Flow, FlowVersion

_FILE_CHARS = 8_000_000


class FaultBody(serializers.Serializer[Any]):
    message = serializers.CharField()
    where = serializers.CharField(help_text="Where in the definition: steps[3].settings.url.")
    step = serializers.CharField(help_text="Id of the step; empty if it belongs to none.")
    level = serializers.ChoiceField(choices=["error", "warning"], help_text="Errors keep it from being published.")
    line = serializers.IntegerField(help_text="In the file, from 1; 0 where there is none.")


class FlowBody(serializers.ModelSerializer[Flow]):
    live_version = serializers.SerializerMethodField(help_text="Number of the live version; null if none is.")
    revision = serializers.IntegerField(
        source="draft_revision", help_text="Grows with each save of the draft. Send it back when you change it."
    )

    class Meta:
        model = Flow
        fields: tuple[str, ...] = ("key", "name", "description", "live_version", "revision", "updated_at")

    def get_live_version(self, flow: Flow) -> int | None:
        return flow.live.number if flow.live else None


class FlowWithDraft(FlowBody):
    definition = serializers.DictField(
        source="draft", help_text="The draft, under the name by which it is sent back. Its form: /schemas/flow.json."
    )

    class Meta(FlowBody.Meta):
        fields = (*FlowBody.Meta.fields, "definition")


@extend_schema_field(
    {
        "type": "object",
        "propertyNames": {"$ref": "#/components/schemas/Text"},
        "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
    }
)
class Definition(Json):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValidationError(_("A definition is an object in braces."), code="invalid")
        return super().to_internal_value(data)


class NewFlow(Strict):
    key = Slug(max_length=50)
    name = Text(max_length=100)
    description = Text(allow_blank=True, required=False, max_length=10_000)
    definition = Definition(help_text="Its form: /schemas/flow.json.")


class DraftChange(Strict):
    revision = Integer(min_value=1, max_value=2_147_483_647, help_text="The one that you read.")
    definition = Definition(help_text="The whole draft.")


class Publishing(Strict):
    note = Text(allow_blank=True, required=False, max_length=500, help_text="What changed.")
    revision = Integer(
        required=False, min_value=1, max_value=2_147_483_647, help_text="Publish only if the draft is still this one."
    )
    despite_cases = YesNo(required=False, help_text="Although its test cases would end otherwise.")


class RollingBack(Strict):
    note = Text(allow_blank=True, required=False, max_length=500)
    despite_cases = YesNo(required=False)


class FlowText(Strict):
    text = Text(max_length=_FILE_CHARS, help_text="A file: a flow of Pareto in JSON or YAML, or one of Twilio Studio.")
    key = Slug(required=False, max_length=50, help_text="Instead of the file's.")
    name = Text(required=False, max_length=100, help_text="Instead of the file's.")


class Importing(FlowText):
    publish = YesNo(required=False, help_text="Otherwise it becomes the draft. Needs flows:publish, too.")
    replace = YesNo(
        required=False,
        help_text="Although the flow of its key was not made from this file: asked for flows of other systems only.",
    )
    despite_cases = YesNo(required=False)


class VersionBody(serializers.ModelSerializer[FlowVersion]):
    published_by = serializers.SerializerMethodField()
    live = serializers.SerializerMethodField(help_text="Whether contacts start it now.")

    class Meta:
        model = FlowVersion
        fields: tuple[str, ...] = ("number", "note", "published_at", "published_by", "live")

    def get_published_by(self, version: FlowVersion) -> str | None:
        by = version.published_by
        return (by.get_full_name() or by.get_username()) if by else None

    def get_live(self, version: FlowVersion) -> bool:
        return version.flow.live_id == version.pk


class VersionWithDefinition(VersionBody):
    definition = serializers.DictField()

    class Meta(VersionBody.Meta):
        fields = (*VersionBody.Meta.fields, "definition")


class Verdict(serializers.Serializer[Any]):
    ok = serializers.BooleanField(help_text="Whether it may be published.")
    faults = FaultBody(many=True)


class ImportBody(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    created = serializers.BooleanField()
    changed = serializers.BooleanField()
    published = serializers.IntegerField(allow_null=True, help_text="Number of the version that is live now.")
    held = serializers.BooleanField(help_text="It was to be published, but has errors: it is kept as the draft.")
    sources = serializers.ListField(child=serializers.CharField(), help_text="Data sources that were made for it.")
    faults = FaultBody(many=True)


def fault_body(fault: Fault) -> dict[str, Any]:
    return {
        "message": str(fault.message),
        "where": fault.path,
        "step": fault.step,
        "level": fault.level,
        "line": fault.line,
    }


def verdict(faults: Any) -> dict[str, Any]:
    return {"ok": all(fault.level != "error" for fault in faults), "faults": [fault_body(fault) for fault in faults]}
