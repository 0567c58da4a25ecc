"""Webhooks as Meta would post them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from channels.messaging.delivery import Account, Posted
from channels.providers.meta.signature import HEADER, sign

PATH = "/webhooks/meta/"


def signed(data: object, secret: str, external_id: str = "") -> Posted:
    """Meta escapes everything beyond ASCII before it signs."""
    body = json.dumps(data, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua", HEADER: sign(secret, body)}
    return Posted(PATH, headers, body, external_id)


def post_of(
    *, account: Account, channel: str, sender: str, recipient: str, text: str, extra: Mapping[str, Any]
) -> Posted:
    who, own = sender.partition(":")[2], recipient.partition(":")[2]
    if channel == "whatsapp":
        external_id = str(extra.get("external_id") or f"wamid.{uuid.uuid4().hex.upper()}")
        return signed(
            whatsapp_message(account.external_id, own, who, text, external_id, extra), account.secret, external_id
        )
    external_id = str(extra.get("external_id") or f"m_{uuid.uuid4().hex}{uuid.uuid4().hex}")
    message: dict[str, Any] = {"mid": external_id, "text": text}
    if payload := extra.get("payload"):
        message["quick_reply"] = {"payload": str(payload)}
    event = {"sender": {"id": who}, "recipient": {"id": own}, "timestamp": _ms(), "message": message}
    return signed(entry(channel, own, event), account.secret, external_id)


def whatsapp_message(
    business: str, own: str, who: str, text: str, external_id: str, extra: Mapping[str, Any]
) -> dict[str, Any]:
    wa_id = who.removeprefix("+")
    message: dict[str, Any] = {"from": wa_id, "id": external_id, "timestamp": str(int(time.time()))}
    if payload := extra.get("payload"):
        reply = {"type": "button_reply", "button_reply": {"id": str(payload), "title": text}}
        message |= {"type": "interactive", "interactive": reply}
    else:
        message |= {"type": "text", "text": {"body": text}}
    contact = {"profile": {"name": str(extra.get("name") or "Test")}, "wa_id": wa_id}
    return whatsapp_change(business, own, {"contacts": [contact], "messages": [message]})


def whatsapp_change(business: str, own: str, more: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"display_phone_number": own, "phone_number_id": own}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **more}
    changes = [{"value": value, "field": "messages"}]
    return {"object": "whatsapp_business_account", "entry": [{"id": business, "changes": changes}]}


def entry(channel: str, own: str, *events: Mapping[str, Any]) -> dict[str, Any]:
    what = "page" if channel == "messenger" else "instagram"
    return {"object": what, "entry": [{"id": own, "time": _ms(), "messaging": list(events)}]}


def _ms() -> int:
    return int(time.time() * 1000)
