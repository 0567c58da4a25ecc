"""What is wrong with a group of conditions, found before anybody calls; and the variables it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from routing.engine.conditions.models import Condition, Group, Scalar, list_path, split_list
from routing.engine.conditions.moments import is_moment
from routing.engine.conditions.operators import LISTED, PLAIN, RANGED, VALUELESS, Operator
from routing.engine.patterns import pattern
from routing.engine.templates import has_template, template_fault, template_variables
from routing.engine.values import as_number, as_time, is_blank, show

Place: TypeAlias = tuple[str | int, ...]

_PATH = re.compile(r"[^\s.{}\[\]|]+(?: [^\s.{}\[\]|]+)*(?:\.[^\s.{}\[\]|]+(?: [^\s.{}\[\]|]+)*)*")
_NUMERIC = frozenset({Operator.GREATER_THAN, Operator.AT_LEAST})
_DATED = frozenset({Operator.BEFORE, Operator.AFTER})
_TIMED = frozenset({Operator.IS_BEFORE_TIME, Operator.IS_AFTER_TIME})


def faults(group: Group) -> list[tuple[Place, str]]:
    """Each fault with its place in the group, `("conditions", 0, "value")`, as a plain sentence."""
    return list(_faults(group, ()))


def _faults(group: Group, place: Place) -> Iterator[tuple[Place, str]]:
    if not group.conditions:
        yield (*place, "conditions"), "There is no condition yet, so it never holds."
    for index, part in enumerate(group.conditions):
        here = (*place, "conditions", index)
        if isinstance(part, Group):
            yield from _faults(part, here)
        else:
            if not _PATH.fullmatch(part.variable):
                yield (*here, "variable"), f"{show(part.variable)} is no variable; one looks like customer.tier."
            if (fault := _value_fault(part)) is not None:
                yield (*here, "value"), fault


def _value_fault(condition: Condition) -> str | None:
    operator, value = PLAIN[condition.operator], condition.value
    if condition.operator in VALUELESS:
        return None if value is None or value == "" else "This comparison takes no value."
    if is_blank(value):
        return "A value is missing. To ask whether there is anything at all, use “is blank”."
    if operator is Operator.MATCHES:
        if not isinstance(value, str):
            return "A pattern is text."
        compiled = pattern(value, ignore_case=True)
        return compiled if isinstance(compiled, str) else None
    if operator in RANGED:
        return _range_fault(value)
    if operator in LISTED:
        items: tuple[Scalar, ...] = (
            split_list(value) if isinstance(value, str) and not has_template(value) else _many(value)
        )
        if not items:
            return "The list is empty."
        return next((fault for item in items if (fault := _scalar_fault(operator, item)) is not None), None)
    if isinstance(value, tuple):
        return "This comparison takes one value, not a list. For several, use “is one of”."
    return None if value is None else _scalar_fault(operator, value)


def _many(value: Scalar | tuple[Scalar, ...] | None) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _range_fault(value: Scalar | tuple[Scalar, ...] | None) -> str | None:
    if not isinstance(value, tuple) or len(value) != 2:
        return "“Between” takes two values, the lowest and the highest."
    fixed = [item for item in value if not (isinstance(item, str) and has_template(item))]
    for item in value:
        if isinstance(item, str) and (fault := template_fault(item)) is not None:
            return fault
    numbers = [number for item in fixed if (number := as_number(item)) is not None]
    if len(numbers) == len(fixed):
        return "The lowest value comes first." if len(numbers) == 2 and numbers[0] > numbers[1] else None
    if all(isinstance(item, str) and is_moment(item) for item in fixed):
        return None
    return "Both values must be numbers, or both must be dates."


def _scalar_fault(operator: Operator, value: Scalar) -> str | None:
    if isinstance(value, str):
        if (fault := template_fault(value)) is not None:
            return fault
        if has_template(value):
            return None
        if not value.strip():
            return "One of the values is blank."
    if operator in _NUMERIC and as_number(value) is None:
        return f"{show(value)} is no number. Write it like 1234.50."
    if operator in _DATED and not (isinstance(value, str) and is_moment(value)):
        return f"{show(value)} is no date. Write 2026-05-01, 2026-05-01T09:00+02:00, now, today or -30 days."
    if operator in _TIMED and as_time(value) is None:
        return f"{show(value)} is no time of day. Write it like 09:30."
    return None


def variables(group: Group) -> frozenset[str]:
    """Paths of all variables that the group reads, those in templates too."""
    return frozenset(_variables(group))


def _variables(group: Group) -> Iterator[str]:
    for part in group.conditions:
        if isinstance(part, Group):
            yield from _variables(part)
            continue
        yield part.variable
        operator = PLAIN[part.operator]
        if operator is Operator.MATCHES:
            continue
        for item in _many(part.value):
            if isinstance(item, str):
                yield from template_variables(item)
        if operator is Operator.IN_LIST and (path := list_path(part.value)) is not None:
            yield path
