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
from routing.engine.definition import Definition
from routing.engine.drawing.names import usual_title
from routing.engine.drawing.patches import Change, Look, Mend, Path, cut, patched, put
from routing.engine.drawing.words import label_of
from routing.engine.faults import Fault
from routing.engine.plan import read_steps
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
    yield from _uses(kind, wanted, fault.where, look, catalog, key=key)


def _uses(kind: str, wanted: str, where: Path, look: Look, catalog: Catalog, *, key: str) -> Iterator[Mend]:
    known = [one for one in catalog.keys(kind) if one not in (wanted, key if kind == "flow" else None)]
    if kind == "queue":
        known = sorted((one for one in known if one not in catalog.silent_queues), key=catalog.ordinary) or known
    if kind == "flow":
        known = [one for one in known if not too_deep(one, key, catalog)]
    alike = get_close_matches(wanted, known, n=_OFFERED, cutoff=0.5) if wanted else []
    for one in list(dict.fromkeys((*alike, *known)))[:_OFFERED]:
        change = Change("set", where, one)
        label = f"Use the {_KINDS[kind]} “{catalog.name_of(kind, one)}”"
        yield Mend(label, (change, *_renamed(where, change, look, catalog)))


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


def of_settings(fault: Fault, look: Look, catalog: Catalog, *, key: str) -> Iterator[Mend]:
    """A value that fits: something that there is, a name that is free, the usual, the example's, or none."""
    match fault.where:
        case ("steps", int() as place, "settings", *inner) if place < len(look.nodes):
            pass
        case _:
            return
    node = look.nodes[place]
    step_type = BY_TYPE.get(str(node.get("type")))
    if step_type is None:
        return
    offered = list(_fitting(fault, look, node, inner, catalog, key=key))
    if inner:
        top = str(inner[0])
        label = label_of(step_type, top)
        if top in step_type.model_fields:
            offered.append(Mend(f"Leave “{label}” as it usually is", (cut("steps", place, "settings", top),)))
        if step_type.begins_with is None and top in step_type.sample and not _chosen_from(step_type, top):
            example = put("steps", place, "settings", top, value=step_type.sample[top])
            offered.append(Mend(f"Begin “{label}” with an example", (example,)))
        label = f"Remove “{inner[-1]}”" if isinstance(inner[-1], str) else "Remove it"
        offered.append(Mend(label, (Change("remove", fault.where),)))
    seen: list[Any] = []
    for mend in offered:
        after = _mended(look, mend, place, fault)
        if after is not None and after not in seen:
            seen.append(after)
            yield mend


def _fitting(
    fault: Fault, look: Look, node: Mapping[str, Any], inner: list[Any], catalog: Catalog, *, key: str
) -> Iterator[Mend]:
    step_type = BY_TYPE[str(node["type"])]
    if len(inner) == 1 and (kind := _chosen_from(step_type, str(inner[0]))):
        yield from _uses(kind, "", fault.where, look, catalog, key=key)
    if inner and inner[-1] in {"name", "key"}:
        value = _value(node.get("settings", {}), inner)
        if isinstance(value, str) and inner[-1] == "name" and value:
            for count in range(2, 60):
                yield Mend(f"Call it “{value[:36]}_{count}”", (Change("set", fault.where, f"{value[:36]}_{count}"),))
                if count > 2:
                    break
        if inner[-1] == "key":
            digits = iter("1234567890")
            used = {choice.get("key") for choice in _value(node.get("settings", {}), inner[:-2]) or ()}
            free = next((digit for digit in digits if digit not in used), None)
            if free is not None:
                yield Mend(f"Use the key {free}", (Change("set", fault.where, free),))


def _chosen_from(step_type: type[Step], name: str) -> str:
    """The kind of things that the setting names one of; empty if it names none."""
    field = step_type.model_fields.get(name)
    extra = field.json_schema_extra if field is not None else None
    kind = extra.get("choices") if isinstance(extra, dict) else None
    return kind if isinstance(kind, str) else ""


def _value(settings: Any, path: list[Any]) -> Any:
    found = settings
    for part in path:
        try:
            found = found[part]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def _mended(look: Look, mend: Mend, place: int, fault: Fault) -> Any:
    """The step afterwards, if the fault is gone and no other has come; else None."""
    before = _own_faults(look, look.nodes[place])
    try:
        after = patched(look.data, mend.patch)["steps"][place]
    except (KeyError, IndexError, TypeError):
        return None
    found = _own_faults(look, after)
    if found is None or (fault.where[2:], fault.message) in found:
        return None
    return after if before is None or found < before else None


def _own_faults(look: Look, node: Mapping[str, Any]) -> set[tuple[Path, str]] | None:
    """What is wrong with a step by itself, and where in it; None if it is no step at all."""
    others = [{"id": name, "type": "end"} for name in look.index if name != node["id"]]
    try:
        definition = Definition.model_validate({"steps": [node, *others]})
    except ValueError:
        return None
    _steps, faults = read_steps(definition)
    return {(fault.where[2:], fault.message) for fault in faults}
