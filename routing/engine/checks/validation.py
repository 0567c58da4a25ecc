"""One validator for the admin, the canvas, the API and files: every fault of a flow, each on its step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from routing.engine.checks.catalog import Catalog
from routing.engine.checks.silence import heard_before
from routing.engine.checks.spoken import second_team_faults
from routing.engine.checks.subflows import subflow_faults
from routing.engine.checks.unknowns import input_faults, variable_faults
from routing.engine.checks.ways import index_of, reached_from, targets_of, way_faults
from routing.engine.definition import Definition, read_definition
from routing.engine.faults import DefinitionInvalid, Fault
from routing.engine.plan import PlannedStep, compile_plan, read_steps
from routing.engine.steps import BY_TYPE
from routing.engine.steps.branch import Branch
from routing.engine.steps.to_queue import TransferToQueue

__all__ = ["Catalog", "validate"]

_NAMED = 10
_KIND_NAMES = {"queue": "queue", "source": "data source", "hours": "opening hours", "flow": "published flow"}


def validate(data: object, catalog: Catalog, *, key: str = "") -> list[Fault]:
    """Every fault in `data` (parsed JSON), errors first. Empty: it may be published."""
    try:
        definition = read_definition(data)
    except DefinitionInvalid as invalid:
        return list(invalid.faults)
    steps, unreadable = read_steps(definition)
    faults = [*unreadable, *_references(definition, steps, catalog), *way_faults(definition, steps)]
    faults.extend(_triggers(definition))
    faults.extend(subflow_faults(definition, steps, catalog, key=key))
    faults.extend(second_team_faults(definition, steps, catalog))
    faults.extend(_same_rules(definition, steps))
    faults.extend(_rung_twice(definition, steps, catalog))
    faults.extend(_cautions(definition, steps))
    faults.extend(variable_faults(data, definition, steps, catalog))
    faults.extend(input_faults(definition, steps, catalog))
    if not any(fault.level == "error" for fault in faults):
        # Whatever passes can be run: the last word has what makes the plan.
        try:
            compile_plan(definition, key=key, subflows=catalog.flows)
        except DefinitionInvalid as invalid:
            faults.extend(invalid.faults)
    return sorted(faults, key=lambda fault: fault.level)


def _triggers(definition: Definition) -> Iterator[Fault]:
    types = (BY_TYPE.get(node.type) for node in definition.steps)
    if not any(step_type is not None and step_type.kind == "trigger" for step_type in types):
        yield Fault("Nothing starts this flow: add a trigger.", code="no_trigger")


def _references(definition: Definition, steps: Mapping[str, PlannedStep], catalog: Catalog) -> Iterator[Fault]:
    index = index_of(definition)
    for planned in steps.values():
        for reference in planned.step.references():
            where = ("steps", index[planned.id], "settings", *reference.where)
            subject = f"{reference.kind}:{reference.key}"
            if reference.key not in catalog.keys(reference.kind):
                message = _not_there(reference.kind, reference.key, catalog)
                yield Fault(message, where, planned.id, code="reference", subject=subject)
            elif reference.kind == "queue" and reference.key in catalog.silent_queues:
                message = (
                    f"The queue “{catalog.name_of('queue', reference.key)}” has no SIP address, so nothing rings: "
                    "such contacts go to the number's fallback queue."
                )
                yield Fault(message, where, planned.id, "warning", "silent_queue", subject)


def _not_there(kind: str, key: str, catalog: Catalog) -> str:
    if kind == "flow" and key in catalog.unpublished:
        return f"The flow “{catalog.unpublished[key]}” is not published yet, so nobody can walk through it."
    names = sorted((catalog.name_of(kind, one) for one in catalog.keys(kind)), key=str.casefold)
    known = ", ".join(f"“{name}”" for name in names[:_NAMED]) or "none yet"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"There is no {_KIND_NAMES[kind]} “{key}”. There are: {known}{more}."


def _cautions(definition: Definition, steps: Mapping[str, PlannedStep]) -> Iterator[Fault]:
    index = index_of(definition)
    for planned in steps.values():
        for path, message in planned.step.cautions():
            if path[:1] == ("prompt",) and heard_before(planned.id, steps):
                continue  # what stands before it says what to do
            yield Fault(
                message, ("steps", index[planned.id], "settings", *path), planned.id, "warning", planned.step.type
            )


def _rung_twice(definition: Definition, steps: Mapping[str, PlannedStep], catalog: Catalog) -> Iterator[Fault]:
    """Teams that a queue overflows into by itself, and that the flow leads callers to straight afterwards."""
    index = index_of(definition)
    called = reached_from((node.id for node in definition.steps if node.type == "call"), targets_of(definition))
    for step_id, planned in steps.items():
        step = planned.step
        if step_id not in called or not isinstance(step, TransferToQueue) or not step.overflow:
            continue
        following, queue = _next_team(planned, steps)
        if queue in catalog.rung_with(step.queue)[1:]:
            mine, its = catalog.name_of("queue", step.queue), catalog.name_of("queue", queue)
            yield Fault(
                f"“{mine}” overflows into “{its}” by itself, and the flow leads there afterwards: the same telephones "
                "ring twice.",
                ("steps", index[step_id], "settings", "overflow"),
                step_id,
                "warning",
                "rung_twice",
                following,
            )


def _next_team(planned: PlannedStep, steps: Mapping[str, PlannedStep]) -> tuple[str, str]:
    """The step, and its queue, that whoever was not answered comes to, past what is only said; empty if there is none."""
    seen = {planned.id}
    here = planned.target("unanswered")
    while here is not None and here not in seen and here in steps:
        seen.add(here)
        step = steps[here].step
        if isinstance(step, TransferToQueue):
            return here, step.queue
        here = steps[here].target("done") if step.kind == "say" else None
    return "", ""


def _same_rules(definition: Definition, steps: Mapping[str, PlannedStep]) -> Iterator[Fault]:
    """Rules that can never match, since an earlier one asks the same."""
    index = index_of(definition)
    for planned in steps.values():
        if not isinstance(planned.step, Branch):
            continue
        seen: dict[object, str] = {}
        for place, rule in enumerate(planned.step.rules):
            asked = rule.when.model_dump_json() if rule.when is not None else rule.expression.strip()
            if asked not in seen:
                seen[asked] = rule.label or rule.name
            else:
                message = f"“{seen[asked]}” asks the same before, so this rule never matches."
                where = ("steps", index[planned.id], "settings", "rules", place)
                yield Fault(message, where, planned.id, "warning", "same_rule", rule.name)
