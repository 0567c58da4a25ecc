"""What the canvas shows of a definition: its faults with ways to mend them, and each step in words, valid or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from routing.engine.checks.catalog import Catalog
from routing.engine.checks.validation import validate
from routing.engine.drawing.mends import FAULTS_WITH_MENDS, mends_of
from routing.engine.drawing.names import gist_of
from routing.engine.drawing.patches import Look
from routing.engine.faults import Fault
from routing.engine.steps import BY_TYPE
from routing.engine.steps.step import Exit, Step

_ROUNDS = 20


def analyse(data: object, catalog: Catalog, *, key: str = "") -> dict[str, Any]:
    """The faults that publishing would find, and what every step says, leads to, sets and reads; plain JSON."""
    faults = validate(data, catalog, key=key)
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
    """The steps of a definition that nobody has checked."""
    steps = data.get("steps") if isinstance(data, Mapping) else None
    if isinstance(steps, list | tuple):
        yield from (node for node in steps if isinstance(node, Mapping))


def shown_step(node: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """A step that cannot be read keeps the exits that it has, so that the canvas loses no edge."""
    step_type = BY_TYPE.get(node["type"]) if isinstance(node.get("type"), str) else None
    title = node.get("title")
    settings = node.get("settings", {})
    step = read_step(step_type, settings) if step_type else None
    exits = _exits(step) if step is not None else _salvaged_exits(step_type, settings) if step_type else ()
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


def _exits(step: Step) -> tuple[Exit, ...]:
    # Two rules of one name are a fault of their own; the canvas draws the exit once.
    return tuple({exit_.name: exit_ for exit_ in step.exits()}.values())


def _salvaged_exits(step_type: type[Step], settings: object) -> tuple[Exit, ...]:
    """The exits of settings that cannot be read, as far as those of its parts go that can."""
    raw = _pruned(step_type, settings if isinstance(settings, Mapping) else {})
    parts: dict[str, Any] = {}
    for name, field in step_type.model_fields.items():
        if name in raw:
            try:
                parts[name] = _reader(step_type, name).validate_python(raw[name])
                continue
            except ValidationError:
                pass
        parts[name] = () if field.is_required() else field.get_default(call_default_factory=True)
    try:
        return _exits(step_type.model_construct(**parts))
    except (AttributeError, TypeError, ValueError):
        return ()


@lru_cache(maxsize=500)
def _reader(step_type: type[Step], field: str) -> TypeAdapter[Any]:
    annotation: Any = step_type.model_fields[field].annotation
    return TypeAdapter(annotation)


def _pruned(step_type: type[Step], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without what is wrong in them, from the leaves up."""
    raw: dict[str, Any] = _copied(settings)
    for _round in range(_ROUNDS):
        try:
            step_type.model_validate(raw)
        except ValidationError as error:
            places = [
                tuple(one["loc"][:-1] if one["type"] == "missing" else one["loc"])
                for one in error.errors(include_url=False, include_context=False, include_input=False)
            ]
        else:
            break
        # From behind, so that the places in lists before stay right.
        cuts = [_cut(raw, place) for place in sorted(set(places), key=str, reverse=True)]
        if not any(cuts):
            break
    return raw


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _copied(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(part) for part in value]
    return value


def _cut(raw: Any, place: tuple[Any, ...]) -> bool:
    """Takes out what is at the place, as deep as the data goes; False if there is nothing."""
    holder, last = None, None
    for part in place:
        inner = _at(raw, part)
        if inner is _NOTHING:
            continue  # pydantic's name for a member of a union
        holder, last, raw = raw, part, inner
    if holder is None or last is None:
        return False
    del holder[last]
    return True


_NOTHING = object()


def _at(value: Any, part: Any) -> Any:
    if isinstance(value, dict):
        return value.get(part, _NOTHING)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return _NOTHING
