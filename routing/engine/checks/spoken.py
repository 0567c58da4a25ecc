"""Whom somebody has spoken with already: sub-flows that such contacts come back from, to be rung through once more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from routing.engine import limits
from routing.engine.checks.catalog import Catalog
from routing.engine.checks.ways import index_of
from routing.engine.definition import Definition
from routing.engine.faults import DefinitionInvalid, Fault
from routing.engine.plan import PlannedStep, plan_steps
from routing.engine.steps.end import End
from routing.engine.steps.subflow import Subflow

BACK = "done"
"""The exit by which a contact goes on whom the sub-flow names no result for."""
_TEAMS = frozenset({"queue", "transfer"})
# Contacts pass them without a choice of theirs, and whatever is known of them does not decide.
_PASSED = frozenset({"say", "data"})


def second_team_faults(definition: Definition, steps: Mapping[str, PlannedStep], catalog: Catalog) -> Iterator[Fault]:
    """Each on the step that walks into the other flow."""
    index = index_of(definition)
    for planned in steps.values():
        step = planned.step
        if not isinstance(step, Subflow) or step.flow not in catalog.flows:
            continue
        spoken, others = results_by_talk(catalog.flows[step.flow], catalog.flows)
        by_name = {result for result in spoken if result in step.results and result in planned.targets}
        for exit_name in sorted(by_name | ({BACK} if spoken - by_name else set())):
            team = _next_team(planned.target(exit_name), steps)
            if team is None:
                continue
            flow, label = catalog.name_of("flow", step.flow), planned.exits[exit_name].label
            only = exit_name not in others and not (exit_name == BACK and others - set(step.results))
            who = "Whoever comes back by" if only else f"Whoever has spoken with a team in “{flow}” comes back by"
            so = "has spoken with a team already, and is rung through to" if only else "and is rung through to"
            yield Fault(
                f"{who} “{label}” {so} “{team.title}” as well. In “{flow}”, let “After the conversation” lead to an end "
                "that hangs up.",
                ("steps", index[planned.id], "exits", exit_name),
                planned.id,
                "warning",
                "spoken_before",
                exit_name if only else "",
            )


def results_by_talk(definition: Definition, flows: Mapping[str, Definition]) -> tuple[set[str], set[str]]:
    """The results by which a flow is left after a conversation, and those by which it is left without one."""
    return _results(definition, flows, 1)


def _results(definition: Definition, flows: Mapping[str, Definition], depth: int) -> tuple[set[str], set[str]]:
    try:
        steps = plan_steps(definition)
    except DefinitionInvalid:
        return set(), set()
    spoken: set[str] = set()
    others: set[str] = set()
    # A step, and whether the contact that comes to it has spoken with somebody.
    todo = [(planned.id, False) for planned in steps.values() if planned.step.kind == "trigger"]
    seen: set[tuple[str, bool]] = set()
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        seen.add(here)
        planned, talked = steps[here[0]], here[1]
        if isinstance(planned.step, End):
            if not (planned.step.hang_up or planned.step.reject):
                (spoken if talked else others).add(planned.step.result or BACK)
            continue
        for exit_name, after in _ways(planned, flows, depth, talked=talked):
            target = planned.target(exit_name)
            exit_ = planned.exits.get(exit_name)
            if target in steps:
                todo.append((str(target), after))
            elif target is None and exit_ is not None and exit_.optional:
                (spoken if after else others).add(BACK)
    return spoken, others


def _ways(
    planned: PlannedStep, flows: Mapping[str, Definition], depth: int, *, talked: bool
) -> Iterable[tuple[str, bool]]:
    """The exits that a contact may leave by, and whether it has spoken with somebody then."""
    step = planned.step
    if step.type in _TEAMS:
        return [(name, talked or name == "answered") for name in planned.exits]
    if isinstance(step, Subflow) and step.flow in flows and depth <= limits.SUBFLOW_DEPTH:
        spoken, others = _results(flows[step.flow], flows, depth + 1)
        known = {(name if name in planned.exits else BACK, True) for name in spoken}
        return known | {(name if name in planned.exits else BACK, talked) for name in others}
    return [(name, talked) for name in planned.exits]


def _next_team(here: str | None, steps: Mapping[str, PlannedStep]) -> PlannedStep | None:
    """The team that everybody behind an exit is put through to, if there is one: past what is only said or looked up."""
    todo, seen = [here], set[str]()
    while todo:
        here = todo.pop()
        if here is None or here in seen or here not in steps:
            continue
        seen.add(here)
        planned = steps[here]
        if planned.step.type in _TEAMS:
            return planned
        if planned.step.kind in _PASSED:
            todo.extend(planned.target(name) for name in reversed(tuple(planned.exits)))
    return None
