"""Everything that the canvas needs to open a flow, in one answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from customers.enrichment.models import DataSource
from queues.models import OpeningHours, Queue
from routing.admin.canvas import numbers as numbers_of
from routing.admin.canvas.door import Asked, canvas_view, page
from routing.catalog import catalog, inputs_of
from routing.engine.checks.catalog import Catalog
from routing.engine.definition import Definition
from routing.engine.drawing.analysis import analyse, shown_step
from routing.engine.steps import STEP_TYPES
from routing.engine.steps.end import End
from routing.models import Flow
from routing.selectors import full_name, last_writer

# The languages that prompts are written in most; any other can be typed.
_LANGUAGES = "en de fr es it nl pl pt tr ru uk cs sk hu ro bg el sv da nb fi et lv lt sl hr sr ar he fa hi ja ko zh-hans vi th id"


def with_live() -> QuerySet[Flow]:
    """Flows with the definition that is live, to tell whether the draft differs."""
    return Flow.objects.select_related("live").defer("live__subflows")


@canvas_view("GET", flows=with_live)
def document(asked: Asked) -> dict[str, Any]:
    """The draft, what is wrong with it, what it may be built of, and every address of the canvas."""
    flow = asked.flow
    known = catalog()
    return {
        "flow": flow_info(flow),
        "definition": flow.draft,
        "analysis": analyse(flow.draft, known, key=flow.key),
        "palette": palette(),
        "catalog": choices(but=flow, live=known.flows),
        "languages": [{"code": code, "name": language_name(code)} for code in _LANGUAGES.split()],
        "may": {
            "edit": asked.may("change"),
            "publish": asked.may("publish"),
            "view_contacts": asked.user.has_perm("routing.view_contact"),
            "choose_numbers": numbers_of.may(asked.user, "change"),
        },
        "me": {"name": full_name(asked.user)},
        "urls": urls(flow) | (_makers(flow) if asked.user.has_perm("queues.add_queue") and asked.may("change") else {}),
    }


def flow_info(flow: Flow) -> dict[str, Any]:
    """What the header of the canvas says."""
    return {
        "id": flow.pk,
        "key": flow.key,
        "name": flow.name,
        "description": flow.description,
        "revision": flow.draft_revision,
        "updated_at": flow.updated_at.isoformat(),
        "updated_by": last_writer(flow),
        "live": {"id": flow.live.pk, "number": flow.live.number} if flow.live else None,
        "differs_from_live": differs(flow),
        "numbers": numbers_of.shown(flow),
    }


def differs(flow: Flow) -> bool:
    """Whether the draft says something else than what is live; a flow that was never published differs."""
    return flow.live is None or flow.live.definition != flow.draft


@cache
def _palette() -> list[dict[str, Any]]:
    return [
        {
            "type": step.type,
            "kind": step.kind,
            "schema": step.model_json_schema(),
            "sample": step.sample if step.begins_with is None else step.begins_with,
            "asks": step.asks,
            # A new step has its exits on the canvas before the server was asked about it.
            "exits": shown_step({"id": "new", "type": step.type, "settings": step.sample}, Catalog())["exits"],
        }
        for step in STEP_TYPES
    ]


def palette() -> list[dict[str, Any]]:
    """Each step type with the schema of its settings; a new type needs nothing but itself."""
    return [
        {**entry, "title": str(step.title), "doc": " ".join(_paragraphs(step.__doc__ or ""))}
        for entry, step in zip(_palette(), STEP_TYPES, strict=True)
    ]


def _paragraphs(doc: str) -> list[str]:
    return [" ".join(part.split()) for part in doc.split("\n\n")]


def choices(*, but: Flow, live: Mapping[str, Definition]) -> dict[str, list[dict[str, Any]]]:
    """What settings may refer to, by name; a flow is no sub-flow of its own. `live` are the flows that are published."""
    queues = Queue.objects.filter(is_active=True).order_by("name").values_list("pk", "key", "name")
    hours = OpeningHours.objects.order_by("name").values_list("pk", "key", "name")
    flows = Flow.objects.filter(live__isnull=False).exclude(pk=but.pk).order_by("name").values_list("pk", "key", "name")
    return {
        "queue": [_entry("queues_queue_change", *row) for row in queues],
        "source": [_source(source) for source in DataSource.objects.filter(is_active=True).order_by("name")],
        "hours": [_entry("queues_openinghours_change", *row) for row in hours],
        "flow": [
            {**_entry("routing_flow_change", *row), "results": _results(live[row[1]]) if row[1] in live else []}
            for row in flows
        ],
    }


def _results(definition: Definition) -> list[str]:
    """What the ends of a flow name, which are the exits of the step that walks through it."""
    named = (node.settings.get("result") for node in definition.steps if node.type == End.type)
    return sorted({result for result in named if isinstance(result, str) and result})


def _entry(view: str, pk: int, key: str, name: str) -> dict[str, Any]:
    return {"key": key, "name": name, "url": page(view, pk)}


def _source(source: DataSource) -> dict[str, Any]:
    rows = source.mapping if isinstance(source.mapping, list) else []
    return {
        **_entry("enrichment_datasource_change", source.pk, source.key, source.name),
        "inputs": list(inputs_of(source)),
        "fields": [
            {"name": row["name"], "type": row.get("type", "text"), "sample": row.get("default")}
            for row in rows
            if isinstance(row, dict) and isinstance(row.get("name"), str)
        ],
    }


def language_name(code: str) -> str:
    """“German”, or “German (DE)” where the country is said; the code itself, where nobody knows it."""
    try:
        name = _(get_language_info(code)["name"])
    except KeyError:
        return code
    country = code.partition("-")[2]
    return f"{name} ({country})" if len(country) == 2 else name


def _makers(flow: Flow) -> dict[str, str]:
    """Where the canvas makes what it can make itself."""
    return {"new_queue": reverse("admin:routing_flow_canvas_new_queue", args=[flow.pk])}


def urls(flow: Flow) -> dict[str, str]:
    """Every address below `canvas/`, and pages of the admin around it."""
    change = reverse("admin:routing_flow_change", args=[flow.pk])
    base = change.removesuffix("change/") + "canvas/"
    names = (
        "document draft analyse scope publish versions roll-back compare presence subflow try cases traffic contacts "
        "contact listen naming numbers"
    )
    return {
        **{name.replace("-", "_"): f"{base}{name}/" for name in names.split()},
        "text": f"{change}?text=1",
        "export": reverse("admin:routing_flow_export", args=[flow.pk]),
        "list": reverse("admin:routing_flow_changelist"),
        "import": reverse("admin:routing_flow_import"),
        "add": reverse("admin:routing_flow_add"),
        # Where to make what a setting chooses from, by the kind that its schema names.
        "add_queue": reverse("admin:queues_queue_add"),
        "add_source": reverse("admin:enrichment_datasource_add"),
        "add_hours": reverse("admin:queues_openinghours_add"),
        "add_flow": reverse("admin:routing_flow_add"),
        "change": change,
        "all_numbers": numbers_of.list_page(),
    }
