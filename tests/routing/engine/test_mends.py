"""Every kind of fault is found on its step, and each way to mend it removes it and adds no error."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.checks.catalog import Catalog
from routing.engine.checks.scope import Field, Outside
from routing.engine.checks.validation import validate
from routing.engine.definition import read_definition
from routing.engine.drawing.analysis import analyse
from routing.engine.drawing.mends import mends_of
from routing.engine.drawing.patches import patched
from routing.engine.steps import STEP_TYPES

OUTSIDE = Outside(
    contact=(Field("from"), Field("language")),
    customer=(Field("tier"), Field("name")),
    sources={"loyalty": (Field("loyalty_status"), Field("points", "number"))},
)


def subflow(*ends: dict[str, Any], more: tuple[dict[str, Any], ...] = ()) -> Any:
    entry = ends[0]["id"]
    return read_definition({"steps": [{"id": "call", "type": "call", "exits": {"started": entry}}, *ends, *more]})


def ringing(*more: dict[str, Any], **exits: str) -> Any:
    """A sub-flow that hands over to a team."""
    team = {"id": "team", "type": "queue", "settings": {"queue": "vip"}, "exits": exits}
    return subflow(team, {"id": "bye", "type": "end"}, more=more)


FLOWS = {
    "served": ringing({"id": "over", "type": "end", "settings": {"hang_up": True}}, unanswered="over"),
    "maybe": ringing(unanswered="bye"),
    "hung_up": ringing({"id": "over", "type": "end", "settings": {"hang_up": True}}, answered="over", unanswered="bye"),
    "identify": subflow(
        {"id": "found", "type": "end", "settings": {"result": "known"}},
        {"id": "lost", "type": "end", "settings": {"result": "unknown"}},
    ),
    "back": subflow({"id": "again", "type": "subflow", "settings": {"flow": "line"}}),
}
CATALOG = Catalog(
    queues={"vip": "VIP", "standard": "Standard", "silent": "Silent"},
    sources={"loyalty": "Loyalty API"},
    hours={"support": "Support"},
    flows=FLOWS,
    flow_names={
        "served": "Served",
        "maybe": "Maybe",
        "hung_up": "Hung up",
        "identify": "Identify",
        "back": "Back again",
    },
    unpublished={"new": "Brand new"},
    silent_queues=frozenset({"silent"}),
    inputs={"loyalty": ("phone",)},
    overflows={"vip": "standard"},
    for_everybody=("standard", "silent", "vip"),
    outside=OUTSIDE,
)


def flow(*more: dict[str, Any], **exits: str) -> dict[str, Any]:
    """call → ask the API → branch → queue, with nothing wrong; `more` replaces steps of the same id or is added."""
    steps: dict[str, dict[str, Any]] = {
        "call": {"id": "call", "type": "call", "exits": {"started": "ask"}},
        "ask": {
            "id": "ask",
            "type": "fetch",
            "title": "Ask the API",
            "settings": {"source": "loyalty", "save_as": "loyalty"},
            "exits": {"found": "which", "failed": "team"},
        },
        "which": {
            "id": "which",
            "type": "branch",
            "settings": {"rules": [rule("gold", "loyalty.loyalty_status")]},
            "exits": {"gold": "vip", "otherwise": "team"},
        },
        "vip": {"id": "vip", "type": "queue", "settings": {"queue": "vip"}, "exits": {"unanswered": "bye"}},
        "team": {"id": "team", "type": "queue", "settings": {"queue": "standard"}, "exits": {"unanswered": "bye"}},
        "bye": {"id": "bye", "type": "end", "title": "Good-bye"},
    }
    for step in more:
        steps[step["id"]] = {**steps.get(step["id"], {}), **step}
    return {"format": 1, "steps": list(steps.values()), "layout": {"call": [0, 0], "ask": [0, 170]}}


def rule(name: str, variable: str, value: str = "gold") -> dict[str, Any]:
    return {
        "name": name,
        "when": {"match": "all", "conditions": [{"variable": variable, "operator": "equals", "value": value}]},
    }


def team(**settings: Any) -> dict[str, Any]:
    return {"id": "team", "type": "queue", "settings": settings}


def say(step_id: str, text: str = "Hello.", **exits: str) -> dict[str, Any]:
    return {"id": step_id, "type": "say", "settings": {"prompt": {"text": {"en": text}}}, "exits": exits}


def two_of_one_id() -> dict[str, Any]:
    data = flow()
    data["steps"].append({"id": "bye", "type": "end"})
    return data


CASES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    # name: definition, step, words of the message, label of a mend (empty: there is none to be had)
    "a step that nothing reaches": (flow(say("lonely", done="bye")), "lonely", "Nothing leads to this", "Remove"),
    "a step that could be reached": (
        flow({"id": "call", "exits": {}}),
        "ask",
        "Nothing leads to this",
        "Lead “Incoming call · When it starts” to it",
    ),
    "an exit without an end": (
        flow({"id": "ask", "exits": {"found": "which"}}),
        "ask",
        "“Failed” leads nowhere",
        "Add a voicemail behind it",
    ),
    "a gap before the end": (flow({"id": "vip", "exits": {}}), "vip", "leads nowhere", "Lead it to “Good-bye”"),
    "a deleted queue": (flow(team(queue="standart")), "team", "no queue “standart”", "Use the queue “Standard”"),
    "a deleted source": (
        flow({"id": "ask", "settings": {"source": "gone", "save_as": "loyalty"}}),
        "ask",
        "no data source “gone”",
        "Use the data source “Loyalty API”",
    ),
    "deleted hours": (
        flow(
            {"id": "call", "exits": {"started": "open"}},
            {"id": "open", "type": "hours", "settings": {"hours": "x"}, "exits": {"open": "ask", "closed": "bye"}},
        ),
        "open",
        "no opening hours “x”",
        "Use the opening hours “Support”",
    ),
    "a sub-flow that is not there": (
        flow({"id": "vip", "type": "subflow", "settings": {"flow": "identity"}, "exits": {"done": "bye"}}),
        "vip",
        "no published flow “identity”",
        "Use the flow “Identify”",
    ),
    "a sub-flow that is not published": (
        flow({"id": "vip", "type": "subflow", "settings": {"flow": "new"}, "exits": {"done": "bye"}}),
        "vip",
        "“Brand new” is not published yet",
        "Remove this step",
    ),
    "a flow that walks through itself": (
        flow({"id": "vip", "type": "subflow", "settings": {"flow": "back"}, "exits": {"done": "bye"}}),
        "vip",
        "walk through itself",
        "Remove this step",
    ),
    "a result that nobody gives": (
        flow(
            {
                "id": "vip",
                "type": "subflow",
                "settings": {"flow": "identify", "results": ["known", "unknown", "maybe"]},
                "exits": {"done": "bye", "known": "team", "maybe": "bye"},
            }
        ),
        "vip",
        "never ends with “maybe”",
        "Remove the exit “maybe”",
    ),
    "a result without an exit": (
        flow(
            {
                "id": "vip",
                "type": "subflow",
                "settings": {"flow": "identify", "results": ["known"]},
                "exits": {"done": "bye"},
            }
        ),
        "vip",
        "may end with “unknown”",
        "Add the exit “unknown”",
    ),
    "a circle without a wait": (
        flow({"id": "call", "exits": {"started": "a"}}, say("a", done="b"), say("b", done="a")),
        "b",
        "Round in a circle",
        "Cut the line from “Then” to “Say or play · Hello.”",
    ),
    "a mistyped variable": (
        flow({"id": "which", "settings": {"rules": [rule("gold", "loyalty.loyalty_statu")]}}),
        "which",
        "Did you mean “loyalty.loyalty_status”?",
        "Use loyalty.loyalty_status",
    ),
    "a mistyped variable in a text": (
        flow({"id": "call", "exits": {"started": "hi"}}, say("hi", "Hello {{ customer.nam }}, nam", done="ask")),
        "hi",
        "Did you mean “customer.name”?",
        "Use customer.name",
    ),
    "a variable of another name": (
        flow({"id": "which", "settings": {"rules": [rule("gold", "status.loyalty_status")]}}),
        "which",
        "Nothing in this flow sets “status.loyalty_status”",
        "Use loyalty.loyalty_status",
    ),
    "a variable that comes later": (
        flow({"id": "call", "exits": {"started": "hi"}}, say("hi", "{{ loyalty.points }} points", done="ask")),
        "hi",
        "not known here yet: “Ask the API” sets it",
        "",
    ),
    "an unset variable": (
        flow({"id": "which", "settings": {"rules": [rule("gold", "vars.colour_of_the_house")]}}),
        "which",
        "Nothing in this flow sets “vars.colour_of_the_house”",
        "",
    ),
    "two triggers of one kind": (
        flow({"id": "second", "type": "call", "exits": {"started": "ask"}}),
        "second",
        "one trigger of a kind",
        "Remove this trigger",
    ),
    "no trigger": (
        {"steps": [{"id": "bye", "type": "end"}]},
        "",
        "Nothing starts this flow",
        "Begin with an incoming call",
    ),
    "nothing at all": ({"steps": []}, "", "Nothing starts this flow", "Begin with a message"),
    "two exits of one name": (
        flow(
            {
                "id": "which",
                "settings": {"rules": [rule("gold", "loyalty.loyalty_status"), rule("gold", "customer.tier")]},
            }
        ),
        "which",
        "an exit “gold” already",
        "Call it “gold_2”",
    ),
    "two rules that ask the same": (
        flow(
            {
                "id": "which",
                "settings": {"rules": [rule("gold", "loyalty.loyalty_status"), rule("too", "loyalty.loyalty_status")]},
                "exits": {"gold": "vip", "too": "team", "otherwise": "team"},
            }
        ),
        "which",
        "asks the same before",
        "Remove this rule",
    ),
    "an exit that is gone": (
        flow({"id": "which", "exits": {"silver": "vip", "otherwise": "team"}}),
        "which",
        "has no exit “silver”",
        "Lead to “Transfer to queue · VIP” from “Gold” instead",
    ),
    "a step that is gone": (
        flow({"id": "vip", "exits": {"unanswered": "nobody"}}),
        "vip",
        "There is no step “nobody”",
        "Remove the line",
    ),
    "two steps of one id": (two_of_one_id(), "bye", "There is a step “bye” already", "Call the second one “bye_2”"),
    "an unknown type": (flow({"id": "vip", "type": "teleport"}), "vip", "no step type “teleport”", "Remove this step"),
    "a setting that is not known": (
        flow(team(queue="standard", loud=True)),
        "team",
        "“loud” is not known here",
        "Remove “loud”",
    ),
    "a missing queue": (flow(team()), "team", "Choose a queue.", "Use the queue “VIP”"),
    "an empty queue": (flow(team(queue="")), "team", "Choose a queue.", "Use the queue “VIP”"),
    "a number out of range": (
        flow({"id": "ask", "settings": {"source": "loyalty", "save_as": "loyalty", "patience_s": 900}}),
        "ask",
        "too much",
        "Leave “Wait at most",
    ),
    "nothing to say": (
        flow({"id": "call", "exits": {"started": "hi"}}, {**say("hi", done="ask"), "settings": {"prompt": {}}}),
        "hi",
        "Nothing to say",
        "Begin “What to say” with an example",
    ),
    "two choices of one key": (
        flow(
            {"id": "call", "exits": {"started": "menu"}},
            {
                "id": "menu",
                "type": "gather",
                "settings": {
                    "prompt": {"text": {"en": "1 or 2?"}},
                    "choices": [{"name": "a", "key": "1"}, {"name": "b", "key": "1"}],
                },
                "exits": {"a": "ask", "b": "ask", "timed_out": "bye"},
            },
        ),
        "menu",
        "The key 1 chooses something else already",
        "Use the key 2",
    ),
    "a queue where nothing rings": (
        flow(team(queue="silent")),
        "team",
        "has no SIP address",
        "Use the queue “VIP”",
    ),
    "a placeholder that is not filled": (
        flow({"id": "ask", "settings": {"source": "loyalty", "save_as": "loyalty", "inputs": {}}}),
        "ask",
        "nothing is given for it",
        "Ask with the caller's number",
    ),
    "teams that ring in turn": (
        flow({"id": "vip", "exits": {"unanswered": "team"}}, {"id": "team", "exits": {"unanswered": "vip"}}),
        "team",
        "ring in turn until the caller hangs up",
        "Add a voicemail behind it",
    ),
    "a team that rings twice": (
        flow({"id": "vip", "exits": {"unanswered": "team"}}),
        "vip",
        "“VIP” overflows into “Standard” by itself",
        "Leave the overflow to the flow",
    ),
    "a step that is only marked": (
        flow({"id": "vip", "type": "placeholder", "settings": {"was": "Pay"}, "exits": {"done": "bye"}}),
        "vip",
        "“Pay” is still to be drawn",
        "Remove this step",
    ),
    "a voicemail for messages": (
        flow(
            {"id": "hello", "type": "message", "exits": {"started": "beep"}},
            {"id": "beep", "type": "voicemail", "settings": {"prompt": {"text": {"en": "Speak."}}}},
        ),
        "beep",
        "for calls only",
        "Ask for it in writing instead",
    ),
    "a voicemail for calls and messages": (
        flow(
            {"id": "call", "exits": {"started": "beep"}},
            {"id": "hello", "type": "message", "exits": {"started": "beep"}},
            {"id": "beep", "type": "voicemail", "settings": {"prompt": {"text": {"en": "Speak."}}}},
        ),
        "beep",
        "for calls only",
        "Ask for it in writing instead, for messages only",
    ),
    "a voicemail for messages that keeps a line of what it was before": (
        flow(
            {"id": "hello", "type": "message", "exits": {"started": "beep"}},
            {
                "id": "beep",
                "type": "voicemail",
                "settings": {"prompt": {"text": {"en": "Speak."}}},
                "exits": {"unanswered": "bye"},
            },
        ),
        "beep",
        "for calls only",
        "Ask for it in writing instead",
    ),
    "a telephone number for messages": (
        flow(
            {"id": "hello", "type": "message", "exits": {"started": "anna"}},
            {"id": "anna", "type": "transfer", "settings": {"to": "+4930901820"}, "exits": {"unanswered": "bye"}},
        ),
        "anna",
        "for calls only",
        "Hand over to the queue “VIP” instead",
    ),
    "a voicemail that leads back to the greeting": (
        flow(
            {"id": "call", "exits": {"started": "hi"}},
            say("hi", done="ask"),
            {"id": "vip", "exits": {"unanswered": "beep"}},
            {
                "id": "beep",
                "type": "voicemail",
                "settings": {"prompt": {"text": {"en": "Speak."}}},
                "exits": {"recorded": "hi"},
            },
        ),
        "beep",
        "“Recorded” leads back to this voicemail",
        "End here instead",
    ),
    "a sub-flow that everybody was served in": (
        flow({"id": "vip", "type": "subflow", "settings": {"flow": "served"}, "exits": {"done": "team"}}),
        "vip",
        "has spoken with a team already, and is rung through to “Transfer to queue” as well",
        "Lead it to “Good-bye”",
    ),
    "a sub-flow that some were served in": (
        flow(
            {"id": "vip", "type": "subflow", "settings": {"flow": "maybe"}, "exits": {"done": "sorry"}},
            say("sorry", done="team"),
        ),
        "vip",
        "Whoever has spoken with a team in “Maybe” comes back by “Then” and is rung through to “Transfer to queue”",
        "",
    ),
    "a variable that only the way back brings": (
        flow(
            {"id": "call", "exits": {"started": "hi"}},
            {**say("hi", done="ask"), "settings": {"prompt": {"text": {"en": "{{ loyalty.points }}"}}}},
            {"id": "vip", "exits": {"unanswered": "hi"}},
        ),
        "hi",
        "“loyalty.points” is not known here the first time: only “Ask the API”, further on, sets it",
        "",
    ),
}


def labels_of(data: dict[str, Any], step: str, code: str) -> list[str]:
    found = [fault for fault in faults_of(data) if (fault.step, fault.code) == (step, code)]
    return [mend.label for fault in found for mend in mends_of(fault, data, CATALOG, key="line")]


def test_a_step_that_lost_its_line_gets_it_from_the_choice_that_makes_no_difference_now() -> None:
    """Not from a team after the conversation, nor from a voicemail: whoever was there is done."""
    data = flow(
        {"id": "which", "title": "Loyalty?", "exits": {"gold": "team", "otherwise": "team"}},
        {"id": "vip", "exits": {"unanswered": "beep"}},
        {"id": "team", "exits": {"unanswered": "beep"}},
        {"id": "beep", "type": "voicemail", "settings": {"prompt": {"text": {"en": "Speak."}}}},
    )
    assert labels_of(data, "vip", "unreachable") == [
        "Lead “Loyalty? · Gold” to it, in place of “Transfer to queue · Standard”",
        "Remove this step",
    ]


def test_a_step_that_nothing_reaches_may_be_led_to_by_the_question_that_it_leads_back_to() -> None:
    """“Sorry, once more”: the caller is asked on the way."""
    menu = {"prompt": {"text": {"en": "1?"}}, "choices": [{"name": "a", "label": "A", "key": "1"}]}
    data = flow(
        {"id": "ask", "exits": {"found": "menu", "not_found": "team", "failed": "team"}},
        {"id": "menu", "type": "gather", "title": "Menu", "settings": menu, "exits": {"timed_out": "bye", "a": "team"}},
        say("sorry", "Sorry.", done="menu"),
    )
    assert labels_of(data, "sorry", "unreachable") == ["Lead “Menu · Wrong entry” to it", "Remove this step"]


def test_a_team_that_nothing_reaches_is_not_led_to_by_one_that_it_leads_back_to() -> None:
    """They would ring in turn for ever."""
    lonely = {"id": "lonely", "type": "queue", "settings": {"queue": "vip"}, "exits": {"unanswered": "team"}}
    labels = labels_of(flow({"id": "team", "exits": {}}, lonely), "lonely", "unreachable")
    assert labels == ["Lead “Ask the API · Not found” to it", "Remove this step"]


def test_nobody_is_warned_of_a_counter_or_of_a_value_that_has_a_stand_in() -> None:
    """Both are read before they are first set, and say what they are then."""
    again = {"name": "tries", "value": "{{ vars.tries | default: 0 | plus: 1 }}", "kind": "number"}
    data = flow(
        {"id": "call", "exits": {"started": "count"}},
        {"id": "count", "type": "set_variables", "settings": {"values": [again]}, "exits": {"done": "hi"}},
        {
            **say("hi", done="ask"),
            "settings": {"prompt": {"text": {"en": "{{ loyalty.points | default: 'no' }} points"}}},
        },
        {"id": "vip", "exits": {"unanswered": "count"}},
    )
    assert faults_of(data) == []


def test_nobody_is_warned_of_a_value_that_the_text_asks_for_first() -> None:
    again = {"name": "tries", "value": "{% if vars.tries %}{{ vars.tries | plus: 1 }}{% else %}0{% endif %}"}
    data = flow(
        {"id": "call", "exits": {"started": "count"}},
        {"id": "count", "type": "set_variables", "settings": {"values": [again]}, "exits": {"done": "ask"}},
        {"id": "vip", "exits": {"unanswered": "count"}},
    )
    assert faults_of(data) == []


def test_two_menus_that_lead_to_each_other_are_no_way_back() -> None:
    """What the second sets is known in the first: there is a way that begins with the second."""
    number = {"name": "n", "value": "1"}
    menu = {"type": "gather", "settings": {"prompt": {"text": {"en": "1?"}}, "choices": [{"name": "a", "key": "1"}]}}
    data = flow(
        {"id": "ask", "exits": {"found": "one", "failed": "set"}},
        {"id": "one", **menu, "exits": {"a": "set", "timed_out": "hi"}},
        {"id": "set", "type": "set_variables", "settings": {"values": [number]}, "exits": {"done": "two"}},
        {"id": "two", **menu, "exits": {"a": "one", "timed_out": "which"}},
        {**say("hi", done="which"), "settings": {"prompt": {"text": {"en": "{{ vars.n }}"}}}},
    )
    assert [fault.message for fault in faults_of(data) if "known here" in fault.message] == []


@pytest.mark.parametrize("onward", ["bye", "open"])
def test_a_sub_flow_that_comes_back_is_fine_where_nobody_else_is_rung(onward: str) -> None:
    hours = {
        "id": "open",
        "type": "hours",
        "settings": {"hours": "support"},
        "exits": {"open": "team", "closed": "bye"},
    }
    data = flow({"id": "vip", "type": "subflow", "settings": {"flow": "maybe"}, "exits": {"done": onward}}, hours)
    assert [fault for fault in faults_of(data) if fault.code == "spoken_before"] == []


def test_a_sub_flow_that_hangs_up_after_the_conversation_may_lead_on_to_the_next_team() -> None:
    data = flow({"id": "vip", "type": "subflow", "settings": {"flow": "hung_up"}, "exits": {"done": "team"}})
    assert [fault.message for fault in faults_of(data)] == []


def test_what_is_cut_off_is_said_once_for_each_part_and_counts_what_is_behind() -> None:
    """Also where it begins with a circle."""
    data = flow(
        {"id": "ask", "exits": {"found": "team", "failed": "team"}},
        say("x", done="y"),
        say("y", "Again.", done="z"),
        {"id": "z", "type": "ask", "settings": {"question": {"text": {"en": "?"}}}, "exits": {"replied": "x"}},
    )
    data["steps"][-1]["exits"]["timed_out"] = "end"
    data["steps"].append({"id": "end", "type": "end"})
    assert [(fault.step, fault.message) for fault in faults_of(data) if fault.code == "unreachable"] == [
        ("which", "Nothing leads to this step, nor to the step behind it."),
        ("x", "Nothing leads to this step, nor to the 3 behind it."),
    ]


def test_a_question_without_words_is_no_silence_where_something_is_said_before_it() -> None:
    """On every way to it, past what is only looked up; back from itself, callers have heard it."""
    beep = {"id": "beep", "type": "voicemail", "settings": {"prompt": {}}, "exits": {"nothing_said": "beep"}}
    heard = flow(
        beep,
        {"id": "vip", "exits": {"unanswered": "leave"}},
        {"id": "team", "exits": {"unanswered": "leave"}},
        say("leave", "Leave a message.", done="note"),
        {"id": "note", "type": "set_variables", "settings": {"values": [{"name": "n", "value": "1"}]}},
    )
    heard["steps"][-1]["exits"] = {"done": "beep"}
    assert [fault.step for fault in faults_of(heard) if "before the beep" in fault.message] == []
    heard["steps"][4]["exits"] = {"unanswered": "beep"}
    assert [fault.step for fault in faults_of(heard) if "before the beep" in fault.message] == ["beep"]


def test_a_caller_may_be_asked_once_more_after_saying_nothing() -> None:
    data = flow(
        {"id": "vip", "exits": {"unanswered": "beep"}},
        {
            "id": "beep",
            "type": "voicemail",
            "settings": {"prompt": {"text": {"en": "Speak."}}},
            "exits": {"nothing_said": "beep"},
        },
    )
    assert faults_of(data) == []


def test_steps_of_one_name_are_told_apart_on_buttons_and_renamed_with_their_queue() -> None:
    data = flow(
        {"id": "ask", "exits": {"found": "which"}},
        {"id": "vip", "title": "Transfer to queue", "settings": {"queue": ""}},
    )
    labels = [mend.label for fault in faults_of(data) for mend in mends_of(fault, data, CATALOG, key="line")]
    assert "Lead it to “Transfer to queue · Standard”" in labels
    [fault] = [fault for fault in faults_of(data) if fault.message == "Choose a queue."]
    mended = patched(data, mends_of(fault, data, CATALOG, key="line")[0].patch)
    assert [step["title"] for step in mended["steps"] if step["id"] == "vip"] == ["To Standard"]


def test_what_is_meant_is_only_asked_where_there_is_a_button_for_it() -> None:
    """`loyalty.points` is like it, but is not known before the API was asked."""
    data = flow(
        {"id": "call", "exits": {"started": "hi"}},
        {**say("hi", done="ask"), "settings": {"prompt": {"text": {"en": "{{ loyalty.pionts }}"}}}},
    )
    [fault] = faults_of(data)
    assert fault.message == "Nothing in this flow sets “loyalty.pionts”."
    assert fault.where == ("steps", 6, "settings", "prompt", "text", "en")


def test_queues_are_named_and_not_counted_by_their_keys() -> None:
    [fault] = [fault for fault in faults_of(flow(team(queue="gone"))) if fault.level == "error"]
    assert fault.message == "There is no queue “gone”. There are: “Silent”, “Standard”, “VIP”."


def faults_of(data: dict[str, Any]) -> list[Any]:
    return validate(data, CATALOG, key="line")


def gold(*more: dict[str, Any]) -> dict[str, Any]:
    """A branch of one finished case and these."""
    rules = [rule("gold", "loyalty.loyalty_status"), *more]
    return flow({"id": "which", "title": "Loyalty?", "settings": {"rules": rules}})


def menu(*more: dict[str, Any], **choice: Any) -> dict[str, Any]:
    """A menu of one finished choice and these."""
    choices = [{"name": "sales", "key": "1", **choice}, *more]
    settings = {"prompt": {"text": {"en": "1 or 2?"}}, "choices": choices}
    node = {"id": "menu", "type": "gather", "settings": settings, "exits": {"sales": "ask", "timed_out": "bye"}}
    return flow({"id": "call", "exits": {"started": "menu"}}, node)


def asked(variable: str, **more: Any) -> dict[str, Any]:
    return {"variable": variable, **more}


def case(name: str, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "when": {"match": "all", "conditions": list(conditions)}}


ROWS: dict[str, tuple[dict[str, Any], list[str]]] = {
    # what is half typed: the definition, and all that the buttons offer
    "a choice without a key": (menu({"name": "choice_2"}), ["Use the key 2", "Remove this choice"]),
    "a choice without anything": (menu({}), ["Call it “choice”", "Remove this choice"]),
    "a case without conditions": (gold({"name": "x"}), ["Remove this case"]),
    "a case with no row yet": (gold(case("x")), ["Remove this case"]),
    "a row without a variable": (
        gold(case("x", asked("", operator="is_one_of", value=[]))),
        ["Ask about loyalty.loyalty_status", "Ask about loyalty.points", "Remove this case"],
    ),
    "a second row without a variable": (
        gold(
            case("x", asked("customer.tier", operator="equals", value="a"), asked("", operator="is_one_of", value=[]))
        ),
        ["Ask about loyalty.loyalty_status", "Ask about loyalty.points", "Remove this condition"],
    ),
    "a row without an operator": (
        gold(case("x", asked("customer.tier", operator="equals", value="a"), asked("loyalty.points", value=3))),
        ["Compare by “is at least”", "Remove this condition"],
    ),
    "a row without a value": (
        gold(case("x", asked("customer.tier", operator="is_one_of", value=[]))),
        ["Compare by “is blank”", "Compare by “is not blank”", "Remove this case"],
    ),
    "conditions and an expression": (
        gold({**case("x", asked("customer.tier", operator="equals", value="a")), "expression": "customer.tier == 'a'"}),
        ["Keep only “Conditions”", "Keep only “Expression”", "Remove this case"],
    ),
    "a share without a number": (
        flow(
            {
                "id": "which",
                "type": "split",
                "settings": {"shares": [{"name": "gold", "percent": 5}, {"name": "x"}, {"name": "gold", "percent": 5}]},
            }
        ),
        ["Set it to 10", "Remove this share"],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_half_typed_row_is_mended_at_the_row_and_nothing_finished_is_thrown_away(name: str) -> None:
    data, labels = ROWS[name]
    fault = next(fault for fault in faults_of(data) if fault.code == "settings")
    mends = mends_of(fault, data, CATALOG, key="line")
    assert [mend.label for mend in mends] == labels
    place = next(place for place, step in enumerate(data["steps"]) if step["id"] == fault.step)
    for mend in mends:
        after = patched(data, mend.patch)["steps"][place]
        rows, left = (
            next(one for one in step["settings"].values() if isinstance(one, list))
            for step in (data["steps"][place], after)
        )
        assert left[0] == rows[0]
        assert after["exits"] == data["steps"][place]["exits"]


def test_a_row_that_is_taken_out_takes_the_line_from_its_exit_with_it() -> None:
    data = menu({"name": "orders", "label": "Orders"}, {"name": "later"})
    data["steps"][-1]["exits"]["orders"] = "bye"
    fault = next(fault for fault in faults_of(data) if fault.code == "settings")
    mended = patched(data, mends_of(fault, data, CATALOG, key="line")[-1].patch)["steps"][-1]
    assert [one["name"] for one in mended["settings"]["choices"]] == ["sales", "later"]
    assert mended["exits"] == {"sales": "ask", "timed_out": "bye"}


def test_the_whole_list_or_step_goes_only_where_nothing_smaller_helps() -> None:
    """One case with one row that asks nothing, and nothing known that it could ask."""
    blank = case("valuable", asked("", operator="is_one_of", value=[]))
    data = flow({"id": "which", "settings": {"rules": [blank]}, "exits": {}})
    outside = Catalog(queues=CATALOG.queues, sources=CATALOG.sources, outside=Outside())
    fault = next(fault for fault in validate(data, outside) if fault.step == "which" and fault.code == "settings")
    labels = [mend.label for mend in mends_of(fault, data, outside)]
    assert labels == ["Begin “Cases” with an example", "Remove this step"]


@pytest.mark.parametrize("row", [{"name": "x"}, case("x", asked("", operator="", value="")), {"name": "x", "label": 3}])
def test_a_half_typed_row_hides_no_exit_of_the_others_and_keeps_its_own(row: dict[str, Any]) -> None:
    """As long as it has a name. The order is that of the rows."""
    broken = case("valuable", asked("customer.tier", operator="is_one_of", value=["a"]), asked("", operator="equals"))
    for rules in ([broken], [broken, row], [row, broken], [rule("gold", "a.b"), row, rule("silver", "a.b")]):
        step = {"id": "which", "type": "branch", "settings": {"rules": rules}}
        shown = analyse({"steps": [step]}, CATALOG)["steps"]["which"]
        assert [one["name"] for one in shown["exits"]] == [*(one["name"] for one in rules), "otherwise"]


def test_a_menu_of_one_half_typed_choice_has_no_exit_for_any_entry() -> None:
    data = menu(key="1234567")
    assert [one["name"] for one in analyse(data, CATALOG)["steps"]["menu"]["exits"]] == [
        "sales",
        "invalid",
        "timed_out",
    ]


def test_the_flow_that_the_cases_break_has_no_fault() -> None:
    assert faults_of(flow()) == []


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_found_on_its_step_with_its_mend(name: str) -> None:
    data, step, words, label = CASES[name]
    found = [fault for fault in faults_of(data) if fault.step == step and words in fault.message]
    assert found, faults_of(data)
    labels = [mend.label for fault in found for mend in mends_of(fault, data, CATALOG, key="line")]
    assert any(one.startswith(label) for one in labels) if label else labels == [], labels


def test_the_way_to_a_lost_step_is_the_branch_that_decides_nothing_and_never_whoever_was_served() -> None:
    data = flow(
        {"id": "which", "exits": {"gold": "standard", "otherwise": "standard"}},
        {"id": "standard", "type": "queue", "settings": {"queue": "standard"}, "exits": {"unanswered": "beep"}},
        {"id": "vip", "exits": {"unanswered": "standard"}},
        {"id": "beep", "type": "voicemail", "settings": {}},
    )
    (fault,) = [one for one in faults_of(data) if (one.step, one.code) == ("vip", "unreachable")]
    labels = [mend.label for mend in mends_of(fault, data, CATALOG, key="line")]
    assert "· Gold” to it, in place of" in labels[0], labels
    assert not [one for one in labels if "After the conversation" in one or "Recorded" in one or "Nothing said" in one]


def test_a_step_that_cannot_be_read_hides_no_other_fault() -> None:
    data = flow(
        {"id": "call", "exits": {"started": "hi"}},
        say("hi", "Hello {{ customer.nam }}", done="ask"),
        {"id": "beep", "type": "voicemail", "settings": {}},
        {"id": "vip", "exits": {}},
    )
    assert {(fault.step, fault.code) for fault in faults_of(data)} == {
        ("beep", "settings"),
        ("beep", "unreachable"),
        ("hi", "unknown_variable"),
        ("vip", "open_exit"),
    }


@pytest.mark.parametrize("name", CASES)
def test_each_mend_removes_its_fault_and_adds_no_error(name: str) -> None:
    data = CASES[name][0]
    check_mends(data)


def check_mends(data: dict[str, Any]) -> None:
    before = faults_of(data)
    errors = sorted(_known(fault) for fault in before if fault.level == "error")
    for fault in before:
        for mend in mends_of(fault, data, CATALOG, key="line"):
            kept = copy.deepcopy(data)
            after = faults_of(patched(data, mend.patch))
            assert data == kept
            now = sorted(_known(one) for one in after if one.level == "error")
            assert not (set(now) - set(errors)), (fault, mend, now)
            same = [one for one in before if _known(one) == _known(fault)]
            assert len([one for one in after if _known(one) == _known(fault)]) < len(same), (fault, mend)


def _known(fault: Any) -> tuple[str, str, str]:
    # Not where in the list: steps move up when one is removed. Nor what else there is, which some messages list.
    return fault.step, fault.code, fault.message.split(" There are: ")[0].split(" It has: ")[0]


def test_every_kind_of_fault_with_a_code_has_a_case() -> None:
    seen = {fault.code for data, *_ in CASES.values() for fault in faults_of(data)}
    assert seen == {
        "calls_only",
        "circle",
        "late_variable",
        "lost_result",
        "missing_input",
        "no_such_target",
        "no_trigger",
        "open_exit",
        "placeholder",
        "recursion",
        "reference",
        "ring",
        "rung_twice",
        "same_id",
        "same_rule",
        "second_trigger",
        "settings",
        "silent_queue",
        "spoken_before",
        "stray_exit",
        "unknown_result",
        "unknown_type",
        "unknown_variable",
        "unreachable",
        "voicemail_loop",
    }


NAMES = ["a", "b", "c", "d", "e"]
STEPS = {step.type: step for step in STEP_TYPES}


@st.composite
def drafts(draw: st.DrawFn) -> dict[str, Any]:
    """Steps of all kinds, half finished, joined at random."""
    steps = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=5)):
        kind = draw(st.sampled_from(sorted(STEPS)))
        sample = STEPS[kind].sample
        settings_ = draw(st.sampled_from([sample, sample, {}, dict(list(sample.items())[1:])]))
        exits = draw(
            st.dictionaries(
                st.sampled_from(["started", "done", "found", "failed", "otherwise", "unanswered", "sales"]),
                st.sampled_from(NAMES),
                max_size=3,
            )
        )
        steps.append({"id": name, "type": kind, "settings": settings_, "exits": exits})
    return {"format": 1, "steps": steps}


@settings(max_examples=150, deadline=None)
@given(drafts())
def test_mends_of_half_finished_drafts_remove_their_fault_and_add_no_error(data: dict[str, Any]) -> None:
    check_mends(data)


@settings(max_examples=100, deadline=None)
@given(drafts())
def test_the_analysis_says_what_the_validator_says_and_loses_no_exit(data: dict[str, Any]) -> None:
    found = analyse(data, CATALOG, key="line")
    assert [fault["message"] for fault in found["faults"]] == [fault.message for fault in faults_of(data)]
    for step in data["steps"]:
        names = [exit_["name"] for exit_ in found["steps"][step["id"]]["exits"]]
        assert set(step["exits"]) <= set(names)
        assert len(names) == len(set(names))


def first_mends(step: str, *more: dict[str, Any]) -> list[str]:
    data = flow(*more)
    fault = next(fault for fault in faults_of(data) if (fault.step, fault.code) == (step, "open_exit"))
    return [mend.label for mend in mends_of(fault, data, CATALOG, key="line")]


def test_whom_nobody_knows_is_led_to_the_team_for_everybody_first() -> None:
    drawn = first_mends("ask", {"id": "ask", "exits": {"found": "which"}})
    assert drawn[0] == "Lead it to “Transfer to queue · Standard”", drawn
    only_vip = first_mends(
        "ask", {"id": "ask", "exits": {"found": "vip"}}, {"id": "team", "type": "end", "settings": {}}
    )
    assert only_vip[0] == "Hand over to the queue “Standard”", only_vip


def test_whom_a_team_did_not_answer_is_never_led_back_to_it() -> None:
    back = first_mends(
        "team",
        {"id": "vip", "exits": {"unanswered": "team"}},
        {"id": "team", "exits": {}},
        {"id": "bye", "type": "end"},
    )
    assert not any("VIP" in label for label in back), back
    assert any(label.startswith("Add a voicemail") for label in back)


def test_a_name_is_never_offered_where_a_number_is_called() -> None:
    call = {"id": "vip", "type": "transfer", "settings": {"to": "{{ customer.names }}"}, "exits": {"unanswered": "bye"}}
    data = flow(call)
    (fault,) = [fault for fault in faults_of(data) if fault.code == "unknown_variable"]
    assert mends_of(fault, data, CATALOG, key="line") == []


def test_what_is_far_too_much_is_answered_with_little() -> None:
    """Ten thousand steps, and each of them wrong."""
    steps = [{"id": f"Step {number}", "type": "say", "settings": {"prompt": {}}} for number in range(10_000)]
    found = analyse({"steps": steps}, CATALOG)
    assert len(json.dumps(found)) < 300_000
    assert found["faults"][-1]["message"].endswith("more are not listed here.")


def test_the_data_source_that_brings_what_the_flow_reads_is_offered_first() -> None:
    fields = {"aaa": (Field("open", "boolean"),), **CATALOG.outside.sources} if CATALOG.outside else {}
    names = {"aaa": "Another API", **CATALOG.sources}
    known = replace(CATALOG, sources=names, outside=replace(CATALOG.outside or Outside(), sources=fields))
    data = flow({"id": "ask", "settings": {"source": "gone", "save_as": "loyalty"}})
    fault = next(fault for fault in validate(data, known) if fault.step == "ask" and fault.code == "reference")
    labels = [mend.label for mend in mends_of(fault, data, known)]
    assert labels[:2] == ["Use the data source “Loyalty API”", "Use the data source “Another API”"]
