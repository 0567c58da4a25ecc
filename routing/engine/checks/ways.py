"""Where contacts can go in a flow: steps that nothing reaches, exits that lead nowhere, circles without a wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from routing.engine import limits
from routing.engine.conditions import Condition, Group
from routing.engine.conditions.operators import Operator
from routing.engine.definition import Definition, Node
from routing.engine.faults import Fault
from routing.engine.plan import PlannedStep
from routing.engine.steps import BY_TYPE
from routing.engine.steps.branch import Branch
from routing.engine.steps.step import UNANSWERED


def index_of(definition: Definition) -> dict[str, int]:
    """Where each step stands in the list."""
    return {node.id: index for index, node in enumerate(definition.steps)}


def targets_of(definition: Definition) -> dict[str, list[str]]:
    """Where each step leads, as far as there is such a step; settings that cannot be read do not matter for it."""
    known = {node.id for node in definition.steps}
    return {node.id: [target for target in node.exits.values() if target in known] for node in definition.steps}


def reached_from(starts: Iterable[str], targets: Mapping[str, Iterable[str]]) -> set[str]:
    """Every step that a contact may come to, the starts included."""
    reached: set[str] = set()
    todo = list(starts)
    while todo:
        step_id = todo.pop()
        if step_id not in reached:
            reached.add(step_id)
            todo.extend(targets.get(step_id, ()))
    return reached


def way_faults(definition: Definition, steps: Mapping[str, PlannedStep]) -> Iterator[Fault]:
    """Faults of the ways between steps. `steps` are those whose settings can be read."""
    index, targets = index_of(definition), targets_of(definition)
    triggers = [node for node in definition.steps if _kind(node) == "trigger"]
    reached = reached_from((node.id for node in triggers), targets)
    for node in definition.steps:
        if node.id in reached and node.id in steps:
            yield from _open_exits(steps[node.id], ("steps", index[node.id]))
    # Without any trigger that is the fault, and not every single step.
    if triggers:
        yield from _cut_off(reached, index, targets)
    yield from _second_triggers(triggers, index)
    yield from _on_messages(triggers, steps, index, targets)
    yield from _after_voicemail(steps, index, targets)
    yield from _rings(steps, index, targets)
    yield from _asked_for_ever(steps, index, targets)
    for circle in circles(definition):
        for step_id in circle:
            message = "Round in a circle without ever waiting for the contact."
            yield Fault(message, ("steps", index[step_id]), step_id, code="circle", subject=" ".join(circle))


def _cut_off(reached: set[str], index: Mapping[str, int], targets: Mapping[str, list[str]]) -> Iterator[Fault]:
    """Once for each part that nothing leads to: on its first step, or on one of the circle that it begins with."""
    lost = {step_id: found for step_id, found in targets.items() if step_id not in reached}
    arrows = {step_id: [one for one in found if one in lost] for step_id, found in lost.items()}
    knots = [sorted(knot, key=lambda one: index[one]) for knot in _knots(arrows)]
    knot_of = {step_id: knot[0] for knot in knots for step_id in knot}
    led_to = {knot_of[one] for step_id, found in arrows.items() for one in found if knot_of[one] != knot_of[step_id]}
    for first in sorted((knot[0] for knot in knots if knot[0] not in led_to), key=lambda one: index[one]):
        behind = len(reached_from([first], arrows)) - 1
        also = (
            "" if not behind else ", nor to the step behind it" if behind == 1 else f", nor to the {behind} behind it"
        )
        yield Fault(f"Nothing leads to this step{also}.", ("steps", index[first]), first, "warning", "unreachable")


def _open_exits(planned: PlannedStep, where: tuple[str | int, ...]) -> Iterator[Fault]:
    for exit_ in planned.exits.values():
        if planned.target(exit_.name) is None and not exit_.optional:
            yield Fault(
                f"The exit “{exit_.label}” leads nowhere: such contacts go to the number's fallback queue.",
                (*where, "exits", exit_.name),
                planned.id,
                "warning",
                "open_exit",
                exit_.name,
            )


def _of_calls(planned: PlannedStep | None) -> set[str]:
    """Where a branch leads none but calls: its rule asks for the channel, and the step is led to by no other exit."""
    if planned is None or not isinstance(planned.step, Branch):
        return set()
    ways = {rule.name for rule in planned.step.rules if rule.when is not None and _asks_for_calls(rule.when)}
    others = {planned.target(name) for name in planned.exits if name not in ways}
    return {target for name in ways if (target := planned.target(name)) is not None} - others


def _asks_for_calls(group: Group) -> bool:
    held = [
        isinstance(part, Condition)
        and (part.variable, part.operator, part.value) == ("contact.channel", Operator.EQUALS, "voice")
        for part in group.conditions
    ]
    return bool(held) and (all(held) if group.match == "any" else any(held))


def _after_voicemail(
    steps: Mapping[str, PlannedStep], index: Mapping[str, int], targets: Mapping[str, list[str]]
) -> Iterator[Fault]:
    """Whoever has left a message and is led back to the beginning hears everything again, for as long as it takes."""
    asking = {step_id for step_id, planned in steps.items() if planned.step.kind == "ask"}
    onward = {step_id: found for step_id, found in targets.items() if step_id not in asking}
    for step_id, planned in steps.items():
        if planned.step.type != "voicemail":
            continue
        for exit_ in planned.exits.values():
            target = planned.target(exit_.name)
            # Nothing was said, and the caller is asked once more: that may be meant.
            if target is None or (target == step_id and exit_.name != "recorded"):
                continue
            if step_id in reached_from([target], onward):
                yield Fault(
                    f"“{exit_.label}” leads back to this voicemail: callers hear it again and again until they "
                    "hang up.",
                    ("steps", index[step_id], "exits", exit_.name),
                    step_id,
                    "warning",
                    "voicemail_loop",
                    exit_.name,
                )


def _rings(
    steps: Mapping[str, PlannedStep], index: Mapping[str, int], targets: Mapping[str, list[str]]
) -> Iterator[Fault]:
    """Teams that lead to each other when nobody answers: callers are put through for ever, and never asked anything."""
    # A branch or an hour of the day on the way may lead out of it: that is meant.
    plain = {step_id for step_id, planned in steps.items() if planned.step.kind in {"say", "hand_over"}}
    arrows = {step_id: [one for one in found if one in plain] for step_id, found in targets.items() if step_id in plain}
    for knot in _knots(arrows):
        teams = sorted((one for one in knot if one in steps and _is_team(steps[one])), key=lambda one: index[one])
        for step_id in teams:
            planned = steps[step_id]
            back = [name for name in planned.exits if planned.target(name) in knot and name != "answered"]
            if back and (len(knot) > 1 or planned.target(back[0]) == step_id):
                yield Fault(
                    f"“{planned.exits[back[0]].label}” leads back to the same teams: they ring in turn until the caller "
                    "hangs up.",
                    ("steps", index[step_id], "exits", back[0]),
                    step_id,
                    "warning",
                    "ring",
                    back[0],
                )


def _asked_for_ever(
    steps: Mapping[str, PlannedStep], index: Mapping[str, int], targets: Mapping[str, list[str]]
) -> Iterator[Fault]:
    """Questions that lead back to themselves for who is silent: nobody is put through until the engine does it."""
    arrows = {
        step_id: [target for name in _silent_exits(planned) if (target := planned.target(name)) is not None]
        if planned.step.kind == "ask"
        else targets[step_id]
        for step_id, planned in steps.items()
        if planned.step.kind in {"ask", "say"}
    }
    arrows = {step_id: [one for one in found if one in arrows] for step_id, found in arrows.items()}
    for knot in _knots(arrows):
        asked = sorted((one for one in knot if steps[one].step.kind == "ask"), key=lambda one: index[one])
        for step_id in asked:
            planned = steps[step_id]
            back = [name for name in _silent_exits(planned) if planned.target(name) in knot]
            if back and (len(knot) > 1 or step_id in arrows[step_id]):
                yield Fault(
                    f"“{planned.exits[back[-1]].label}” leads back to the question. Whoever never answers it hears it "
                    f"{limits.ROUNDS_IN_VAIN} times, and then goes to the number's fallback queue.",
                    ("steps", index[step_id], "exits", back[-1]),
                    step_id,
                    "warning",
                    "asked_for_ever",
                    back[-1],
                )


def _silent_exits(planned: PlannedStep) -> list[str]:
    return [name for name in planned.exits if name in UNANSWERED]


def _is_team(planned: PlannedStep) -> bool:
    return planned.step.type in {"queue", "transfer"}


def _kind(node: Node) -> str:
    step_type = BY_TYPE.get(node.type)
    return step_type.kind if step_type is not None else ""


def _second_triggers(triggers: list[Node], index: Mapping[str, int]) -> Iterator[Fault]:
    first: dict[str, Node] = {}
    for node in triggers:
        before = first.setdefault(node.type, node)
        if before.id != node.id:
            yield Fault(
                f"“{before.title or BY_TYPE[before.type].title}” starts the flow already: "
                "a flow has one trigger of a kind.",
                ("steps", index[node.id]),
                node.id,
                code="second_trigger",
                subject=before.id,
            )


def _on_messages(
    triggers: list[Node],
    steps: Mapping[str, PlannedStep],
    index: Mapping[str, int],
    targets: Mapping[str, list[str]],
) -> Iterator[Fault]:
    """Steps that only callers can do anything with, where messages come to them, too."""
    starts = [node.id for node in triggers if node.type == "message"]
    written = {
        step_id: [one for one in found if one not in _of_calls(steps.get(step_id))]
        for step_id, found in targets.items()
    }
    for step_id in sorted(reached_from(starts, written) & steps.keys(), key=lambda name: index[name]):
        planned = steps[step_id]
        if planned.step.calls_only:
            yield Fault(
                f"“{planned.step.title}” is for calls only, and messages come to it: lead them another way.",
                ("steps", index[step_id]),
                step_id,
                "warning",
                "calls_only",
            )


def circles(definition: Definition) -> list[list[str]]:
    """Steps that lead round in a circle in which nothing waits for the contact, each circle sorted."""
    waiting = {node.id for node in definition.steps if (known := BY_TYPE.get(node.type)) is None or known.asks}
    arrows = {
        step_id: [target for target in targets if target not in waiting]
        for step_id, targets in targets_of(definition).items()
        if step_id not in waiting
    }
    return sorted(sorted(knot) for knot in _knots(arrows) if len(knot) > 1 or knot[0] in arrows[knot[0]])


def _knots(arrows: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Strongly connected parts (Tarjan's way, without recursion: 500 steps in a row are possible)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in arrows:
        if root in order:
            continue
        todo: list[tuple[str, Iterator[str]]] = [(root, iter(arrows[root]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while todo:
            here, following = todo[-1]
            target = next(following, None)
            if target is None:
                todo.pop()
                if todo:
                    low[todo[-1][0]] = min(low[todo[-1][0]], low[here])
                if low[here] == order[here]:
                    knot: list[str] = []
                    while not knot or knot[-1] != here:
                        knot.append(stack.pop())
                        on_stack.discard(knot[-1])
                    yield knot
            elif target not in order:
                order[target] = low[target] = len(order)
                stack.append(target)
                on_stack.add(target)
                todo.append((target, iter(arrows[target])))
            elif target in on_stack:
                low[here] = min(low[here], order[target])
