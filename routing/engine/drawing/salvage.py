"""The exits of a step whose settings cannot be read: those of its finished rows, and of the others that have a name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from routing.engine.drawing.rows import Part, field_marked, part_of, rows_of
from routing.engine.steps.step import Exit, Path, Step, in_words

_ROUNDS = 20
_STAND_IN = "stand_in_for_a_row"


def exits_of(step: Step) -> tuple[Exit, ...]:
    # Two rules of one name are a fault of their own; the canvas draws the exit once.
    return tuple({exit_.name: exit_ for exit_ in step.exits()}.values())


def salvaged_exits(step_type: type[Step], settings: object) -> tuple[Exit, ...]:
    """In the order of the rows. A list of rows is read row by row: one that is half typed hides no other."""
    whole = settings if isinstance(settings, Mapping) else {}
    finished: dict[str, list[Any]] = {}
    unfinished: list[tuple[str, Exit]] = []
    for name, rows in rows_of(step_type, whole):
        finished[name] = []
        before = ""
        for row in rows:
            if _can_be_read(step_type, name, row.value):
                finished[name].append(row.value)
            elif row.exit_name.strip():
                unfinished.append((before, _exit_of(row)))
            before = row.exit_name or before
        example = part_of(step_type.sample.get(name), 0)
        if rows and not finished[name] and isinstance(example, dict):
            # Without any row the step may have other exits than with one.
            finished[name] = [{**example, "name": _STAND_IN}]
    found = [one for one in _of_the_rest(step_type, {**whole, **finished}) if one.name != _STAND_IN]
    for before, exit_ in unfinished:
        names = [one.name for one in found]
        if exit_.name not in names:
            found.insert(names.index(before) + 1 if before in names else 0, exit_)
    return tuple(found)


def _exit_of(row: Part) -> Exit:
    label = part_of(row.value, field_marked(row.schema, "exit", "label"))
    name = row.exit_name
    return Exit(name, label if isinstance(label, str) and label.strip() else in_words(name))


def _can_be_read(step_type: type[Step], name: str, row: Any) -> bool:
    """Whether a list of this row alone would do."""
    try:
        _reader(step_type, name).validate_python([row])
    except ValidationError:
        return False
    return True


def _of_the_rest(step_type: type[Step], settings: Mapping[str, Any]) -> tuple[Exit, ...]:
    """As far as those of its parts go that can be read."""
    raw = _pruned(step_type, settings)
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
        return exits_of(step_type.model_construct(**parts))
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
        cuts = [_cut(raw, place) for place in sorted(set(places), key=_in_order, reverse=True)]
        if not any(cuts):
            break
    return raw


def _in_order(place: Path) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (0, part) for part in place]


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
