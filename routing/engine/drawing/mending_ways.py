"""Ways to mend what is wrong between steps: lines to draw, to cut, and steps to add behind or to take out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from routing.engine.checks.catalog import Catalog
from routing.engine.checks.ways import reached_from
from routing.engine.drawing.patches import Change, Look, Mend, cut, put
from routing.engine.drawing.salvage import salvaged_exits
from routing.engine.faults import Fault
from routing.engine.steps import BY_TYPE
from routing.engine.steps.step import Exit
from routing.engine.steps.to_queue import TransferToQueue

# Beside a step of the canvas, in its units.
_BESIDE = (0, 170)
# What a step takes up on the canvas, and a gap.
_ROOM = (300, 180)
_OFFERED = 3
# How likely it is that an exit was forgotten which needs none: offered where there is no better one.
_SPARE = 3


def without(look: Look, step_id: str, place: int, label: str = "Remove this step") -> Iterator[Mend]:
    """Takes the step out; the lines to it lead on to where its first exit leads, unless that closed a circle."""
    node = look.nodes[place]
    twins = [other for other in look.nodes if other["id"] == step_id]
    step_type = BY_TYPE.get(str(node.get("type")))
    if step_type is not None and step_type.kind == "trigger" and len(_triggers(look)) < 2:
        return
    patch: list[Change] = []
    if len(twins) == 1:
        onward = _onward(look, node)
        for source in look.nodes:
            for name, target in source.get("exits", {}).items():
                if target != step_id or source["id"] == step_id:
                    continue
                at = ("steps", look.index[source["id"]], "exits", name)
                bypass = onward and source["id"] != onward and not look.circles_with(source["id"], onward)
                patch.append(Change("set", at, onward) if bypass else Change("remove", at))
        if step_id in (look.data.get("layout") or {}):
            patch.append(cut("layout", step_id))
    yield Mend(label, (*patch, cut("steps", place)))


def _onward(look: Look, node: dict[str, Any]) -> str:
    targets = [node.get("exits", {}).get(exit_.name) for exit_ in look.exits(node["id"])]
    targets.extend(node.get("exits", {}).values())
    return next((target for target in targets if target in look.index and target != node["id"]), "")


def _triggers(look: Look) -> list[str]:
    types = {name for name, step in BY_TYPE.items() if step.kind == "trigger"}
    return [node["id"] for node in look.nodes if node.get("type") in types]


def to_unreachable(fault: Fault, look: Look) -> Iterator[Mend]:
    """From choices that make no difference, and from exits that lead nowhere; never from where a contact is done."""
    mine, place = fault.step, look.index[fault.step]
    reached = reached_from(_triggers(look), look.targets)
    # Whoever leads to it and is itself unreachable would stay so; whoever it leads back to would go round for ever,
    # unless the contact is asked on the way: “Sorry, once more” is meant.
    asking = {step_id for step_id, step in look.steps.items() if step.kind == "ask"}
    onward = reached_from([mine], {one: () if one in asking else to for one, to in look.targets.items()}) - asking
    sources = sorted(reached - onward, key=lambda one: _far(look, one, place))
    ranked = [
        (rank, source, exit_)
        for source in sources
        for exit_ in look.exits(source)
        if (rank := _rank(look, source, exit_)) is not None
    ]
    likely = [way for way in ranked if way[0] < _SPARE] or ranked
    for _, source, exit_ in sorted(likely, key=lambda way: way[0])[:_OFFERED]:
        before = look.nodes[look.index[source]].get("exits", {}).get(exit_.name)
        label = f"Lead “{look.title(source)} · {exit_.label}” to it"
        if before is not None:
            label += f", in place of “{look.title(before)}”"
        yield Mend(label, (put("steps", look.index[source], "exits", exit_.name, value=mine),))
    yield from without(look, mine, place)


def _rank(look: Look, source: str, exit_: Exit) -> int | None:
    """How likely an exit was meant to lead to a step that nothing leads to; None: it cannot have been.

    Whoever has talked to a team, or left a message, is done: what is optional there was not forgotten.
    """
    exits = look.nodes[look.index[source]].get("exits", {})
    target = exits.get(exit_.name)
    step = look.steps[source]
    if target is None:
        if exit_.optional and step.type != "placeholder":
            return None
        if exit_.optional or exit_.otherwise:
            return _SPARE
        return 2 if step.kind == "hand_over" else 1
    # Two ways of one question that lead to the same step: most likely one of them was led there by mistake.
    twins = [name for name, other in exits.items() if other == target and name != exit_.name]
    decides = step.kind == "decide" and exit_.name != "otherwise" and target in look.index
    return 0 if decides and twins else None


def _far(look: Look, step_id: str, place: int) -> int:
    distance = place - look.index[step_id]
    return distance if distance > 0 else 1000 - distance


def of_open_exit(fault: Fault, look: Look, catalog: Catalog) -> Iterator[Mend]:
    """To the team for everybody, which is always right, before those for a few; else to where a flow ends.

    Whom a team did not answer comes to no team that leads back to it, and to a voicemail first.
    """
    step_id, exit_name = fault.step, fault.subject
    at = ("steps", look.index[step_id], "exits", exit_name)
    step = look.steps.get(step_id)
    after_team = step is not None and step.kind == "hand_over"
    wanted = next((key for key in _ringing(catalog)), None)
    teams = sorted(
        (
            one
            for one, step in look.steps.items()
            if isinstance(step, TransferToQueue) and _may_lead(look, step_id, one)
        ),
        key=lambda one: catalog.ordinary(look.steps[one].queue),  # type: ignore[attr-defined]
    )
    others = [one for one, step in look.steps.items() if step.kind == "end" and _may_lead(look, step_id, one)]
    beeps = [one for one, step in look.steps.items() if step.type == "voicemail" and _may_lead(look, step_id, one)]
    asked = step_id in reached_from([node["id"] for node in look.nodes if node.get("type") == "message"], look.targets)
    voicemail = [] if asked or beeps else [_voicemail(look, at)]
    if after_team:
        candidates = [*beeps, *teams[:1], *others]
        yield from _leads(look, at, candidates[:_OFFERED])
        yield from voicemail
    else:
        at_hand = [one for one in teams if look.steps[one].queue == wanted]  # type: ignore[attr-defined]
        yield from _leads(look, at, at_hand[:1])
        if wanted is not None and not at_hand:
            name = catalog.queues[wanted]
            yield _added(look, at, "queue", f"To {name}", {"queue": wanted}, f"Hand over to the queue “{name}”")
        yield from _leads(look, at, [*beeps, *others, *(one for one in teams if one not in at_hand)][: _OFFERED - 1])
        yield from voicemail
    settings = {"prompt": {"text": {"en": "Sorry, we cannot take your call now. Good-bye."}}}
    yield _added(look, at, "end", "Good-bye", settings, "End with a good-bye")


def _may_lead(look: Look, source: str, target: str) -> bool:
    return target != source and not look.returns(source, target)


def _ringing(catalog: Catalog) -> list[str]:
    """Queues where somebody is called, those for everybody first."""
    return sorted((key for key in catalog.queues if key not in catalog.silent_queues), key=catalog.ordinary)


def _leads(look: Look, at: tuple[str | int, ...], targets: list[str]) -> Iterator[Mend]:
    for target in targets:
        yield Mend(f"Lead it to “{look.title(target)}”", (Change("set", at, target),))


def _voicemail(look: Look, at: tuple[str | int, ...]) -> Mend:
    settings = {"prompt": {"text": {"en": "Please leave a message after the tone. We will call you back."}}}
    return _added(look, at, "voicemail", "Voicemail", settings, "Add a voicemail behind it")


def _added(look: Look, at: tuple[str | int, ...], kind: str, title: str, settings: dict[str, Any], label: str) -> Mend:
    """A new step behind an exit, beside the step on the canvas."""
    name = look.fresh({"end": "good_bye", "queue": "to_queue"}.get(kind, kind))
    node = {"id": name, "type": kind, "title": title[:100], "settings": settings, "exits": {}}
    patch = [put("steps", len(look.nodes), value=node), Change("set", at, name)]
    place = at[1]
    layout = look.data.get("layout")
    here = layout.get(look.nodes[place]["id"]) if isinstance(layout, dict) and isinstance(place, int) else None
    if isinstance(here, list | tuple) and len(here) == 2:
        spot = (here[0] + _BESIDE[0], here[1] + _BESIDE[1])
        while any(abs(spot[0] - one[0]) < _ROOM[0] and abs(spot[1] - one[1]) < _ROOM[1] for one in _spots(layout)):
            spot = (spot[0] + _ROOM[0], spot[1])
        patch.append(put("layout", name, value=list(spot)))
    return Mend(label, tuple(patch))


def _spots(layout: Any) -> Iterator[tuple[float, float]]:
    for spot in layout.values() if isinstance(layout, dict) else ():
        if isinstance(spot, list | tuple) and len(spot) == 2 and all(isinstance(one, int | float) for one in spot):
            yield spot[0], spot[1]


def of_circle(fault: Fault, look: Look) -> Iterator[Mend]:
    """Cuts the lines by which this step leads back into the circle."""
    place, circle = look.index[fault.step], set(fault.subject.split())
    labels = {exit_.name: exit_.label for exit_ in look.exits(fault.step)}
    back = {name: target for name, target in look.nodes[place].get("exits", {}).items() if target in circle}
    if back:
        name, target = next(iter(back.items()))
        label = f"Cut the line from “{labels.get(name, name)}” to “{look.title(target)}”"
        if len(back) > 1:
            label = f"Cut the {len(back)} lines that lead back"
        yield Mend(label, tuple(cut("steps", place, "exits", one) for one in back))


def of_ring(fault: Fault, look: Look) -> Iterator[Mend]:
    """Whoever nobody answered may leave a message, or hears good-bye."""
    at = ("steps", look.index[fault.step], "exits", fault.subject)
    here = look.nodes[look.index[fault.step]]["exits"]
    without = {**look.targets, fault.step: [to for name, to in here.items() if name != fault.subject]}
    ends = [one for one, step in look.steps.items() if step.type == "voicemail" or step.kind == "end"]
    yield from _leads(look, at, [one for one in ends if fault.step not in reached_from([one], without)][: _OFFERED - 1])
    yield _voicemail(look, at)
    yield Mend("Cut the line", (cut(*at),))


def of_rung_twice(fault: Fault, look: Look) -> Iterator[Mend]:
    """Either the queue's own overflow is enough, or the flow does it."""
    place, following = look.index[fault.step], fault.subject
    yield Mend("Leave the overflow to the flow", (put("steps", place, "settings", "overflow", value=False),))
    after = look.nodes[look.index[following]].get("exits", {}).get("unanswered")
    if after in look.index and _may_lead(look, fault.step, after):
        change = Change("set", ("steps", place, "exits", "unanswered"), after)
        yield Mend(f"Lead it on to “{look.title(after)}”", (change,))


def of_voicemail_loop(fault: Fault, look: Look) -> Iterator[Mend]:
    """Contacts that have left their message are done."""
    place = look.index[fault.step]
    yield Mend("End here instead", (cut("steps", place, "exits", fault.subject),))
    onward = {name: step.exits() for name, step in look.steps.items() if step.kind == "end"}
    for target in list(onward)[:_OFFERED]:
        change = put("steps", place, "exits", fault.subject, value=target)
        yield Mend(f"Lead it to “{look.title(target)}”", (change,))


def of_spoken_before(fault: Fault, look: Look) -> Iterator[Mend]:
    """Where everybody who comes back has been served, they hear good-bye. Else only the other flow can tell them apart."""
    if not fault.subject:
        return
    at = ("steps", look.index[fault.step], "exits", fault.subject)
    ends = [one for one, step in look.steps.items() if step.kind == "end" and _may_lead(look, fault.step, one)]
    yield from _leads(look, at, ends[:_OFFERED])
    settings = {"prompt": {"text": {"en": "Thank you for your call. Good-bye."}}}
    yield _added(look, at, "end", "Good-bye", settings, "End with a good-bye")


def of_calls_only(fault: Fault, look: Look, catalog: Catalog) -> Iterator[Mend]:
    """What means the same to somebody who writes; where callers come, too, they go on as before."""
    place = look.index[fault.step]
    node = look.nodes[place]
    calls = [one["id"] for one in look.nodes if one.get("type") == "call"]
    both = fault.step in reached_from(calls, look.targets)
    known = {exit_.name for exit_ in salvaged_exits(BY_TYPE[str(node["type"])], node.get("settings", {}))}
    instead = list(_in_writing(node, catalog))
    for kind, title, settings, label in instead:
        exits = {"answered": "answered", "unanswered": "unanswered", "recorded": "replied", "nothing_said": "timed_out"}
        kept = {
            name: node["exits"][old]
            for old, new in exits.items()
            for name in [new if kind == "ask" or old == new else old]
            if old in known and old in node.get("exits", {})
        }
        if not both:
            changes = [put("steps", place, "type", value=kind), put("steps", place, "settings", value=settings)]
            changes.append(put("steps", place, "exits", value=kept))
            if title:
                changes.append(put("steps", place, "title", value=title))
            yield Mend(label, tuple(changes))
            continue
        yield _apart(look, node, kind, title, settings, kept, f"{label}, for messages only")


def _in_writing(node: dict[str, Any], catalog: Catalog) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """Type, title and settings of a step for those who write, and what the button says."""
    if node.get("type") == "voicemail":
        prompt = {"text": {"en": "Please write what it is about. We will answer as soon as we can."}}
        yield "ask", "Ask what it is about", {"question": prompt}, "Ask for it in writing instead"
        return
    ringing = _ringing(catalog) or list(catalog.queues)
    for key in ringing[:2]:
        name = catalog.queues[key]
        yield "queue", f"To {name}", {"queue": key}, f"Hand over to the queue “{name}” instead"


def _apart(
    look: Look, node: dict[str, Any], kind: str, title: str, settings: dict[str, Any], exits: dict[str, str], label: str
) -> Mend:
    """A branch before the step: who calls goes to it, who writes to a new step beside it."""
    step_id = node["id"]
    fork, beside = look.fresh("call_or_message"), look.fresh("in_writing")
    when = {"match": "all", "conditions": [{"variable": "contact.channel", "operator": "equals", "value": "voice"}]}
    rules = [{"name": "call", "label": "A call", "when": when}]
    steps = [
        {
            "id": fork,
            "type": "branch",
            "title": "Call or message?",
            "settings": {"rules": rules},
            "exits": {"call": step_id, "otherwise": beside},
        },
        {"id": beside, "type": kind, "title": title, "settings": settings, "exits": exits},
    ]
    changes = [put("steps", len(look.nodes) + number, value=step) for number, step in enumerate(steps)]
    for source in look.nodes:
        for name, target in source.get("exits", {}).items():
            if target == step_id and source["id"] != step_id:
                changes.append(put("steps", look.index[source["id"]], "exits", name, value=fork))
    layout = look.data.get("layout")
    here = layout.get(step_id) if isinstance(layout, dict) else None
    if isinstance(here, list | tuple) and len(here) == 2:
        changes.append(put("layout", fork, value=[here[0], here[1]]))
        changes.append(put("layout", step_id, value=[here[0], here[1] + _BESIDE[1]]))
        changes.append(put("layout", beside, value=[here[0] + 280, here[1] + _BESIDE[1]]))
    return Mend(label, tuple(changes))


def of_lost_line(fault: Fault, look: Look) -> Iterator[Mend]:
    """A line to a step that is gone, or from an exit that is gone."""
    place = look.index[fault.step]
    exits = look.nodes[place].get("exits", {})
    if fault.code == "stray_exit" and exits.get(fault.subject) in look.index:
        target = exits[fault.subject]
        for exit_ in look.exits(fault.step):
            if exits.get(exit_.name) is None and not look.circles_with(fault.step, target):
                patch = (
                    cut("steps", place, "exits", fault.subject),
                    put("steps", place, "exits", exit_.name, value=target),
                )
                yield Mend(f"Lead to “{look.title(target)}” from “{exit_.label}” instead", patch)
                break
    yield Mend("Remove the line", (cut("steps", place, "exits", fault.subject),))


def of_no_trigger(look: Look) -> Iterator[Mend]:
    """A trigger before the step that nothing leads to."""
    within = {target for targets in look.targets.values() for target in targets}
    first = next((node["id"] for node in look.nodes if node["id"] not in within), None)
    first = first or (look.nodes[0]["id"] if look.nodes else None)
    for kind, label in (("call", "Begin with an incoming call"), ("message", "Begin with a message")):
        name = look.fresh(kind)
        node = {"id": name, "type": kind, "exits": {"started": first} if first else {}}
        patch = [put("steps", len(look.nodes), value=node)]
        layout = look.data.get("layout")
        here = layout.get(first) if isinstance(layout, dict) else None
        if isinstance(here, list | tuple) and len(here) == 2:
            patch.append(put("layout", name, value=[here[0], here[1] - _BESIDE[1]]))
        yield Mend(label, tuple(patch))
