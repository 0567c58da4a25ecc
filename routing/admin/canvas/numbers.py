"""The numbers and addresses that start the flow, and choosing one for it.

Numbers are a room above: they are reached by their foreign key to flows, never by name.
"""

from __future__ import annotations

from typing import Any

from auditlog.models import LogEntry
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import User
from django.db import models, transaction
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from routing.admin.canvas.door import Asked, Refused, canvas_view
from routing.models import Flow

_SHOWN = 500


def shown(flow: Flow) -> list[dict[str, Any]]:
    """Those that start the flow, each with its page; whether one is switched off."""
    return [
        {"id": number.pk, "address": number.address, "active": number.is_active, "url": _page("change", number.pk)}
        for number in _numbers().filter(flow=flow).order_by("address")
    ]


def may(user: User, action: str) -> bool:
    """Whether somebody may `view` or `change` numbers."""
    meta = _meta()
    return user.has_perm(f"{meta.app_label}.{get_permission_codename(action, meta)}")


def list_page() -> str:
    """The page with all numbers; empty where there is none."""
    return _page("changelist")


@canvas_view("GET", "POST", flows=lambda: Flow.objects.defer("draft"))
def numbers(asked: Asked) -> dict[str, Any]:
    """All numbers, each with the flow that it starts; POST has one start this flow, or another one again.

    `{number, seen, flow}`: `seen` is the id of the flow that it was seen to start and `flow` of that which it shall
    start, or null. One of the two is this flow.
    """
    if asked.request.method == "POST":
        if not may(asked.user, "change"):
            raise Refused(_("You are not allowed to choose numbers. Ask whoever manages your rights."), 403)
        _choose(asked)
    if not may(asked.user, "view") and not may(asked.user, "change"):
        return {"numbers": [], "mine": shown(asked.flow), "left": {}}
    rows = _numbers().select_related("flow").defer("flow__draft").order_by("address")[:_SHOWN]
    return {
        "numbers": [
            {
                "id": number.pk,
                "address": number.address,
                "name": number.name,
                "active": number.is_active,
                "flow": {"id": number.flow.pk, "name": number.flow.name} if number.flow else None,
            }
            for number in rows
        ],
        "mine": shown(asked.flow),
        "left": _left(asked.flow),
        "add_url": _page("add"),
    }


def _left(flow: Flow) -> dict[int, dict[str, Any]]:
    """Number to the flow that it left for this one, as the log of changes has it, where there is that flow still."""
    before: dict[int, int] = {}
    rows = LogEntry.objects.get_for_objects(_numbers().filter(flow=flow)).order_by("timestamp")
    for number, changes in rows.values_list("object_id", "changes"):
        old, new = (changes or {}).get("flow") or (None, None)
        if str(new) == str(flow.pk) and (came_from := str(old)).isdigit():
            before[number] = int(came_from)
        elif new is not None:
            before.pop(number, None)
    names = dict(Flow.objects.filter(pk__in=set(before.values())).values_list("pk", "name"))
    return {number: {"id": old, "name": names[old]} for number, old in before.items() if old in names}


@transaction.atomic
def _choose(asked: Asked) -> None:
    seen, wanted = _flow_id(asked, "seen"), _flow_id(asked, "flow")
    if asked.flow.pk not in {seen, wanted}:
        raise Refused(_("This number has nothing to do with this flow."))
    number = _numbers().select_for_update(of=("self",)).filter(pk=asked.number("number")).first()
    if number is None:
        raise Refused(_("There is no such number. Perhaps somebody deleted it."), 404)
    if number.flow_id == wanted:
        return
    if number.flow_id != seen:
        raise Refused(_("Somebody chose another flow for %(number)s meanwhile.") % {"number": number.address}, 409)
    if wanted is not None and not Flow.objects.filter(pk=wanted).exists():
        raise Refused(_("There is no such flow. Perhaps somebody deleted it."), 404)
    number.flow_id = wanted
    # Whole, so that the log of changes sees it as it sees the form of the number.
    number.save()


def _flow_id(asked: Asked, name: str) -> int | None:
    return None if asked.body.get(name) is None else asked.number(name)


def _numbers() -> models.QuerySet[Any]:
    manager: models.Manager[Any] = _meta().default_manager
    return manager.all()


def _meta() -> Any:
    """What Django knows of the model that has a foreign key called “numbers” to flows."""
    return Flow._meta.get_field("numbers").related_model._meta  # noqa: SLF001  Django's documented API


def _page(which: str, *args: object) -> str:
    meta = _meta()
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_{which}", args=args)
    except NoReverseMatch:
        return ""
