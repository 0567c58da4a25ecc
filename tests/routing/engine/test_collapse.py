"""Steps that become a flow of their own: contacts hear and come to the same as before."""

from __future__ import annotations

from typing import Any

import pytest

from routing.engine.definition import read_definition
from routing.engine.drawing.collapse import CannotCollapse, collapse
from routing.engine.events import DigitsPressed, HungUp, InputTimedOut, TransferEnded
from tests.routing.engine.runs import Walk, plan_of, steps


def say(step_id: str, **exits: str) -> dict[str, Any]:
    return {"id": step_id, "type": "say", "settings": {"prompt": {"text": {"en": step_id}}}, "exits": exits}


MENU = {
    "id": "menu",
    "type": "gather",
    "title": "Menu",
    "settings": {
        "prompt": {"text": {"en": "1 or 2?"}},
        "choices": [{"name": "sales", "key": "1"}, {"name": "help", "key": "2"}],
        "retries": 0,
    },
    "exits": {"sales": "vip", "help": "thanks", "timed_out": "bye"},
}
FLOW = steps(
    say("hello", done="menu"),
    MENU,
    say("thanks", done="team"),
    {"id": "vip", "type": "queue", "settings": {"queue": "vip"}, "exits": {"unanswered": "team"}},
    {"id": "team", "type": "queue", "settings": {"queue": "standard"}, "exits": {"unanswered": "bye"}},
    {"id": "bye", "type": "end", "settings": {"prompt": {"text": {"en": "Bye."}}}},
)
WAYS: list[list[Any]] = [
    [DigitsPressed("1"), TransferEnded("completed")],
    [
        DigitsPressed("1"),
        TransferEnded("busy"),
        TransferEnded("busy"),
        TransferEnded("busy"),
        TransferEnded("no_answer"),
    ],
    [DigitsPressed("2"), TransferEnded("no_answer")],
    [DigitsPressed("2"), TransferEnded("completed")],
    [InputTimedOut()],
    [HungUp()],
]


def walked(definition: dict[str, Any], subflows: dict[str, Any], way: list[Any]) -> tuple[list[str], str]:
    walk = Walk(plan_of(definition, subflows)).start()
    for event in way:
        if walk.status == "waiting":
            walk.tell(event)
    return walk.heard, walk.status


@pytest.mark.parametrize(
    "chosen",
    [
        ["hello", "menu"],
        ["menu", "thanks"],
        ["menu", "thanks", "vip"],
        ["vip"],
        ["thanks"],
        ["team"],
        ["bye"],
        ["hello", "menu", "thanks", "vip", "team", "bye"],
    ],
    ids=" ".join,
)
def test_contacts_walk_as_before(chosen: list[str]) -> None:
    made = collapse(read_definition(FLOW), chosen, key="inner", title="Inner")
    for way in WAYS:
        assert walked(made.outer, {"inner": made.inner}, way) == walked(FLOW, {}, way), way
    (call,) = [step for step in made.outer["steps"] if step["id"] == made.step]
    assert (call["type"], call["title"], call["settings"]["flow"]) == ("subflow", "Inner", "inner")
    assert {step["id"] for step in made.outer["steps"]} == {step["id"] for step in FLOW["steps"]} - set(chosen) | {
        made.step
    }


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ([], "Choose the steps"),
        (["nobody"], "Choose the steps"),
        (["call", "hello"], "A trigger stays"),
        (
            ["vip", "thanks"],
            "into these steps: “Menu · .*” leads to “Transfer to queue”, “Menu · .*” leads to “Say or play”",
        ),
        (["hello", "bye"], "More than one way"),
    ],
)
def test_steps_that_make_no_flow_are_refused_with_the_reason(chosen: list[str], words: str) -> None:
    with pytest.raises(CannotCollapse, match=words):
        collapse(read_definition(FLOW), chosen, key="inner", title="Inner")


def test_steps_keep_their_places_and_the_new_one_takes_that_of_the_first() -> None:
    data = {**FLOW, "layout": {"hello": [0, 100], "menu": [0, 300], "bye": [0, 900]}}
    made = collapse(read_definition(data), ["hello", "menu"], key="my-menu", title="My menu")
    assert made.step == "my_menu"
    # The beginning above them, and what they lead to below.
    assert made.inner["layout"] == {
        "call": [0, -92],
        "hello": [0, 100],
        "menu": [0, 300],
        "to_vip": [0, 492],
        "to_thanks": [288, 492],
        "to_bye": [576, 492],
    }
    assert made.outer["layout"] == {"bye": [0, 900], "my_menu": [0, 100]}


def test_a_flow_with_several_triggers_of_a_kind_gives_one_of_each() -> None:
    twice = steps(
        say("hello", done="bye"),
        {"id": "bye", "type": "end"},
        {"id": "call_2", "type": "call", "exits": {"started": "hello"}},
        {"id": "message", "type": "message", "exits": {"started": "hello"}},
    )
    made = collapse(read_definition(twice), ["hello", "bye"], key="inner", title="Inner")
    triggers = [step["type"] for step in made.inner["steps"] if step["type"] in {"call", "message"}]
    assert triggers == ["call", "message"]
