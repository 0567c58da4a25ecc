"""The filters a template may use: each takes the value before the bar and gives another, nothing else."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from html import escape
from typing import Any, Final
from urllib.parse import quote_plus, unquote_plus

from liquid.exceptions import ResourceLimitError

from routing.engine import limits
from routing.engine.hours import zone_of
from routing.engine.values import JSON, as_date, as_instant, as_number, as_text, is_blank

_LARGEST = Decimal(10) ** 18
_SMALLEST = Decimal(10) ** -9
# strftime takes widths too ("%999999d"), with which one directive could fill the memory.
_DIRECTIVE = re.compile(r"%-?[aAbBdDeFHIjklmMpPRsSTuwyYzZ%]")
# Seconds since 1970, as `date: "%s"` gives them; shorter numbers are dates or nothing.
_SECONDS = re.compile(r"[0-9]{9,11}")
_MARKUP = re.compile(r"<script\b.*?</script>|<style\b.*?</style>|<!--.*?-->|<[^<>]*>", re.DOTALL | re.IGNORECASE)


def _text(value: JSON) -> str:
    # The library's "undefined" is an empty mapping.
    return "" if isinstance(value, Mapping) and not value else as_text(value)


def _number(value: JSON) -> Decimal:
    """Liquid counts what is no number as nought."""
    return as_number(value) or Decimal(0)


def _as_json(number: Decimal) -> int | Decimal:
    if abs(number) > _LARGEST:
        raise OverflowError
    whole = int(number)
    return whole if whole == number else number.quantize(_SMALLEST).normalize()


def _divided_by(value: JSON, by: JSON, **_: Any) -> int | Decimal:
    """As everywhere in Liquid, whole numbers give a whole number: 7 by 2 is 3, 7 by 2.0 is 3.5."""
    one, other = _number(value), _number(by)
    if one.as_tuple().exponent or other.as_tuple().exponent:
        return _as_json(one / other)
    return _as_json(Decimal(int(one) // int(other)))


def _too_long() -> ResourceLimitError:
    return ResourceLimitError(f"the text is longer than {limits.TEMPLATE_OUTPUT_CHARS} characters", token=None)


def _default(value: JSON, fallback: JSON = "", **_: Any) -> JSON:
    return fallback if value is False or is_blank(value) else value


def _replace(value: JSON, old: JSON, new: JSON = "", **_: Any) -> str:
    text, gone, instead = _text(value), _text(old), _text(new)
    length = len(text) + (len(text) + 1 if not gone else text.count(gone)) * len(instead)
    if length > limits.TEMPLATE_OUTPUT_CHARS:
        raise _too_long()
    return text.replace(gone, instead)


def _round(value: JSON, digits: JSON = 0, **_: Any) -> int | Decimal:
    step = Decimal(1).scaleb(-max(0, min(10, int(_number(digits)))))
    return _as_json(_number(value).quantize(step, ROUND_HALF_UP))


def _truncate(value: JSON, length: JSON = 50, end: JSON = "...", **_: Any) -> str:
    text, tail = _text(value), _text(end)
    most = int(_number(length))
    return text if len(text) <= most else text[: max(0, most - len(tail))] + tail


def _split(value: JSON, by: JSON = " ", **_: Any) -> list[str]:
    text, mark = _text(value), _text(by)
    return list(text) if not mark else text.split(None if mark == " " else mark) if text else []


def _join(value: JSON, by: JSON = " ", **_: Any) -> str:
    if not isinstance(value, list | tuple):
        return _text(value)
    mark = _text(by)
    if len(value) * len(mark) > limits.TEMPLATE_OUTPUT_CHARS:
        raise _too_long()
    return mark.join(_text(item) for item in value)


def _end(value: JSON, index: int) -> JSON:
    return value[index] if isinstance(value, list | tuple | str) and value else None


def _size(value: JSON, **_: Any) -> int:
    return len(value) if isinstance(value, list | tuple | str | Mapping) else 0


def _spell(value: JSON, **_: Any) -> str:
    """Puts spaces between the characters, 4 7 1 1, so that a voice reads them one by one."""
    return " ".join(char for char in _text(value)[: limits.TEMPLATE_OUTPUT_CHARS // 2] if not char.isspace())


def _date(value: JSON, form: JSON = "%Y-%m-%d", zone: JSON = "", *, context: Any) -> str:
    """An instant on the clock of the named zone, else of the contact's, else UTC; "now" is the moment of the run."""
    if isinstance(value, str) and value.strip().casefold() in ("now", "today"):
        value = context.get(["now"], token=None, default=None)
    if isinstance(value, int | Decimal | str) and _SECONDS.fullmatch(_text(value).strip()):
        value = datetime.fromtimestamp(int(_text(value)), UTC)
    day = as_date(value)
    moment = datetime.combine(day, time()) if day else as_instant(value)
    if moment is None:
        return _text(value)
    if not day:
        name = _text(zone) or _text(context.get(["contact", "time_zone"], token=None, default=""))
        clock: tzinfo = zone_of(name) or UTC
        moment = moment.astimezone(clock)
    return _DIRECTIVE.sub(
        lambda found: str(int(moment.timestamp())) if found[0] == "%s" else moment.strftime(found[0]), _text(form)
    )


def _slice(value: JSON, start: JSON = 0, length: JSON = 1, **_: Any) -> str:
    """As in Liquid everywhere: a negative start counts from the end."""
    text, first, count = _text(value), int(_number(start)), max(0, int(_number(length)))
    first = len(text) + first if first < 0 else first
    return text[first : first + count] if first >= 0 else ""


def _modulo(value: JSON, by: JSON, **_: Any) -> int | Decimal:
    one, other = _number(value), _number(by)
    return _as_json(one - other * (one / other).to_integral_value(ROUND_FLOOR))


def _first_replaced(value: JSON, old: JSON, new: JSON = "", **_: Any) -> str:
    gone = _text(old)
    return _text(value).replace(gone, _text(new), 1) if gone else _text(value)


def _truncate_words(value: JSON, most: JSON = 15, end: JSON = "...", **_: Any) -> str:
    words, count = _text(value).split(), max(1, int(_number(most)))
    return " ".join(words) if len(words) <= count else " ".join(words[:count]) + _text(end)


def _items(value: JSON) -> list[JSON]:
    return list(value) if isinstance(value, list | tuple) else [] if is_blank(value) else [value]


def _reverse(value: JSON, **_: Any) -> JSON:
    return value if isinstance(value, str) else _items(value)[::-1]


def _sort(value: JSON, **_: Any) -> list[JSON]:
    """Numbers by their size, before texts by their letters."""
    return sorted(_items(value), key=lambda item: (as_number(item) is None, as_number(item) or 0, _text(item)))


def _uniq(value: JSON, **_: Any) -> list[JSON]:
    return list({_text(item): item for item in reversed(_items(value))}.values())[::-1]


def _decoded(value: JSON, **_: Any) -> str:
    try:
        return b64decode(_text(value), validate=True).decode()
    except ValueError:
        return ""


def _json(value: JSON, **_: Any) -> str:
    """As Studio's `to_json` has it; what is not there is `null`."""
    nothing = isinstance(value, Mapping) and not value
    return json.dumps(None if nothing else value, ensure_ascii=False, default=_text)


FILTERS: Final[dict[str, Callable[..., JSON]]] = {
    "abs": lambda value, **_: _as_json(abs(_number(value))),
    "append": lambda value, tail="", **_: _text(value) + _text(tail),
    "at_least": lambda value, other, **_: _as_json(max(_number(value), _number(other))),
    "at_most": lambda value, other, **_: _as_json(min(_number(value), _number(other))),
    "base64_decode": _decoded,
    "base64_encode": lambda value, **_: b64encode(_text(value).encode(errors="replace")).decode(),
    "capitalize": lambda value, **_: _text(value).capitalize(),
    "ceil": lambda value, **_: _as_json(_number(value).to_integral_value(ROUND_CEILING)),
    "compact": lambda value, **_: [item for item in _items(value) if not is_blank(item)],
    "date": _date,
    "default": _default,
    "divided_by": _divided_by,
    "downcase": lambda value, **_: _text(value).lower(),
    "escape": lambda value, **_: escape(_text(value)),
    "first": lambda value, **_: _end(value, 0),
    "floor": lambda value, **_: _as_json(_number(value).to_integral_value(ROUND_FLOOR)),
    "join": _join,
    "json": _json,
    "last": lambda value, **_: _end(value, -1),
    "lstrip": lambda value, **_: _text(value).lstrip(),
    "minus": lambda value, other, **_: _as_json(_number(value) - _number(other)),
    "modulo": _modulo,
    "newline_to_br": lambda value, **_: _text(value).replace("\n", "<br />\n"),
    "plus": lambda value, other, **_: _as_json(_number(value) + _number(other)),
    "prepend": lambda value, head="", **_: _text(head) + _text(value),
    "remove": lambda value, gone, **_: _text(value).replace(_text(gone), "") if _text(gone) else _text(value),
    "remove_first": lambda value, gone, **_: _first_replaced(value, gone),
    "replace": _replace,
    "replace_first": _first_replaced,
    "reverse": _reverse,
    "round": _round,
    "rstrip": lambda value, **_: _text(value).rstrip(),
    "size": _size,
    "slice": _slice,
    "sort": _sort,
    "spell": _spell,
    "split": _split,
    "strip": lambda value, **_: _text(value).strip(),
    "strip_html": lambda value, **_: _MARKUP.sub("", _text(value)),
    "strip_newlines": lambda value, **_: re.sub(r"\r?\n", "", _text(value)),
    "times": lambda value, other, **_: _as_json(_number(value) * _number(other)),
    "to_json": _json,
    "truncate": _truncate,
    "truncatewords": _truncate_words,
    "uniq": _uniq,
    "upcase": lambda value, **_: _text(value).upper(),
    "url_decode": lambda value, **_: unquote_plus(_text(value), errors="replace"),
    "url_encode": lambda value, **_: quote_plus(_text(value), errors="replace"),
}
