"""Variables that a step reads and nobody sets, and values that a step is asked for and does not give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from routing.engine.checks.catalog import Catalog
from routing.engine.checks.scope import Known, Outside, known_everywhere
from routing.engine.checks.ways import index_of
from routing.engine.definition import Definition
from routing.engine.faults import Fault
from routing.engine.plan import PlannedStep
from routing.engine.steps import BY_TYPE
from routing.engine.steps.fetch import FetchVariables
from routing.engine.steps.subflow import Subflow
from routing.engine.templates import template_variables

_ALIKE = 0.72


def variable_faults(
    data: object, definition: Definition, steps: Mapping[str, PlannedStep], catalog: Catalog
) -> Iterator[Fault]:
    """Nothing is called unknown because of a step that cannot be read, or of a sub-flow that is not there."""
    if not any(planned.step.variables() for planned in steps.values()):
        return
    index = index_of(definition)
    known = known_everywhere(data, catalog.outside or Outside(flows=catalog.flows))
    open_spaces = _open_spaces(definition, steps, catalog)
    if open_spaces is None:
        return
    for planned in steps.values():
        place = index[planned.id]
        for path in sorted(planned.step.variables()):
            where = ("steps", place, *_place_of(path, definition.steps[place].settings))
            said = _said_bare(path, definition.steps[place].settings)
            if (fault := _fault(path, planned, where, known, open_spaces, said=said)) is not None:
                yield fault


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in the settings, and where it is."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(part, (*path, key))
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value):
            yield from _texts(part, (*path, place))
    elif isinstance(value, str):
        yield path, value


def _place_of(path: str, settings: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Where in the step the variable is read; empty if nobody can say."""
    for where, text in _texts(settings, ("settings",)):
        if text == path or path in template_variables(text) or (where[-1] == "expression" and path in text):
            return where
    return ()


def _said_bare(path: str, settings: Mapping[str, Any]) -> bool:
    """Whether it is written into a text as it is, without anything to take its place: a default, or a question first."""
    bare = re.compile(rf"\{{\{{-?\s*{re.escape(path)}\s*(?:-?\}}\}}|\|(?!\s*default\b))")
    asked = re.compile(rf"\{{%-?\s*(?:if|elsif|unless|case)\b[^%]*(?<![\w.]){re.escape(path)}(?![\w.])")
    return any(bare.search(text) and not asked.search(text) for _where, text in _texts(settings, ()))


def _fault(
    path: str,
    planned: PlannedStep,
    where: tuple[str | int, ...],
    known: Known,
    open_spaces: frozenset[str],
    *,
    said: bool,
) -> Fault | None:
    """None if it is known, or may be. `said`: nothing takes its place in a text."""
    name, space = variable_name(path), path.split(".", maxsplit=1)[0]
    if space in open_spaces or "." not in path:
        if "." in path or space in open_spaces or space in known.spaces:
            return None
        return Fault(f"Nothing in this flow sets “{path}”.", where, planned.id, "warning", "unknown_variable", path)
    if name in known.at(planned.id):
        if not said or name in known.at_first(planned.id):
            return None
        makers = " or ".join(f"“{title}”" for title in known.makers(name))
        message = f"“{path}” is not known here the first time: only {makers}, further on, sets it, and leads back here."
        return Fault(message, where, planned.id, "warning", "late_variable", path)
    if name in known.anywhere:
        if planned.id not in known.reached:
            return None
        makers = " or ".join(f"“{title}”" for title in known.makers(name))
        message = f"“{path}” is not known here yet: {makers} sets it, and no way leads from there to this step."
        return Fault(message, where, planned.id, "warning", "late_variable", path)
    alike = similar(name, known.names_at(planned.id))
    # The CRM may sync tomorrow what no customer has today.
    if space == "customer" and not alike:
        return None
    meant = f" Did you mean “{alike[0]}”?" if alike else ""
    message = f"Nothing in this flow sets “{path}”.{meant}"
    return Fault(message, where, planned.id, "warning", "unknown_variable", path)


def variable_name(path: str) -> str:
    """As far as variables are told apart: steps.<id>.<name>, else two parts."""
    parts = path.split(".")
    return ".".join(parts[: 3 if parts[0] == "steps" else 2])


def similar(name: str, known: Any) -> list[str]:
    """Variables that may have been meant, the likeliest first."""
    found = get_close_matches(name, sorted(known), n=3, cutoff=_ALIKE)
    last = name.rpartition(".")[2]
    # The right value under a wrong name: status.loyalty_status for loyalty.loyalty_status.
    found.extend(path for path in sorted(known) if path.rpartition(".")[2] == last and path not in found)
    return found[:3]


def _open_spaces(definition: Definition, steps: Mapping[str, PlannedStep], catalog: Catalog) -> frozenset[str] | None:
    """First parts of which anything may be set, as nobody knows what; None: of all of them."""
    found: set[str] = set()
    for node in definition.steps:
        if node.id not in steps:
            step_type = BY_TYPE.get(node.type)
            if step_type is None or step_type.kind == "data" or step_type is Subflow:
                return None
            found.add("steps")
    for planned in steps.values():
        step = planned.step
        if isinstance(step, FetchVariables) and not (catalog.outside and catalog.outside.sources.get(step.source)):
            found.add(step.save_as)
        if any(reference.kind == "flow" and reference.key not in catalog.flows for reference in step.references()):
            return None
    if catalog.outside is None:
        found |= {"customer", "contact", "trigger"}
    return frozenset(found | {"trigger"})


def input_faults(definition: Definition, steps: Mapping[str, PlannedStep], catalog: Catalog) -> Iterator[Fault]:
    """Placeholders of a data source that the step does not fill: the API would never be asked."""
    index = index_of(definition)
    for planned in steps.values():
        step = planned.step
        if isinstance(step, FetchVariables):
            for name in catalog.inputs.get(step.source, ()):
                if name not in step.inputs:
                    source = catalog.name_of("source", step.source)
                    message = f"“{source}” asks with “{name}”, and nothing is given for it: it would always fail."
                    where = ("steps", index[planned.id], "settings", "inputs")
                    yield Fault(message, where, planned.id, "warning", "missing_input", name)
