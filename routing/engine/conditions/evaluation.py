"""Evaluating a group of conditions for one contact, with what was compared written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from routing.engine.conditions.models import Condition, Group, list_path, split_list
from routing.engine.conditions.moments import Here
from routing.engine.conditions.operators import LISTED, PLAIN, VALUELESS, Operator, Wanted, nothing_in, wanted
from routing.engine.templates import TemplateFailed, value_of
from routing.engine.values import JSON, MISSING, look_up, show


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison as it was made. `note` says why it could not be made, if so."""

    variable: str
    seen: str
    operator: str
    wanted: str
    held: bool
    note: str = ""

    def as_json(self) -> dict[str, JSON]:
        return {
            "variable": self.variable,
            "seen": self.seen,
            "operator": self.operator,
            "wanted": self.wanted,
            "held": self.held,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a group holds, and the comparisons that were made until that was clear."""

    matched: bool
    comparisons: tuple[Comparison, ...]


def evaluate(group: Group, scope: Mapping[str, JSON], now: datetime) -> Verdict:
    """Whether the group holds for these variables at this moment (aware). Never raises.

    A comparison with a missing value, or of unlike kinds, does not hold, and neither does its opposite; its note says
    so. `is_blank` is the one that tests for absence. Looks no further than needed.
    """
    made: list[Comparison] = []
    return Verdict(_holds(group, Here(scope, now), made), tuple(made))


def _holds(group: Group, here: Here, made: list[Comparison]) -> bool:
    if not group.conditions:
        return False
    every = group.match == "all"
    for part in group.conditions:
        if isinstance(part, Group):
            held = _holds(part, here, made)
        else:
            comparison = compare(part, here)
            made.append(comparison)
            held = comparison.held
        if held is not every:
            return held
    return every


def compare(condition: Condition, here: Here) -> Comparison:
    """One condition, tested."""
    prepared = condition.prepared
    seen = look_up(here.scope, condition.variable)
    if seen is MISSING and condition.variable == "now":
        seen = here.now
    want, shown = prepared.wanted, prepared.shown
    answer: bool | str
    try:
        if want is None:
            want = wanted(_filled(condition, here.scope))
            shown = show(want.raw)
        answer = _answer(condition, seen, want, here)
    except TemplateFailed as failure:
        answer = str(failure)
    if isinstance(answer, str):
        return Comparison(condition.variable, show(seen), condition.operator.value, shown, held=False, note=answer)
    held = answer is not prepared.negated
    return Comparison(condition.variable, show(seen), condition.operator.value, shown, held)


def _answer(condition: Condition, seen: JSON, want: Wanted, here: Here) -> bool | str:
    if PLAIN[condition.operator] is not Operator.IS_BLANK:
        if nothing_in(seen):
            return "the variable is missing, so neither this nor its opposite holds"
        if condition.operator not in VALUELESS and nothing_in(want.raw):
            return "there is nothing to compare with, so neither this nor its opposite holds"
    return condition.prepared.test(seen, want, here)


def _filled(condition: Condition, scope: Mapping[str, JSON]) -> JSON:
    """The value with its templates filled in. `{{ path }}` alone keeps its kind, and a list in a list is its items."""
    raw = condition.value
    if isinstance(raw, str):
        path = list_path(raw) if PLAIN[condition.operator] is Operator.IN_LIST else None
        if path is not None:
            held = look_up(scope, path)
            # One item that is no variable is a list of one.
            held = (path,) if held is MISSING and "." not in path else held
        else:
            held = value_of(raw, scope)
        return (split_list(held) or held) if condition.operator in LISTED and isinstance(held, str) else held
    if not isinstance(raw, tuple):
        return raw
    items: list[JSON] = []
    for item in raw:
        held = value_of(item, scope) if isinstance(item, str) else item
        if isinstance(held, list | tuple):
            items.extend(held)
        else:
            items.append(held)
    return tuple(items)
