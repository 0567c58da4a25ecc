"""SIP addresses as `<Sip>` wants them, with our headers behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

# https://www.twilio.com/docs/voice/twiml/sip and warnings 13243, 13252, 13253, 21227 of its dictionary.
URI_CHARS = 254
HEADERS_CHARS = 1023
_NAME = re.compile(r"[Xx]-[A-Za-z0-9\-.!%*_+`'~]{1,60}")
# A line break inside a value would let it add headers of its own.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# When not all fit, the last of these are dropped first; headers of other names come after them.
_IMPORTANCE = ("x-contact", "x-tier", "x-customer", "x-reason")
# A value cut shorter than this says nothing; then it is left out.
_LEAST_CHARS = 8


class UndialableAddress(ValueError):
    """The carrier would refuse this address."""


def with_headers(uri: str, headers: Mapping[str, str]) -> str:
    """`uri?X-Tier=gold&X-Reason=…`, not yet escaped for XML. Raises UndialableAddress."""
    # Of all white space only the blank is printable.
    if len(uri) > URI_CHARS or "?" in uri or " " in uri or not uri.isprintable():
        raise UndialableAddress(uri[:60])
    part = header_part(headers)
    return f"{uri}?{part}" if part else uri


def header_part(headers: Mapping[str, str]) -> str:
    """Names with percent-encoded values, under 1024 characters; never cut inside an escape or a character."""
    written: list[str] = []
    room = HEADERS_CHARS
    for name in sorted(headers, key=_rank):
        value = " ".join(_CONTROL.sub(" ", headers[name]).split(" ")).strip()
        if not value or not _NAME.fullmatch(name):
            continue
        encoded = _clip(value, room - len(name) - 1 - (1 if written else 0))
        if encoded:
            room -= len(name) + 1 + len(encoded) + (1 if written else 0)
            written.append(f"{name}={encoded}")
    return "&".join(written)


def _rank(name: str) -> tuple[int, str]:
    lower = name.lower()
    return (_IMPORTANCE.index(lower) if lower in _IMPORTANCE else len(_IMPORTANCE), lower)


# Tiers and reasons are few, and the same in call after call.
@lru_cache(maxsize=1024)
def _quoted(value: str) -> str:
    return quote(value, safe="")


def _clip(value: str, room: int) -> str:
    """As many whole characters of `value` as fit percent-encoded; nothing if that would be too few to mean much."""
    encoded = _quoted(value)
    if len(encoded) <= room:
        return encoded
    kept: list[str] = []
    for character in value:
        piece = quote(character, safe="")
        if room < len(piece):
            break
        room -= len(piece)
        kept.append(piece)
    return "".join(kept) if len(kept) >= _LEAST_CHARS else ""
