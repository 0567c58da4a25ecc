"""What the editor's form needs to know of the operators, so that it need not know any: words, what fits, which value."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from routing.engine.conditions.operators import LISTED, PLAIN, RANGED, VALUELESS, Operator

Value: TypeAlias = Literal["none", "list", "range", "pattern", "number", "moment", "time", "text"]

# As in a menu; a sentence says some of them shorter.
LABELS: Final[dict[Operator, str]] = {
    Operator.EQUALS: "is",
    Operator.DOES_NOT_EQUAL: "is not",
    Operator.IS_ONE_OF: "is one of",
    Operator.IS_NOT_ONE_OF: "is none of",
    Operator.IN_LIST: "is in the list",
    Operator.NOT_IN_LIST: "is not in the list",
    Operator.CONTAINS: "contains",
    Operator.DOES_NOT_CONTAIN: "does not contain",
    Operator.BEGINS_WITH: "begins with",
    Operator.DOES_NOT_BEGIN_WITH: "does not begin with",
    Operator.ENDS_WITH: "ends with",
    Operator.DOES_NOT_END_WITH: "does not end with",
    Operator.MATCHES: "matches the pattern",
    Operator.DOES_NOT_MATCH: "does not match the pattern",
    Operator.GREATER_THAN: "is greater than",
    Operator.AT_MOST: "is at most",
    Operator.AT_LEAST: "is at least",
    Operator.LESS_THAN: "is less than",
    Operator.BETWEEN: "is between",
    Operator.NOT_BETWEEN: "is not between",
    Operator.BEFORE: "is before",
    Operator.NOT_BEFORE: "is not before",
    Operator.AFTER: "is after",
    Operator.NOT_AFTER: "is not after",
    Operator.IS_BEFORE_TIME: "is earlier in the day than",
    Operator.IS_NOT_BEFORE_TIME: "is not earlier in the day than",
    Operator.IS_AFTER_TIME: "is later in the day than",
    Operator.IS_NOT_AFTER_TIME: "is not later in the day than",
    Operator.IS_BLANK: "is blank",
    Operator.IS_NOT_BLANK: "is not blank",
    Operator.IS_TRUE: "is true",
    Operator.IS_FALSE: "is false",
}

_SAME = ("equals", "does_not_equal")
_CHOICE = ("is_one_of", "is_not_one_of")
_BLANK = ("is_blank", "is_not_blank")
_MOMENTS = ("before", "not_before", "after", "not_after", "between", "not_between")
_CLOCK = ("is_before_time", "is_not_before_time", "is_after_time", "is_not_after_time")
# Type of a variable to the operators that fit it, the likeliest first.
FITS: Final[dict[str, tuple[str, ...]]] = {
    "text": (
        *("is_one_of", "is_not_one_of", *_SAME, "contains", "does_not_contain", "begins_with", "does_not_begin_with"),
        *("ends_with", "does_not_end_with", *_BLANK),
    ),
    "number": (
        *("at_least", "greater_than", "at_most", "less_than", "between", "not_between", *_SAME, *_CHOICE, *_BLANK),
    ),
    "boolean": ("is_true", "is_false", *_BLANK),
    "date": (*_MOMENTS, *_SAME, *_BLANK),
    "datetime": (*_MOMENTS, *_CLOCK, *_BLANK),
    "list": ("contains", "does_not_contain", *_BLANK),
    "object": _BLANK,
}


def value_of(operator: Operator) -> Value:
    """What stands on the right side."""
    plain = PLAIN[operator]
    if operator in VALUELESS:
        return "none"
    if operator in LISTED:
        return "list"
    if operator in RANGED:
        return "range"
    if plain in {Operator.GREATER_THAN, Operator.AT_LEAST}:
        return "number"
    if plain in {Operator.BEFORE, Operator.AFTER}:
        return "moment"
    if plain in {Operator.IS_BEFORE_TIME, Operator.IS_AFTER_TIME}:
        return "time"
    return "pattern" if plain is Operator.MATCHES else "text"


def operator_hints() -> dict[str, Any]:
    """For `json_schema_extra` of the operator."""
    return {
        "labels": {operator.value: label for operator, label in LABELS.items()},
        "fits": {kind: list(operators) for kind, operators in FITS.items()},
        "values": {operator.value: value_of(operator) for operator in Operator},
    }
