"""What the canvas shows of a definition: its faults with ways to mend them, and each step in words, valid or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from routing.engine import limits
from routing.engine.checks.catalog import Catalog
from routing.engine.checks.validation import validate
from routing.engine.drawing.mends import FAULTS_WITH_MENDS, mends_of
from routing.engine.drawing.names import gist_of
from routing.engine.drawing.patches import Look
from routing.engine.drawing.salvage import exits_of, salvaged_exits
from routing.engine.faults import Fault
from routing.engine.steps import BY_TYPE
from routing.engine.steps.step import Exit, Step

# More of them than anybody reads in one go: the list ends with how many there are besides.
MOST_FAULTS = 300
_MOST_STEPS = 2 * limits.STEPS


def analyse(data: object, catalog: Catalog, *, key: str = "") -> dict[str, Any]:
    """The faults that publishing would find, and what every step says, leads to, sets and reads; plain JSON."""
    faults = validate(data, catalog, key=key)
    if len(faults) > MOST_FAULTS:
        more = len(faults) - MOST_FAULTS
        faults = [*faults[:MOST_FAULTS], Fault(f"{more} more are not listed here.", level=faults[MOST_FAULTS].level)]
    return {"faults": shown_faults(faults, data, catalog, key=key), "steps": shown_steps(data, catalog)}


def shown_faults(faults: Sequence[Fault], data: object, catalog: Catalog, *, key: str = "") -> list[dict[str, Any]]:
    """Faults as the canvas takes them."""
    look = Look.at(data, catalog)
    return [
        {
            "message": fault.message,
            "where": list(fault.where),
            "step": fault.step,
            "level": fault.level,
            "mends": [
                mend.as_json()
                for mend in (mends_of(fault, data, catalog, key=key, look=look) if number < FAULTS_WITH_MENDS else ())
            ],
        }
        for number, fault in enumerate(faults)
    ]


def shown_steps(data: object, catalog: Catalog) -> dict[str, Any]:
    """Each step by its id. Takes whatever JSON there is: what is no step is left out."""
    return {node["id"]: shown_step(node, catalog) for node in raw_steps(data) if isinstance(node.get("id"), str)}


def raw_steps(data: object) -> Iterator[Mapping[str, Any]]:
    """The steps of a definition that nobody has checked; of far more than a flow may have, the first ones."""
    steps = data.get("steps") if isinstance(data, Mapping) else None
    if isinstance(steps, list | tuple):
        yield from (node for node in steps[:_MOST_STEPS] if isinstance(node, Mapping))


def shown_step(node: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """A step that cannot be read keeps the exits that it has, so that the canvas loses no edge."""
    step_type = BY_TYPE.get(node["type"]) if isinstance(node.get("type"), str) else None
    title = node.get("title")
    settings = node.get("settings", {})
    step = read_step(step_type, settings) if step_type else None
    exits = exits_of(step) if step is not None else salvaged_exits(step_type, settings) if step_type else ()
    known = {exit_.name for exit_ in exits}
    stored = node.get("exits")
    strays = [Exit(name, name) for name in stored if name not in known] if isinstance(stored, Mapping) else []
    return {
        "title": title if isinstance(title, str) and title else step_type.title if step_type else str(node.get("type")),
        "gist": gist_of(step, catalog) if step is not None else "",
        "exits": [
            {"name": exit_.name, "label": exit_.label, "optional": exit_.optional} for exit_ in (*exits, *strays)
        ],
        "provides": sorted(step.provides()) if step is not None else [],
        "reads": sorted(step.variables()) if step is not None else [],
    }


def read_step(step_type: type[Step], settings: object) -> Step | None:
    """The step, or None if its settings cannot be read."""
    try:
        return step_type.model_validate(settings)
    except ValidationError:
        return None
