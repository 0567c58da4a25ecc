"""Several steps of a flow made into a flow of their own, which the first then walks through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from routing.engine.definition import Definition, Node
from routing.engine.steps import BY_TYPE
from routing.engine.steps.end import End
from routing.engine.steps.step import Exit, Step
from routing.engine.steps.subflow import Subflow

_ID_CHARS = 40
# As far apart as steps stand on the canvas.
_APART, _ROW = 288, 192


class CannotCollapse(Exception):
    """These steps make no flow of their own; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Collapsed:
    """The two flows that one became, as JSON."""

    inner: dict[str, Any]
    outer: dict[str, Any]
    step: str
    """Id of the step in `outer` that walks through `inner`."""


def collapse(definition: Definition, ids: Iterable[str], *, key: str, title: str) -> Collapsed:
    """Contacts walk as before: whoever ended within still ends, and every way out leads where it led."""
    chosen = {node.id: node for node in definition.steps if node.id in set(ids)}
    others = [node for node in definition.steps if node.id not in chosen]
    if not chosen:
        raise CannotCollapse("Choose the steps that become a flow of their own.")
    if any(_is_trigger(node) for node in chosen.values()):
        raise CannotCollapse("A trigger stays in this flow: choose only the steps behind it.")
    entry = _entry(chosen, others)
    names = _results(chosen, others)
    taken = {node.id for node in definition.steps}
    ends = {target: _fresh(f"to_{target}", taken) for target in names}
    over = _fresh("over", taken)
    # One of a kind: a flow that was pasted into another brings its own along.
    triggers = list({node.type: node for node in reversed(others) if _is_trigger(node)}.values())[::-1]
    inner_steps: list[dict[str, Any]] = [
        {"id": node.id, "type": node.type, "exits": {"started": entry}, **({"title": node.title} if node.title else {})}
        for node in triggers or [Node(id=_fresh("call", taken), type="call")]
    ]
    inner_steps.extend(_inside(node, chosen, ends, over) for node in chosen.values())
    inner_steps.extend(
        {"id": ends[target], "type": End.type, "settings": {"result": name} if name else {}}
        for target, name in names.items()
    )
    if any(over in step.get("exits", {}).values() for step in inner_steps):
        inner_steps.append({"id": over, "type": End.type, "settings": {"hang_up": True}})
    inner = {
        "format": definition.format,
        "steps": inner_steps,
        "layout": _inner_layout(definition, chosen, entry, [step["id"] for step in inner_steps]),
    }
    step = _fresh(key.lower().replace("-", "_"), taken)
    return Collapsed(inner, _outer(definition, chosen, entry, names, step, key, title), step)


def _inner_layout(definition: Definition, chosen: Mapping[str, Node], entry: str, ids: list[str]) -> dict[str, Any]:
    """Where they were; what is new stands above the first of them, or below the last."""
    known = {name: list(at) for name, at in definition.layout.items() if name in chosen}
    if entry not in known:
        return known
    beginnings = ids[: ids.index(next(name for name in ids if name in chosen))]
    endings = [name for name in ids if name not in chosen and name not in beginnings]
    x, y = known[entry]
    bottom = max(at[1] for at in known.values())
    above = {name: [x + _APART * place, y - _ROW] for place, name in enumerate(beginnings)}
    left = min(at[0] for at in known.values())
    below = {name: [left + _APART * place, bottom + _ROW] for place, name in enumerate(endings)}
    return {**above, **known, **below}


def _outer(
    definition: Definition,
    chosen: Mapping[str, Node],
    entry: str,
    names: Mapping[str, str],
    step: str,
    key: str,
    title: str,
) -> dict[str, Any]:
    settings: dict[str, Any] = {"flow": key}
    if results := [name for name in names.values() if name]:
        settings["results"] = results
    call: dict[str, Any] = {
        "id": step,
        "type": Subflow.type,
        "title": title[:100],
        "settings": settings,
        "exits": {name or "done": target for target, name in names.items()},
    }
    found = definition.model_dump(mode="json")
    steps: list[dict[str, Any]] = []
    for node, raw in zip(definition.steps, found["steps"], strict=True):
        if node.id == entry:
            steps.append(call)
        if node.id not in chosen:
            raw["exits"] = {name: step if target in chosen else target for name, target in node.exits.items()}
            steps.append(raw)
    layout = {name: at for name, at in found["layout"].items() if name not in chosen}
    if entry in definition.layout:
        layout[step] = list(definition.layout[entry])
    return {**found, "steps": steps, "layout": layout}


def _entry(chosen: Mapping[str, Node], others: list[Node]) -> str:
    """The one step of the chosen that ways from outside lead to."""
    entries = {target for node in others for target in node.exits.values() if target in chosen}
    if not entries:
        within = {target for node in chosen.values() for target in node.exits.values()}
        entries = chosen.keys() - within
    if len(entries) != 1:
        lines = [
            f"“{_title(node)} · {_labels(node).get(name, name)}” leads to “{_title(chosen[target])}”"
            for node in others
            for name, target in node.exits.items()
            if target in chosen
        ] or [f"“{_title(chosen[name])}” has nothing before it" for name in sorted(entries)]
        raise CannotCollapse(
            f"More than one way leads into these steps: {', '.join(lines)}. Choose steps that begin with one of them."
            if entries
            else "These steps lead round in a circle, so no one of them is the first."
        )
    return entries.pop()


def _results(chosen: Mapping[str, Node], others: list[Node]) -> dict[str, str]:
    """Steps outside that ways lead to, each with the result that the flow gives for it; the first needs none."""
    outside = {node.id for node in others}
    targets = list(
        dict.fromkeys(target for node in chosen.values() for target in node.exits.values() if target in outside)
    )
    return {target: "" if index == 0 else _not_done(target) for index, target in enumerate(targets)}


def _not_done(name: str) -> str:
    return "done_too" if name == "done" else name


def _inside(node: Node, chosen: Mapping[str, Node], ends: Mapping[str, str], over: str) -> dict[str, Any]:
    raw = node.model_dump(mode="json")
    exits = {name: target if target in chosen else ends.get(target, target) for name, target in node.exits.items()}
    if node.type == End.type:
        # An end within would lead back to the flow around; here it was the end of the contact.
        raw["settings"] = {**raw["settings"], "hang_up": True}
    for exit_ in _optional_exits(node):
        exits.setdefault(exit_, over)
    raw["exits"] = exits
    return raw


def _optional_exits(node: Node) -> list[str]:
    """Exits by which a contact may end although they lead nowhere."""
    return [exit_.name for exit_ in _exits(node) if exit_.optional]


def _labels(node: Node) -> dict[str, str]:
    return {exit_.name: exit_.label for exit_ in _exits(node)}


def _exits(node: Node) -> tuple[Exit, ...]:
    step_type: type[Step] | None = BY_TYPE.get(node.type)
    try:
        return step_type.model_validate(node.settings).exits() if step_type is not None else ()
    except ValueError:
        return ()


def _is_trigger(node: Node) -> bool:
    step_type = BY_TYPE.get(node.type)
    return step_type is not None and step_type.kind == "trigger"


def _title(node: Node) -> str:
    step_type = BY_TYPE.get(node.type)
    return node.title or (step_type.title if step_type else node.id)


def _fresh(wish: str, taken: set[str]) -> str:
    """An id that is not taken; from now on it is."""
    base = "".join(char if char.isascii() and (char.isalnum() or char == "_") else "_" for char in wish)
    base = base[:_ID_CHARS].strip("_") or "step"
    base = base if base[0].isalpha() else f"s_{base}"[:_ID_CHARS]
    name, count = base, 2
    while name in taken:
        name = f"{base[: _ID_CHARS - 4]}_{count}"
        count += 1
    taken.add(name)
    return name
