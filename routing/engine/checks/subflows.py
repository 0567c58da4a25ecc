"""Flows that walk through each other: circles among them, and results that one gives and the other does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from routing.engine import limits
from routing.engine.checks.catalog import Catalog
from routing.engine.checks.ways import index_of
from routing.engine.definition import Definition
from routing.engine.faults import DefinitionInvalid, Fault
from routing.engine.plan import PlannedStep, plan_steps
from routing.engine.steps.end import End
from routing.engine.steps.subflow import Subflow


def subflow_faults(
    definition: Definition, steps: Mapping[str, PlannedStep], catalog: Catalog, *, key: str
) -> Iterator[Fault]:
    """Each on the step that walks into the other flow."""
    index = index_of(definition)
    for planned in steps.values():
        step = planned.step
        if not isinstance(step, Subflow) or step.flow not in catalog.flows:
            continue
        where = ("steps", index[planned.id], "settings")
        if way := too_deep(step.flow, key, catalog):
            names = " → ".join(f"“{catalog.name_of('flow', one)}”" for one in way)
            message = (
                f"This flow would walk through itself: {names}."
                if way[-1] in way[:-1]
                else f"Sub-flows go deeper than {limits.SUBFLOW_DEPTH}: {names}."
            )
            yield Fault(message, (*where, "flow"), planned.id, code="recursion", subject=step.flow)
            continue
        given = results_of(catalog.flows[step.flow])
        for place, name in enumerate(step.results):
            if name not in given:
                message = (
                    f"“{catalog.name_of('flow', step.flow)}” never ends with “{name}”: nobody leaves by this exit."
                )
                yield Fault(message, (*where, "results", place), planned.id, "warning", "unknown_result", name)
        for name in sorted(given - set(step.results)):
            message = (
                f"“{catalog.name_of('flow', step.flow)}” may end with “{name}”, which has no exit here: "
                "such contacts leave by “Then”."
            )
            yield Fault(message, (*where, "results"), planned.id, "warning", "lost_result", name)


def results_of(definition: Definition) -> set[str]:
    """Results by which a flow may go back to its caller."""
    found: set[str] = set()
    for node in definition.steps:
        if node.type == End.type:
            try:
                end = End.model_validate(node.settings)
            except ValueError:
                continue
            if end.result and end.result != "done" and not (end.hang_up or end.reject):
                found.add(end.result)
    return found


def too_deep(flow: str, key: str, catalog: Catalog) -> tuple[str, ...]:
    """The way from this flow into ever deeper ones that a run would refuse; empty if there is none."""
    todo: list[tuple[str, ...]] = [(key, flow)]
    while todo:
        way = todo.pop()
        if way[-1] in way[:-1] or len(way) > limits.SUBFLOW_DEPTH + 1:
            return way
        if (definition := catalog.flows.get(way[-1])) is not None:
            todo.extend((*way, inner) for inner in inner_flows(definition))
    return ()


def inner_flows(definition: Definition) -> list[str]:
    """Keys of the flows that this one walks through itself, each once."""
    try:
        steps = plan_steps(definition)
    except DefinitionInvalid:
        return []
    references = (reference for planned in steps.values() for reference in planned.step.references())
    return list(dict.fromkeys(reference.key for reference in references if reference.kind == "flow"))
