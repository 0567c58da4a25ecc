"""How a question with answers to choose from looks to whoever reads it, on each channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

Look: TypeAlias = Literal["buttons", "list", "numbers"]

# developers.facebook.com/docs/whatsapp: three reply buttons of 20 characters, or a list of ten rows of 24, under at
# most 1024 characters of text; /docs/messenger-platform: thirteen quick replies of 20 characters.
_WHATSAPP_BUTTONS, _WHATSAPP_ROWS, _WHATSAPP_TEXT = 3, 10, 1024
_QUICK_REPLIES = 13
_BUTTON_CHARS, _ROW_CHARS = 20, 24


def look_of(channel: str, text: str, labels: Sequence[str]) -> Look:
    """Buttons or a list where the channel has them and the labels fit; else numbers to write back."""
    longest = max(map(len, labels), default=0)
    match channel:
        case "whatsapp" if text and len(text) <= _WHATSAPP_TEXT:
            if len(labels) <= _WHATSAPP_BUTTONS and longest <= _BUTTON_CHARS:
                return "buttons"
            return "list" if len(labels) <= _WHATSAPP_ROWS and longest <= _ROW_CHARS else "numbers"
        case "messenger" | "instagram" if len(labels) <= _QUICK_REPLIES and longest <= _BUTTON_CHARS:
            return "buttons"
    return "numbers"


def numbered(text: str, labels: Sequence[str]) -> str:
    """The question with its answers numbered, as channels without buttons carry it."""
    lines = [f"{number}. {label}" for number, label in enumerate(labels, start=1)]
    return "\n".join([*([text, ""] if text else []), *lines])
