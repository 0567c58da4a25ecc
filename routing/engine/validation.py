"""One validator for the admin, the canvas, the API and files: every fault of a flow, each on its step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from routing.engine.definition import Definition, read_definition
from routing.engine.faults import DefinitionInvalid, Fault
from routing.engine.plan import PlannedStep, compile_plan, read_steps
from routing.engine.steps.fetch import FetchVariables

_KIND_NAMES = {"queue": "queue", "source": "data source", "hours": "opening hours", "flow": "published flow"}
_SPACES = frozenset({"contact", "customer", "vars", "steps", "now", "trigger"})


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a flow may refer to, key to name, and the definitions of flows that may be sub-flows."""

    queues: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hours: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    flows: Mapping[str, Definition] = field(default_factory=lambda: MappingProxyType({}))
    flow_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def name_of(self, kind: str, key: str) -> str:
        """What people call it; the key, if it is not there."""
        names = {"queue": self.queues, "source": self.sources, "hours": self.hours, "flow": self.flow_names}
        return names[kind].get(key, key)

    def keys(self, kind: str) -> Mapping[str, object]:
        found: Mapping[str, object] = {
            "queue": self.queues,
            "source": self.sources,
            "hours": self.hours,
            "flow": self.flows,
        }[kind]
        return found


def validate(data: object, catalog: Catalog, *, key: str = "") -> list[Fault]:
    """Every fault in `data` (parsed JSON), errors first. Empty: it may be published."""
    try:
        definition = read_definition(data)
    except DefinitionInvalid as invalid:
        return list(invalid.faults)
    steps, faults = read_steps(definition)
    if faults:
        # Ways and variables of steps that cannot be read would only be guessed.
        return [*faults, *_references(definition, steps, catalog)]
    faults = [*_references(definition, steps, catalog), *_ways(definition, steps), *_variables(definition, steps)]
    try:
        compile_plan(definition, key=key, subflows=catalog.flows)
    except DefinitionInvalid as invalid:
        faults.extend(invalid.faults)
    return sorted(faults, key=lambda fault: fault.level)


def _index(definition: Definition) -> dict[str, int]:
    return {node.id: index for index, node in enumerate(definition.steps)}


def _references(definition: Definition, steps: Mapping[str, PlannedStep], catalog: Catalog) -> Iterator[Fault]:
    index = _index(definition)
    for planned in steps.values():
        for reference in planned.step.references():
            if reference.key not in catalog.keys(reference.kind):
                where = ("steps", index[planned.id], "settings", *reference.where)
                known = ", ".join(sorted(catalog.keys(reference.kind))[:10]) or "none yet"
                name = _KIND_NAMES[reference.kind]
                yield Fault(f"There is no {name} “{reference.key}”. There are: {known}.", where, planned.id)


def _ways(definition: Definition, steps: Mapping[str, PlannedStep]) -> Iterator[Fault]:
    """Steps that nothing reaches, exits that lead nowhere, circles without a wait."""
    index = _index(definition)
    reached: set[str] = set()
    todo = [planned.id for planned in steps.values() if planned.step.kind == "trigger"]
    while todo:
        step_id = todo.pop()
        if step_id not in reached:
            reached.add(step_id)
            todo.extend(steps[step_id].targets.values())
    for planned in steps.values():
        where = ("steps", index[planned.id])
        if planned.id not in reached:
            yield Fault("Nothing leads to this step.", where, planned.id, "warning")
            continue
        for exit_ in planned.exits.values():
            if planned.target(exit_.name) is None and not exit_.optional:
                yield Fault(
                    f"The exit “{exit_.label}” leads nowhere: such contacts go to the number's fallback queue.",
                    (*where, "exits", exit_.name),
                    planned.id,
                    "warning",
                )
    for step_id in sorted(_circles(steps)):
        yield Fault("Round in a circle without ever waiting for the contact.", ("steps", index[step_id]), step_id)


def _circles(steps: Mapping[str, PlannedStep]) -> set[str]:
    """Steps on a circle in which nothing waits: what is left when steps without a way in are taken away, again and again."""
    left = {step_id for step_id, planned in steps.items() if not planned.step.asks}
    for forward in (True, False):
        grew = True
        while grew:
            arrows = {
                (source, target) for source in left for target in steps[source].targets.values() if target in left
            }
            keep = {arrow[1] if forward else arrow[0] for arrow in arrows}
            grew = keep != left
            left = keep
    return left


def _variables(definition: Definition, steps: Mapping[str, PlannedStep]) -> Iterator[Fault]:
    """Variables that no step of this flow sets."""
    index = _index(definition)
    fetched = {planned.step.save_as for planned in steps.values() if isinstance(planned.step, FetchVariables)}
    has_subflow = any(planned.step.type == "subflow" for planned in steps.values())
    own_vars = {name for planned in steps.values() for name in planned.step.provides()}
    for planned in steps.values():
        for path in sorted(planned.step.variables()):
            space = path.split(".")[0]
            unknown = space not in _SPACES and space not in fetched and not has_subflow
            unset = space == "vars" and ".".join(path.split(".")[:2]) not in own_vars and not has_subflow
            if unknown or unset:
                yield Fault(f"Nothing in this flow sets “{path}”.", ("steps", index[planned.id]), planned.id, "warning")
