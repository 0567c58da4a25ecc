"""Questions with buttons or a list, which Twilio keeps as contents: https://www.twilio.com/docs/content.

All words of a content are variables, so an account has one for each kind and number of answers, whatever is asked.
Within 24 hours of the customer's last message none of them needs WhatsApp's approval.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests
from django.core.cache import cache

from channels.messaging import http
from channels.messaging.delivery import Account, Outgoing
from channels.messaging.wording import word_for_list

_CONTENT = "https://content.twilio.com"
_KEPT_S, _ASKED_AGAIN_S = 30 * 24 * 3600, 3600
_BODY_CHARS = 1_024
# https://www.twilio.com/docs/content/twilio-quick-reply: ten, but three on WhatsApp without approval. What is on them:
# https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages.
_BUTTONS, _BUTTON_CHARS = {"whatsapp": 3, "messenger": 10}, 20
# https://www.twilio.com/docs/content/twiliolist-picker
_ROWS, _ROW_CHARS = {"whatsapp": 10}, 24


@dataclass(frozen=True, slots=True)
class Content:
    """What to send instead of words, and where it is remembered."""

    sid: str
    variables: str
    """JSON."""
    place: str


def content_of(message: Outgoing, account: Account) -> Content | None:
    """The content that asks this, made at the carrier where there is none yet; None: it has to be asked in words."""
    kind = _kind(message)
    if kind is None:
        return None
    place = f"twilio-content:{account.api}:{account.external_id}:{kind}:{len(message.choices)}"
    sid = cache.get(place)
    if sid is None:
        sid = _made(kind, len(message.choices), account)
        cache.set(place, sid, _KEPT_S if sid else _ASKED_AGAIN_S)
    return Content(sid, json.dumps(_variables(kind, message), ensure_ascii=False), place) if sid else None


def forget(content: Content) -> None:
    """The carrier does not take it: words for a while, then it is made anew."""
    cache.set(content.place, "", _ASKED_AGAIN_S)


def _kind(message: Outgoing) -> str | None:
    longest = max((len(label) for _name, label in message.choices), default=0)
    words = (message.text, *(label for _name, label in message.choices))
    # A variable holds a line of text: https://www.twilio.com/docs/content/using-variables-with-content-api
    if message.media or not all(word.strip() and word == " ".join(word.split()) for word in words):
        return None
    if len(message.text) > _BODY_CHARS:
        return None
    if len(message.choices) <= _BUTTONS.get(message.channel, 0) and longest <= _BUTTON_CHARS:
        return "quick-reply"
    if len(message.choices) <= _ROWS.get(message.channel, 0) and longest <= _ROW_CHARS:
        return "list-picker"
    return None


def _variables(kind: str, message: Outgoing) -> dict[str, str]:
    values = [message.text, *([word_for_list(message.language)] if kind == "list-picker" else [])]
    for name, label in message.choices:
        values += [label, name]
    return {str(number): value for number, value in enumerate(values, start=1)}


def types_of(kind: str, count: int) -> dict[str, Any]:
    """The content itself: nothing but variables, numbered in the order of `_variables`."""
    if kind == "list-picker":
        items = [{"item": f"{{{{{2 * n + 1}}}}}", "id": f"{{{{{2 * n + 2}}}}}"} for n in range(1, count + 1)]
        return {"twilio/list-picker": {"body": "{{1}}", "button": "{{2}}", "items": items}}
    actions = [
        {"type": "QUICK_REPLY", "title": f"{{{{{2 * n}}}}}", "id": f"{{{{{2 * n + 1}}}}}"} for n in range(1, count + 1)
    ]
    return {"twilio/quick-reply": {"body": "{{1}}", "actions": actions}}


def _made(kind: str, count: int, account: Account) -> str:
    """Its id; empty if the carrier makes none."""
    variables = 1 + (kind == "list-picker") + 2 * count
    answer = http.post(
        f"{account.api}/content/v1/Content" if account.api else f"{_CONTENT}/v1/Content",
        auth=(account.external_id, account.secret),
        json={
            "friendly_name": f"pareto_{kind.replace('-', '_')}_{count}",
            "language": "en",
            "variables": {str(number): "…" for number in range(1, variables + 1)},
            "types": types_of(kind, count),
        },
    )
    if not isinstance(answer, requests.Response) or not answer.ok:
        return ""
    try:
        sid = answer.json()["sid"]
    except (ValueError, KeyError, TypeError):
        return ""
    return sid if isinstance(sid, str) else ""
