"""Conditions of a split as rows of a branch that mean the same.

Studio ignores upper and lower case and blanks at the ends of both sides ("Studio conditions are not case-sensitive and
automatically trim leading and trailing spaces of the values": https://www.twilio.com/docs/studio/widget-library/split-based-on),
as ours do. A value that is not there is empty text to Studio, so it differs from every value; here neither a condition
nor its opposite holds of it (docs/decisions/0003). Hence each “not …” is joined with “or is blank”.
`matches_any_of` takes a list with commas. A pattern (`regex`) has to fit the whole value, as `matches` of Java does; ours
is looked for anywhere, hence its ends are tied. Of dates and times no page says how they are written; the editor of Studio
writes 2026-05-01 and 17:30, and other ways are understood where they are plain. Several conditions of one way must all
hold: the format allows them, the editor makes one, and no page says more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

from channels.providers.twilio.studio.flow import Test
from routing.engine import limits
from routing.engine.patterns import pattern
from routing.engine.templates import has_template
from routing.engine.values import as_date, as_number, as_time

Row: TypeAlias = dict[str, Any]

_PLAIN: Final = {
    "equal_to": "equals",
    "contains": "contains",
    "starts_with": "begins_with",
    "less_than": "less_than",
    "greater_than": "greater_than",
    "is_before_time": "is_before_time",
    "is_after_time": "is_after_time",
    "is_before_date": "before",
    "is_after_date": "after",
    "regex": "matches",
    "matches_any_of": "is_one_of",
    "is_blank": "is_blank",
    "is_not_blank": "is_not_blank",
}
_NEGATED: Final = {
    "not_equal_to": "does_not_equal",
    "does_not_contain": "does_not_contain",
    "does_not_start_with": "does_not_begin_with",
    "does_not_match_any_of": "is_not_one_of",
}
_NEVER: Final[Row] = {"variable": "", "operator": "matches", "value": "[^\\s\\S]"}
KINDS: Final = frozenset(_PLAIN) | frozenset(_NEGATED)
_TIMES: Final = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p", "%H%M")
_DATES: Final = ("%Y-%m-%d", "%m/%d/%Y", "%Y/%m/%d", "%d.%m.%Y", "%m-%d-%Y", "%B %d, %Y", "%b %d, %Y", "%Y%m%d")


def group_of(rows: list[Row], match: str = "all") -> Row:
    return {"match": match, "conditions": rows}


def row_of(test: Test, variable: str, value: str, notes: list[str]) -> Row:
    """One condition; a group where that needs two. `value` is the test's with its variables translated.

    Whatever cannot mean anything here is kept as it is, where the validator finds it, and noted.
    """
    if test.kind in _NEGATED:
        blank = {"variable": variable, "operator": "is_blank"}
        if not value.strip():
            # Every text holds the empty one.
            never = test.kind in {"does_not_contain", "does_not_start_with"}
            return {**_NEVER, "variable": variable} if never else {"variable": variable, "operator": "is_not_blank"}
        row = _row(variable, _NEGATED[test.kind], value)
        return group_of([*_split(row, "all"), blank], "any") if _is_short(row) else _none_of(row, blank)
    operator = _PLAIN.get(test.kind)
    if operator is None:
        notes.append(f"The condition “{test.kind}” is not known: this way is never taken.")
        return {**_NEVER, "variable": variable}
    if operator in {"is_blank", "is_not_blank"}:
        return {"variable": variable, "operator": operator}
    if not value.strip():
        if operator in {"equals", "is_one_of"}:
            return {"variable": variable, "operator": "is_blank"}
        if operator in {"contains", "begins_with"}:
            # Every text holds the empty one.
            return group_of(
                [{"variable": variable, "operator": "is_blank"}, {"variable": variable, "operator": "is_not_blank"}],
                "any",
            )
    if operator in _CHECKS and not has_template(value):
        value = _CHECKS[operator](value, notes)
    elif operator == "matches" and has_template(value):
        notes.append("A pattern here holds no variables: it is taken as it is written.")
    row = _row(variable, operator, value)
    if _is_short(row):
        return row
    return group_of(_split(row, "any"), "any")


def _row(variable: str, operator: str, value: str) -> Row:
    if operator in {"is_one_of", "is_not_one_of"} and not has_template(value):
        return {"variable": variable, "operator": operator, "value": _items(value)}
    return {"variable": variable, "operator": operator, "value": value.strip() if operator != "matches" else value}


def _items(value: str) -> list[str]:
    """The items of “yes, Yes, y,”: each once, as upper and lower case are the same."""
    items = [item.strip() for item in value.split(",")]
    return list({item.casefold(): item for item in reversed(items) if item}.values())[::-1] or [value.strip()]


def _is_short(row: Row) -> bool:
    return not isinstance(row.get("value"), list) or len(row["value"]) <= limits.LIST_ITEMS


def _split(row: Row, _match: str) -> list[Row]:
    """The row, or several of them where its list is longer than one may be."""
    if _is_short(row):
        return [row]
    items, most = row["value"], limits.LIST_ITEMS
    return [{**row, "value": items[start : start + most]} for start in range(0, len(items), most)]


def _none_of(row: Row, blank: Row) -> Row:
    return group_of([group_of(_split(row, "all")), blank], "any")


def _number(value: str, notes: list[str]) -> str:
    text = value.strip().replace(" ", "")
    text = re.sub(r"^\+", "", re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", text))
    text = re.sub(r"^(-?)0+(?=\d)", r"\1", text)
    text = f"0{text}" if text.startswith(".") else text
    if as_number(text) is None:
        notes.append(f"“{value}” is no number.")
        return value
    return text


def _time(value: str, notes: list[str]) -> str:
    text = " ".join(value.strip().upper().split())
    if as_time(text) is not None:
        return text
    for form in _TIMES:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007  a time of day has no zone
        except ValueError:
            continue
        return found.strftime("%H:%M:%S" if found.second else "%H:%M")
    notes.append(f"“{value}” is no time of day that is understood here: write it like 17:30.")
    return value


def _date(value: str, notes: list[str]) -> str:
    text = value.strip()
    if as_date(text) is not None or re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        return text
    for form in _DATES:
        try:
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007  a date has no zone
        except ValueError:
            continue
    notes.append(f"“{value}” is no date that is understood here: write it like 2026-05-01.")
    return value


def _pattern(value: str, notes: list[str]) -> str:
    compiled = pattern(value, ignore_case=True)
    if isinstance(compiled, str):
        notes.append(f"Its pattern cannot be used here (looking ahead or back is not possible): {value[:80]}")
        return value
    whole = rf"^\s*(?:{value.strip()})\s*$"
    return value if isinstance(pattern(whole, ignore_case=True), str) else whole


_CHECKS: Final[dict[str, Callable[[str, list[str]], str]]] = {
    "less_than": _number,
    "greater_than": _number,
    "is_before_time": _time,
    "is_after_time": _time,
    "before": _date,
    "after": _date,
    "matches": _pattern,
}
