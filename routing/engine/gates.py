"""Steps that nobody gets around: on every way to a step, or on every way onward from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

ROOT = ""
"""Stands before every start. No step has this id."""


def in_order(targets: Mapping[str, Sequence[str]], starts: Iterable[str]) -> list[str]:
    """`ROOT`, then every step that can be reached, before all that it alone leads to."""
    done: list[str] = []
    seen = {ROOT}
    todo = [(ROOT, iter(list(starts)))]
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


def last_gates(targets: Mapping[str, Sequence[str]], starts: Sequence[str]) -> dict[str, str]:
    """Each step that can be reached to the last one that everybody passes before it; `ROOT` if there is none such.

    The way of Cooper, Harvey and Kennedy: "A Simple, Fast Dominance Algorithm".
    """
    order = in_order(targets, starts)
    place = {step: index for index, step in enumerate(order)}
    into: dict[str, list[str]] = {step: [] for step in order}
    for source in order[1:]:
        for target in targets.get(source, ()):
            into[target].append(source)
    for start in starts:
        into[start].append(ROOT)
    before: dict[str, str] = {ROOT: ROOT}
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
