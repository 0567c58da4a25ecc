"""Webhooks of Messenger and Instagram, which share a form.

https://developers.facebook.com/docs/messenger-platform/reference/webhook-events and
https://developers.facebook.com/docs/messenger-platform/instagram/features/webhook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import structlog

from channels.messaging.inbound import Incoming, address, identifier, moment, written
from channels.providers.meta.shape import Told, each, objects, part

log = structlog.get_logger(__name__)

_TYPES = {"image": "image", "video": "video", "audio": "audio", "file": "document", "location": "location"}
_STORIES = frozenset({"story_mention", "ig_story", "share", "ig_reel", "reel", "post", "ig_post"})


def read_entry(entry: dict[str, Any], channel: str, where: str, now: datetime) -> Iterator[Told]:
    """All that an entry tells."""
    yield from each(entry, "messaging", where, lambda event, place: _event(event, channel, place, now))
    yield from each(entry, "changes", where, lambda change, place: _change(change, channel, place, now))
    for _ in objects(entry, "standby"):
        # Another app has the conversation at this moment; what is said there is not for us.
        log.info("conversation is with another app", channel=channel)


def _change(change: Mapping[str, Any], channel: str, where: str, now: datetime) -> Iterator[Incoming]:
    """Apps that sign people in by Instagram itself get the same events as changes."""
    value, field = change.get("value"), written(change.get("field"), 60)
    if field.startswith(("message", "messaging")) and isinstance(value, dict) and "sender" in value:
        yield from _event(value, channel, f"{where}value.", now)
    else:
        log.info("webhook of no conversation", provider="meta", field=field)


# Whatever else an event may be about (opt-ins, account links, hand-overs between apps, a warning of Meta's, which is
# of nobody), nobody wrote to us.
_OF_CONVERSATIONS = ("message", "postback", "reaction", "message_edit", "delivery", "read")


def _event(event: Mapping[str, Any], channel: str, where: str, now: datetime) -> Iterator[Incoming]:
    if not any(name in event for name in _OF_CONVERSATIONS):
        log.info("webhook of no message", channel=channel, keys=sorted(map(str, event))[:10])
        return
    sender, recipient = part(event, "sender"), part(event, "recipient")
    if "id" not in sender and "user_ref" in sender:
        log.info("webhook of somebody without an id", channel=channel)
        return
    message = part(event, "message")
    is_echo = bool(message.get("is_echo"))
    us, them = (sender, recipient) if is_echo else (recipient, sender)
    own = address(channel, us.get("id"), f"{where}{'sender' if is_echo else 'recipient'}.id")
    peer = address(channel, them.get("id"), f"{where}{'recipient' if is_echo else 'sender'}.id")
    at = _at(event.get("timestamp"), now)
    made = _Maker(channel, own, peer, at, where)
    if message:
        yield _message(made, message)
    elif postback := part(event, "postback"):
        yield _postback(made, postback, event)
    elif reaction := part(event, "reaction"):
        yield _reaction(made, reaction, event)
    elif edit := part(event, "message_edit"):
        mid = identifier(edit.get("mid"), f"{where}message_edit.mid")
        count = written(str(edit.get("num_edit", event.get("timestamp", ""))), 20)
        yield made(f"{mid}:edit:{count}", "edit", {"message": mid, "text": written(edit.get("text"))})
    else:
        yield from _seen(made, event)


def _at(timestamp: object, now: datetime) -> datetime:
    """In milliseconds; where people sign in by Instagram itself, in seconds."""
    digits = str(timestamp)
    return moment(timestamp, now, per_second=1 if len(digits) <= 11 else 1000)


class _Maker:
    """Events of one pair of people."""

    def __init__(self, channel: str, own: str, peer: str, at: datetime, where: str) -> None:
        self.channel, self.own, self.peer, self.at, self.where = channel, own, peer, at, where

    def __call__(self, external_id: str, kind: Any, body: Mapping[str, Any], at: datetime | None = None) -> Incoming:
        external_id = identifier(external_id, f"{self.where}mid")
        return Incoming(external_id, kind, self.own, self.peer, self.channel, at or self.at, body)


def _message(made: _Maker, message: Mapping[str, Any]) -> Incoming:
    mid = identifier(message.get("mid"), f"{made.where}message.mid")
    if message.get("is_deleted"):
        return made(f"{mid}:deleted", "deletion", {"message": mid})
    content = _content(message)
    if message.get("is_echo"):
        return made(f"{mid}:echo", "echo", {"message": mid, "token": written(message.get("metadata"), 30), **content})
    quick = part(message, "quick_reply")
    if quick:
        content |= {"type": "choice", "payload": written(quick.get("payload"), 500)}
    return made(mid, "message", content)


def _content(message: Mapping[str, Any]) -> dict[str, Any]:
    media: list[dict[str, str]] = []
    details: dict[str, Any] = {}
    kind = "text" if message.get("text") else ""
    for attachment in objects(message, "attachments"):
        what = written(attachment.get("type"), 40)
        payload = part(attachment, "payload")
        kind = kind or _TYPES.get(what) or ("story" if what in _STORIES else "unsupported")
        if what in _STORIES:
            details["story"] = what
        for name, value in part(payload, "coordinates").items():
            if name in {"lat", "long"}:
                details["latitude" if name == "lat" else "longitude"] = written(str(value), 40)
        if products := _products(payload):
            details["order"] = products
            kind = "product" if kind == "unsupported" else kind
        url = written(payload.get("url") or attachment.get("url") or attachment.get("URL"), 2000)
        if what == "fallback" and url and url in written(message.get("text")):
            continue  # the preview of a link that they wrote
        if url:
            media.append({"url": url, "type": what})
        elif title := written(payload.get("title") or attachment.get("title"), 200):
            details["title"] = title
    reply_to = part(message, "reply_to")
    if reply_to.get("mid"):
        details["reply_to"] = written(reply_to["mid"], 250)
    if story := part(reply_to, "story"):
        details |= {"story": "reply", "story_id": written(story.get("id"), 100)}
        if url := written(story.get("url"), 2000):
            media.append({"url": url, "type": "story"})
    return {
        "type": kind or "unsupported",
        "text": written(message.get("text")),
        "media": media,
        "details": details,
        "facts": _facts(part(message, "referral")),
    }


def _products(payload: Mapping[str, Any]) -> list[str]:
    """Of a template with products, a line each: `Shoe, EUR 19`."""
    found = []
    for one in (*objects(part(payload, "product"), "elements"), *objects(payload, "elements")):
        words = [written(str(one.get(name) or ""), 200) for name in ("title", "subtitle")]
        found.append(", ".join(word for word in words if word) or written(str(one.get("id") or ""), 100))
    return [line for line in found if line][:20]


def _facts(referral: Mapping[str, Any]) -> dict[str, str]:
    names = {"ref": "ref", "source": "source", "ad_id": "id", "referer_uri": "url"}
    return {
        f"referral_{ours}": written(referral.get(theirs), 500) for theirs, ours in names.items() if referral.get(theirs)
    }


def _postback(made: _Maker, postback: Mapping[str, Any], event: Mapping[str, Any]) -> Incoming:
    """A button of ours, or “Get started”: as good as a message."""
    mid = postback.get("mid") or f"postback:{made.peer}:{event.get('timestamp')}:{written(postback.get('payload'), 60)}"
    body = {
        "type": "choice",
        "text": written(postback.get("title")),
        "payload": written(postback.get("payload"), 500),
        "facts": _facts(part(postback, "referral")),
    }
    return made(identifier(mid, f"{made.where}postback.mid"), "message", body)


def _reaction(made: _Maker, reaction: Mapping[str, Any], event: Mapping[str, Any]) -> Incoming:
    mid = identifier(reaction.get("mid"), f"{made.where}reaction.mid")
    taken_back = reaction.get("action") == "unreact"
    emoji = "" if taken_back else written(reaction.get("emoji") or reaction.get("reaction"), 32)
    # Given and taken back may have one timestamp.
    name = f"{mid[:180]}:{'unreaction' if taken_back else 'reaction'}:{written(str(event.get('timestamp')), 20)}"
    return made(name, "reaction", {"message": mid, "emoji": emoji})


def _seen(made: _Maker, event: Mapping[str, Any]) -> Iterator[Incoming]:
    delivery, read = part(event, "delivery"), part(event, "read")
    mids = delivery.get("mids")
    if isinstance(mids, list) and mids:
        for index, one in enumerate(mids):
            mid = identifier(one, f"{made.where}delivery.mids[{index}]")
            yield made(f"{mid}:delivered", "status", {"message": mid, "token": "", "state": "delivered"})
        return
    for state, told in (("delivered", delivery), ("read", read)):
        if told.get("mid"):
            mid = identifier(told["mid"], f"{made.where}{state}.mid")
            yield made(f"{mid}:{state}", "seen", {"message": mid, "state": state})
        elif told.get("watermark") is not None:
            until = _at(told["watermark"], made.at)
            name = f"{state}:{made.peer}:{written(str(told['watermark']), 30)}"
            yield made(name, "seen", {"state": state}, until)
