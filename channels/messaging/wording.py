"""The words of a message as a channel can carry them: numbered choices, parts of a long text, segments of an SMS."""

from __future__ import annotations

from collections.abc import Sequence

# https://www.twilio.com/docs/glossary/what-is-gsm-7-character-encoding
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€\f")
# What opens a list of answers, in at most twenty letters.
_CHOOSE = {
    "de": "Auswählen",
    "en": "Choose",
    "es": "Elegir",
    "fr": "Choisir",
    "it": "Scegli",
    "nl": "Kiezen",
    "pl": "Wybierz",
    "pt": "Escolher",
}


def word_for_list(language: str) -> str:
    """What stands on the button that opens a list; it cannot be without."""
    return _CHOOSE.get(language[:2].lower(), _CHOOSE["en"])


def numbered(text: str, choices: Sequence[Sequence[str]]) -> str:
    """The question with its answers numbered, for channels without buttons."""
    lines = [f"{number}. {label}" for number, (_, label) in enumerate(choices, start=1)]
    return "\n".join([*([text, ""] if text else []), *lines])


def parts(text: str, most: int, *, in_bytes: bool = False) -> list[str]:
    """The text in pieces of at most `most` characters, or bytes of UTF-8, cut where a line, a sentence or a word ends."""
    found: list[str] = []
    while (head := _head(text, most, in_bytes=in_bytes)) != text:
        cut = max(head.rfind("\n"), head.rfind(". ") + 1)
        if cut < len(head) // 2:
            cut = max(cut, head.rfind(" "))
        cut = cut if cut > 0 else len(head)
        found.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [part for part in (*found, text) if part] or [""]


def _head(text: str, most: int, *, in_bytes: bool) -> str:
    return text.encode()[:most].decode(errors="ignore") if in_bytes else text[:most]


def segments(text: str) -> int:
    """Of how many SMS the text consists for the carrier, and on its bill."""
    if all(character in _GSM or character in _GSM_TWICE for character in text):
        size = sum(2 if character in _GSM_TWICE else 1 for character in text)
        return 1 if size <= 160 else -(-size // 153)
    size = len(text.encode("utf-16-be")) // 2
    return 1 if size <= 70 else -(-size // 67)
