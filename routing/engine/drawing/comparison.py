"""Two definitions side by side: which steps came, went and changed, each change in words with before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ValidationError

from routing.engine.checks.catalog import Catalog
from routing.engine.conditions import Group, words
from routing.engine.drawing.analysis import raw_steps, shown_step
from routing.engine.drawing.words import label_of, model_for
from routing.engine.steps import BY_TYPE
from routing.engine.values import as_text

Path: TypeAlias = tuple[str | int, ...]
_WORDS_CHARS = 600
_NOTHING = object()
_DEPTH = 8


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One setting, by the name that its form gives it. Empty words: there was, or is, nothing."""

    label: str
    path: Path
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ExitChange:
    """Where an exit led and leads: titles of steps."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class StepChange:
    """What became of one step. `moved` on the canvas means nothing to contacts."""

    step: str
    title: str
    kind: Literal["added", "removed", "changed", "moved"]
    fields: tuple[FieldChange, ...] = ()
    exits: tuple[ExitChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """`changes` in the order of the steps; `other` is what belongs to no step, in sentences."""

    changes: tuple[StepChange, ...]
    other: tuple[str, ...]
    union: dict[str, Any]
    """`b` with the steps that only `a` has, to be drawn at once."""

    @property
    def same(self) -> bool:
        """Contacts notice no difference."""
        return all(change.kind == "moved" for change in self.changes)


def compare(a: Mapping[str, Any], b: Mapping[str, Any], catalog: Catalog) -> Comparison:
    """What became of `a` in `b`. Both are JSON and need not be valid."""
    before, after = _by_id(a), _by_id(b)
    titles = {name: shown_step(node, catalog)["title"] for name, node in (before | after).items()}
    changes: list[StepChange] = []
    for name, node in after.items():
        if name not in before:
            changes.append(StepChange(name, titles[name], "added", tuple(_all_fields(node, catalog, gone=False))))
        elif change := _step_change(name, before[name], node, titles, catalog):
            changes.append(change)
        elif _place(a, name) != _place(b, name):
            changes.append(StepChange(name, titles[name], "moved"))
    for name, node in before.items():
        if name not in after:
            title = shown_step(node, catalog)["title"]
            changes.append(StepChange(name, title, "removed", tuple(_all_fields(node, catalog, gone=True))))
    return Comparison(tuple(changes), tuple(_others(a, b)), _union(a, b, before, after))


def _by_id(definition: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {node["id"]: node for node in raw_steps(definition) if isinstance(node.get("id"), str)}


def _place(definition: Mapping[str, Any], name: str) -> list[Any] | None:
    layout = definition.get("layout")
    at = layout.get(name) if isinstance(layout, Mapping) else None
    return list(at) if isinstance(at, list | tuple) else None


def _settings(node: Mapping[str, Any]) -> Mapping[str, Any]:
    found = node.get("settings")
    return found if isinstance(found, Mapping) else {}


def _exits(node: Mapping[str, Any]) -> Mapping[str, Any]:
    found = node.get("exits")
    return found if isinstance(found, Mapping) else {}


def _step_change(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any], titles: Mapping[str, str], catalog: Catalog
) -> StepChange | None:
    fields: list[FieldChange] = []
    if before.get("type") != after.get("type"):
        fields.append(FieldChange("Kind of step", ("type",), _type(before), _type(after)))
    was, is_ = str(before.get("title") or ""), str(after.get("title") or "")
    if was != is_:
        fields.append(FieldChange("Name", ("title",), was, is_))
    model = BY_TYPE.get(str(after.get("type")))
    references = _references(before, after)
    old, new = _with_defaults(model, _settings(before)), _with_defaults(model, _settings(after))
    fields.extend(_differences(old, new, model, ("settings",), "", _Names(catalog, references)))
    exits = tuple(_exit_changes(before, after, titles, catalog))
    return StepChange(name, titles[name], "changed", tuple(fields), exits) if fields or exits else None


def _type(node: Mapping[str, Any]) -> str:
    known = BY_TYPE.get(str(node.get("type")))
    return str(known.title) if known else str(node.get("type"))


def _with_defaults(model: type[BaseModel] | None, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """A setting that was left out and one that says its default are the same."""
    if model is None:
        return settings
    try:
        return model.model_validate(settings).model_dump(mode="json")
    except ValidationError:
        return settings


@dataclass(frozen=True, slots=True)
class _Names:
    """Names in place of keys, where a setting refers to something."""

    catalog: Catalog
    kinds: Mapping[Path, str]

    def of(self, path: Path, value: Any) -> Any:
        kind = self.kinds.get(path)
        return self.catalog.name_of(kind, value) if kind and isinstance(value, str) else value


def _references(*nodes: Mapping[str, Any]) -> dict[Path, str]:
    found: dict[Path, str] = {}
    for node in nodes:
        step_type = BY_TYPE.get(str(node.get("type")))
        if step_type is None:
            continue
        try:
            step = step_type.model_validate(_settings(node))
        except ValidationError:
            continue
        found |= {("settings", *reference.where): reference.kind for reference in step.references()}
    return found


def _all_fields(node: Mapping[str, Any], catalog: Catalog, *, gone: bool) -> Iterator[FieldChange]:
    """What a step that came or went said, as if it had been empty before or were so now."""
    model = BY_TYPE.get(str(node.get("type")))
    names = _Names(catalog, _references(node))
    for key, value in _settings(node).items():
        path = ("settings", key)
        said = _said(names.of(path, value), model, key)
        if said:
            yield FieldChange(label_of(model, key), path, said if gone else "", "" if gone else said)


def _differences(
    before: Any, after: Any, model: type[BaseModel] | None, path: Path, label: str, names: _Names
) -> Iterator[FieldChange]:
    """Goes down as far as parts can be told from each other: fields of models, entries by name, items of lists."""
    if before == after:
        return
    if _is_group(before) or _is_group(after) or len(path) > _DEPTH:
        yield FieldChange(label, path, _worded(before), _worded(after))
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            old, new = before.get(key, _NOTHING), after.get(key, _NOTHING)
            inner = _joined(label, label_of(model, key))
            yield from _differences(old, new, model_for(model, key), (*path, key), inner, names)
    elif isinstance(before, list) and isinstance(after, list) and _are_objects((*before, *after)):
        yield from _list_differences(before, after, model, path, label, names)
    else:
        was, is_ = _worded(names.of(path, before)), _worded(names.of(path, after))
        if was != is_:
            yield FieldChange(label, path, was, is_)


def _list_differences(
    before: list[Any], after: list[Any], model: type[BaseModel] | None, path: Path, label: str, names: _Names
) -> Iterator[FieldChange]:
    """Rules and choices are known by their name, wherever they stand."""
    was, is_ = _named(before), _named(after)
    for name in dict.fromkeys((*is_, *was)):
        index = list(is_).index(name) if name in is_ else list(was).index(name)
        old, new = was.get(name, _NOTHING), is_.get(name, _NOTHING)
        shown = _joined(label, _called(new if new is not _NOTHING else old, name))
        if old is _NOTHING or new is _NOTHING:
            yield FieldChange(shown, (*path, index), _worded(old), _worded(new))
        else:
            yield from _differences(old, new, model, (*path, index), shown, names)
    common = [name for name in was if name in is_]
    if common != [name for name in is_ if name in was]:
        yield FieldChange(_joined(label, "order"), path, _listed(was), _listed(is_))


def _named(items: list[Any]) -> dict[Any, Any]:
    """By their names if each has one of its own, else by their places."""
    names = [item.get("name") for item in items]
    if all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names):
        return dict(zip(names, items, strict=True))
    return dict(enumerate(items))


def _called(item: Any, name: Any) -> str:
    label = item.get("label") or name
    return f"“{label}”" if isinstance(label, str) else str(label + 1)


def _listed(items: Mapping[Any, Any]) -> str:
    return ", ".join(str(name) for name in items)


def _are_objects(items: tuple[Any, ...]) -> bool:
    return all(isinstance(item, Mapping) for item in items)


def _joined(label: str, part: str) -> str:
    return f"{label} · {part}" if label else part


def _is_group(value: Any) -> bool:
    return isinstance(value, Mapping) and "conditions" in value


def _said(value: Any, model: type[BaseModel] | None, key: str) -> str:
    """One setting as a whole, in words."""
    if isinstance(value, list) and value and _are_objects(tuple(value)):
        return _clipped("; ".join(_worded(item) for item in value))
    if isinstance(value, Mapping) and not _is_group(value) and model_for(model, key) is not None:
        inner = model_for(model, key)
        parts = [f"{label_of(inner, part)}: {_worded(held)}" for part, held in value.items() if _worded(held)]
        return _clipped("; ".join(parts))
    return _worded(value)


def _worded(value: Any) -> str:
    """Any JSON as people would say it; conditions as a clause."""
    if value is _NOTHING or value is None or value in ("", [], {}):
        return ""
    if _is_group(value):
        try:
            return _clipped(words(Group.model_validate(value)))
        except ValidationError:
            pass
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        named = value.get("label") or value.get("name")
        clause = value.get("when") or value.get("expression") or value.get("key") or value.get("percent")
        if named and clause:
            return _clipped(f"{named}: {_worded(clause)}")
        parts = [f"{key}: {_worded(part)}" for key, part in value.items() if _worded(part)]
        return _clipped("; ".join(parts))
    if isinstance(value, list):
        return _clipped(", ".join(_worded(part) for part in value))
    return _clipped(as_text(value))


def _clipped(text: str) -> str:
    return text if len(text) <= _WORDS_CHARS else f"{text[: _WORDS_CHARS - 1]}…"


def _exit_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], titles: Mapping[str, str], catalog: Catalog
) -> Iterator[ExitChange]:
    was, is_ = _exits(before), _exits(after)
    if was == is_:
        return
    labels = {exit_["name"]: exit_["label"] for node in (before, after) for exit_ in shown_step(node, catalog)["exits"]}
    for name in sorted({*was, *is_}, key=lambda name: list(labels).index(name) if name in labels else len(labels)):
        old, new = was.get(name), is_.get(name)
        if old != new:
            yield ExitChange(name, labels.get(name, name), _target(old, titles), _target(new, titles))


def _target(target: Any, titles: Mapping[str, str]) -> str:
    return titles.get(target, target) if isinstance(target, str) else ""


def _others(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[str]:
    """Notes on the canvas, and the order of the steps where contacts could notice it: they cannot."""
    was, is_ = _notes(a), _notes(b)
    yield from (f"Note added: “{text}”" for text in is_ if text not in was)
    yield from (f"Note removed: “{text}”" for text in was if text not in is_)


def _notes(definition: Mapping[str, Any]) -> list[str]:
    notes = definition.get("notes")
    if not isinstance(notes, list | tuple):
        return []
    return [str(note.get("text", ""))[:_WORDS_CHARS] for note in notes if isinstance(note, Mapping)]


def _union(
    a: Mapping[str, Any],
    b: Mapping[str, Any],
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    ghosts = [dict(node) for name, node in before.items() if name not in after]
    layouts = [found if isinstance(found, Mapping) else {} for found in (a.get("layout"), b.get("layout"))]
    gone = {str(node["id"]) for node in ghosts}
    layout = {name: at for name, at in layouts[0].items() if name in gone} | dict(layouts[1])
    steps = [_with_cut_lines(node, before.get(name)) for name, node in after.items()]
    return {**b, "steps": [*steps, *ghosts], "layout": layout}


def _with_cut_lines(node: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The step with the lines that it had, where no other has taken their place."""
    lines = {**_exits(before), **_exits(node)} if before is not None else _exits(node)
    return {**node, "exits": lines} if lines else dict(node)
