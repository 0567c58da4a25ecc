"""Ways to mend a step's own settings: a value that fits, the row taken out; the whole list or step only if no less will do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from itertools import islice
from typing import Any

from routing.engine.checks.catalog import Catalog
from routing.engine.checks.scope import Outside, Variable, variables_at
from routing.engine.definition import Definition
from routing.engine.drawing.mending_settings import chosen_from, uses
from routing.engine.drawing.patches import Change, Look, Mend, Path, cut, patched, put
from routing.engine.drawing.rows import NOTHING, Part, Schema, field_marked, part_of, parts_on, resolved, schema_of
from routing.engine.drawing.words import label_of
from routing.engine.faults import Fault
from routing.engine.plan import read_steps
from routing.engine.steps import BY_TYPE
from routing.engine.steps.step import Step
from routing.engine.values import as_number

_KEYS = "1234567890"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# So many names are tried until one is free, and so many operators until one fits.
_TRIES = 60
_SUGGESTED = 2
# What a branch mostly asks about, the likeliest first.
_TELLING = ("fetched", "synced", "customer")


def of_settings(fault: Fault, look: Look, catalog: Catalog, *, key: str) -> Iterator[Mend]:
    """The smallest first. What throws away more than what is wrong comes only where nothing smaller helps."""
    match fault.where:
        case ("steps", int() as place, "settings", *inner) if place < len(look.nodes):
            pass
        case _:
            return
    step_type = BY_TYPE.get(str(look.nodes[place].get("type")))
    if step_type is None:
        return
    here = _Place(fault, look, catalog, place, step_type, tuple(inner))
    seen: list[Any] = []
    for candidates in (_small(here, key), _large(here)):
        for mend in candidates:
            after = here.mended(mend)
            if after is not None and after not in seen:
                seen.append(after)
                yield mend
        if seen:
            return


class _Place:
    """Where the fault is, and what stands around it."""

    def __init__(
        self, fault: Fault, look: Look, catalog: Catalog, place: int, step_type: type[Step], inner: Path
    ) -> None:
        self.fault, self.look, self.catalog, self.step_type, self.inner = fault, look, catalog, step_type, inner
        self.index = place
        self.node = look.nodes[place]
        self.parts = parts_on(step_type, self.node.get("settings", {}), inner)
        self.before = _own_faults(look, self.node)

    @property
    def here(self) -> Part:
        return self.parts[-1]

    @property
    def around(self) -> Part:
        return self.parts[-2] if len(self.parts) > 1 else self.parts[0]

    def at(self, path: Path) -> Path:
        return ("steps", self.index, "settings", *path)

    def set(self, path: Path, value: object) -> Change:
        return put(*self.at(path), value=value)

    def without(self, path: Path) -> Change:
        return cut(*self.at(path))

    def mended(self, mend: Mend) -> Any:
        """The step afterwards, if the fault is gone and no other has come; else None."""
        try:
            after = patched(self.look.data, mend.patch)["steps"][self.index]
        except (KeyError, IndexError, TypeError):
            return None
        found = _own_faults(self.look, after)
        if found is None:
            return None
        touched = [(change.path[2:], _how(change)) for change in mend.patch if change.path[1] == self.index]
        mine = _moved(self.fault.where[2:], touched)
        if mine is not None and (mine, self.fault.message) in found:
            return None
        if self.before is None:
            return after
        known = {(path, message) for old, message in self.before if (path := _moved(old, touched)) is not None}
        # What is wrong in a step that cannot be read comes to light once it can; it was there before.
        hidden = self.node["id"] not in self.look.steps
        fresh = [path for path, _ in found - known]
        return after if all(hidden and _untouched(path, touched) for path in fresh) else None


def _how(change: Change) -> str:
    return "set" if change.op == "set" else "row" if isinstance(change.path[-1], int) else "remove"


def _moved(path: Path, touched: Iterable[tuple[Path, str]]) -> Path | None:
    """Where a part stands after rows were taken out; None: it is gone with one."""
    for gone, how in touched:
        depth = len(gone) - 1
        if how != "row" or path[:depth] != gone[:depth] or len(path) <= depth:
            continue
        here, row = path[depth], gone[depth]
        if here == row:
            return None
        if isinstance(here, int) and isinstance(row, int) and here > row:
            path = (*path[:depth], here - 1, *path[depth + 1 :])
    return path


def _untouched(path: Path, touched: Iterable[tuple[Path, str]]) -> bool:
    if path[:1] != ("settings",):
        return False
    for place, how in touched:
        if how != "set" and len(place) > len(path) and place[: len(path)] == path:
            return False  # what is left of what held it is wrong now
        if how != "row" and path[: len(place)] == place:
            return False
    return True


def _own_faults(look: Look, node: Mapping[str, Any]) -> set[tuple[Path, str]] | None:
    """What is wrong with a step by itself, and where in it; None if it is no step at all."""
    others = [{"id": name, "type": "end"} for name in look.index if name != node["id"]]
    try:
        definition = Definition.model_validate({"steps": [node, *others]})
    except ValueError:
        return None
    _steps, faults = read_steps(definition)
    return {(fault.where[2:], fault.message) for fault in faults}


def _small(here: _Place, key: str) -> Iterator[Mend]:
    """What touches nothing but what is wrong."""
    inner = here.inner
    if len(inner) == 1 and (kind := chosen_from(here.step_type, str(inner[0]))):
        yield from uses(kind, "", here.fault.where, here.look, here.catalog, key=key)
    yield from _names(here)
    yield from _keys(here)
    yield from _comparisons(here)
    yield from _values(here)
    yield from _one_of_two(here)
    if inner and not _holds_more(here):
        yield from _whole(here)
    rows = (_without_row(here, part) for part in reversed(here.parts) if part.is_row)
    yield from islice((mend for mend in rows if here.mended(mend) is not None), 1)
    if inner and isinstance(inner[-1], str):
        known = here.around.schema.get("properties", {}).get(inner[-1], {})
        yield Mend(f"Remove “{known.get('title', inner[-1])}”", (here.without(inner),))


def _large(here: _Place) -> Iterator[Mend]:
    if here.inner and _holds_more(here):
        for mend in _whole(here):
            yield replace(mend, is_whole=True)


def _holds_more(here: _Place) -> bool:
    """Whether the setting is a list or an object with anything in it."""
    value = here.parts[1].value
    return isinstance(value, list | tuple | Mapping) and bool(value)


def _whole(here: _Place) -> Iterator[Mend]:
    top = str(here.inner[0])
    step_type, label = here.step_type, label_of(here.step_type, top)
    if top in step_type.model_fields:
        yield Mend(f"Leave “{label}” as it usually is", (here.without((top,)),))
    if step_type.begins_with is None and top in step_type.sample and not chosen_from(step_type, top):
        yield Mend(f"Begin “{label}” with an example", (here.set((top,), step_type.sample[top]),))


def _without_row(here: _Place, row: Part) -> Mend:
    """Together with the line from the exit that it names, unless another row names it, too."""
    changes = [here.without(row.path)]
    name = row.exit_name
    if name and name in here.node.get("exits", {}) and not any(one == name for one in _siblings(here, row)):
        changes.append(cut("steps", here.index, "exits", name))
    return Mend(f"Remove this {row.noun}", tuple(changes))


def _siblings(here: _Place, row: Part) -> Iterator[str]:
    """What the other rows of its list are called."""
    rows = here.parts[len(row.path) - 1].value
    field = row.exit_field or "name"
    for index, other in enumerate(rows if isinstance(rows, list | tuple) else ()):
        name = other if field == "." else part_of(other, field)
        if index != row.path[-1] and isinstance(name, str):
            yield name


def _names(here: _Place) -> Iterator[Mend]:
    """A name that is free, made of what it is called already."""
    row = here.around if here.around.is_row else here.here
    if not row.is_row or here.inner[-1] != (row.exit_field or "name") or row is here.here:
        return
    label = part_of(row.value, field_marked(row.schema, "exit", "label"))
    wishes = (here.here.value, label, row.noun)
    wish = next((name for one in wishes if isinstance(one, str) and (name := _slug(one))), "exit")
    taken = set(_siblings(here, row))
    tries = (wish, *(f"{wish[:36]}_{count}" for count in range(2, _TRIES)))
    for name in tries:
        if name in taken or name == here.here.value:
            continue
        changes = [here.set(here.inner, name)]
        exits, old = here.node.get("exits", {}), row.exit_name
        if row.exit_field and old in exits and old not in taken:
            changes += [
                cut("steps", here.index, "exits", old),
                put("steps", here.index, "exits", name, value=exits[old]),
            ]
        mend = Mend(f"Call it “{name}”", tuple(changes))
        if here.mended(mend) is not None:
            yield mend
            return


def _slug(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_")[:40]
    return plain if _NAME.fullmatch(plain) else ""


def _keys(here: _Place) -> Iterator[Mend]:
    """The next key of the telephone that chooses nothing yet."""
    row = here.here if here.here.is_row else here.around
    if not row.is_row or "key" not in row.schema.get("properties", {}):
        return
    if row is not here.here and here.inner[-1] != "key":
        return
    rows = here.parts[len(row.path) - 1].value
    used = {part_of(other, "key") for index, other in enumerate(rows) if index != row.path[-1]}
    free = next((digit for digit in _KEYS if digit not in used), None)
    if free is not None:
        yield Mend(f"Use the key {free}", (here.set((*row.path, "key"), free),))


def _comparisons(here: _Place) -> Iterator[Mend]:
    """An operator that fits the variable, values that it may have, or whether it has any at all."""
    field = field_marked(here.around.schema, "widget", "variable")
    hints = here.around.schema.get("properties", {}).get("operator")
    last = here.inner[-1] if here.inner else ""
    if field and last == field and here.here.value in (NOTHING, None, ""):
        telling = (one for one in _variables(here) if one.group in _TELLING)
        likely = sorted(telling, key=lambda one: (_TELLING.index(one.group), not one.suggestions))
        for path in [one.path for one in likely[:_SUGGESTED]]:
            yield Mend(f"Ask about {path}", (here.set(here.inner, path),))
    if not field or hints is None or last not in {"operator", "value"}:
        return
    operators = resolved(hints, schema_of(here.step_type), NOTHING)
    asked = part_of(here.around.value, field)
    variable = next((one for one in _variables(here) if one.path == asked), None)
    fits = operators.get("fits", {}).get(variable.type if variable is not None else "text", ())
    value = (*here.inner[:-1], "value")
    blank = part_of(here.around.value, "value") in (NOTHING, None, "", [], ())
    if blank and variable is not None:
        for one in variable.suggestions[:_SUGGESTED]:
            changes = [here.set(value, [one] if _takes(operators, here) == "list" else one)]
            if last == "operator":
                changes = [here.set(value, one), here.set(here.inner, "equals")]
            yield Mend(f"Compare with “{one}”", tuple(changes))
    for operator in fits:
        takes_none = operators.get("values", {}).get(operator) == "none"
        if (last == "value" and not (takes_none and blank)) or (last == "operator" and takes_none and not blank):
            continue
        changes = [here.set((*here.inner[:-1], "operator"), operator)]
        if takes_none:
            changes.append(here.without(value))
        mend = Mend(f"Compare by “{operators.get('labels', {}).get(operator, operator)}”", tuple(changes))
        if here.mended(mend) is not None:
            yield mend
            if last == "operator":
                return


def _takes(operators: Schema, here: _Place) -> str:
    return str(operators.get("values", {}).get(part_of(here.around.value, "operator"), "text"))


def _variables(here: _Place) -> tuple[Variable, ...]:
    outside = here.catalog.outside or Outside(flows=here.catalog.flows)
    return variables_at(here.look.data, str(here.node["id"]), outside)


def _values(here: _Place) -> Iterator[Mend]:
    """The nearest value that may stand here; where there is none yet, the example's."""
    schema, value = here.here.schema, here.here.value
    labels = schema.get("labels", {})
    choices = [one for one in schema.get("enum", ()) if isinstance(one, str)]
    if choices and isinstance(value, str) and value:
        for one in get_close_matches(value, choices, n=_SUGGESTED):
            yield Mend(f"Use “{labels.get(one, one)}”", (here.set(here.inner, one),))
    number = as_number(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    for bound in ("minimum", "maximum"):
        limit = schema.get(bound)
        if number is not None and limit is not None and (number < limit) == (bound == "minimum") and number != limit:
            yield Mend(f"Set it to {limit:g}", (here.set(here.inner, limit),))
    example = _example(here)
    if here.around.is_row and (value is NOTHING or value in (None, "")) and isinstance(example, int | float):
        yield Mend(f"Set it to {example:g}", (here.set(here.inner, example),))


def _example(here: _Place) -> Any:
    """What the step's example has at this place, whichever row it is."""
    found: Any = here.step_type.sample
    for part in here.inner:
        found = part_of(found, 0 if isinstance(part, int) else part)
    return found


def _one_of_two(here: _Place) -> Iterator[Mend]:
    """Where only one of two may be given and both are."""
    both = here.here.schema.get("either", ())
    given = [name for name in both if part_of(here.here.value, name) not in (NOTHING, None, "")]
    if len(given) > 1:
        for name in given:
            others = tuple(here.without((*here.inner, other)) for other in given if other != name)
            title = here.here.schema.get("properties", {}).get(name, {}).get("title", name)
            yield Mend(f"Keep only “{title}”", others)
