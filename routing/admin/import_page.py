"""The page that takes a flow from a file: says in words what would come of it, and keeps it once somebody agrees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import SELECT_CLASSES

from routing.admin.drafts import ShownFault
from routing.admin.files import TEAM, ImportForm
from routing.catalog import catalog
from routing.engine.drawing.analysis import shown_steps
from routing.engine.drawing.comparison import StepChange, compare
from routing.engine.faults import Fault
from routing.files import FlowFile
from routing.files.foreign import Outcome, systems
from routing.importing import Reading, read_import
from routing.models import Flow
from routing.services import ImportReport, keep_reading

_CHANGES_SHOWN = 60
_TEAMS_SHOWN = 100
_TEXT_SHOWN = 300_000
_OUTCOMES: tuple[Outcome, ...] = ("translated", "differs", "placeholder")


@dataclass(frozen=True, slots=True)
class ShownChange:
    """What would become of one step of a draft that is there already."""

    title: str
    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownTeam:
    """Who took contacts there, and which queue takes them here. Without a name it stands for all of the others."""

    team: str
    field: str
    steps: int
    found: str
    """Name of the queue that takes them unless somebody says otherwise; empty: there is none."""
    chosen: str
    """Key of the queue that somebody said."""


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A data source that would be made. Its address is cut to the host: what is behind may sign in."""

    name: str
    key: str
    host: str
    values: str
    exists: bool
    faults: tuple[str, ...]
    further: str = ""
    """What the one that is there would bring further."""


def import_page(admin: Any, request: HttpRequest) -> HttpResponse:
    """Whoever comes here may add and change flows."""
    form = ImportForm(request.POST or None, request.FILES or None)
    may_publish = admin.has_publish_permission(request)
    if not may_publish:
        del form.fields["publish"]
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": _("Import a flow"),
        "form": form,
        "systems": systems(),
    }
    if request.method != "POST" or not form.is_valid():
        return TemplateResponse(request, "admin/routing/flow/import.html", context)
    text = form.cleaned_data["text"]
    reading = read_import(text, wish=form.wish)
    if reading.sources and not request.user.has_perm("enrichment.add_datasource"):
        context["may_not_add_sources"] = True
        reading = read_import(text, wish=form.wish, may_create_sources=False)
    report: ImportReport | None = None
    flow = Flow.objects.filter(key=reading.file.key).first() if reading.file else None
    revision = flow.draft_revision if flow else 0
    if "_confirm" in request.POST:
        if form.cleaned_data.get("seen") not in {None, revision}:
            context["is_stale"] = True
        else:
            report = _keep(request, form, reading)
            if report.ok:
                _say(request, report)
                return HttpResponseRedirect(reverse("admin:routing_flow_change", args=[report.flow_id]))
    _fill(form, reading, revision)
    faults = report.faults if report else reading.faults
    context |= {
        "reading": reading,
        "faults": [_shown(fault, foreign=reading.foreign is not None) for fault in faults],
        "is_refused": reading.is_refused,
        "differing": report.cases if report else (),
        "preview": _preview(reading, flow),
        "sources": [_source(one) for one in reading.sources],
        "select_class": " ".join(SELECT_CLASSES),
        "teams": _teams(reading, form.wish.queues),
        "queues": sorted(catalog().queues.items(), key=lambda one: one[1]) if reading.foreign else [],
        "counts": {outcome: reading.foreign.count(outcome) for outcome in _OUTCOMES} if reading.foreign else {},
    }
    return TemplateResponse(request, "admin/routing/flow/import.html", context)


def _keep(request: HttpRequest, form: ImportForm, reading: Reading) -> ImportReport:
    assert isinstance(request.user, User)
    return keep_reading(
        reading=reading,
        publish=form.cleaned_data.get("publish", False),
        by=request.user,
        now=timezone.now(),
        despite_cases="_despite_cases" in request.POST,
    )


def _say(request: HttpRequest, report: ImportReport) -> None:
    text = _t("“%(name)s” was created from the file.")
    if not report.created:
        text = _t("The draft of “%(name)s” is now the file's.")
    if report.published:
        text += " " + _t("Version %(number)s is live.")
    messages.success(request, text % {"name": report.name, "number": report.published})
    if report.held:
        messages.warning(request, _t("It is not published: there are faults to mend first."))
    if report.foreign is not None and (marked := report.foreign.count("placeholder")):
        text = ngettext(
            "One step is a placeholder: draw what is meant there.",
            "%(count)s steps are placeholders: draw what is meant there.",
            marked,
        )
        messages.warning(request, text % {"count": marked})


def _shown(fault: Fault, *, foreign: bool) -> ShownFault:
    """Of a translated flow the places are those of steps, not of the file."""
    path = "" if foreign and not fault.line else fault.path
    return ShownFault(fault.message, fault.level, path, fault.step, fault.line, fault.column)


def _fill(form: ImportForm, reading: Reading, revision: int) -> None:
    """The second page has the text in a field, wherever it came from."""
    data: dict[str, Any] = dict(form.data.items())
    text = form.cleaned_data["text"]
    # Of what cannot be mended by hand here, nobody needs megabytes back.
    data["text"] = "" if reading.is_refused and len(text) > _TEXT_SHOWN else text
    data["file_name"] = form.cleaned_data.get("file_name", "")
    if reading.file is not None:
        data["name"], data["key"], data["seen"] = reading.file.name, reading.file.key, str(revision)
    form.data = data


def _preview(reading: Reading, flow: Flow | None) -> dict[str, Any] | None:
    file = reading.file
    if file is None:
        return None
    steps = shown_steps(file.definition, catalog())
    return {
        "file": file,
        "flow": flow,
        "steps": [one for one in steps.values() if one["gist"] or one["title"]],
        "cases": len(file.cases) if file.cases is not None else None,
        **(_changes(flow, file) if flow else {}),
    }


def _changes(flow: Flow, file: FlowFile) -> dict[str, Any]:
    found = compare(flow.draft, file.definition, catalog())
    shown = [_change(one) for one in found.changes if one.kind != "moved"]
    other = list(found.other)
    for label, before, after in (
        (_t("Name"), flow.name, file.name),
        (_t("Description"), flow.description, file.description),
    ):
        if before != after:
            other.append(
                _t("%(label)s: “%(before)s” becomes “%(after)s”.") % {"label": label, "before": before, "after": after}
            )
    moved = sum(one.kind == "moved" for one in found.changes)
    if moved:
        other.append(_t("%(count)s steps stand elsewhere on the canvas.") % {"count": moved})
    return {"changes": shown[:_CHANGES_SHOWN], "more": max(0, len(shown) - _CHANGES_SHOWN), "other": other}


def _change(change: StepChange) -> ShownChange:
    return ShownChange(change.title, change.kind, tuple(_lines(change)) if change.kind == "changed" else ())


def _lines(change: StepChange) -> Iterator[str]:
    nothing = _t("nothing")
    for one in change.fields:
        yield f"{one.label}: {one.before or nothing} → {one.after or nothing}"
    for way in change.exits:
        yield f"{way.label}: {way.before or nothing} → {way.after or nothing}"


def _teams(reading: Reading, chosen: Mapping[str, str]) -> list[ShownTeam]:
    handovers = reading.foreign.handovers if reading.foreign else ()
    names = catalog().queues
    steps: dict[str, int] = {}
    found: dict[str, dict[str, None]] = {}
    for one in handovers:
        steps[one.team] = steps.get(one.team, 0) + len(one.steps)
        if one.queue and not chosen.get(one.team):
            found.setdefault(one.team, {})[names.get(one.queue, one.queue)] = None
    named = [
        ShownTeam(team, TEAM + team, count, ", ".join(found.get(team, ())), chosen.get(team, ""))
        for team, count in steps.items()
        if team
    ][:_TEAMS_SHOWN]
    others = ShownTeam("", TEAM, sum(steps.values()), "", chosen.get("", ""))
    return [others, *named] if handovers else []


def _source(judged: Any) -> ShownSource:
    source = judged.source
    values = ", ".join(row["name"] for row in source.mapping)
    further = ", ".join(row["name"] for row in judged.further)
    return ShownSource(
        source.name, source.key, urlsplit(source.url).hostname or "", values, judged.exists, judged.faults, further
    )
