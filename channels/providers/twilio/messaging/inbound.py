"""What a message webhook says: https://www.twilio.com/docs/messaging/guides/webhook-request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.countries import language_of
from channels.messaging.inbound import Incoming, Malformed, address, identifier, written

_ID = re.compile(r"[!-~]{1,64}")
_CHANNELS = ("whatsapp", "messenger", "instagram")
_MEDIA = 20
# The carrier's names of what it knows, and ours.
_FACTS = {
    "city": "FromCity",
    "region": "FromState",
    "postal_code": "FromZip",
    "country": "FromCountry",
    "referral_url": "ReferralSourceUrl",
    "referral_id": "ReferralSourceId",
    "referral_type": "ReferralSourceType",
    "referral_headline": "ReferralHeadline",
    "referral_body": "ReferralBody",
    "referral_click": "ReferralCtwaClid",
}
_DETAILS = {
    "latitude": "Latitude",
    "longitude": "Longitude",
    "place": "Label",
    "place_address": "Address",
    "reply_to": "OriginalRepliedMessageSid",
    "forwarded": "Forwarded",
}
# https://www.twilio.com/docs/messaging/guides/track-outbound-message-status; the steps before `sent` tell nothing.
_STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "undelivered": "failed",
    "canceled": "failed",
}


@dataclass(frozen=True, slots=True)
class Post:
    """The message that a form is about."""

    account_id: str
    call_id: str
    """The message's; named as that of a call, so that both are verified by one function."""
    form: Mapping[str, list[str]]

    def first(self, name: str) -> str:
        values = self.form.get(name)
        return values[0] if values else ""


def read_post(form: Mapping[str, list[str]]) -> Post:
    """Raises Malformed if it does not say which message it is about."""
    post = Post("", "", form)
    account_id = post.first("AccountSid")
    message_id = post.first("MessageSid") or post.first("SmsMessageSid") or post.first("SmsSid")
    for name, value in (("AccountSid", account_id), ("MessageSid", message_id)):
        if not _ID.fullmatch(value):
            raise Malformed(f"no {name}")
    return Post(account_id, message_id, form)


def channel_of(name: str) -> tuple[str, str]:
    """Channel and bare address in `whatsapp:+49…`; without a name it is SMS."""
    prefix, colon, rest = name.partition(":")
    return (prefix, rest) if colon and prefix in _CHANNELS else ("sms", name)


def read_message(post: Post, now: datetime) -> Incoming:
    """Raises Malformed."""
    channel, to = channel_of(post.first("To"))
    sender_channel, sender = channel_of(post.first("From"))
    if channel == "sms":
        channel = sender_channel
    identities: list[tuple[str, str]] = []
    external_user = written(post.first("ExternalUserId"), 120).strip()
    if external_user:
        identities.append((channel, external_user.rpartition(":")[2]))
    if not sender.strip():
        # A sender of WhatsApp may hide the telephone number.
        sender = identities[0][1] if identities else ""
    facts = {name: written(post.first(theirs), 500) for name, theirs in _FACTS.items() if post.first(theirs)}
    if language := language_of(facts.get("country", "")):
        facts["language"] = language
    text = written(post.first("Body"))
    if post.first("MessageType") == "reaction":
        about = written(post.first("OriginalRepliedMessageSid"), 200)
        return Incoming(
            external_id=identifier(post.call_id, "MessageSid"),
            kind="reaction",
            recipient=address(channel, to, "To"),
            sender=address(channel, sender, "From"),
            channel=channel,
            occurred_at=now,
            body={"message": about, "emoji": text[:32]},
        )
    payload = post.first("ButtonPayload") or post.first("ListId")
    return Incoming(
        external_id=identifier(post.call_id, "MessageSid"),
        kind="message",
        recipient=address(channel, to, "To"),
        sender=address(channel, sender, "From"),
        channel=channel,
        # The form has no time of the message; carriers post it at once.
        occurred_at=now,
        body={
            "type": _type(post, text, payload),
            "text": text or written(post.first("ButtonText") or post.first("ListTitle")) or _filled_in(post),
            "payload": written(payload, 500),
            "media": list(_media(post)),
            "name": written(post.first("ProfileName"), 200),
            "wish": post.first("OptOutType")[:10],
            "facts": facts,
            "details": _details(post),
            "identities": identities,
        },
    )


def _type(post: Post, text: str, payload: str) -> str:
    if payload:
        return "choice"
    if post.first("Latitude"):
        return "location"
    if not text and (post.first("InteractiveData") or post.first("FlowData")):
        return "form"
    media = next(_media(post), None)
    if media:
        return {"image": "image", "audio": "audio", "video": "video"}.get(media["type"].partition("/")[0], "document")
    return "text" if text else (written(post.first("MessageType"), 16) or "unsupported")


def _filled_in(post: Post) -> str:
    """The answers of a form, a line each: https://www.twilio.com/docs/whatsapp/flows."""
    try:
        answers = json.loads(post.first("InteractiveData") or post.first("FlowData") or "null")
    except (ValueError, RecursionError):
        return ""
    if isinstance(answers, dict) and isinstance(answers.get("nfm_reply"), dict):
        answers = answers["nfm_reply"].get("response_json")
    if isinstance(answers, str):
        try:
            answers = json.loads(answers)
        except (ValueError, RecursionError):
            return written(answers)
    if not isinstance(answers, dict):
        return ""
    plain = {name: value for name, value in answers.items() if isinstance(value, str | int | float | bool)}
    return written("\n".join(f"{name}: {value}" for name, value in plain.items() if name != "flow_token"))


def _media(post: Post) -> Iterator[dict[str, Any]]:
    count = post.first("NumMedia")
    number = int(count) if count.isascii() and count.isdigit() and len(count) < 4 else 0
    for index in range(min(number, _MEDIA)):
        if url := written(post.first(f"MediaUrl{index}"), 2000):
            yield {"url": url, "type": written(post.first(f"MediaContentType{index}"), 100)}


def _details(post: Post) -> dict[str, Any]:
    details: dict[str, Any] = {
        name: written(post.first(theirs), 500) for name, theirs in _DETAILS.items() if post.first(theirs)
    }
    if metadata := post.first("ChannelMetadata"):
        try:
            found = json.loads(metadata)
        except ValueError:
            found = None
        if isinstance(found, dict) and isinstance(found.get("type"), str):
            details["channel_metadata"] = written(found["type"], 40)
    return details


def read_status(post: Post, token: str, now: datetime) -> Incoming | None:
    """What became of a message of ours; None if it says nothing new. Raises Malformed."""
    state = post.first("MessageStatus") or post.first("SmsStatus")
    if post.first("EventType") == "READ":
        state = "read"
    if state not in _STATES:
        return None
    # Here we are the sender.
    channel, own = channel_of(post.first("From"))
    other_channel, other = channel_of(post.first("To"))
    channel = channel if channel != "sms" else other_channel
    code, words = (
        post.first("ErrorCode"),
        written(post.first("ErrorMessage") or post.first("ChannelStatusMessage"), 200),
    )
    return Incoming(
        external_id=identifier(f"{post.call_id}:{state}", "MessageSid"),
        kind="status",
        recipient=address(channel, own, "From"),
        sender=address(channel, other, "To"),
        channel=channel,
        occurred_at=now,
        body={
            "message": post.call_id,
            "token": token[:30],
            "state": _STATES[state],
            "error": f"{state} {code} {words}".strip() if _STATES[state] == "failed" else "",
        },
    )
