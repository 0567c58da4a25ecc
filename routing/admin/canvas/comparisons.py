"""Any two states of a flow side by side: versions, the draft, and what is live."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from routing.admin.canvas.document import language_name
from routing.admin.canvas.door import Asked, Refused, canvas_view
from routing.catalog import catalog
from routing.engine.drawing.analysis import shown_steps
from routing.engine.drawing.comparison import Path, StepChange, compare
from routing.models import Flow

# What the comparison puts between the names of a field and of what it is in.
_BETWEEN = " · "


def _with_subflows() -> QuerySet[Flow]:
    return Flow.objects.select_related("live")


@canvas_view("GET", "POST", flows=_with_subflows)
def comparison(asked: Asked) -> dict[str, Any]:
    """From `a` to `b`, each a version's id, `draft` or `live`. The definition has the steps of both.

    POST compares the two definitions that were sent as `a` and `b`: what two people made of one draft.
    """
    if asked.request.method == "POST":
        between = compare(asked.definition("a"), asked.definition("b"), catalog())
        return {"changes": list(map(_shown, between.changes)), "other": list(between.other)}
    query = asked.request.GET
    before_title, before = _state(asked, query.get("a", "live"))
    after_title, after = _state(asked, query.get("b", "draft"))
    known = catalog()
    found = compare(before, after, known)
    # The draft takes over what its sub-flows say today; a version keeps what they said when it was published.
    anew = _published_anew(asked.flow) if query.get("b") == "draft" and _is_live(asked.flow, query.get("a", "")) else []
    return {
        "a": {"title": before_title},
        "b": {"title": after_title},
        "definition": found.union,
        "analysis": {"faults": [], "steps": shown_steps(found.union, known)},
        "changes": list(map(_shown, found.changes)),
        "other": [*anew, *found.other],
        "same": found.same and not anew,
    }


def _shown(change: StepChange) -> dict[str, Any]:
    return {
        **asdict(change),
        "fields": [{**asdict(field), "label": _label(field.label, field.path)} for field in change.fields],
    }


def _label(label: str, path: Path) -> str:
    """“What to say · Text · de-DE” as “What to say · German (DE)”: texts are told apart by their language."""
    match path:
        case [*_, "text", str(code)] if label.endswith(f"{_BETWEEN}{code}"):
            return _BETWEEN.join((*label.split(_BETWEEN)[:-2], language_name(code)))
    return label


def _is_live(flow: Flow, which: str) -> bool:
    return which == "live" or which == str(flow.live_id)


def _published_anew(flow: Flow) -> list[str]:
    """Sub-flows of what is live that have a newer live version, in sentences."""
    if flow.live is None or not flow.live.subflows:
        return []
    rows = Flow.objects.filter(key__in=flow.live.subflows, live__isnull=False).order_by("name")
    return [
        _("The flow “%(name)s” was published anew: version %(number)s is walked through from now on.")
        % {"name": name, "number": number}
        for key, name, live_id, number in rows.values_list("key", "name", "live_id", "live__number")
        if live_id != flow.live.subflows[key]
    ]


def _state(asked: Asked, which: str) -> tuple[str, dict[str, Any]]:
    flow = asked.flow
    if which == "draft":
        return _("Draft"), flow.draft
    if which == "live":
        if flow.live is None:
            return _("Nothing yet"), {"format": 1, "steps": []}
        return _("Version %(number)s (live)") % {"number": flow.live.number}, flow.live.definition
    found = None
    if which.isascii() and which.isdecimal() and len(which) < 19:
        found = flow.versions.defer("subflows").filter(pk=which).first()
    if found is None:
        raise Refused(_("This flow has no such version."), 404)
    title = _("Version %(number)s (live)") if found.pk == flow.live_id else _("Version %(number)s")
    return title % {"number": found.number}, found.definition
