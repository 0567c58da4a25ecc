"""From the JSON that an API answers to typed variables. Nothing an API sends makes this raise."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import jmespath
from django.utils.translation import gettext as _
from jmespath.exceptions import JMESPathError

from customers.enrichment.questions import JSON, Fault

TYPES = ("text", "number", "boolean", "date", "datetime", "list")
ROWS = 100
PATH_CHARS = 300
TEXT_CHARS = 8_000
LIST_ITEMS = 200
NUMBER_CHARS = 30
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_NUMBER = re.compile(r"[+-]?(\d+)(\.\d+)?([eE][+-]?\d{1,3})?")
_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}
# PostgreSQL's jsonb holds neither NUL nor half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class _Missing(Exception):
    """The value is not of the wanted kind."""


@dataclass(frozen=True, slots=True)
class Row:
    """One variable: where it is found and what kind it is."""

    name: str
    path: Any
    type: str
    default: JSON = None

    @property
    def is_whole(self) -> bool:
        """Whether it is the answer itself, which may then be plain text."""
        return str(self.path.expression).strip() == "@"


@lru_cache(maxsize=2_000)
def compile_path(path: str) -> Any:
    """Raises ValueError with a sentence."""
    if len(path) > PATH_CHARS:
        raise ValueError(_("The path “%(path)s…” is too long.") % {"path": path[:30]})
    try:
        return jmespath.compile(path)
    except (JMESPathError, RecursionError):
        raise ValueError(
            _("The path “%(path)s” is not right. One such as customer.status is.") % {"path": path}
        ) from None


def compile_rows(mapping: Sequence[Mapping[str, JSON]]) -> tuple[Row, ...]:
    """The mapping, ready to use; raises ValueError when it is not right (see `faults`)."""
    return tuple(
        Row(row["name"], compile_path(row["path"]), row.get("type", "text"), row.get("default")) for row in mapping
    )


def faults(mapping: JSON) -> list[Fault]:
    """What is wrong with a mapping as a manager typed it."""
    if not isinstance(mapping, list):
        return [Fault("mapping", _("The values are a list of rows."))]
    if len(mapping) > ROWS:
        return [Fault("mapping", _("At most %(n)d values.") % {"n": ROWS})]
    found: list[Fault] = []
    seen: set[str] = set()
    for number, row in enumerate(mapping, 1):
        for message in _row_faults(row, seen):
            found.append(Fault("mapping", _("Row %(n)d: %(what)s") % {"n": number, "what": message}))
    return found


def _row_faults(row: JSON, seen: set[str]) -> list[str]:
    if not isinstance(row, dict):
        return [_("This is no row with name, path and type.")]
    found = []
    name, path, kind = row.get("name"), row.get("path"), row.get("type", "text")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        found.append(_("A name is made of letters, digits and underscores, such as loyalty_status."))
    elif name in seen:
        found.append(_("The name “%(name)s” is there twice.") % {"name": name})
    else:
        seen.add(name)
    if not isinstance(path, str) or not path.strip():
        found.append(_("The path is missing."))
    else:
        try:
            compile_path(path)
        except ValueError as error:
            found.append(str(error))
    if kind not in TYPES:
        found.append(_("The type is one of %(types)s.") % {"types": ", ".join(TYPES)})
    elif row.get("default") is not None:
        try:
            convert(row["default"], kind)
        except _Missing:
            found.append(_("What stands for a missing value is no %(type)s.") % {"type": kind})
    if unknown := sorted(str(key) for key in set(row) - {"name", "path", "type", "default"}):
        found.append(_("Unknown: %(keys)s.") % {"keys": ", ".join(unknown)})
    return found


def take(answer: JSON, rows: Sequence[Row]) -> tuple[dict[str, JSON], list[str]]:
    """The values that are there and of their kind, and a note for each that is not."""
    values: dict[str, JSON] = {}
    notes: list[str] = []
    for row in rows:
        raw = look_up(row.path, answer)
        if raw is not None:
            try:
                values[row.name] = convert(raw, row.type)
                continue
            except _Missing:
                notes.append(_("%(name)s is no %(type)s in the answer.") % {"name": row.name, "type": row.type})
        else:
            notes.append(_("%(name)s is not in the answer.") % {"name": row.name})
        if row.default is not None:
            values[row.name] = convert(row.default, row.type)
    return values, notes


def look_up(path: Any, answer: JSON) -> JSON:
    """What is at the path; None where nothing is, or where the path does not fit the answer."""
    try:
        return path.search(answer)
    except (JMESPathError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError):
        return None


def convert(raw: JSON, kind: str) -> JSON:
    """`raw` as `kind`. Whole numbers stay whole; others are floats, exact to 15 digits, which holds any amount of money."""
    match kind:
        case "text":
            return _text(raw)
        case "number":
            return _number(raw)
        case "boolean":
            return _boolean(raw)
        case "date":
            return _date(raw)
        case "datetime":
            return _datetime(raw)
        case _:
            return _list(raw)


def convert_or_keep(text: str, kind: str) -> JSON:
    """A value as somebody typed it, as `kind` where it can be; else the text as it is, for `faults` to complain of."""
    try:
        return convert([part.strip() for part in text.split(",")] if kind == "list" else text, kind)
    except _Missing:
        return text


def _text(raw: JSON) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return str(_number(raw))
    if isinstance(raw, str):
        return _UNSTORABLE.sub("\ufffd", raw[:TEXT_CHARS])
    raise _Missing


def _number(raw: JSON) -> int | float:
    if isinstance(raw, bool):
        raise _Missing
    if isinstance(raw, str):
        text = raw.strip()
        match = _NUMBER.fullmatch(text) if len(text) <= NUMBER_CHARS and text.isascii() else None
        if not match:
            raise _Missing
        raw = float(text) if match[2] or match[3] else int(text)
    if isinstance(raw, int) and abs(raw) < 10**NUMBER_CHARS:
        return raw
    if isinstance(raw, float) and math.isfinite(raw):
        return raw
    raise _Missing


def _boolean(raw: JSON) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, int | str):
        word = str(raw)[:10].strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
    raise _Missing


def _date(raw: JSON) -> str:
    if isinstance(raw, str):
        text = raw.strip()[:40]
        try:
            return (date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)).isoformat()[:10]
        except ValueError:
            pass
    raise _Missing


def _datetime(raw: JSON) -> str:
    try:
        if isinstance(raw, str):
            instant = datetime.fromisoformat(raw.strip()[:40])
        elif isinstance(raw, int | float) and not isinstance(raw, bool):
            # Seconds since 1970, or milliseconds as JavaScript counts.
            instant = datetime.fromtimestamp(raw / 1000 if abs(raw) > 1e11 else raw, UTC)
        else:
            raise _Missing
        # An API that names no zone is taken to mean UTC.
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        raise _Missing from None


def _list(raw: JSON) -> list[JSON]:
    items = raw if isinstance(raw, list) else [raw]
    kept: list[JSON] = []
    for item in items[:LIST_ITEMS]:
        if isinstance(item, bool):
            kept.append(item)
            continue
        try:
            kept.append(_number(item) if isinstance(item, int | float) else _text(item))
        except _Missing:
            continue
    if items and not kept:
        raise _Missing
    return kept
