"""A strict reader of TwiML: what the carrier would warn of is an error here, with its number.

The numbers and sentences are those of https://www.twilio.com/docs/api/errors. Verbs of the carrier
that this one does not speak (Enqueue, Connect …) are errors, too.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from channels.providers.twilio.languages import spoken

DOCUMENT_BYTES = 64 * 1024
_SAY_CHARS = 4096
_SIP_CHARS = 255
_SIP_HEADERS_CHARS = 1024
_SIP = re.compile(r"sips?:[^@\s<>\"?]{1,128}@(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-]+)(:\d{1,5})?(;[^\s<>\"?;]+)*")
_SIP_HEADER = re.compile(r"[Xx]-[A-Za-z0-9\-.!%*_+`'~]+")
_SIP_HEADERS_ALLOWED = {"user-to-user", "remote-party-id", "p-preferred-identity", "p-called-party-id"}
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class CarrierError(Exception):
    """The carrier ends the call with an error; `number` is the one in its dictionary."""

    def __init__(self, number: int, sentence: str) -> None:
        super().__init__(f"{number}: {sentence}")
        self.number, self.sentence = number, sentence


class TwimlError(CarrierError):
    """The carrier would not carry this document out."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One element, checked."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple[Verb, ...] = ()

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        children = [child.dump() for child in self.children]
        return {"name": self.name, "attributes": self.attributes, "text": self.text, "children": children}


def load(data: dict[str, Any]) -> Verb:
    """The verb that `dump` wrote."""
    return Verb(data["name"], data["attributes"], data["text"], tuple(load(child) for child in data["children"]))


Check = Callable[[str], bool]


def _whole(low: int, high: int) -> Check:
    return lambda value: value.isascii() and value.isdigit() and low <= int(value) <= high


def _one_of(*values: str) -> Check:
    return lambda value: value in values


def _url(value: str) -> bool:
    return not any(c.isspace() for c in value) and urlsplit(value).scheme in {"http", "https", ""}


def _matches(pattern: str) -> Check:
    return lambda value: re.fullmatch(pattern, value) is not None


def _language(value: str) -> bool:
    return bool(value) and spoken(value) == value


_METHOD = _one_of("GET", "POST")
_TRUTH = _one_of("true", "false")
# Attribute: what it may be, and the carrier's number and sentence when it is not.
_Rule = tuple[Check, int, str]
_SCHEMA: dict[str, dict[str, _Rule]] = {
    "Response": {},
    "Say": {
        "voice": (_matches(r"[A-Za-z][A-Za-z0-9.\-]*"), 13511, "Say: Invalid voice value"),
        "language": (_language, 13512, "Say: Invalid language value"),
        "loop": (_whole(0, 1000), 13510, "Say: Invalid loop value"),
    },
    "Play": {
        "loop": (_whole(0, 1000), 13410, "Play: Invalid loop value"),
        "digits": (_matches(r"[0-9wW*#]+"), 13430, "Play: Invalid DTMF String"),
    },
    "Pause": {"length": (_whole(1, 3600), 13910, "Pause: Invalid length value")},
    "Redirect": {"method": (_METHOD, 13710, "Redirect: Invalid method value")},
    "Hangup": {},
    "Reject": {"reason": (_one_of("busy", "rejected"), 12200, "Schema validation warning")},
    "Gather": {
        "input": (_one_of("dtmf", "speech", "dtmf speech", "speech dtmf"), 13335, "Gather: Invalid input value"),
        "action": (_url, 11100, "Invalid URL format"),
        "method": (_METHOD, 13312, "Gather: Invalid method value"),
        "timeout": (_matches(r"[1-9]\d{0,3}|auto"), 13313, "Gather: Invalid timeout value"),
        "speechTimeout": (_matches(r"\d{1,3}|auto"), 13334, "Gather: Invalid speechTimeout value"),
        "finishOnKey": (_matches(r"[0-9*#]?"), 13310, "Gather: Invalid finishOnKey value"),
        "numDigits": (_matches(r"[1-9]\d{0,3}"), 13314, "Gather: Invalid numDigits value"),
        "language": (_language, 13512, "Gather element has an invalid “language” attribute value"),
        "hints": (lambda value: len(value) <= 50_000, 13337, "Gather: Invalid hints value"),
        "actionOnEmptyResult": (_TRUTH, 13338, "Gather: Invalid actionOnEmptyResult value"),
        "bargeIn": (_TRUTH, 12200, "Schema validation warning"),
        "profanityFilter": (_TRUTH, 12200, "Schema validation warning"),
        "enhanced": (_TRUTH, 12200, "Schema validation warning"),
        "speechModel": (_matches(r"[a-z0-9_]+"), 12200, "Schema validation warning"),
    },
    "Dial": {
        "action": (_url, 11100, "Invalid URL format"),
        "method": (_METHOD, 13210, "Dial: Invalid method value"),
        "timeout": (_whole(5, 600), 13212, "Dial: Invalid timeout value"),
        "hangupOnStar": (_TRUTH, 13213, "Dial: Invalid hangupOnStar value"),
        "timeLimit": (_whole(1, 86_400), 13216, "Dial: Invalid timeLimit value"),
        "callerId": (_matches(r"[+A-Za-z0-9:@.\-_]{1,64}"), 13214, "Dial: Invalid callerId value"),
        "answerOnBridge": (_TRUTH, 12200, "Schema validation warning"),
        "ringTone": (_matches(r"[a-z]{2}(-old)?"), 12200, "Schema validation warning"),
        "record": (_matches(r"[a-z-]+"), 12200, "Schema validation warning"),
    },
    "Sip": {
        "method": (_METHOD, 12200, "Schema validation warning"),
        "username": (_matches(r".{1,64}"), 13249, "Dial->SIP: Invalid username or password attribute"),
        "password": (_matches(r".{1,64}"), 13249, "Dial->SIP: Invalid username or password attribute"),
    },
    "Number": {"sendDigits": (_matches(r"[0-9wW*#]+"), 13222, "Dial->Number: Invalid sendDigits value")},
    "Record": {
        "action": (_url, 11100, "Invalid URL format"),
        "method": (_METHOD, 13610, "Record: Invalid method value"),
        "timeout": (_whole(0, 600), 13611, "Record: Invalid timeout value"),
        "maxLength": (_whole(1, 14_400), 13612, "Record: Invalid maxLength value"),
        "finishOnKey": (_matches(r"[0-9*#]*|-1"), 13613, "Record: Invalid finishOnKey value"),
        "playBeep": (_TRUTH, 13616, "Record: playBeep must be true or false"),
        "trim": (_one_of("trim-silence", "do-not-trim"), 12200, "Schema validation warning"),
        "transcribe": (_TRUTH, 13614, "Record: Invalid transcribe value"),
    },
}
_CHILDREN: dict[str, tuple[set[str], int, str]] = {
    "Response": (
        {"Say", "Play", "Pause", "Redirect", "Hangup", "Reject", "Gather", "Dial", "Record"},
        12200,
        "Schema validation warning",
    ),
    "Gather": ({"Say", "Play", "Pause"}, 13320, "Gather: Invalid nested verb"),
    "Dial": ({"Sip", "Number"}, 13215, "Dial: Invalid nested element"),
}
_NO_CHILDREN: tuple[set[str], int, str] = (set(), 12200, "Schema validation warning")
_WITH_TEXT = {"Say", "Play", "Redirect", "Sip", "Number", "Dial"}


def parse(document: bytes, content_type: str = "text/xml") -> tuple[Verb, ...]:
    """The verbs of a document. Raises TwimlError."""
    if content_type.partition(";")[0].strip().lower() not in {"text/xml", "application/xml", "text/html"}:
        raise TwimlError(12300, f"Invalid Content-Type “{content_type}”")
    if len(document) > DOCUMENT_BYTES:
        raise TwimlError(11750, "TwiML response body too large")
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        # Also what makes reading it with the standard library safe.
        raise TwimlError(12100, "Document parse failure: a document type is not allowed")
    try:
        root = ET.fromstring(document)  # noqa: S314  no document type, no entities: see above
    except (ET.ParseError, ValueError) as error:
        raise TwimlError(12100, f"Document parse failure: {error}") from None
    if root.tag != "Response":
        raise TwimlError(12100, f"Document parse failure: the root is “{root.tag}”, not “Response”")
    return _read(root).children


def _read(element: ET.Element) -> Verb:
    name = element.tag
    schema = _SCHEMA[name]
    for attribute, value in element.attrib.items():
        if attribute not in schema:
            raise TwimlError(12200, f"Schema validation warning: “{name}” has no attribute “{attribute}”")
        check, number, sentence = schema[attribute]
        if not check(value):
            raise TwimlError(number, f"{sentence}: “{value[:80]}”")
    text = (element.text or "").strip()
    if text and name not in _WITH_TEXT:
        raise TwimlError(12200, f"Schema validation warning: text inside “{name}”")
    allowed, number, sentence = _CHILDREN.get(name, _NO_CHILDREN)
    for child in element:
        if child.tag not in allowed:
            raise TwimlError(number, f"{sentence}: “{child.tag}” inside “{name}”")
        if (child.tail or "").strip():
            raise TwimlError(12200, f"Schema validation warning: text inside “{name}”")
    verb = Verb(name, dict(element.attrib), text, tuple(_read(child) for child in element))
    _check_content(verb)
    return verb


def _check_content(verb: Verb) -> None:
    if check := _CONTENT.get(verb.name):
        check(verb)


def _check_say(verb: Verb) -> None:
    if not verb.text:
        raise TwimlError(13520, "Say: Invalid text: there is none")
    if len(verb.text) > _SAY_CHARS:
        raise TwimlError(13521, "“Say” element character limits exceeded")


def _check_play(verb: Verb) -> None:
    if "digits" not in verb.attributes:
        _check_url(verb)


def _check_url(verb: Verb) -> None:
    if not verb.text or not _url(verb.text):
        raise TwimlError(11100, f"Invalid URL format: “{verb.text[:80]}”")


def _check_dial(verb: Verb) -> None:
    if bool(verb.text) == bool(verb.children):
        raise TwimlError(12200, "Schema validation warning: “Dial” wants a target")
    if verb.text:
        _check_number(verb)
    if len(verb.children) > 10:
        raise TwimlError(13250, "Dial: Too many URIs passed")


def _check_number(verb: Verb) -> None:
    if not re.fullmatch(r"\+[1-9]\d{4,14}", verb.text):
        raise TwimlError(13224, f"Dial: the number is invalid: “{verb.text[:40]}”")


def _check_sip(verb: Verb) -> None:
    text = verb.text
    uri, _, headers = text.partition("?")
    if not _SIP.fullmatch(uri) or len(uri) >= _SIP_CHARS:
        raise TwimlError(13243, f"Dial->SIP: Invalid SIP URI: “{uri[:80]}”")
    if len(headers) >= _SIP_HEADERS_CHARS:
        raise TwimlError(21227, "Headers portion of SIP URI must be fewer than 1024 chars")
    for part in headers.split("&") if headers else ():
        name, equals, value = part.partition("=")
        if not equals or not (_SIP_HEADER.fullmatch(name) or name.lower() in _SIP_HEADERS_ALLOWED):
            raise TwimlError(13252, f"Dial: Invalid header name: “{name[:60]}”")
        if _ESCAPE.search(value) or not value.isascii() or any(c in value for c in ' <>"?'):
            raise TwimlError(13243, f"Dial->SIP: Invalid SIP URI: the value of {name} is not escaped")
        try:
            parse_qsl(part, strict_parsing=True, errors="strict")
        except ValueError:
            raise TwimlError(13243, f"Dial->SIP: Invalid SIP URI: the value of {name} is cut") from None


_CONTENT: dict[str, Callable[[Verb], None]] = {
    "Say": _check_say,
    "Play": _check_play,
    "Redirect": _check_url,
    "Dial": _check_dial,
    "Number": _check_number,
    "Sip": _check_sip,
}
