"""Every address of the canvas, below `<flow>/canvas/`; a view that is missing here does not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from routing.admin.canvas import (
    cases,
    comparisons,
    document,
    drafts,
    listen,
    new_queue,
    numbers,
    presence,
    scope,
    subflows,
    traffic,
    tries,
    versions,
    walk,
)

# Address, view, and the end of the name: `admin:routing_flow_canvas_<name>`.
_VIEWS: tuple[tuple[str, Callable[..., Any], str], ...] = (
    ("document/", document.document, "document"),
    ("draft/", drafts.draft, "draft"),
    ("analyse/", drafts.analyse_only, "analyse"),
    ("scope/", scope.scope_view, "scope"),
    ("listen/", listen.listen_view, "listen"),
    ("new-queue/", new_queue.new_queue, "new_queue"),
    ("publish/", drafts.publish, "publish"),
    ("roll-back/", drafts.back, "roll_back"),
    ("naming/", drafts.naming, "naming"),
    ("numbers/", numbers.numbers, "numbers"),
    ("versions/", versions.versions, "versions"),
    ("versions/<int:version_id>/", versions.version, "version"),
    ("compare/", comparisons.comparison, "compare"),
    ("presence/", presence.presence, "presence"),
    ("subflow/", subflows.subflow, "subflow"),
    ("try/", tries.try_view, "try"),
    ("try/customers/", tries.customers, "try_customers"),
    ("cases/", cases.cases, "cases"),
    ("cases/run/", cases.run_all, "cases_run"),
    ("cases/order/", cases.order, "cases_order"),
    ("cases/<int:case_id>/", cases.case, "case"),
    ("traffic/", traffic.traffic, "traffic"),
    ("contacts/", traffic.contacts, "contacts"),
    ("contact/<int:contact_id>/", walk.contact, "contact"),
)


def canvas_urls(admin_view: Callable[[Callable[..., Any]], Any]) -> list[URLPattern]:
    """For `FlowAdmin.get_urls`; `admin_view` asks whoever is not signed in to do so."""
    return [
        path(f"<int:object_id>/canvas/{address}", admin_view(view), name=f"routing_flow_canvas_{name}")
        for address, view, name in _VIEWS
    ]
