"""Makes percentage splits go the way that somebody wishes, by the reference of the contact: the engine stays as it is."""

from __future__ import annotations

from collections.abc import Mapping

from routing.engine.plan import Plan, PlannedStep
from routing.engine.steps.split import PercentageSplit, drawn_for

# A share of one in a thousand is found within these, and looking takes no longer than a blink.
_REFERENCES_TRIED = 20_000


def reference_for(plan: Plan, wishes: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """A reference that draws the wished exit at each split, and the paths of those that cannot be had.

    Wishes are by the path of the step. Where they cannot all be had together, as many of the first as can be.
    """
    splits: dict[str, tuple[PercentageSplit, str]] = {}
    lost: list[str] = []
    for path, wish in wishes.items():
        split = _split_at(plan, path)
        if split is not None and wish in {exit_.name for exit_ in split.exits()}:
            splits[path] = (split, wish)
        else:
            lost.append(path)
    best, most = "TRY000000", -1
    for number in range(_REFERENCES_TRIED if splits else 1):
        reference = f"TRY{number:06d}"
        held = 0
        for path, (split, wish) in splits.items():
            if split.exit_for(drawn_for(reference, path)) != wish:
                break
            held += 1
        if held > most:
            best, most = reference, held
        if most == len(splits):
            break
    lost.extend(path for path, (split, wish) in splits.items() if split.exit_for(drawn_for(best, path)) != wish)
    return best, tuple(lost)


def _split_at(plan: Plan, path: str) -> PercentageSplit | None:
    planned = step_at(plan, path)
    return planned.step if planned is not None and isinstance(planned.step, PercentageSplit) else None


def step_at(plan: Plan, path: str) -> PlannedStep | None:
    """The step of a path such as `sub/step`; None if there is none."""
    *around, last = path.split("/")
    for step_id in around:
        planned = plan.steps.get(step_id)
        inner = next((plan.subflows.get(one.key) for one in planned.step.references()), None) if planned else None
        if inner is None:
            return None
        plan = inner
    return plan.steps.get(last)
