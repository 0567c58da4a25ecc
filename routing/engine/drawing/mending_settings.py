"""Ways to mend the settings of a step: what is there instead of what is gone, names that are free, values that fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from routing.engine.checks.catalog import Catalog
from routing.engine.checks.scope import Outside, known_everywhere
from routing.engine.checks.subflows import too_deep
from routing.engine.checks.unknowns import similar, variable_name
from routing.engine.drawing.names import usual_title
from routing.engine.drawing.patches import Change, Look, Mend, Path, cut, patched, put
from routing.engine.faults import Fault
from routing.engine.steps import BY_TYPE
from routing.engine.steps.step import Step
from routing.engine.steps.transfer import Transfer

_KINDS = {"queue": "queue", "source": "data source", "hours": "opening hours", "flow": "flow"}
_OFFERED = 4
_CALLABLE = re.compile(r"(phone|number|sip|address|from|to)$")
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def of_reference(fault: Fault, look: Look, catalog: Catalog, *, key: str) -> Iterator[Mend]:
    """What there is of the kind, the likeliest first."""
    kind, _, wanted = fault.subject.partition(":")
    yield from uses(kind, wanted, fault.where, look, catalog, key=key)


def uses(kind: str, wanted: str, where: Path, look: Look, catalog: Catalog, *, key: str) -> Iterator[Mend]:
    known = [one for one in catalog.keys(kind) if one not in (wanted, key if kind == "flow" else None)]
    if kind == "queue":
        known = sorted((one for one in known if one not in catalog.silent_queues), key=catalog.ordinary) or known
    if kind == "source":
        known.sort(key=lambda one: -_read_of(one, look.data, catalog))
    if kind == "flow":
        known = [one for one in known if not too_deep(one, key, catalog)]
    alike = get_close_matches(wanted, known, n=_OFFERED, cutoff=0.5) if wanted else []
    for one in list(dict.fromkeys((*alike, *known)))[:_OFFERED]:
        change = Change("set", where, one)
        label = f"Use the {_KINDS[kind]} “{catalog.name_of(kind, one)}”"
        yield Mend(label, (change, *_renamed(where, change, look, catalog)))


def _read_of(source: str, data: object, catalog: Catalog) -> int:
    """How many of the values that only an answer of this source would bring the flow reads."""
    fields = catalog.outside.sources.get(source, ()) if catalog.outside else ()
    text = str(data)
    return sum(re.search(rf"\w\.{re.escape(one.name)}\b", text) is not None for one in fields)


def _renamed(where: Path, change: Change, look: Look, catalog: Catalog) -> Iterator[Change]:
    """A step that is called after what it names is called after the new one; a name that somebody gave stays."""
    match where:
        case ("steps", int() as place, "settings", *_):
            node = look.nodes[place]
        case _:
            return
    step_type = BY_TYPE.get(str(node.get("type")))
    if step_type is None or not node.get("title"):
        return
    if node["title"] in {step_type.title, usual_title(step_type, node.get("settings"), catalog)}:
        after = patched(look.data, (change,))["steps"][place]
        yield put("steps", place, "title", value=usual_title(step_type, after.get("settings"), catalog))


def of_variable(fault: Fault, look: Look, data: object, catalog: Catalog) -> Iterator[Mend]:
    """What was meant, written in its place wherever this step reads it."""
    known = known_everywhere(data, catalog.outside or Outside(flows=catalog.flows))
    place, name = look.index[fault.step], variable_name(fault.subject)
    for meant in similar(name, known.names_at(fault.step)):
        if look.nodes[place].get("type") == Transfer.type and not _CALLABLE.search(meant):
            continue  # nobody can call a name
        changes = tuple(_rewritten(look.nodes[place].get("settings", {}), name, meant, ("steps", place, "settings")))
        if changes:
            yield Mend(f"Use {meant}", changes)


def _rewritten(value: Any, old: str, new: str, path: Path) -> Iterator[Change]:
    """A change for each text that reads the variable: a template, an expression, or the path itself."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _rewritten(part, old, new, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _rewritten(part, old, new, (*path, index))
    elif isinstance(value, str):
        pattern = re.compile(rf"(?<![\w.]){re.escape(old)}(?![\w])")
        if path[-1] in {"variable", "expression"} or value.strip() == old:
            changed = pattern.sub(new, value)
        else:
            changed = _TEMPLATE.sub(lambda found: pattern.sub(new, found[0]), value)
        if changed != value:
            yield Change("set", path, changed)


def of_input(fault: Fault, look: Look) -> Iterator[Mend]:
    """The caller's number is what most APIs know customers by."""
    place = look.index[fault.step]
    at = ("steps", place, "settings", "inputs")
    # An input that was never given: its usual ones would be lost by giving only this.
    given = look.nodes[place].get("settings", {}).get("inputs")
    usual = {} if given is not None else {"phone": "{{ contact.from }}"}
    for label, template in (
        ("Ask with the caller's number", "{{ contact.from }}"),
        ("Ask with the customer's number in the CRM", "{{ customer.external_id }}"),
    ):
        value = {**(given if isinstance(given, dict) else usual), fault.subject: template}
        yield Mend(label, (Change("set", at, value),))


def of_result(fault: Fault, look: Look) -> Iterator[Mend]:
    """Exits of a sub-flow's step, as many as the sub-flow has results."""
    place = look.index[fault.step]
    results = list(look.nodes[place].get("settings", {}).get("results", ()))
    at = ("steps", place, "settings", "results")
    if fault.code == "lost_result":
        yield Mend(f"Add the exit “{fault.subject}”", (Change("set", at, [*results, fault.subject]),))
    else:
        kept = [name for name in results if name != fault.subject]
        patch = (Change("set", at, kept), cut("steps", place, "exits", fault.subject))
        yield Mend(f"Remove the exit “{fault.subject}”", patch)


def of_same_rule(fault: Fault, look: Look) -> Iterator[Mend]:
    place = look.index[fault.step]
    yield Mend("Remove this rule", (Change("remove", fault.where), cut("steps", place, "exits", fault.subject)))


def of_same_id(fault: Fault, look: Look) -> Iterator[Mend]:
    name = look.fresh(fault.subject)
    yield Mend(f"Call the second one “{name}”", (Change("set", fault.where, name),))


def chosen_from(step_type: type[Step], name: str) -> str:
    """The kind of things that the setting names one of; empty if it names none."""
    field = step_type.model_fields.get(name)
    extra = field.json_schema_extra if field is not None else None
    kind = extra.get("choices") if isinstance(extra, dict) else None
    return kind if isinstance(kind, str) else ""
