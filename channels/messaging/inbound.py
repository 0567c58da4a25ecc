"""What providers tell us, in one form for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

Kind = Literal["message", "reaction", "edit", "deletion", "echo", "status", "seen", "moved"]

TEXT_CHARS = 8_000
_ID_CHARS = 240
_PEER_CHARS = 80
# Line breaks and tabs are part of what people write; the rest of the control characters, and halves of pairs, are not.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# Providers repeat for a week; what claims to be older, or not to have happened yet, has a wrong clock.
_OLDEST, _FUTURE = timedelta(days=30), timedelta(minutes=1)


class Malformed(ValueError):
    """What was posted is not of the form that the provider promises; the sentence says where."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing that happened, once."""

    external_id: str
    """The provider's; unique within the account, and the same when it is told again."""
    kind: Kind
    recipient: str
    """Address of our number."""
    sender: str
    channel: str
    occurred_at: datetime
    body: Mapping[str, Any] = field(default_factory=dict)
    """Of a message: type, text, payload, media, name, facts, details. Of the others: message, and what became of it."""


def written(value: object, chars: int = TEXT_CHARS) -> str:
    """Text as it may be kept; empty if it is none."""
    return _UNWRITABLE.sub("", value)[:chars] if isinstance(value, str) else ""


def identifier(value: object, where: str) -> str:
    """An id that something hangs on. Raises Malformed."""
    if not isinstance(value, str) or not value.strip() or len(value) > _ID_CHARS or _UNWRITABLE.search(value):
        raise Malformed(f"{where} is no id")
    return value.strip()


def address(channel: str, value: object, where: str) -> str:
    """A sender or recipient, behind the channel's name. Raises Malformed."""
    found = identifier(value, where)
    prefix = "" if channel == "sms" else f"{channel}:"
    if len(prefix) + len(found) > _PEER_CHARS:
        raise Malformed(f"{where} is too long")
    return prefix + found


def moment(seconds: object, now: datetime, *, per_second: int = 1) -> datetime:
    """When it happened, by the provider's clock where that can be true; else now."""
    try:
        at = datetime.fromtimestamp(int(str(seconds)) / per_second, UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return at if now - _OLDEST <= at <= now + _FUTURE else now


def in_order(events: Iterable[Incoming]) -> list[Incoming]:
    """Each once, as they happened: several may come in one request, in any order."""
    return sorted({event.external_id: event for event in events}.values(), key=lambda event: event.occurred_at)
