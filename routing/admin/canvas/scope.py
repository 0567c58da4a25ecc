"""Which variables a step may use: certain ones, and those known on some ways only, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from routing.admin.canvas.door import Answer, Asked, canvas_view
from routing.engine.checks.scope import Variable, variables_at
from routing.engine.conditions.words import label
from routing.engine.steps import BY_TYPE
from routing.vocabulary import outside


@canvas_view("POST")
def scope_view(asked: Asked) -> Answer:
    """`{definition, step}` → `{variables: […]}`, those of the nearest kind first."""
    definition = asked.definition()
    found = variables_at(definition, asked.text("step", longest=100), outside())
    titles = _titles(definition)
    return {"variables": [shown(variable, titles) for variable in sorted(found, key=_order)]}


_GROUPS = ("fetched", "set", "step", "customer", "synced", "contact", "now")


def _order(variable: Variable) -> tuple[bool, int]:
    return variable.maybe, _GROUPS.index(variable.group)


def shown(variable: Variable, titles: dict[str, str]) -> dict[str, Any]:
    """A variable as the picker takes it."""
    title = titles.get(variable.from_step, variable.from_step)
    return {
        "path": variable.path,
        "label": _word(variable),
        "type": variable.type,
        "sample": variable.sample,
        "group": _group(variable, title),
        "from_step": variable.from_step or None,
        "from_title": title,
        "maybe": variable.maybe,
        "suggestions": list(variable.suggestions),
    }


def _word(variable: Variable) -> str:
    fixed = {
        "contact.from": _("caller or sender"),
        "contact.to": _("number that was called or written to"),
        "contact.channel": _("channel"),
        "contact.reference": _("reference of the contact"),
        "contact.started_at": _("beginning of the contact"),
        "contact.language": _("language of the caller's country"),
        "contact.country": _("country of the caller"),
        "contact.region": _("region of the caller"),
        "contact.city": _("city of the caller"),
        "contact.postal_code": _("postal code of the caller"),
        "contact.caller_name": _("name of the caller, from the carrier"),
        "contact.forwarded_from": _("number that forwarded the call"),
        "contact.attestation": _("how sure the carrier is of the caller's number"),
        "contact.phone": _("telephone number of the sender, wherever known"),
        "contact.sender_id": _("sender, without the channel's name"),
        "contact.name": _("name of the sender, from the channel"),
        "contact.text": _("first message"),
        "contact.referral_url": _("advertisement or link that led here"),
        "contact.referral_headline": _("headline of the advertisement"),
        "contact.referral_ref": _("reference of the link"),
        "customer.tier": _("tier"),
        "customer.tier_name": _("name of the tier"),
        "customer.tier_rank": _("rank of the tier, 1 is the most valuable"),
        "customer.head_start_s": _("head start in seconds"),
        "customer.external_id": _("customer number"),
        "now": _("this moment"),
    }
    return fixed.get(variable.path) or variable.label or label(variable.path)


def _group(variable: Variable, title: str) -> str:
    match variable.group:
        case "contact":
            return _("This contact")
        case "customer":
            return _("Customer")
        case "synced":
            return _("Customer, further values from the CRM")
        case "now":
            return _("Time")
        case "set":
            return _("Set in this flow")
        case "fetched":
            return _("Fetched by “%(step)s”") % {"step": title}
        case _:
            return _("Result of “%(step)s”") % {"step": title}


def _titles(definition: dict[str, Any]) -> dict[str, str]:
    """Step to what people call it."""
    steps = definition.get("steps")
    found: dict[str, str] = {}
    for node in steps if isinstance(steps, list) else []:
        if isinstance(node, dict) and isinstance(node.get("id"), str):
            kind = BY_TYPE.get(node["type"]) if isinstance(node.get("type"), str) else None
            title = node.get("title")
            found[node["id"]] = title if isinstance(title, str) and title else kind.title if kind else node["id"]
    return found
