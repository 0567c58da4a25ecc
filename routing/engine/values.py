"""Values as flows see them: looking them up by path, and reading text, numbers and times out of plain JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any, Final, TypeAlias

from routing.engine import limits

JSON: TypeAlias = Any


class Missing(Enum):
    """The type of `MISSING`: nothing is there, not even null."""

    MISSING = "nothing"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING

# A number as JSON writes it, without an exponent. "+49…", "007" and "12e4" are phone numbers and
# codes, and two different codes must never be equal because their digits make the same number.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_NUMBER_CHARS = 60
# Extended ISO 8601 only: Python's own parser takes "20260101" too, which is a number to everybody else.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.*", re.ASCII)
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?", re.ASCII)
# Neither PostgreSQL nor UTF-8 takes these, and what `show` writes is stored.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

# Items of a list or object that a trace shows.
_SHOWN = 12

_TRUE = frozenset({"true", "yes", "1", "on"})
_FALSE = frozenset({"false", "no", "0", "off"})


def look_up(scope: Mapping[str, JSON], path: str) -> JSON:
    """The value at a dotted path such as `customer.tier` or `orders.0.total`, else `MISSING`.

    Goes through keys of mappings and indexes of lists only, never through attributes, and never raises.
    """
    if "." not in path:
        return scope.get(path, MISSING)
    here: JSON = scope
    for part in path.split("."):
        # Nearly all are dicts, and the question for a Mapping takes ten times as long.
        if type(here) is dict or isinstance(here, Mapping):
            here = here.get(part, MISSING)
            if here is MISSING:
                return MISSING
        elif isinstance(here, list | tuple) and part.isdecimal() and len(part) < 7 and int(part) < len(here):
            here = here[int(part)]
        else:
            return MISSING
    return here


def is_blank(value: JSON) -> bool:
    """Whether there is nothing to speak of: missing, null, white space, an empty list or object."""
    if value is None or value is MISSING:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, list | tuple | Mapping) and not value


def as_text(value: JSON) -> str:
    """The value as a person would write it: `5.0` is "5", true is "true", lists are joined by commas, nothing is ""."""
    if isinstance(value, str):
        return value
    if value is None or value is MISSING:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _number_text(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(as_text(item) if not isinstance(item, list | tuple) else _json_text(item) for item in value)
    return _json_text(value)


def _number_text(value: float | Decimal) -> str:
    number = as_number(value)
    if number is None or abs(number.adjusted()) > _NUMBER_CHARS:
        # Infinite, or too long to read. Python refuses to write integers of more than 4300 digits at all.
        return f"{float(value):g}" if isinstance(value, float) else "a very long number"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _json_text(value: JSON) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return "something too large to show"


def as_number(value: JSON) -> Decimal | None:
    """The number, also from text such as "1234.50" with outer blanks; None for all else, booleans included."""
    if isinstance(value, str):
        if len(value) > _NUMBER_CHARS:
            return None
        text = value.strip()
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        # By way of its shortest text, so that 1.1 equals "1.1".
        number = Decimal(repr(value))
        return number if number.is_finite() else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    return None


def as_truth(value: JSON) -> bool | None:
    """True or false, also from "yes", "no", "on", "off", 1 and 0 as APIs write them; None for all else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().casefold()
        return True if word in _TRUE else False if word in _FALSE else None
    if isinstance(value, int | float | Decimal):
        return True if value == 1 else False if value == 0 else None
    return None


def as_instant(value: JSON) -> datetime | None:
    """An aware instant from ISO 8601 with a time of day; without an offset it is UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if not isinstance(value, str) or not _INSTANT.fullmatch(text := value.strip()):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def as_date(value: JSON) -> date | None:
    """A bare date, `2026-05-01`; an instant is none, since its date depends on the time zone."""
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(text := value.strip()):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def as_time(value: JSON) -> time | None:
    """A time of day, `09:30` or `09:30:15`."""
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    if not isinstance(value, str) or not _TIME.fullmatch(text := value.strip()):
        return None
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None


def show(value: JSON) -> str:
    """The value for a trace: text in quotation marks, nothing as "nothing", clipped to `limits.SEEN_CHARS`.

    What is large or deep is shown by its beginning only; the rest is not even looked at.
    """
    if value is None or value is MISSING:
        return "nothing"
    if isinstance(value, str):
        return f"“{_clip(value, limits.SEEN_CHARS - 2)}”"
    if isinstance(value, list | tuple | Mapping):
        return _clip(_outline(value, 2), limits.SEEN_CHARS)
    return _clip(as_text(value), limits.SEEN_CHARS)


def _outline(value: JSON, depth: int) -> str:
    if not isinstance(value, list | tuple | Mapping):
        return show(value)
    left, right = "{}" if isinstance(value, Mapping) else "[]"
    if not depth:
        return f"{left}…{right}" if value else left + right
    if isinstance(value, Mapping):
        parts = [f"{_clip(str(key), 50)}: {_outline(item, depth - 1)}" for key, item in islice(value.items(), _SHOWN)]
    else:
        parts = [_outline(item, depth - 1) for item in value[:_SHOWN]]
    if len(value) > _SHOWN:
        parts.append("…")
    return f"{left}{', '.join(parts)}{right}"


def _clip(text: str, chars: int) -> str:
    if len(text) > chars:
        text = text[: chars - 1] + "…"
    return text if text.isascii() and "\x00" not in text else _UNSTORABLE.sub("\ufffd", text)
