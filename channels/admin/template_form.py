"""Choosing an approved template and filling it in, where free text is not allowed any more."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from channels.messaging.models import Conversation
from channels.messaging.templates import VALUE_CHARS, parts_of, places_of, take_templates, templates_for


def template_form(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """What the page needs for it. Which one was chosen stands in the address, so that it works without a script."""
    customer = conversation.customer
    offered = templates_for(conversation, language=customer.language if customer else "")
    wanted = request.GET.get("template", "")
    chosen = next((one for one in offered if str(one.pk) == wanted), offered[0] if len(offered) == 1 else None)
    return {
        "templates": offered,
        "chosen": chosen,
        "may_have_templates": take_templates(conversation),
        "parts": parts_of(chosen.text) if chosen else [],
        "places": [(place, _known(place, conversation)) for place in places_of(chosen.text)] if chosen else [],
        "value_chars": VALUE_CHARS,
    }


def _known(place: str, conversation: Conversation) -> str:
    """A name is the only thing that may be guessed."""
    known = conversation.customer.name if conversation.customer else conversation.name
    return known if place.lower() in {"name", "customer_name", "first_name"} else ""
