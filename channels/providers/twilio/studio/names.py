"""Names that Pareto takes: ids of steps, variables and exits are small ASCII letters, digits and strokes, each once."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "æ": "ae", "ø": "o"}
)
_LONGEST = 40


def plain(text: str, *, other: str = "step") -> str:
    """`Haupt-Menü 2` as `haupt_menue_2`; `other` where nothing is left of it."""
    ascii_ = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode()
    word = re.sub(r"[^a-z0-9]+", "_", _HUMP.sub("_", ascii_).lower()).strip("_")
    if not word:
        return other
    return (word if word[0].isalpha() else f"{other}_{word}")[:_LONGEST].strip("_")


def unique(word: str, taken: Container[str]) -> str:
    """The word, with a number behind it if it is taken."""
    if word not in taken:
        return word
    number = 2
    while (found := f"{word[: _LONGEST - 5]}_{number}") in taken:
        number += 1
    return found


def key(text: str, *, other: str = "flow") -> str:
    """`Support (neu)` as `support-neu`, for keys of flows, queues and data sources."""
    return plain(text.lower(), other=other).replace("_", "-")


def title(name: str) -> str:
    """`send_to_support` as “Send to support”; names with capitals or blanks stay as they are."""
    if "_" in name or name.islower():
        name = " ".join(name.replace("_", " ").split())
        name = name[:1].upper() + name[1:]
    return name[:100].strip() or "Step"


def titles_of(names: Iterable[str]) -> dict[str, str]:
    """A title for each name. Those that read alike (`create_call`, `Create_Call`) have the name or a number behind it."""
    found: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for name in names:
        made = title(name)
        alike = plain(made)
        seen[alike] += 1
        mark = name[:40] if plain(name) == alike and name != made else str(seen[alike])
        found[name] = f"{made[:55]} ({mark})" if seen[alike] > 1 else made
    return found
