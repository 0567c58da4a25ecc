"""A definition compiled once into an immutable plan, which every contact of that version walks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from pydantic import ValidationError

from routing.engine import limits
from routing.engine.complaints import NOTHING_THERE
from routing.engine.definition import Definition, faults_of
from routing.engine.faults import DefinitionInvalid, Fault
from routing.engine.gates import ROOT, last_gates
from routing.engine.steps import BY_TYPE
from routing.engine.steps.end import End
from routing.engine.steps.fetch import FetchVariables
from routing.engine.steps.step import Exit, Step
from routing.engine.steps.subflow import Subflow

BACK = ".."
# Where ways end: with the contact, or back in the flow around this one, there by this exit.
_OVER = "\nover"
_BACK_BY = "\nback by "
# What is known before anybody was asked anything.
_KNOWN_AT_START = frozenset({"contact", "customer", "now"})


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step with its way out."""

    id: str
    title: str
    step: Step
    exits: Mapping[str, Exit]
    targets: Mapping[str, str]
    meets: str = ""
    """The first step that every way onward comes to, so that no exit decides about what lies behind it. `BACK`: all
    of them lead back to the flow around this one, by the same exit. Empty: there is none such."""

    def target(self, exit_name: str) -> str | None:
        """The step behind an exit, or behind the one that stands in for it; None if it leads nowhere."""
        exit_ = self.exits.get(exit_name)
        return self.targets.get(exit_name) or (self.targets.get(exit_.otherwise) if exit_ else None)


@dataclass(frozen=True, slots=True)
class Plan:
    """Immutable, shared by every contact of a version in this process."""

    key: str
    name: str
    version: int
    steps: Mapping[str, PlannedStep]
    entries: Mapping[str, str]
    """Trigger type to the id of its step."""
    prefetch: Mapping[str, tuple[str, ...]]
    """Trigger type to the fetches that start with the contact."""
    subflows: Mapping[str, Plan] = field(default_factory=lambda: MappingProxyType({}))
    names: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    """First part of a variable to the second parts that any step reads."""


def compile_plan(
    definition: Definition,
    *,
    key: str = "",
    name: str = "",
    version: int = 0,
    subflows: Mapping[str, Definition] = MappingProxyType({}),
) -> Plan:
    """The plan of `definition`. Raises DefinitionInvalid; whatever it lets through can be run."""
    return _compile(definition, key, name, version, subflows, ())


def _compile(
    definition: Definition,
    key: str,
    name: str,
    version: int,
    subflows: Mapping[str, Definition],
    within: tuple[str, ...],
) -> Plan:
    if len(within) > limits.SUBFLOW_DEPTH or key in within:
        raise DefinitionInvalid(
            [Fault(f"Sub-flows go deeper than {limits.SUBFLOW_DEPTH}: {' → '.join((*within, key))}.")]
        )
    steps = MappingProxyType(plan_steps(definition))
    entries: dict[str, str] = {}
    for planned in steps.values():
        if planned.step.kind == "trigger":
            entries.setdefault(planned.step.type, planned.id)
    if not entries:
        raise DefinitionInvalid([Fault("Nothing starts this flow: add a trigger.", code="no_trigger")])
    inner: dict[str, Plan] = {}
    for planned in steps.values():
        for reference in planned.step.references():
            if reference.kind == "flow" and reference.key not in inner and reference.key in subflows:
                inner[reference.key] = _compile(
                    subflows[reference.key], reference.key, reference.key, 0, subflows, (*within, key)
                )
    steps = MappingProxyType(_with_meetings(steps, inner))
    return Plan(
        key=key,
        name=name,
        version=version,
        steps=steps,
        entries=MappingProxyType(entries),
        prefetch=MappingProxyType({trigger: _prefetch(steps, entry) for trigger, entry in entries.items()}),
        subflows=MappingProxyType(inner),
        names=_names(steps, inner),
    )


def plan_steps(definition: Definition) -> dict[str, PlannedStep]:
    """Each node with its settings read. Raises DefinitionInvalid with every fault of every step."""
    steps, faults = read_steps(definition)
    if faults:
        raise DefinitionInvalid(faults)
    return steps


def read_steps(definition: Definition) -> tuple[dict[str, PlannedStep], list[Fault]]:
    """The steps whose settings can be read, and every fault of the others."""
    faults: list[Fault] = []
    steps: dict[str, PlannedStep] = {}
    names = {node.id for node in definition.steps}
    seen: set[str] = set()
    for index, node in enumerate(definition.steps):
        where = ("steps", index)
        if node.id in seen:
            message = f"There is a step “{node.id}” already."
            faults.append(Fault(message, (*where, "id"), node.id, code="same_id", subject=node.id))
        for exit_name, target in node.exits.items():
            if target not in names:
                message, place = f"There is no step “{target}”.", (*where, "exits", exit_name)
                faults.append(Fault(message, place, node.id, code="no_such_target", subject=exit_name))
        seen.add(node.id)
        step_type = BY_TYPE.get(node.type)
        if step_type is None:
            known = ", ".join(BY_TYPE)
            message = f"There is no step type “{node.type}”. There are: {known}."
            faults.append(Fault(message, (*where, "type"), node.id, code="unknown_type", subject=node.type))
            continue
        try:
            step = step_type.model_validate(node.settings)
        except ValidationError as error:
            for fault in faults_of(error, {}, (*where, "settings")):
                message = _with_title(fault, step_type)
                faults.append(Fault(message, fault.where, node.id, code="settings"))
            continue
        for path, message in step.faults():
            faults.append(Fault(message, (*where, "settings", *path), node.id, code="settings"))
        exits = {exit_.name: exit_ for exit_ in step.exits()}
        for exit_name in node.exits:
            if exit_name not in exits:
                known = ", ".join(exits) or "none"
                message = f"This step has no exit “{exit_name}”. It has: {known}."
                place = (*where, "exits", exit_name)
                faults.append(Fault(message, place, node.id, code="stray_exit", subject=exit_name))
        steps[node.id] = PlannedStep(
            node.id, node.title or step.title, step, MappingProxyType(exits), MappingProxyType(dict(node.exits))
        )
    return steps, faults


def _with_title(fault: Fault, step_type: type[Step]) -> str:
    """What is missing, as the form calls it."""
    last = fault.where[-1] if fault.where else ""
    field = step_type.model_fields.get(str(last)) if len(fault.where) == 4 else None
    if field is None or not field.title or fault.message not in {f"“{last}” is missing.", NOTHING_THERE}:
        return fault.message
    extra = field.json_schema_extra
    if isinstance(extra, dict) and extra.get("choices") in _TO_CHOOSE:
        return _TO_CHOOSE[str(extra["choices"])]
    return f"“{field.title}” is missing."


_TO_CHOOSE = {
    "queue": "Choose a queue.",
    "source": "Choose a data source.",
    "hours": "Choose the opening hours.",
    "flow": "Choose the flow to walk through.",
}


def _with_meetings(steps: Mapping[str, PlannedStep], inner: Mapping[str, Plan]) -> dict[str, PlannedStep]:
    """The steps, each with where its ways meet again."""
    backward: dict[str, list[str]] = {}
    for planned in steps.values():
        for goal in _goals(planned, inner):
            backward.setdefault(goal, []).append(planned.id)
    gates = last_gates(backward, [goal for goal in backward if goal not in steps])
    return {step_id: _met(planned, gates.get(step_id, ROOT)) for step_id, planned in steps.items()}


def _met(planned: PlannedStep, gate: str) -> PlannedStep:
    meets = BACK if gate.startswith(_BACK_BY) else "" if gate == _OVER else gate
    return replace(planned, meets=meets) if meets else planned


def _goals(planned: PlannedStep, inner: Mapping[str, Plan]) -> set[str]:
    """Every step that this one leads to, and every way to end here."""
    step = planned.step
    if isinstance(step, End):
        return {_OVER if step.hang_up or step.reject else _BACK_BY + (step.result or "done")}
    goals: set[str] = set()
    for name, exit_ in planned.exits.items():
        goals.add(planned.target(name) or (f"{_BACK_BY}done" if exit_.optional else _OVER))
    if isinstance(step, Subflow) and (step.flow not in inner or _may_end(inner[step.flow])):
        goals.add(_OVER)
    return goals


def _may_end(plan: Plan) -> bool:
    """Whether contacts may not come back from this flow."""
    return any(
        (isinstance(planned.step, End) and (planned.step.hang_up or bool(planned.step.reject)))
        or (isinstance(planned.step, Subflow) and _may_end(plan.subflows[planned.step.flow]))
        for planned in plan.steps.values()
        if not isinstance(planned.step, Subflow) or planned.step.flow in plan.subflows
    )


def _prefetch(steps: Mapping[str, PlannedStep], entry: str) -> tuple[str, ...]:
    """Fetches that start with the contact: every way reaches them before anybody is asked, or the manager ticked it."""
    early = []
    for planned in steps.values():
        step = planned.step
        if not isinstance(step, FetchVariables):
            continue
        if any(path.split(".")[0] not in _KNOWN_AT_START for path in step.variables()):
            continue
        if step.early or _always_reached(steps, entry, planned.id):
            early.append(planned.id)
    return tuple(early)


def _always_reached(steps: Mapping[str, PlannedStep], entry: str, goal: str) -> bool:
    """True if no way from `entry` can end, wait for the contact, or circle without passing `goal`."""
    certain = {goal}
    grew = True
    while grew:
        grew = False
        for planned in steps.values():
            if planned.id in certain or planned.step.asks or not planned.exits:
                continue
            if all(planned.target(exit_name) in certain for exit_name in planned.exits):
                certain.add(planned.id)
                grew = True
    return entry in certain


def _names(steps: Mapping[str, PlannedStep], inner: Mapping[str, Plan]) -> Mapping[str, frozenset[str]]:
    names: dict[str, frozenset[str]] = {}
    for planned in steps.values():
        for path in planned.step.variables():
            space, _, rest = path.partition(".")
            if rest:
                names[space] = names.get(space, frozenset()) | {rest.split(".")[0]}
    for plan in inner.values():
        for space, found in plan.names.items():
            names[space] = names.get(space, frozenset()) | found
    return MappingProxyType(names)
