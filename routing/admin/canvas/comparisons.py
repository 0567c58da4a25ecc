"""Any two states of a flow side by side: versions, the draft, and what is live."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from routing.admin.canvas.document import with_live
from routing.admin.canvas.door import Asked, Refused, canvas_view
from routing.catalog import catalog
from routing.engine.analysis import shown_steps
from routing.engine.comparison import compare


@canvas_view("GET", flows=with_live)
def comparison(asked: Asked) -> dict[str, Any]:
    """From `a` to `b`, each a version's id, `draft` or `live`. The definition has the steps of both."""
    query = asked.request.GET
    before_title, before = _state(asked, query.get("a", "live"))
    after_title, after = _state(asked, query.get("b", "draft"))
    known = catalog()
    found = compare(before, after, known)
    return {
        "a": {"title": before_title},
        "b": {"title": after_title},
        "definition": found.union,
        "analysis": {"faults": [], "steps": shown_steps(found.union, known)},
        "changes": [asdict(change) for change in found.changes],
        "other": list(found.other),
        "same": found.same,
    }


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
