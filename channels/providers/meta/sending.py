"""Sends messages by the Graph API.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages,
https://developers.facebook.com/docs/messenger-platform/reference/send-api and
https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import requests

from channels.messaging import http
from channels.messaging.delivery import Account, Delivery, Later, Outgoing, Refused, Sent, Unsure, sentence
from channels.messaging.wording import numbered, word_for_list
from channels.providers.meta.shape import part

VERSION = "v23.0"
GRAPH, INSTAGRAM = "https://graph.facebook.com", "https://graph.instagram.com"
TEXT_CHARS = {"whatsapp": 4_096, "messenger": 2_000, "instagram": 1_000}
WINDOW_H = 24
# Messages a second. WhatsApp: https://developers.facebook.com/docs/whatsapp/throughput. The others may be sent 300 and 100
# texts, but only ten films or sounds, and a page that sends more than 40 messages may be stopped altogether:
# https://developers.facebook.com/docs/messenger-platform/overview/rate-limiting.
_PER_SECOND = {"whatsapp": 80.0, "messenger": 40.0, "instagram": 100.0}
_MEDIA_PER_SECOND = 10.0
# What passes by itself: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes and
# https://developers.facebook.com/docs/graph-api/guides/error-handling. Beyond the first line, the whole number is meant.
_PASSING = frozenset({1, 2, 131000, 131016, 133004})
_TOO_MUCH = frozenset({4, 17, 32, 613, 80007, 130429, 131048})
_TOO_MUCH_FOR_ONE = frozenset({131056})
_QUICK_REPLIES, _BUTTONS, _ROWS = 13, 3, 10
_IMAGES, _VIDEOS = frozenset({".jpg", ".jpeg", ".png", ".webp"}), frozenset({".mp4", ".3gp", ".mov"})
_SOUNDS = frozenset({".mp3", ".ogg", ".opus", ".amr", ".m4a", ".aac", ".wav"})


def deliver(message: Outgoing, account: Account) -> Delivery:
    """One request; never raises."""
    own = message.sender.partition(":")[2]
    if message.channel == "whatsapp":
        url, body = f"{account.api or GRAPH}/{VERSION}/{own}/messages", whatsapp_body(message)
    elif message.template:
        return Refused("This channel has no approved templates.")
    else:
        url, body = _address(message.channel, own, account), messenger_body(message)
    answer = http.post(url, headers={"Authorization": f"Bearer {account.access_token}"}, json=body)
    return _read(answer) if isinstance(answer, requests.Response) else answer


def per_second(channel: str, *, with_media: bool) -> float:
    """Of one number, page or account."""
    return _MEDIA_PER_SECOND if with_media and channel != "whatsapp" else _PER_SECOND.get(channel, _MEDIA_PER_SECOND)


def show_read(channel: str, sender: str, recipient: str, external_id: str, account: Account, *, typing: bool) -> None:
    """One request on WhatsApp, which shows both; elsewhere one for each. Whatever is answered."""
    own = sender.partition(":")[2]
    headers = {"Authorization": f"Bearer {account.access_token}"}
    if channel == "whatsapp":
        body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": external_id}
        if typing:
            body["typing_indicator"] = {"type": "text"}
        http.post(f"{account.api or GRAPH}/{VERSION}/{own}/messages", headers=headers, json=body)
        return
    for action in ("mark_seen", *(("typing_on",) if typing else ())):
        body = {"recipient": {"id": recipient.partition(":")[2]}, "sender_action": action}
        http.post(_address(channel, own, account), headers=headers, json=body)


def _address(channel: str, own: str, account: Account) -> str:
    if account.api:
        return f"{account.api}/{VERSION}/{own}/messages"
    if channel == "instagram" and account.access_token.startswith("IG"):
        return f"{INSTAGRAM}/{VERSION}/{own}/messages"
    # An Instagram account behind a page is reached by the page's token, and the token says which page.
    return f"{GRAPH}/{VERSION}/{'me' if channel == 'instagram' else own}/messages"


def whatsapp_body(message: Outgoing) -> dict[str, Any]:
    recipient = message.recipient.partition(":")[2]
    to = {"to": recipient.removeprefix("+")} if recipient.startswith("+") else {"recipient": recipient}
    body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **to,
        "biz_opaque_callback_data": message.token,
    }
    if message.template:
        return {**body, "type": "template", "template": _template(message)}
    if message.choices:
        if interactive := _interactive(message):
            return {**body, "type": "interactive", "interactive": interactive}
        return {**body, "type": "text", "text": {"preview_url": False, "body": numbered(message.text, message.choices)}}
    if message.media:
        kind = _kind(message.media[0])
        media = {"link": message.media[0]}
        if message.text and kind != "audio":
            media["caption"] = message.text[:1024]
        if kind == "document":
            media["filename"] = PurePosixPath(urlsplit(message.media[0]).path).name or "document"
        return {**body, "type": kind, kind: media}
    return {**body, "type": "text", "text": {"preview_url": False, "body": message.text}}


def _template(message: Outgoing) -> dict[str, Any]:
    template: dict[str, Any] = {
        "name": message.template,
        "language": {"code": (message.language or "en").replace("-", "_")},
    }
    if message.template_values:
        names = message.template_names or ("",) * len(message.template_values)
        values = [
            {"type": "text", **({"parameter_name": name} if name else {}), "text": value}
            for name, value in zip(names, message.template_values, strict=False)
        ]
        template["components"] = [{"type": "body", "parameters": values}]
    return template


def _interactive(message: Outgoing) -> dict[str, Any] | None:
    """Buttons, else a list; None where neither can hold the choices."""
    longest = max(len(label) for _, label in message.choices)
    if not message.text or len(message.text) > 1024:
        return None
    text = {"text": message.text}
    if len(message.choices) <= _BUTTONS and longest <= 20:
        buttons = [{"type": "reply", "reply": {"id": name, "title": label}} for name, label in message.choices]
        return {"type": "button", "body": text, "action": {"buttons": buttons}}
    if len(message.choices) <= _ROWS and longest <= 24:
        rows = [{"id": name, "title": label} for name, label in message.choices]
        button = word_for_list(message.language)
        return {"type": "list", "body": text, "action": {"button": button, "sections": [{"rows": rows}]}}
    return None


def _kind(url: str) -> str:
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    if suffix in _IMAGES:
        return "image"
    if suffix in _VIDEOS:
        return "video"
    return "audio" if suffix in _SOUNDS else "document"


def messenger_body(message: Outgoing) -> dict[str, Any]:
    own: dict[str, Any] = {}
    if message.media:
        kind = _kind(message.media[0]).replace("document", "file")
        own["attachment"] = {"type": kind, "payload": {"url": message.media[0]}}
    elif (
        message.choices and len(message.choices) <= _QUICK_REPLIES and all(len(one[1]) <= 20 for one in message.choices)
    ):
        own["text"] = message.text or "…"
        own["quick_replies"] = [
            {"content_type": "text", "title": label, "payload": name} for name, label in message.choices
        ]
    elif message.choices:
        own["text"] = numbered(message.text, message.choices)
    else:
        own["text"] = message.text
    if message.channel == "messenger":
        own["metadata"] = message.token  # comes back in the echo
    recipient = {"id": message.recipient.partition(":")[2]}
    return {"recipient": recipient, "messaging_type": "RESPONSE", "message": own}


def _read(answer: requests.Response) -> Delivery:
    try:
        found = answer.json()
    except ValueError:
        found = None
    said = found if isinstance(found, dict) else {}
    if answer.ok:
        messages = said.get("messages")
        first = messages[0] if isinstance(messages, list) and messages and isinstance(messages[0], dict) else {}
        external_id = first.get("id") or said.get("message_id")
        return Sent(external_id) if isinstance(external_id, str) and external_id else Unsure("an answer without an id")
    error = part(said, "error")
    code = error.get("code")
    details = part(error, "error_data").get("details")
    why = sentence([answer.status_code, code, details or error.get("message")])
    if later := http.later(answer, why):
        return later
    if code in _TOO_MUCH:
        return Later(why, whole_number=True)
    if code in _PASSING or code in _TOO_MUCH_FOR_ONE:
        return Later(why)
    return Refused(why)
