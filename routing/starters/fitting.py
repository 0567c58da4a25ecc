"""Puts what an installation has in the places of what a template names: its queues, data sources and opening hours."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Literal

from routing.engine.checks.catalog import Catalog
from routing.engine.definition import read_definition
from routing.engine.plan import read_steps
from routing.engine.steps.fetch import FetchVariables

# What teams are likely called, for the two that templates know.
_ALSO = {
    "vip": ("premium", "priority", "gold", "platinum", "key account", "key accounts"),
    "standard": ("general", "default", "support", "everybody", "service", "main"),
    "loyalty": ("crm", "customers", "customer"),
}


def fit(definition: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """A copy in which every reference leads to what there is, where only one thing can be meant.

    That is what has the key; else the only one whose key or name says the same; else the only one that is left, if
    the template wants one. Whatever is not so clear stays, and is a fault with ways to mend it.
    """
    fitted: dict[str, Any] = copy.deepcopy(dict(definition))
    steps, _faults = read_steps(read_definition(definition))
    references = [(step_id, one) for step_id, planned in steps.items() for one in planned.step.references()]
    kinds: tuple[Literal["queue", "source", "hours"], ...] = ("queue", "source", "hours")
    instead: dict[tuple[str, str], str] = {}
    for kind in kinds:
        wanted = list(dict.fromkeys(one.key for _, one in references if one.kind == kind))
        instead |= {(kind, old): new for old, new in _chosen(kind, wanted, catalog).items()}
    nodes = {node["id"]: node for node in fitted["steps"]}
    for step_id, one in references:
        if (new := instead.get((one.kind, one.key))) is None:
            continue
        place = nodes[step_id].setdefault("settings", {})
        for part in one.where[:-1]:
            place = place[part]
        place[one.where[-1]] = new
        if isinstance(steps[step_id].step, FetchVariables):
            _ask_with(nodes[step_id]["settings"], catalog.inputs.get(new, ()))
    return fitted


def _chosen(kind: str, wanted: list[str], catalog: Catalog) -> dict[str, str]:
    """What is taken in place of what is not there."""
    there = {key: catalog.name_of(kind, key) for key in catalog.keys(kind)}
    missing = [key for key in wanted if key not in there]
    free = {key: name for key, name in there.items() if key not in wanted}
    found: dict[str, str] = {}
    for old in missing:
        likely = [key for key, name in free.items() if _says(old, key, name)]
        if len(likely) == 1 and likely[0] not in found.values():
            found[old] = likely[0]
    rest = [key for key in missing if key not in found]
    left = [key for key in free if key not in found.values()]
    if len(rest) == len(left) == 1:
        found[rest[0]] = left[0]
    return found


def _says(wanted: str, key: str, name: str) -> bool:
    words = f" {re.sub(r'[^a-z0-9]+', ' ', f'{key} {name}'.casefold())} "
    return any(f" {word} " in words for word in (wanted, *_ALSO.get(wanted, ())))


def _ask_with(settings: dict[str, Any], inputs: tuple[str, ...]) -> None:
    """A data source with one placeholder is asked with what the template asks with, whatever it is called."""
    given = settings.get("inputs", {"phone": "{{ contact.from }}"})
    if len(inputs) == len(given) == 1:
        settings["inputs"] = {inputs[0]: next(iter(given.values()))}
