"""The operators: what each compares, and its opposite.

A test answers true or false, or with a sentence that says why the two sides cannot be compared. Then neither the
operator nor its opposite holds: see `docs/decisions/0003-comparing-what-is-missing.md`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias

from routing.engine.conditions.moments import Here, compare, moment_of, time_of
from routing.engine.patterns import found, pattern
from routing.engine.values import JSON, as_number, as_text, as_time, as_truth, is_blank, show


class Operator(StrEnum):
    """How a variable is compared; each has its opposite."""

    EQUALS = "equals"
    DOES_NOT_EQUAL = "does_not_equal"
    IS_ONE_OF = "is_one_of"
    IS_NOT_ONE_OF = "is_not_one_of"
    IN_LIST = "in_list"
    NOT_IN_LIST = "not_in_list"
    CONTAINS = "contains"
    DOES_NOT_CONTAIN = "does_not_contain"
    BEGINS_WITH = "begins_with"
    DOES_NOT_BEGIN_WITH = "does_not_begin_with"
    ENDS_WITH = "ends_with"
    DOES_NOT_END_WITH = "does_not_end_with"
    MATCHES = "matches"
    DOES_NOT_MATCH = "does_not_match"
    GREATER_THAN = "greater_than"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    LESS_THAN = "less_than"
    BETWEEN = "between"
    NOT_BETWEEN = "not_between"
    BEFORE = "before"
    NOT_BEFORE = "not_before"
    AFTER = "after"
    NOT_AFTER = "not_after"
    IS_BEFORE_TIME = "is_before_time"
    IS_NOT_BEFORE_TIME = "is_not_before_time"
    IS_AFTER_TIME = "is_after_time"
    IS_NOT_AFTER_TIME = "is_not_after_time"
    IS_BLANK = "is_blank"
    IS_NOT_BLANK = "is_not_blank"
    IS_TRUE = "is_true"
    IS_FALSE = "is_false"


_PAIRS: Final = (
    (Operator.EQUALS, Operator.DOES_NOT_EQUAL),
    (Operator.IS_ONE_OF, Operator.IS_NOT_ONE_OF),
    (Operator.IN_LIST, Operator.NOT_IN_LIST),
    (Operator.CONTAINS, Operator.DOES_NOT_CONTAIN),
    (Operator.BEGINS_WITH, Operator.DOES_NOT_BEGIN_WITH),
    (Operator.ENDS_WITH, Operator.DOES_NOT_END_WITH),
    (Operator.MATCHES, Operator.DOES_NOT_MATCH),
    (Operator.GREATER_THAN, Operator.AT_MOST),
    (Operator.AT_LEAST, Operator.LESS_THAN),
    (Operator.BETWEEN, Operator.NOT_BETWEEN),
    (Operator.BEFORE, Operator.NOT_BEFORE),
    (Operator.AFTER, Operator.NOT_AFTER),
    (Operator.IS_BEFORE_TIME, Operator.IS_NOT_BEFORE_TIME),
    (Operator.IS_AFTER_TIME, Operator.IS_NOT_AFTER_TIME),
    (Operator.IS_BLANK, Operator.IS_NOT_BLANK),
    (Operator.IS_TRUE, Operator.IS_FALSE),
)
NEGATION: Final[dict[Operator, Operator]] = {
    **dict(_PAIRS),
    **{negated: plain for plain, negated in _PAIRS},
}
PLAIN: Final[dict[Operator, Operator]] = {
    **{plain: plain for plain, _ in _PAIRS},
    **{negated: plain for plain, negated in _PAIRS},
}
"""The operator that tests for this one, itself or its opposite."""
VALUELESS: Final = frozenset({Operator.IS_BLANK, Operator.IS_NOT_BLANK, Operator.IS_TRUE, Operator.IS_FALSE})
LISTED: Final = frozenset({Operator.IS_ONE_OF, Operator.IS_NOT_ONE_OF, Operator.IN_LIST, Operator.NOT_IN_LIST})
RANGED: Final = frozenset({Operator.BETWEEN, Operator.NOT_BETWEEN})

Answer: TypeAlias = bool | str


def normal(text: str) -> str:
    """Text as it is compared: without outer blanks, upper and lower case alike, accents written in one way."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.strip().casefold()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The right-hand side, read once in all the ways in which an operator may want it."""

    raw: JSON
    text: str
    number: Decimal | None
    items: tuple[Wanted, ...] = ()


def wanted(raw: JSON) -> Wanted:
    """Prepares a right-hand side; the items of a list are prepared too."""
    if isinstance(raw, list | tuple):
        return Wanted(raw, "", None, tuple(wanted(item) for item in raw))
    return Wanted(raw, "" if isinstance(raw, Mapping) else normal(as_text(raw)), as_number(raw))


def nothing_in(raw: JSON) -> bool:
    """Whether a side is missing: not there, null, or blank text. A list is there even if it is empty."""
    if isinstance(raw, str):
        return is_blank(raw)
    return not isinstance(raw, list | tuple | Mapping) and is_blank(raw)


def _kind(value: JSON) -> str:
    if isinstance(value, list | tuple):
        return "a list"
    return "an object" if isinstance(value, Mapping) else show(value)


def equals(seen: JSON, want: Wanted, _here: Here) -> Answer:
    if isinstance(want.raw, list | tuple | Mapping):
        return f"{_kind(seen)} cannot be compared with {_kind(want.raw)}"
    if isinstance(seen, str):
        if want.number is not None and (number := as_number(seen)) is not None:
            return number == want.number
        if isinstance(want.raw, str):
            return normal(seen) == want.text
    if isinstance(seen, bool) or isinstance(want.raw, bool):
        truth, other = as_truth(seen), as_truth(want.raw)
        if truth is None or other is None:
            return f"{_kind(want.raw if other is None else seen)} is neither true nor false"
        return truth == other
    number = as_number(seen)
    if number is None or want.number is None:
        return f"{_kind(seen if number is None else want.raw)} is no number" if _scalar(seen) else _unlike(seen, want)
    return number == want.number


def _scalar(value: JSON) -> bool:
    return isinstance(value, str | int | float | Decimal)


def _unlike(seen: JSON, want: Wanted) -> str:
    return f"{_kind(seen)} cannot be compared with {_kind(want.raw)}"


def is_one_of(seen: JSON, want: Wanted, here: Here) -> Answer:
    """Items that the value cannot be compared with are passed over; if it is none of them, one at least must compare."""
    if not isinstance(want.raw, list | tuple):
        return f"{_kind(want.raw)} is no list"
    answer: Answer = False if not want.items else "it cannot be compared with any of them"
    for item in want.items:
        if nothing_in(item.raw):
            continue
        same = equals(seen, item, here)
        if same is True:
            return True
        if same is False:
            answer = False
    return answer


def contains(seen: JSON, want: Wanted, here: Here) -> Answer:
    """Text within text, or an item of a list."""
    if isinstance(seen, list | tuple):
        answer: Answer = False if not seen else "none of its items can be compared with it"
        for item in seen:
            same = False if nothing_in(item) else equals(item, want, here)
            if same is True:
                return True
            if same is False:
                answer = False
        return answer
    text = _text(seen)
    return want.text in text if text is not None and _is_text(want) else _no_text(seen, want)


def begins_with(seen: JSON, want: Wanted, _here: Here) -> Answer:
    text = _text(seen)
    return text.startswith(want.text) if text is not None and _is_text(want) else _no_text(seen, want)


def ends_with(seen: JSON, want: Wanted, _here: Here) -> Answer:
    text = _text(seen)
    return text.endswith(want.text) if text is not None and _is_text(want) else _no_text(seen, want)


def _text(seen: JSON) -> str | None:
    """Numbers have a text too: a customer number begins with its digits."""
    if isinstance(seen, str):
        return normal(seen)
    return normal(as_text(seen)) if _scalar(seen) and not isinstance(seen, bool) else None


def _is_text(want: Wanted) -> bool:
    return _scalar(want.raw) and not isinstance(want.raw, bool)


def _no_text(seen: JSON, want: Wanted) -> str:
    return f"{_kind(seen if _is_text(want) else want.raw)} is no text"


def matches(seen: JSON, want: Wanted, _here: Here) -> Answer:
    """The pattern is searched for anywhere in the text; ^ and $ tie it to its ends."""
    if not isinstance(want.raw, str):
        return f"{_kind(want.raw)} is no pattern"
    compiled = pattern(want.raw, ignore_case=True)
    if isinstance(compiled, str):
        return compiled
    if not _scalar(seen) or isinstance(seen, bool):
        return f"{_kind(seen)} is no text"
    return found(compiled, unicodedata.normalize("NFC", as_text(seen).strip()))


# Keys that a caller pressed: whoever asks whether "05" is less than 12 means the number. Equal to 5 it is not.
_PADDED = re.compile(r"0+(?=[0-9])", re.ASCII)


def _numbers(seen: JSON, want: Wanted) -> tuple[Decimal, Decimal] | str:
    number = as_number(_PADDED.sub("", seen.strip(), count=1) if isinstance(seen, str) and seen[:1] == "0" else seen)
    if number is None:
        return f"{_kind(seen)} is no number"
    return (number, want.number) if want.number is not None else f"{_kind(want.raw)} is no number"


def greater_than(seen: JSON, want: Wanted, _here: Here) -> Answer:
    both = _numbers(seen, want)
    return both if isinstance(both, str) else both[0] > both[1]


def at_least(seen: JSON, want: Wanted, _here: Here) -> Answer:
    both = _numbers(seen, want)
    return both if isinstance(both, str) else both[0] >= both[1]


def between(seen: JSON, want: Wanted, here: Here) -> Answer:
    """Both ends belong to it; numbers, or dates and instants."""
    if len(want.items) != 2:
        return f"{_kind(want.raw)} is not a lowest and a highest value"
    low, high = want.items
    number = as_number(seen)
    if number is not None:
        if low.number is None or high.number is None:
            return f"{_kind(low.raw if low.number is None else high.raw)} is no number"
        return low.number <= number <= high.number
    least, most, moment = (moment_of(side, here) for side in (low.raw, high.raw, seen))
    if least is None or most is None or moment is None:
        return f"{_kind(seen)} is neither a number nor a date" if moment is None else f"{_kind(want.raw)} are no dates"
    return compare(least, moment, here) <= 0 <= compare(most, moment, here)


def _order(seen: JSON, want: Wanted, here: Here) -> int | str:
    moment, other = moment_of(seen, here), moment_of(want.raw, here)
    if moment is None or other is None:
        return f"{_kind(seen if moment is None else want.raw)} is no date"
    return compare(moment, other, here)


def before(seen: JSON, want: Wanted, here: Here) -> Answer:
    order = _order(seen, want, here)
    return order if isinstance(order, str) else order < 0


def after(seen: JSON, want: Wanted, here: Here) -> Answer:
    order = _order(seen, want, here)
    return order if isinstance(order, str) else order > 0


def is_before_time(seen: JSON, want: Wanted, here: Here) -> Answer:
    clock, other = time_of(seen, here), as_time(want.raw)
    if clock is None or other is None:
        return f"{_kind(seen if clock is None else want.raw)} is no time of day"
    return clock < other


def is_after_time(seen: JSON, want: Wanted, here: Here) -> Answer:
    clock, other = time_of(seen, here), as_time(want.raw)
    if clock is None or other is None:
        return f"{_kind(seen if clock is None else want.raw)} is no time of day"
    return clock > other


def blank(seen: JSON, _want: Wanted, _here: Here) -> Answer:
    return is_blank(seen)


def is_true(seen: JSON, _want: Wanted, _here: Here) -> Answer:
    truth = as_truth(seen)
    return f"{_kind(seen)} is neither true nor false" if truth is None else truth


Test: TypeAlias = Callable[[JSON, Wanted, Here], Answer]
TESTS: Final[dict[Operator, Test]] = {
    Operator.EQUALS: equals,
    Operator.IS_ONE_OF: is_one_of,
    Operator.IN_LIST: is_one_of,
    Operator.CONTAINS: contains,
    Operator.BEGINS_WITH: begins_with,
    Operator.ENDS_WITH: ends_with,
    Operator.MATCHES: matches,
    Operator.GREATER_THAN: greater_than,
    Operator.AT_LEAST: at_least,
    Operator.BETWEEN: between,
    Operator.BEFORE: before,
    Operator.AFTER: after,
    Operator.IS_BEFORE_TIME: is_before_time,
    Operator.IS_AFTER_TIME: is_after_time,
    Operator.IS_BLANK: blank,
    Operator.IS_TRUE: is_true,
}
