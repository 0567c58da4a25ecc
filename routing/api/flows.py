"""Flows for programs: drafts with their revision, publishing, versions, and flows as files."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from access.paging import CursorPages
from access.problems import Problem, QueryInvalid
from access.resources import Resource
from access.serializers import Strict
from routing.api.flow_bodies import (
    DraftChange,
    FlowBody,
    FlowText,
    FlowWithDraft,
    ImportBody,
    Importing,
    NewFlow,
    Publishing,
    RollingBack,
    Verdict,
    VersionBody,
    VersionWithDefinition,
    fault_body,
    verdict,
)
from routing.api.flow_problems import differ, refused, stale, told
from routing.catalog import catalog
from routing.engine.checks.validation import validate
from routing.engine.faults import DefinitionInvalid
from routing.files.foreign import Wish
from routing.importing import in_the_way, read_import
from routing.models import Flow, FlowVersion
from routing.services import (
    DraftIsStale,
    FlowIsNotPublished,
    create_flow,
    export_flow,
    keep_reading,
    publish_flow,
    roll_back,
    save_draft,
)


class FlowFilters(filters.FilterSet):  # type: ignore[misc]
    is_live = filters.BooleanFilter(
        field_name="live", lookup_expr="isnull", exclude=True, help_text="Whether it has a live version."
    )

    class Meta:
        model = Flow
        fields: ClassVar[Any] = []


_KEY = "[-a-zA-Z0-9_]{1,50}"
_SCOPES = {
    "list": "flows:read",
    "retrieve": "flows:read",
    "create": "flows:write",
    "draft": "flows:write",
    "validate": "flows:read",
    "validate_text": "flows:read",
    "import_text": "flows:write",
    "export": "flows:read",
    "publish": "flows:publish",
    "versions": "flows:read",
    "version": "flows:read",
    "roll_back": "flows:publish",
}


@extend_schema_view(
    list=extend_schema(summary="List flows"),
    retrieve=extend_schema(summary="One flow with its draft", responses={200: FlowWithDraft}),
)
class Flows(Resource):
    tag = "flows"
    serializer_class = FlowBody
    filterset_class = FlowFilters
    lookup_field = "key"
    lookup_value_regex = _KEY
    scopes: ClassVar[Any] = _SCOPES
    query: ClassVar[Any] = {"export": ("file_format", "live"), "versions": ("cursor", "limit", "order")}
    orders: ClassVar[Any] = {"name": "name", "key": "key", "updated_at": "updated_at"}
    default_order = "name"
    search_in = ("name", "key", "description")
    search_help = "A part of the name, the key or the description."

    def get_queryset(self) -> QuerySet[Flow]:
        flows = Flow.objects.select_related("live").defer("live__definition", "live__subflows")
        return flows.defer("draft", "live__definition", "live__subflows") if self.action == "list" else flows

    def get_serializer_class(self) -> Any:
        return FlowWithDraft if self.action == "retrieve" else FlowBody

    @extend_schema(summary="Add a flow with a draft", request=NewFlow, responses={201: FlowWithDraft})
    def create(self, request: Request) -> Response:
        data = _read(NewFlow, request)
        taken: dict[str, Any] = {}
        for field in ("key", "name"):
            if Flow.objects.filter(**{field: data[field]}).exists():
                taken[field] = [ErrorDetail(_("Another flow is called so."), "taken")]
        if taken:
            raise ValidationError(taken)
        try:
            flow = create_flow(
                key=data["key"],
                name=data["name"],
                description=data.get("description", ""),
                definition=data["definition"],
                by=self.key.user,
                now=timezone.now(),
            )
        except DefinitionInvalid as invalid:
            raise refused(invalid.faults) from None
        address = reverse("flow-detail", args=[flow.key], request=request)
        return Response(self._shown(flow), status=status.HTTP_201_CREATED, headers={"Location": address})

    @extend_schema(summary="Replace the draft", request=DraftChange, responses={200: FlowWithDraft})
    @action(detail=True, methods=["put"], url_path="draft")
    def draft(self, request: Request, key: str) -> Response:
        data = _read(DraftChange, request)
        try:
            flow = save_draft(
                flow_id=self._flow(key).pk,
                definition=data["definition"],
                revision=data["revision"],
                by=self.key.user,
                now=timezone.now(),
            )
        except DefinitionInvalid as invalid:
            raise refused(invalid.faults) from None
        except DraftIsStale as late:
            raise stale(late) from None
        return Response(self._shown(flow))

    @extend_schema(
        summary="Check the draft", description="What would keep it from being published.", responses={200: Verdict}
    )
    @action(detail=True, methods=["get"], url_path="validate")
    def validate(self, request: Request, key: str) -> Response:  # noqa: ARG002
        return Response(verdict(validate(self._flow(key).draft, catalog(), key=key)))

    @extend_schema(summary="Check a file", description="Nothing is kept.", request=FlowText, responses={200: Verdict})
    @action(detail=False, methods=["post"], url_path="validate")
    def validate_text(self, request: Request) -> Response:
        data = _read(FlowText, request)
        reading = read_import(data["text"], wish=_wish(data))
        return Response({**verdict(reading.faults), "ok": reading.may_be_published})

    @extend_schema(
        summary="Import a file",
        description="Adds the flow that the file holds, or replaces the draft of the flow of its key.",
        request=Importing,
        responses={200: ImportBody, 201: ImportBody},
    )
    @action(detail=False, methods=["post"], url_path="import")
    def import_text(self, request: Request) -> Response:
        data = _read(Importing, request)
        publish = data.get("publish", False)
        if publish and not self.may("flows:publish"):
            said = _("Importing and publishing at once needs the scope “flows:publish”, too.")
            raise Problem(403, "missing-scope", said, missing_scope="flows:publish")
        wish = _wish(data)
        reading = read_import(data["text"], wish=wish)
        if not data.get("replace", False) and (flow := in_the_way(reading, wish)):
            said = _("“%(flow)s” has this key, and was not made from this file. Send “key” to say which is meant.")
            raise Problem(409, "another-flow", said % {"flow": flow.name}, key=flow.key)
        report = keep_reading(
            reading=reading,
            publish=publish,
            by=self.key.user,
            now=timezone.now(),
            despite_cases=data.get("despite_cases", False),
        )
        if not report.ok:
            if report.cases:
                raise differ(report.cases)
            raise refused(report.faults)
        body = {
            "key": report.key,
            "name": report.name,
            "created": report.created,
            "changed": report.changed,
            "published": report.published,
            "held": report.held,
            "sources": list(report.sources),
            "faults": [fault_body(fault) for fault in report.faults],
        }
        return Response(body, status=status.HTTP_201_CREATED if report.created else status.HTTP_200_OK)

    @extend_schema(
        summary="Export as a file",
        parameters=[
            OpenApiParameter("file_format", str, enum=["json", "yaml"], default="json"),
            OpenApiParameter("live", bool, description="What is live, instead of the draft."),
        ],
        responses={
            (200, "application/json"): OpenApiResponse({"type": "object", "additionalProperties": True}),
            (200, "application/yaml"): OpenApiResponse({"description": "The flow as YAML."}),
        },
    )
    @action(detail=True, methods=["get"], url_path="export")
    def export(self, request: Request, key: str) -> HttpResponse:
        form = request.query_params.get("file_format", "json")
        if form not in {"json", "yaml"}:
            raise QueryInvalid("file_format", _("json or yaml."))
        live = _yes_no(request, "live")
        try:
            text = export_flow(flow=self._flow(key), live=live, form="yaml" if form == "yaml" else "json")
        except FlowIsNotPublished as error:
            raise Problem(404, "not-published", str(error)) from None
        response = HttpResponse(text, content_type=f"application/{form}")
        response.headers["Content-Disposition"] = f'attachment; filename="{key}.{form}"'
        return response

    @extend_schema(summary="Publish the draft", request=Publishing, responses={200: VersionBody})
    @action(detail=True, methods=["post"], url_path="publish")
    def publish(self, request: Request, key: str) -> Response:
        data = _read(Publishing, request)
        with told():
            version = publish_flow(
                flow_id=self._flow(key).pk,
                by=self.key.user,
                now=timezone.now(),
                note=data.get("note", ""),
                revision=data.get("revision"),
                despite_cases=data.get("despite_cases", False),
            )
        return Response(VersionBody(version).data)

    @extend_schema(
        summary="List versions",
        filters=False,
        parameters=[OpenApiParameter("order", str, enum=["number", "-number"], default="-number")],
        responses={200: VersionBody(many=True)},
        operation_id="flows_versions_list",
    )
    @action(detail=True, methods=["get"], url_path="versions")
    def versions(self, request: Request, key: str) -> Response:
        view = _Versions(request=request)
        rows = _versions(self._flow(key)).defer("definition", "subflows")
        pages = CursorPages()
        page = pages.paginate_queryset(rows, request, view)
        return pages.get_paginated_response(list(VersionBody(page, many=True).data))

    @extend_schema(summary="One version with its definition", responses={200: VersionWithDefinition})
    @action(detail=True, methods=["get"], url_path=r"versions/(?P<number>[0-9]{1,9})")
    def version(self, request: Request, key: str, number: str) -> Response:  # noqa: ARG002
        return Response(VersionWithDefinition(get_object_or_404(_versions(self._flow(key)), number=int(number))).data)

    @extend_schema(
        summary="Go back to a version",
        description="Publishes its definition as a new version and makes it the draft.",
        request=RollingBack,
        responses={200: VersionBody},
    )
    @action(detail=True, methods=["post"], url_path=r"versions/(?P<number>[0-9]{1,9})/roll-back")
    def roll_back(self, request: Request, key: str, number: str) -> Response:
        data = _read(RollingBack, request)
        flow = self._flow(key)
        old = get_object_or_404(FlowVersion.objects.only("pk"), flow=flow, number=int(number))
        with told():
            version = roll_back(
                flow_id=flow.pk,
                version_id=old.pk,
                by=self.key.user,
                now=timezone.now(),
                note=data.get("note", ""),
                despite_cases=data.get("despite_cases", False),
            )
        return Response(VersionBody(version).data)

    def _flow(self, key: str) -> Flow:
        return get_object_or_404(Flow.objects.select_related("live"), key=key)

    def _shown(self, flow: Flow) -> Any:
        return FlowWithDraft(Flow.objects.select_related("live").get(pk=flow.pk)).data


class _Versions:
    """How the versions of a flow are ordered."""

    orders: ClassVar[Any] = {"number": "number"}
    default_order = "-number"
    unique_order = "number"

    def __init__(self, *, request: Request) -> None:
        order = request.query_params.get("order")
        if order not in {None, "number", "-number"}:
            raise QueryInvalid("order", _("number or -number."))


def _versions(flow: Flow) -> QuerySet[FlowVersion]:
    rows = FlowVersion.objects.filter(flow=flow).select_related("flow", "published_by")
    return rows.defer("flow__draft")


def _read(body: type[Strict], request: Request) -> dict[str, Any]:
    serializer = body(data=request.data)
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data


def _yes_no(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "false")
    if text not in {"true", "false"}:
        raise QueryInvalid(name, _("true or false."))
    return text == "true"


def _wish(data: dict[str, Any]) -> Wish:
    return Wish(key=data.get("key", ""), name=data.get("name", ""), file_name="")
