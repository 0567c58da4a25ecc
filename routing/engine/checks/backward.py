"""Lines that lead back: to a step through which everybody must have come already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from routing.engine.gates import ROOT, in_order, last_gates


def lines_back(targets: Mapping[str, Sequence[str]], starts: Sequence[str]) -> set[tuple[str, str]]:
    """Each (source, target) where no way from a start comes to the source without passing the target.

    A line between two steps that can both be reached first, as between two menus, is none of them.
    """
    order = in_order(targets, starts)
    place = {step: index for index, step in enumerate(order)}
    before = last_gates(targets, starts)
    return {
        (source, target)
        for source in order[1:]
        for target in targets.get(source, ())
        if place[target] <= place[source] and _passes(source, target, before)
    }


def _passes(step: str, gate: str, before: Mapping[str, str]) -> bool:
    while step not in (gate, ROOT):
        step = before[step]
    return step == gate
