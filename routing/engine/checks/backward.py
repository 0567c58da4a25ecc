"""Lines that lead back: to a step through which everybody must have come already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

_ROOT = ""


def lines_back(targets: Mapping[str, Sequence[str]], starts: Iterable[str]) -> set[tuple[str, str]]:
    """Each (source, target) where no way from a start comes to the source without passing the target.

    A line between two steps that can both be reached first, as between two menus, is none of them.
    """
    order = _in_order({**targets, _ROOT: list(starts)})
    place = {step: index for index, step in enumerate(order)}
    into: dict[str, list[str]] = {step: [] for step in order}
    for source in order:
        for target in targets.get(source, ()):
            into[target].append(source)
    for start in targets.keys() & set(starts):
        into[start].append(_ROOT)
    before = _dominators(order, place, into)
    return {
        (source, target)
        for source in order
        for target in targets.get(source, ())
        if place[target] <= place[source] and _passes(source, target, before)
    }


def _in_order(targets: Mapping[str, Sequence[str]]) -> list[str]:
    """Every step that can be reached, before all that it alone leads to."""
    done: list[str] = []
    seen = {_ROOT}
    todo = [(_ROOT, iter(targets[_ROOT]))]
    while todo:
        here, following = todo[-1]
        target = next(following, None)
        if target is None:
            done.append(here)
            todo.pop()
        elif target not in seen:
            seen.add(target)
            todo.append((target, iter(targets.get(target, ()))))
    return done[::-1]


def _dominators(order: list[str], place: Mapping[str, int], into: Mapping[str, list[str]]) -> dict[str, str]:
    """Each step to the last one that everybody passes before it (the way of Cooper, Harvey and Kennedy)."""
    before: dict[str, str] = {_ROOT: _ROOT}
    changed = True
    while changed:
        changed = False
        for step in order[1:]:
            known = [source for source in into[step] if source in before]
            found = known[0]
            for other in known[1:]:
                found = _common(found, other, place, before)
            if before.get(step) != found:
                before[step] = found
                changed = True
    return before


def _common(one: str, other: str, place: Mapping[str, int], before: Mapping[str, str]) -> str:
    while one != other:
        while place[one] > place[other]:
            one = before[one]
        while place[other] > place[one]:
            other = before[other]
    return one


def _passes(step: str, gate: str, before: Mapping[str, str]) -> bool:
    while step not in (gate, _ROOT):
        step = before[step]
    return step == gate
