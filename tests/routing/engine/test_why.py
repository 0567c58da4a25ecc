"""The sentence of why names what decided, and nothing that came later or could not decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.effects import Dial
from routing.engine.events import DigitsPressed, TransferEnded
from routing.engine.why import explain
from tests.routing.engine.runs import Walk, plan_of


def entry(title: str, *saw: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": title, "saw": list(saw), **more}


FAILED = {"what": "fetch", "source": "notify", "status": "failed", "rung": "none", "error": "no answer"}
KEY = {"what": "input", "seen": "3"}


def test_an_api_that_is_asked_after_a_message_was_left_is_not_why() -> None:
    trace = [entry("Menu", KEY), entry("Beep", {"what": "recording", "seen": "4 seconds"}), entry("Notify", FAILED)]
    why = explain(trace, went_to="Went to voicemail", flow="")
    assert why == "Went to voicemail because the caller answered 3 to “Menu”."


def test_an_api_that_is_asked_after_somebody_was_dialled_is_not_why() -> None:
    busy = {"what": "transfer", "queue": "VIP", "seen": "busy"}
    why = explain(
        [entry("Menu", KEY), entry("VIP", busy), entry("Notify", FAILED)], went_to="Went to Standard", flow=""
    )
    assert why.endswith("it was sent to VIP because the caller answered 3 to “Menu”.")


def test_a_step_whose_exits_all_lead_to_one_place_decided_nothing() -> None:
    trace = [entry("Menu", KEY), entry("Notify", FAILED, meets="end"), entry("Bye", step="end")]
    assert explain(trace, went_to="Ended by the flow", flow="").endswith("because the caller answered 3 to “Menu”.")
    assert explain(trace[1:], went_to="Ended by the flow", flow="") == (
        "Ended by the flow because the flow sends every contact there "
        "(the data source “notify” failed: no answer: that did not decide it)."
    )


CALLED = {"id": "call", "type": "call", "exits": {"started": "menu"}}
MENU = {
    "id": "menu",
    "type": "gather",
    "title": "Menu",
    "settings": {
        "prompt": {"text": {"en": "Orders 1, help 2."}},
        "choices": [{"name": "orders", "key": "1"}, {"name": "help", "key": "2"}],
    },
    "exits": {"orders": "bye", "help": "inner", "timed_out": "bye"},
}
BYE = {"id": "bye", "type": "end"}


def branch(name: str, variable: str, *, yes: str, no: str) -> dict[str, Any]:
    when = {"match": "all", "conditions": [{"variable": variable, "operator": "equals", "value": "yes"}]}
    return {
        "id": name,
        "type": "branch",
        "title": name.title(),
        "settings": {"rules": [{"name": "yes", "label": f"{name} says yes", "when": when}]},
        "exits": {"yes": yes, "otherwise": no},
    }


def queue(name: str, key: str = "standard", **exits: str) -> dict[str, Any]:
    return {"id": name, "type": "queue", "settings": {"queue": key}, "exits": {"unanswered": "bye", **exits}}


INNER = {
    "steps": [
        {"id": "call", "type": "call", "exits": {"started": "gold"}},
        branch("gold", "customer.gold", yes="vip", no="help"),
        queue("vip", "vip"),
        queue("help"),
        BYE,
    ]
}


def through_the_inner_flow(results: tuple[str, ...] = (), **exits: str) -> Walk:
    around = {
        "steps": [
            CALLED,
            MENU,
            {"id": "inner", "type": "subflow", "settings": {"flow": "inner", "results": list(results)}, "exits": exits},
            queue("after"),
            queue("other"),
            BYE,
        ]
    }
    walk = Walk(plan_of(around, {"inner": INNER})).start({"gold": "yes"})
    return walk.tell(DigitsPressed("2"))


def test_a_rule_of_a_sub_flow_is_why_as_long_as_the_contact_is_in_it() -> None:
    walk = through_the_inner_flow(done="after")
    assert "because gold was “yes”, as the rule “gold says yes” asks" in explain(walk.trace, went_to="Went", flow="")
    assert next(effect.headers for effect in reversed(walk.effects) if isinstance(effect, Dial))["X-Reason"]


def test_a_rule_of_a_sub_flow_is_not_why_the_contact_went_where_all_come_that_leave_it() -> None:
    walk = through_the_inner_flow(done="after").tell(TransferEnded("completed"), 30)
    assert walk.path[-1] == "after"
    assert explain(walk.trace, went_to="Went to Standard", flow="") == (
        "Went to Standard after the conversation with VIP because the caller answered “2” to “Menu”."
    )
    dial = next(effect for effect in reversed(walk.effects) if isinstance(effect, Dial))
    assert "X-Reason" not in dial.headers


def test_results_of_a_sub_flow_that_lead_to_one_place_decide_nothing() -> None:
    walk = through_the_inner_flow(("vip_talked",), done="after", vip_talked="after").tell(
        TransferEnded("completed"), 30
    )
    assert "answered “2” to “Menu”" in explain(walk.trace, went_to="Went", flow="")


def test_who_chooses_after_nobody_answered_is_told_so() -> None:
    flow = {
        "steps": [
            {"id": "call", "type": "call", "exits": {"started": "gold"}},
            branch("gold", "customer.gold", yes="vip", no="bye"),
            {**queue("vip", "standard"), "exits": {"unanswered": "menu"}},
            {**MENU, "exits": {"orders": "bye", "help": "after", "timed_out": "bye"}},
            queue("after"),
            BYE,
        ]
    }
    walk = Walk(plan_of(flow)).start({"gold": "yes"})
    walk.tell(TransferEnded("busy")).tell(DigitsPressed("2"))
    assert explain(walk.trace, went_to="Went to After", flow="") == (
        "Went to After because the caller answered “2” to “Menu”; nobody took it before (Standard: busy); "
        "it was sent to Standard because gold was “yes”, as the rule “gold says yes” asks."
    )


def test_a_choice_that_set_the_number_to_dial_is_why() -> None:
    def number(name: str, value: str) -> dict[str, Any]:
        values = [{"name": "number", "value": value}]
        return {"id": name, "type": "set_variables", "settings": {"values": values}, "exits": {"done": "dial"}}

    flow = {
        "steps": [
            CALLED,
            {**MENU, "exits": {"orders": "one", "help": "two", "timed_out": "two"}},
            number("one", "+4930901821"),
            number("two", "+4930901822"),
            {"id": "dial", "type": "transfer", "settings": {"to": "{{ vars.number }}"}, "exits": {"unanswered": "bye"}},
            BYE,
        ]
    }
    walk = Walk(plan_of(flow)).start().tell(DigitsPressed("1"))
    assert walk.dialled == ["+4930901821"]
    assert explain(walk.trace, went_to="Went", flow="") == "Went because the caller answered “1” to “Menu”."


@st.composite
def flows_of_branches(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, str]]:
    """Branches and announcements that lead onward only, queues at the end, and a customer."""
    count = draw(st.integers(2, 8))
    ends = [queue(f"queue{index}") for index in range(draw(st.integers(1, 3)))]
    names = [*(f"step{index}" for index in range(count)), *(str(end["id"]) for end in ends)]
    nodes: list[dict[str, Any]] = []
    for index in range(count):
        onward = st.sampled_from(names[index + 1 :])
        if draw(st.integers(0, 3)):
            nodes.append(branch(names[index], f"customer.fact{index}", yes=draw(onward), no=draw(onward)))
        else:
            nodes.append({"id": names[index], "type": "set_variables", "exits": {"done": draw(onward)}})
            nodes[-1]["settings"] = {"values": [{"name": "seen", "value": "1"}]}
    start = {"id": "call", "type": "call", "exits": {"started": names[0]}}
    facts = {f"fact{index}": draw(st.sampled_from(["yes", "no"])) for index in range(count)}
    return {"steps": [start, *nodes, *ends, BYE]}, facts


def surely_comes(flow: Mapping[str, Any], step: str, goal: str) -> bool:
    """Whether every way from a step comes to the goal."""
    if step == goal:
        return True
    node = next(one for one in flow["steps"] if one["id"] == step)
    if node["type"] in {"queue", "end"}:
        return False
    return all(surely_comes(flow, target, goal) for target in node["exits"].values())


@given(flows_of_branches())
def test_the_rule_that_is_named_did_decide_and_is_the_last_that_did(
    made: tuple[dict[str, Any], dict[str, str]],
) -> None:
    flow, facts = made
    walk = Walk(plan_of(flow)).start(facts)
    goal = walk.trace[-1]["step"]
    passed = [entry["step"] for entry in walk.trace if entry["type"] == "branch"]
    deciding = [step for step in passed if not surely_comes(flow, step, goal)]
    why = explain(walk.trace, went_to="Went", flow="")
    if deciding:
        assert f"{deciding[-1]} says yes" in why
    else:
        assert why.startswith("Went because the flow sends every contact there")
        assert why.endswith("did not decide it)." if passed else "there.")


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("ok", "gold was nothing, not “ok” (gold is yes)"),
        ("Gold? Yes", "gold was nothing, not “Gold? Yes”"),
    ],
)
def test_a_rule_that_did_not_match_says_what_it_asks_unless_its_name_does(label: str, why: str) -> None:
    step = branch("gold", "customer.gold", yes="vip", no="help")
    step["settings"]["rules"][0]["label"] = label
    steps = [{"id": "call", "type": "call", "exits": {"started": "gold"}}, step, queue("vip"), queue("help"), BYE]
    walk = Walk(plan_of({"steps": steps})).start({})
    assert why in explain(walk.trace, went_to="Went", flow="")
