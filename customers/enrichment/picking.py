"""The values in an API's answer, each with the path that finds it: so that nobody has to know how paths are written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime

from customers.enrichment.mapping import compile_path
from customers.enrichment.questions import JSON, Leaf

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEPTH = 8
_MOST = 100
_SAMPLE_CHARS = 80


def leaves(answer: JSON) -> list[Leaf]:
    """The first hundred, in the order of the answer; of a list of objects those of its first."""
    found: list[Leaf] = []
    used: set[str] = set()
    for path, names, value in _walk(answer, "", (), 0):
        if not _can_be_read(path):
            continue
        name = _free(names, used)
        used.add(name)
        found.append(Leaf(path, name, _kind(value), _sample(value)))
        if len(found) == _MOST:
            break
    return found


def _can_be_read(path: str) -> bool:
    try:
        compile_path(path)
    except ValueError:
        return False  # too long, most likely
    return True


def _walk(value: JSON, path: str, names: tuple[str, ...], depth: int) -> Iterator[tuple[str, tuple[str, ...], JSON]]:
    if isinstance(value, dict) and depth < _DEPTH:
        for key, inner in value.items():
            step = key if _PLAIN.fullmatch(key) else json.dumps(key)
            yield from _walk(inner, f"{path}.{step}" if path else step, (*names, key), depth + 1)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        if path:
            yield f"length({path})", (*names[:-1], f"{names[-1]}_count"), len(value)
        yield from _walk(value[0], f"{path}[0]", (*names, "first"), depth + 1)
    elif path and not isinstance(value, dict):
        yield path, names, value


def _free(names: tuple[str, ...], used: set[str]) -> str:
    """The last word of the path, with those before it where it is taken."""
    words = [
        re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_") for name in names
    ]
    for first in range(len(words) - 1, -1, -1):
        name = "_".join(filter(None, words[first:]))[:90] or "value"
        name = name if name[0].isalpha() else f"v_{name}"
        if name not in used:
            return name
    number = 2
    while f"{name}_{number}" in used:
        number += 1
    return f"{name}_{number}"


def _kind(value: JSON) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case list():
            return "list"
        case str() if _is(date, value) and len(value) <= 10:
            return "date"
        case str() if _is(datetime, value):
            return "datetime"
        case _:
            return "text"


def _is(kind: type[date], text: str) -> bool:
    try:
        kind.fromisoformat(text.strip()[:40])
    except ValueError:
        return False
    # 20240501 is a date to Python; to people it is a number more often.
    return "-" in text


def _sample(value: JSON) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case list():
            text = ", ".join(map(str, value[:5]))
        case _:
            text = str(value)
    return text if len(text) <= _SAMPLE_CHARS else f"{text[: _SAMPLE_CHARS - 1]}…"
