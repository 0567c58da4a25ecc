"""The versions of a flow: who published what, when and why, and each one to look at."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from routing.admin.canvas.door import Asked, Refused, canvas_view
from routing.admin.canvas.numbers import shown
from routing.catalog import catalog
from routing.engine.drawing.analysis import analyse
from routing.models import Flow
from routing.selectors import version_facts


def without_definitions() -> Any:
    """Flows without what is large in them."""
    return Flow.objects.defer("draft")


@canvas_view("GET", flows=without_definitions)
def versions(asked: Asked) -> list[dict[str, Any]]:
    """Newest first."""
    numbers = [number["address"] for number in shown(asked.flow)]
    return [
        {
            "id": facts.id,
            "number": facts.number,
            "at": facts.published_at.isoformat(),
            "by": facts.published_by,
            "note": facts.note,
            "live": facts.live,
            "contacts_open": facts.contacts_open,
            # Numbers start what is live; other flows walk through the version that they were published with.
            "used_by": [*(numbers if facts.live else ()), *facts.pinned_by],
        }
        for facts in version_facts(asked.flow)
    ]


@canvas_view("GET", flows=without_definitions)
def version(asked: Asked, version_id: int) -> dict[str, Any]:
    """One version, to look at on the canvas."""
    found = asked.flow.versions.defer("subflows").filter(pk=version_id).first() if version_id < 2**63 else None
    if found is None:
        raise Refused(_("This flow has no such version."), 404)
    return {
        "definition": found.definition,
        "analysis": analyse(found.definition, catalog(), key=asked.flow.key),
        "title": _("Version %(number)s") % {"number": found.number},
    }
