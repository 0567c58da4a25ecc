"""Conditions in a manager's words: "loyalty status is gold or platinum"."""

from __future__ import annotations

import re
from typing import Final

from routing.engine.conditions.models import Condition, Group, list_path, split_list
from routing.engine.conditions.operators import LISTED, PLAIN, RANGED, VALUELESS, Operator
from routing.engine.templates import sole_path
from routing.engine.values import JSON, as_text

PHRASES: Final[dict[Operator, str]] = {
    Operator.EQUALS: "is",
    Operator.DOES_NOT_EQUAL: "is not",
    Operator.IS_ONE_OF: "is",
    Operator.IS_NOT_ONE_OF: "is neither",
    Operator.IN_LIST: "is in the list",
    Operator.NOT_IN_LIST: "is not in the list",
    Operator.CONTAINS: "contains",
    Operator.DOES_NOT_CONTAIN: "does not contain",
    Operator.BEGINS_WITH: "begins with",
    Operator.DOES_NOT_BEGIN_WITH: "does not begin with",
    Operator.ENDS_WITH: "ends with",
    Operator.DOES_NOT_END_WITH: "does not end with",
    Operator.MATCHES: "matches",
    Operator.DOES_NOT_MATCH: "does not match",
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
# Alone these say too little: "contact from", "order total".
_VAGUE = frozenset({"from", "to", "id", "name", "status", "type", "value", "total", "count", "key", "code", "number"})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def label(path: str) -> str:
    """`loyalty.loyalty_status` as "loyalty status"; a vague last word keeps the one before it: "contact from"."""
    parts = [part for part in path.split(".") if part]
    if not parts:
        return path
    start = len(parts) - 1
    while start > 0 and (parts[start].isdecimal() or parts[start].lower() in _VAGUE):
        start -= 1
    return " ".join(_HUMP.sub(" ", part).replace("_", " ").replace("-", " ").lower() for part in parts[start:])


def words(group: Group) -> str:
    """The whole group as one clause; inner groups stand in brackets."""
    if not group.conditions:
        return "no condition"
    joint = " and " if group.match == "all" else " or "
    several = len(group.conditions) > 1
    return joint.join(
        (f"({words(part)})" if several and len(part.conditions) > 1 else words(part))
        if isinstance(part, Group)
        else condition_words(part)
        for part in group.conditions
    )


def condition_words(condition: Condition) -> str:
    """One condition: "order total is at least 500"."""
    start = f"{label(condition.variable)} {PHRASES[condition.operator]}"
    if condition.operator in VALUELESS:
        return start
    value = condition.value
    if PLAIN[condition.operator] is Operator.IN_LIST and (path := list_path(value)) is not None:
        return f"{start} {label(path)}"
    if condition.operator in LISTED and isinstance(value, str):
        value = split_list(value)
    if not isinstance(value, tuple):
        return f"{start} {_worded(value)}"
    joint = "nor" if condition.operator is Operator.IS_NOT_ONE_OF else "and" if condition.operator in RANGED else "or"
    listed = [_worded(item) for item in value]
    if len(listed) == 1 and condition.operator is Operator.IS_NOT_ONE_OF:
        return f"{label(condition.variable)} is not {listed[0]}"
    if len(listed) < 2:
        return f"{start} {''.join(listed) or 'nothing'}"
    return f"{start} {', '.join(listed[:-1])} {joint} {listed[-1]}"


def _worded(value: JSON) -> str:
    if isinstance(value, str):
        path = sole_path(value)
        return label(path) if path else value.strip() or "nothing"
    return as_text(value) or "nothing"
