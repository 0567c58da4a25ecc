"""Webhooks of WhatsApp Cloud: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import structlog

from channels.messaging.inbound import Incoming, Malformed, address, identifier, moment, written
from channels.providers.meta.shape import Told, each, objects, part

log = structlog.get_logger(__name__)

CHANNEL = "whatsapp"
_MEDIA = ("image", "video", "audio", "voice", "document", "sticker")
_STATES = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read", "failed": "failed"}
# What nobody wrote to us: a chat that was opened and nothing more.
_SILENT = frozenset({"system", "request_welcome", "ephemeral"})


def read_value(value: dict[str, Any], field: str, where: str, now: datetime) -> Iterator[Told]:
    """All that a `change` tells. Raises Malformed."""
    if field not in {"messages", "smb_message_echoes"}:
        log.info("webhook of no conversation", provider="meta", field=written(field, 60))
        return
    metadata = part(value, "metadata")
    own = address(CHANNEL, metadata.get("phone_number_id"), f"{where}metadata.phone_number_id")
    names = _names(value)
    yield from each(value, "messages", where, lambda message, place: _message(message, own, names, place, now))
    yield from each(value, "statuses", where, lambda status, place: _status(status, own, place, now))
    yield from each(value, "message_echoes", where, lambda echo, place: [_echo(echo, own, place, now)])
    for error in objects(value, "errors"):
        title = written(error.get("title"), 100)
        log.warning("whatsapp tells an error", where=where, code=error.get("code"), title=title)


def _names(value: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """By the sender's id: the name of the profile, and the id that stays when the number is hidden."""
    found: dict[str, tuple[str, str]] = {}
    for contact in objects(value, "contacts"):
        name = written(part(contact, "profile").get("name"), 200)
        user_id = written(contact.get("user_id"), 100)
        for key in (contact.get("wa_id"), contact.get("user_id")):
            if isinstance(key, str) and key:
                found[key] = (name, user_id)
    return found


def peer_of(value: object, where: str) -> str:
    """`whatsapp:+49…`; whoever hides the number has another id. Raises Malformed."""
    found = identifier(value, where)
    return address(CHANNEL, f"+{found}" if found.isascii() and found.isdigit() else found, where)


def _message(
    message: Mapping[str, Any], own: str, names: Mapping[str, tuple[str, str]], where: str, now: datetime
) -> Iterator[Incoming]:
    kind = message.get("type")
    if not isinstance(kind, str):
        raise Malformed(f"{where}type is no text")
    external_id = identifier(message.get("id"), f"{where}id")
    if kind == "system" and (event := _moved(message, external_id, own, where, now)):
        yield event
        return
    if kind in _SILENT or "group_id" in message:
        # What is said in a group is said to the group: an answer to one of them would come out of nowhere.
        log.info("whatsapp tells of no message", type=kind, group="group_id" in message)
        return
    sender_id = message.get("from") or message.get("from_user_id") or message.get("user_id")
    if sender_id is None and len({user_id for _, user_id in names.values()}) == 1:
        # Whoever hides the number may be named beside the message only.
        sender_id = next(iter(names.values()))[1]
    sender = peer_of(sender_id, f"{where}from")
    at = moment(message.get("timestamp"), now)
    if kind in {"reaction", "revoke", "edit"}:
        yield from _about_another(kind, message, external_id, own, sender, where, at)
        return
    name, user_id = names.get(str(sender_id), ("", ""))
    yield Incoming(
        external_id=external_id,
        kind="message",
        recipient=own,
        sender=sender,
        channel=CHANNEL,
        occurred_at=at,
        body={
            **_content(kind, message, where),
            "name": name,
            "identities": [(CHANNEL, user_id)] if user_id else [],
            "facts": _facts(message),
        },
    )


# The second is what versions before 12 of the API say.
_MOVES = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})


def _moved(message: Mapping[str, Any], external_id: str, own: str, where: str, now: datetime) -> Incoming | None:
    """Somebody has another number, or another id, from now on.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/system
    """
    told = part(message, "system")
    old = message.get("from") or message.get("from_user_id")
    new = told.get("wa_id") or told.get("new_wa_id") or told.get("user_id")
    if not old or not new or told.get("type") not in _MOVES:
        return None
    body = {"channel": CHANNEL, "to": peer_of(new, f"{where}system.wa_id")}
    at = moment(message.get("timestamp"), now)
    return Incoming(external_id, "moved", own, peer_of(old, f"{where}from"), CHANNEL, at, body)


def _about_another(
    kind: str, message: Mapping[str, Any], external_id: str, own: str, sender: str, where: str, at: datetime
) -> Iterator[Incoming]:
    inner = part(message, kind)
    other = inner.get("message_id") or inner.get("original_message_id") or part(message, "context").get("id")
    body: dict[str, Any] = {"message": identifier(other, f"{where}{kind}.message_id")}
    if kind == "reaction":
        # Taken back: no emoji.
        yield Incoming(
            external_id, "reaction", own, sender, CHANNEL, at, {**body, "emoji": written(inner.get("emoji"), 32)}
        )
    elif kind == "revoke":
        yield Incoming(external_id, "deletion", own, sender, CHANNEL, at, body)
    else:
        changed = part(inner, "message") or inner
        text = written(part(changed, "text").get("body") or changed.get("body"))
        yield Incoming(external_id, "edit", own, sender, CHANNEL, at, {**body, "text": text})


def _content(kind: str, message: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Type, text, payload, media and details of a message. Raises Malformed."""
    inner = part(message, kind)
    details: dict[str, Any] = {}
    if reply_to := part(message, "context").get("id"):
        details["reply_to"] = written(reply_to, 250)
    if product := written(part(part(message, "context"), "referred_product").get("product_retailer_id"), 100):
        details["product"] = product
    if kind == "text":
        if not isinstance(inner.get("body"), str):
            raise Malformed(f"{where}text.body is no text")
        return {"type": "text", "text": written(inner.get("body")), "details": details}
    if kind in _MEDIA:
        media = {
            "id": inner.get("id"),
            "url": inner.get("url"),
            "type": inner.get("mime_type"),
            "name": inner.get("filename"),
        }
        kept = {name: written(value, 2000) for name, value in media.items() if isinstance(value, str)}
        return {"type": kind, "text": written(inner.get("caption")), "media": [kept], "details": details}
    if kind == "button":
        return {
            "type": "choice",
            "text": written(inner.get("text")),
            "payload": written(inner.get("payload"), 500),
            "details": details,
        }
    if kind == "interactive":
        return {**_interactive(inner), "details": details}
    if kind == "location":
        for name in ("latitude", "longitude", "name", "address"):
            if (value := inner.get(name)) not in (None, ""):
                details["place" if name == "name" else name] = written(str(value), 300)
        return {"type": "location", "text": "", "details": details}
    if kind == "contacts":
        return {"type": "contacts", "text": "", "details": details | {"contacts": _cards(message)}}
    if kind == "order":
        lines = [_order_line(one) for one in objects(inner, "product_items")]
        return {"type": "order", "text": written(inner.get("text")), "details": details | {"order": lines[:50]}}
    errors = [written(str(error.get("title") or error.get("code") or ""), 100) for error in objects(message, "errors")]
    return {"type": "unsupported", "text": "", "details": details | {"kind": written(kind, 40), "errors": errors[:5]}}


def _order_line(item: Mapping[str, Any]) -> str:
    """`2 × shoe-42, 19.9 EUR`."""
    price = f"{written(str(item.get('item_price', '')), 20)} {written(item.get('currency'), 5)}".strip()
    what = f"{written(str(item.get('quantity', 1)), 10)} × {written(str(item.get('product_retailer_id', '')), 100)}"
    return f"{what}, {price}" if price else what


def _interactive(inner: Mapping[str, Any]) -> dict[str, Any]:
    for kind in ("button_reply", "list_reply"):
        if reply := part(inner, kind):
            return {"type": "choice", "text": written(reply.get("title")), "payload": written(reply.get("id"), 500)}
    if form := part(inner, "nfm_reply"):
        return {"type": "form", "text": _filled_in(form)}
    return {"type": "unsupported", "text": ""}


def _filled_in(form: Mapping[str, Any]) -> str:
    """The answers of a form, a line each; its own text is no more than “Sent”."""
    try:
        answers = json.loads(str(form.get("response_json")))
    except (ValueError, RecursionError):
        answers = None
    if not isinstance(answers, dict):
        return written(form.get("body") or form.get("response_json"))
    plain = {name: value for name, value in answers.items() if isinstance(value, str | int | float | bool)}
    lines = [f"{name}: {value}" for name, value in plain.items() if name != "flow_token"]
    return written("\n".join(lines) or form.get("body"))


def _cards(message: Mapping[str, Any]) -> list[str]:
    found = []
    for card in objects(message, "contacts"):
        phones = [written(str(phone.get("phone", "")), 40) for phone in objects(card, "phones")]
        name = written(part(card, "name").get("formatted_name"), 100)
        found.append(" ".join([name, *phones[:3]]).strip())
    return found[:20]


def _facts(message: Mapping[str, Any]) -> dict[str, str]:
    referral = part(message, "referral")
    names = {"source_url": "url", "source_id": "id", "source_type": "type", "headline": "headline", "body": "body"}
    names |= {"ctwa_clid": "click"}
    return {
        f"referral_{ours}": written(referral.get(theirs), 500) for theirs, ours in names.items() if referral.get(theirs)
    }


def _status(status: Mapping[str, Any], own: str, where: str, now: datetime) -> Iterator[Incoming]:
    external_id = identifier(status.get("id"), f"{where}id")
    if status.get("recipient_type") == "group":
        log.info("whatsapp tells the state of a message to a group")
        return
    recipient = peer_of(status.get("recipient_id") or status.get("recipient_user_id"), f"{where}recipient_id")
    state = _STATES.get(str(status.get("status")))
    if state is None:
        log.info("whatsapp tells an unknown state", state=written(str(status.get("status")), 40))
        return
    errors = []
    for error in objects(status, "errors"):
        words = part(error, "error_data").get("details") or error.get("message") or error.get("title")
        errors.append(f"{error.get('code', '')} {written(words, 200)}".strip())
    yield Incoming(
        external_id=identifier(f"{external_id}:{state}", f"{where}id"),
        kind="status",
        recipient=own,
        sender=recipient,
        channel=CHANNEL,
        occurred_at=moment(status.get("timestamp"), now),
        body={
            "message": external_id,
            "token": written(status.get("biz_opaque_callback_data"), 30),
            "state": state,
            "error": "; ".join(errors)[:300],
        },
    )


def _echo(echo: Mapping[str, Any], own: str, where: str, now: datetime) -> Incoming:
    """Written by us on the telephone of the number itself."""
    external_id = identifier(echo.get("id"), f"{where}id")
    return Incoming(
        external_id=identifier(f"{external_id}:echo", f"{where}id"),
        kind="echo",
        recipient=own,
        sender=peer_of(echo.get("to"), f"{where}to"),
        channel=CHANNEL,
        occurred_at=moment(echo.get("timestamp"), now),
        body={"message": external_id, **_content(str(echo.get("type")), echo, where)},
    )
