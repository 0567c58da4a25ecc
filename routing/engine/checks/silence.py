"""Where callers are asked without a word: not there where what they have just heard asks them."""

from __future__ import annotations

from collections.abc import Mapping

from routing.engine.plan import PlannedStep

# Passed in silence and at once.
_SILENT = frozenset({"data", "decide"})


def heard_before(step_id: str, steps: Mapping[str, PlannedStep]) -> bool:
    """Whether something is said directly before the step on every way to it.

    Whoever comes back to it from itself has heard that already.
    """
    sources: dict[str, list[str]] = {}
    for planned in steps.values():
        for target in set(planned.targets.values()):
            sources.setdefault(target, []).append(planned.id)
    seen = {step_id}
    todo = [one for one in sources.get(step_id, ()) if one != step_id]
    if not todo:
        return False
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        seen.add(here)
        step = steps[here].step
        if step.kind == "say":
            continue
        if step.asks or step.kind not in _SILENT or not sources.get(here):
            return False
        todo.extend(sources[here])
    return True
