"""What a voice webhook says: the call, where in it we are, and the event for the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote_plus

from channels.countries import language_of
from routing.engine.events import (
    CameBack,
    DigitsPressed,
    Event,
    HungUp,
    InputTimedOut,
    MessageRecorded,
    TransferEnded,
    WordsSpoken,
)

BODY_BYTES = 64 * 1024
_FIELDS = 500
_ID = re.compile(r"[!-~]{1,64}")
_CALL_ID = re.compile(r"[!-~]{1,128}")
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
# The columns of a contact hold this much.
_ADDRESS_CHARS = 80
_OVER = {"completed", "busy", "failed", "no-answer", "canceled"}
_LEG: dict[str, Literal["completed", "busy", "no_answer", "failed", "canceled"]] = {
    "completed": "completed",
    # Of a conference, or where the other side's status was asked for: somebody spoke.
    "answered": "completed",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "canceled",
}
# The carrier's names of what it knows of a caller, and ours; the first that is there counts.
_FACTS = {
    "city": ("FromCity", "CallerCity"),
    "region": ("FromState", "CallerState"),
    "postal_code": ("FromZip", "CallerZip"),
    "country": ("FromCountry", "CallerCountry"),
    # The second of each is Telnyx's: https://developers.telnyx.com/api-reference/callbacks/texml-call-initiated.
    "caller_name": ("CallerName", "CallerId"),
    "forwarded_from": ("ForwardedFrom",),
    "attestation": ("StirVerstat", "ShakenStirAttestation"),
}
_FACT_CHARS = 200
_SIP_HEADERS = 20


class NotAForm(ValueError):
    """The body is no form of the kind that carriers send."""


@dataclass(frozen=True, slots=True)
class VoiceCall:
    """The call that a webhook is about."""

    account_id: str
    call_id: str
    sender: str
    recipient: str
    status: str
    form: Mapping[str, list[str]]

    @property
    def is_over(self) -> bool:
        return self.status in _OVER

    @property
    def leg_was_answered(self) -> bool:
        """The conversation with whoever was dialled took place."""
        return _LEG.get(self.first("DialCallStatus")) == "completed"

    def first(self, name: str) -> str:
        values = self.form.get(name)
        return values[0] if values else ""

    def seconds(self, name: str) -> int | None:
        text = self.first(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a call a callback belongs: we wrote it into the callback's address, which the carrier signs."""

    turn: int | None = None
    reason: str = ""
    fallback: int | None = None

    @property
    def is_start(self) -> bool:
        """The call comes in; everything else is a callback that we asked for."""
        return self.turn is None and self.fallback is None


def read_form(body: bytes) -> dict[str, list[str]]:
    """Raises NotAForm."""
    form: dict[str, list[str]] = {}
    try:
        # Most names and values have nothing to decode, and the library's way is four times as long for them.
        for pair in _pairs(body.decode("ascii")):
            name, _, value = pair.partition("=")
            if "%" in value or "+" in value:
                value = unquote_plus(value, errors="strict")
            if "%" in name or "+" in name:
                name = unquote_plus(name, errors="strict")
            if name in form:
                form[name].append(value)
            else:
                form[name] = [value]
    except ValueError as error:
        raise NotAForm(type(error).__name__) from error
    return form


def _pairs(text: str) -> list[str]:
    pairs = [pair for pair in text.split("&") if pair]
    if len(pairs) > _FIELDS:
        raise ValueError("too many fields")
    return pairs


def read_call(form: Mapping[str, list[str]]) -> VoiceCall:
    """Raises NotAForm if it does not say which call it is about."""

    def get(name: str) -> str:
        values = form.get(name)
        return values[0] if values else ""

    account_id, call_id = get("AccountSid"), get("CallSid")
    recipient = _UNSPEAKABLE.sub("", get("To") or get("Called"))[:_ADDRESS_CHARS]
    sender = _UNSPEAKABLE.sub("", get("From") or get("Caller"))[:_ADDRESS_CHARS]
    for name, found in (
        ("AccountSid", _ID.fullmatch(account_id)),
        ("CallSid", _CALL_ID.fullmatch(call_id)),
        ("To", recipient),
    ):
        if not found:
            raise NotAForm(f"no {name}")
    # A withheld number comes as an empty From at some carriers.
    return VoiceCall(account_id, call_id, sender or "anonymous", recipient, get("CallStatus"), form)


def read_place(query: str) -> Place:
    """An address that is not of our writing is the beginning of a call."""
    if not query:
        return Place()
    values = parse_qs(query)

    def number(name: str) -> int | None:
        text = values.get(name, [""])[0]
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None

    return Place(number("turn"), values.get("for", [""])[0], number("fallback"))


def event_of(call: VoiceCall, reason: str) -> Event:
    """What happened, for the callback that asked for `reason`."""
    match reason:
        case "dial":
            if call.is_over and not call.leg_was_answered:
                # Nobody is left to be put through to the next address.
                return HungUp()
            return TransferEnded(
                status=_LEG.get(call.first("DialCallStatus"), "failed"),
                sip_code=call.seconds("DialSipResponseCode"),
                seconds=call.seconds("DialCallDuration"),
            )
        case "record":
            url, seconds = call.first("RecordingUrl"), call.seconds("RecordingDuration")
            # Who hangs up while recording has left a message all the same (`Digits=hangup`).
            if url and seconds != 0:
                return MessageRecorded(url=url[:2000], seconds=seconds or 0)
            return HungUp() if call.is_over or call.first("Digits") == "hangup" else InputTimedOut()
        case "gather":
            if digits := call.first("Digits"):
                return DigitsPressed(digits)
            if words := _UNSPEAKABLE.sub(" ", call.first("SpeechResult")).strip():
                return WordsSpoken(words, _confidence(call.first("Confidence")))
            return HungUp() if call.is_over else InputTimedOut()
        case _:
            return HungUp() if call.is_over else CameBack()


def details_of(call: VoiceCall) -> dict[str, str]:
    """What else the carrier knows of the caller: readable in flows as `contact.<name>`."""
    details: dict[str, str] = {}
    for name, theirs in _FACTS.items():
        for field in theirs:
            if value := _fact(call.first(field)):
                details[name] = value
                break
    if language := language_of(details.get("country", "")):
        details["language"] = language
    headers = [name for name in sorted(call.form) if name.startswith("SipHeader_")]
    for name in headers[:_SIP_HEADERS]:
        key = re.sub(r"[^a-z0-9]+", "_", name.removeprefix("SipHeader_").lower()).strip("_")[:60]
        if key and (value := _fact(call.first(name))):
            details[f"sip_{key}"] = value
    return details


def _fact(value: str) -> str:
    return _UNSPEAKABLE.sub(" ", value).strip()[:_FACT_CHARS]


def _confidence(text: str) -> float:
    try:
        confidence = float(text)
    except ValueError:
        return 1.0
    # Not a number compares false with everything, so it ends as 1.
    return confidence if 0.0 <= confidence <= 1.0 else 1.0
