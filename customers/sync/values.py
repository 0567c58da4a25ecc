"""What a field of a record may hold: one reader for each, which gives the value as it is kept or says what is wrong."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from customers.currencies import CODES

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_CENT = Decimal("0.01")
_MOST_MONEY = Decimal(10) ** 12
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
# 1.234 is a thousand in half of Europe, and 1,234 in the other half.
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}", re.ASCII)
_MOST_ORDERS = 2_147_483_647
_MOST_VERSION = 9_223_372_036_854_775_807
_NUMBER_BOUND = 10**18
_TEXT_CHARS = 4_000
_OBJECT_CHARS = 16_000
_LIST_LENGTH = 200


class Wrong(ValueError):
    """A value that cannot be kept: a code for programs, a sentence for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def clean(value: str) -> str:
    """Text that the database can hold. Raises Wrong."""
    if value.isprintable():
        return value
    if "\x00" in value:
        raise Wrong("bad_character", _("The character NUL cannot be kept."))
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Wrong("bad_character", _("A half of a character (a lone surrogate) cannot be kept.")) from None
    return value


def text(chars: int) -> Callable[[Any], str]:
    """Texts of so many characters at most."""

    def read(value: Any) -> str:
        if value is None:
            return ""
        if type(value) is not str:
            raise _wrong_type(_("a text"), value)
        found = clean(value).strip()
        if len(found) > chars:
            raise Wrong("too_long", _("At most %(count)d characters fit.") % {"count": chars})
        return found

    return read


def number_of_customer(value: Any) -> str:
    """Numbers are usual as the CRM's own ids, so they need no quotes."""
    found = str(value) if type(value) is int else text(100)(value)
    if not found:
        raise Wrong("required", _("The customer number is empty."))
    return found


def money(value: Any) -> Decimal | None:
    """A number, or a text of one where digits matter; rounded to cents."""
    match value:
        case None:
            return None
        case bool():
            raise _wrong_type(_("an amount"), value)
        case int():
            amount = Decimal(value) if abs(value) < _MOST_MONEY else _MOST_MONEY
        case float():
            amount = Decimal(repr(value)) if math.isfinite(value) and abs(value) < _MOST_MONEY else _MOST_MONEY
        case str() if _THOUSANDS.fullmatch(value):
            raise _ambiguous(value, _("%(text)s may be a thousand: write %(whole)s, or an amount with two decimals."))
        case str() if _DECIMAL.fullmatch(value):
            amount = Decimal(value)
        case _:
            raise _wrong_type(_("an amount, such as 1250.50"), value)
    if abs(amount) >= _MOST_MONEY:
        raise Wrong("out_of_range", _("Amounts are below a thousand billions."))
    return amount.quantize(_CENT)


def count(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is not int:
        raise _wrong_type(_("a whole number"), value)
    if not 0 <= value <= _MOST_ORDERS:
        raise Wrong("out_of_range", _("From 0 to %(most)d.") % {"most": _MOST_ORDERS})
    return value


def version(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is not int:
        raise _wrong_type(_("a whole number"), value)
    if abs(value) > _MOST_VERSION:
        raise Wrong("out_of_range", _("The number is too large."))
    return value


def instant(value: Any) -> datetime | None:
    """ISO 8601; without an offset it is read as UTC."""
    if value is None:
        return None
    if type(value) is not str:
        raise _wrong_type(_("a date and time, such as 2026-11-23T10:00:00Z"), value)
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Wrong("invalid", _("No date and time, such as 2026-11-23T10:00:00Z.")) from None


def day(value: Any) -> date | None:
    if value is None:
        return None
    if type(value) is not str:
        raise _wrong_type(_("a date, such as 2026-11-23"), value)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Wrong("invalid", _("No date, such as 2026-11-23.")) from None


def boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise _wrong_type(_("true or false"), value)
    return value


def country(value: Any) -> str:
    found = text(2)(value).upper()
    if found and not (len(found) == 2 and found.isascii() and found.isalpha()):
        raise Wrong("invalid", _("Two letters, such as DE."))
    return found


def currency(value: Any) -> str:
    # null: back to the one that customers have who never had another.
    found = text(3)(value).upper() or "EUR"
    if not (len(found) == 3 and found.isascii() and found.isalpha()):
        raise Wrong("invalid", _("Three letters, such as EUR."))
    if found not in CODES:
        said = _("There is no currency %(code)s. Write its ISO code, such as EUR.")
        raise Wrong("unknown_currency", said % {"code": found})
    return found


def language(value: Any) -> str:
    found = text(10)(value)
    if found and not _LANGUAGE.fullmatch(found):
        raise Wrong("invalid", _("A language such as de or en-GB."))
    return found


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def time_zone(value: Any) -> str:
    found = text(64)(value)
    if found and found not in _zones():
        raise Wrong("invalid", _("A time zone such as Europe/Berlin."))
    return found


# --- further values, by their declared kind ---


def attribute(kind: str, value: Any) -> Any:
    """The value as it is kept in JSON. Raises Wrong."""
    return _KINDS[kind](value)


def kind_of(value: Any) -> str:
    """The kind that a field is declared with whose first value this is. Dates are texts until somebody says otherwise."""
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list() if all(type(one) is str for one in value):
            return "list"
        case _:
            return "object"


def _ambiguous(text: str, said: str) -> Wrong:
    return Wrong("ambiguous", said % {"text": text, "whole": re.sub("[.,]", "", text)})


def _number(value: Any) -> int | float:
    if type(value) is str and _THOUSANDS.fullmatch(value):
        raise _ambiguous(value, _("%(text)s may be a thousand: write %(whole)s, or the number with another decimal."))
    if type(value) not in {int, float}:
        raise _wrong_type(_("a number"), value)
    if not -_NUMBER_BOUND <= value <= _NUMBER_BOUND:  # NaN is neither
        raise Wrong("out_of_range", _("The number is too large."))
    found: int | float = value
    return found


def _texts(value: Any) -> list[str]:
    if type(value) is not list or not all(type(one) is str for one in value):
        raise _wrong_type(_("a list of texts"), value)
    if len(value) > _LIST_LENGTH:
        raise Wrong("too_long", _("At most %(count)d entries fit.") % {"count": _LIST_LENGTH})
    return [text(_TEXT_CHARS)(one) for one in value]


def _anything(value: Any) -> Any:
    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False)
        written.encode()
    except (ValueError, RecursionError):
        raise Wrong("invalid", _("This cannot be kept as JSON.")) from None
    if "\\u0000" in written:
        raise Wrong("bad_character", _("The character NUL cannot be kept."))
    if len(written) > _OBJECT_CHARS:
        raise Wrong("too_long", _("At most %(count)d characters of JSON fit.") % {"count": _OBJECT_CHARS})
    return value


_short = text(_TEXT_CHARS)


def _day(value: Any) -> str:
    found = day(value)
    assert found
    return found.isoformat()


def _instant(value: Any) -> str:
    found = instant(value)
    assert found
    return found.isoformat()


_KINDS: dict[str, Callable[[Any], Any]] = {
    "text": _short,
    "number": _number,
    "boolean": boolean,
    "date": _day,
    "datetime": _instant,
    "list": _texts,
    "object": _anything,
}


def _wrong_type(wanted: str, value: Any) -> Wrong:
    found = {
        bool: _("true or false"),
        int: _("a number"),
        float: _("a number"),
        str: _("a text"),
        list: _("a list"),
        dict: _("an object"),
        type(None): _("null"),
    }.get(type(value), "?")
    return Wrong("wrong_type", _("Wanted is %(wanted)s, and this is %(found)s.") % {"wanted": wanted, "found": found})
