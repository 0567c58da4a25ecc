"""Conditions decide as they did: translated flows run through the engine for a table of inputs of every operator."""

from __future__ import annotations

from typing import Any

import pytest

from channels.providers.twilio.studio.conditions import KINDS
from routing.engine.events import DigitsPressed, TransferEnded, WordsSpoken
from tests.channels.twilio.studio.flows import flow, row, say, split, state, step, translated, walk
from tests.routing.engine.runs import Walk

# What the caller said, the condition, its value, and whether Studio takes its way.
CASES = [
    ("Yes", "equal_to", "yes", True),
    ("  yes ", "equal_to", "YES", True),
    ("yess", "equal_to", "yes", False),
    ("1", "equal_to", "1", True),
    ("01", "equal_to", "1", False),
    ("ja", "equal_to", "{{flow.variables.wanted}}", True),
    ("nein", "not_equal_to", "ja", True),
    ("JA", "not_equal_to", "ja", False),
    (None, "not_equal_to", "ja", True),
    (None, "equal_to", "ja", False),
    (None, "equal_to", "", True),
    ("ja", "not_equal_to", "", True),
    ("Gold", "matches_any_of", "platin, gold", True),
    ("gold", "matches_any_of", "GOLD,,", True),
    ("gol", "matches_any_of", "gold, silver", False),
    ("gold", "matches_any_of", "silver,{{flow.variables.tier}}", True),
    (None, "matches_any_of", "gold", False),
    (None, "matches_any_of", "", True),
    ("gold", "matches_any_of", " ", False),
    ("x", "does_not_contain", "", False),
    ("x", "does_not_start_with", "", False),
    ("bronze", "does_not_match_any_of", "gold, silver", True),
    ("Silver", "does_not_match_any_of", "gold, silver", False),
    (None, "does_not_match_any_of", "gold", True),
    (None, "is_blank", "", True),
    ("x", "is_blank", "", False),
    ("x", "is_not_blank", "", True),
    (None, "is_not_blank", "", False),
    ("4711", "regex", "^[0-9]{4}$", True),
    ("471", "regex", "^[0-9]{4}$", False),
    ("ABC", "regex", "^abc$", True),
    # The whole value has to fit, blanks around it aside.
    ("12345", "regex", "[0-9]{1,3}", False),
    (" 123 ", "regex", "[0-9]{1,3}", True),
    ("order 123", "regex", "123", False),
    ("order 123", "regex", ".*123", True),
    ("maybe", "regex", "yes|y|be", False),
    ("Y", "regex", "yes|y|be", True),
    ("I want to ORDER", "contains", "order", True),
    ("I want it", "contains", "order", False),
    ("anything", "contains", "", True),
    ("no thanks", "does_not_contain", "yes", True),
    ("Yes please", "does_not_contain", "yes", False),
    (None, "does_not_contain", "yes", True),
    ("Stop it", "starts_with", "stop", True),
    ("do stop", "starts_with", "stop", False),
    ("do stop", "does_not_start_with", "stop", True),
    ("STOP", "does_not_start_with", "stop", False),
    (None, "does_not_start_with", "stop", True),
    ("9", "less_than", "10", True),
    ("10", "less_than", "10", False),
    ("9.5", "less_than", "1,000", True),
    ("five", "less_than", "10", False),
    ("007", "less_than", "10", True),
    ("11", "greater_than", "10", True),
    ("10", "greater_than", "10", False),
    ("012", "greater_than", "+5", True),
    (None, "greater_than", "0", False),
    ("08:59", "is_before_time", "9:00 AM", True),
    ("09:00", "is_before_time", "09:00", False),
    ("17:31", "is_after_time", "5:30 pm", True),
    ("17:30", "is_after_time", "17:30", False),
    ("2026-12-23", "is_before_date", "12/24/2026", True),
    ("2026-12-24", "is_before_date", "24.12.2026", False),
    ("2027-01-01", "is_after_date", "2026-12-31", True),
    ("2026-12-31", "is_after_date", "2026-12-31", False),
]


def asked(kind: str, value: str) -> Walk:
    gather = state("ask", "gather-input-on-call", {"speech": "split", "timeout": "split"}, say="?")
    setting = state(
        "set",
        "set-variables",
        {"next": "ask"},
        variables=[{"key": "wanted", "value": "ja"}, {"key": "tier", "value": "gold"}],
    )
    tests = [{"friendly_name": "Case", "type": kind, "value": value}]
    return walk(flow(setting, gather, split(tests, "{{widgets.ask.SpeechResult}}"))).start()


@pytest.mark.parametrize(("said", "kind", "value", "taken"), CASES)
def test_a_condition_decides_as_it_did(said: str | None, kind: str, value: str, taken: bool) -> None:
    contact = asked(kind, value)
    contact.tell(WordsSpoken(said) if said is not None else WordsSpoken(""))
    assert contact.heard[-2] == f"say en-US: Here is {'yes' if taken else 'no'}"


def test_every_operator_is_in_the_table() -> None:
    assert {kind for _, kind, _, _ in CASES} == KINDS
    for kind in KINDS:
        assert {taken for _, one, _, taken in CASES if one == kind} == {True, False}


def test_the_first_way_that_matches_is_taken_and_all_conditions_of_a_way_must_hold() -> None:
    tested = "{{widgets.ask.Digits}}"
    ways = split([{"type": "greater_than", "value": "3"}, {"type": "less_than", "value": "9"}], tested)
    ways["transitions"].append(
        {
            "event": "match",
            "next": "other",
            "conditions": [{"arguments": [tested], "type": "is_not_blank", "value": ""}],
        }
    )
    for keys, came_to in (("5", "yes"), ("3", "other"), ("9", "other")):
        contact = walk(flow(state("ask", "gather-input-on-call", {"keypress": "split"}, say="?"), ways)).start()
        assert contact.tell(DigitsPressed(keys)).heard[-2] == f"say en-US: Here is {came_to}"


def test_what_is_more_than_a_variable_is_worked_out_first() -> None:
    data = flow(
        split(
            [{"type": "equal_to", "value": "49-berlin"}],
            "{{trigger.call.From | slice: 1, 2}}-{{trigger.call.FromCity | downcase}}",
        )
    )
    contact = walk(data).start(city="Berlin")
    assert contact.path[1:3] == ["split_value:done", "split:case_49_berlin"]
    assert contact.heard[0] == "say en-US: Here is yes"


def test_a_branch_of_more_ways_than_a_step_has_goes_on_in_another() -> None:
    data = flow(split([{"type": "equal_to", "value": "0"}], "{{trigger.call.From}}"))
    ways = data["states"][1]["transitions"]
    ways.extend(
        {
            "event": "match",
            "next": "other",
            "conditions": [{"arguments": ["{{trigger.call.From}}"], "type": "equal_to", "value": f"+491{number:04}"}],
        }
        for number in range(90)
    )
    assert row(translated(data), "split").steps == ("split", "split_2", "split_3")
    assert walk(data).start(None, "call", **{"from": "+4910088"}).heard[0] == "say en-US: Here is other"
    assert walk(data).start(None, "call", **{"from": "+4999"}).heard[0] == "say en-US: Here is no"


def test_a_long_list_is_asked_in_parts() -> None:
    items = ",".join(f"+49{number}" for number in range(450))
    for kind, came_to in (("matches_any_of", "yes"), ("does_not_match_any_of", "no")):
        data = flow(split([{"type": kind, "value": items}], "{{trigger.call.From}}"))
        assert walk(data).start(None, "call", **{"from": "+49449"}).heard[0] == f"say en-US: Here is {came_to}"


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("regex", "(?=looking ahead)x", "looking ahead"),
        ("less_than", "many", "no number"),
        ("is_before_time", "tea time", "no time of day"),
        ("is_before_date", "Christmas", "no date"),
        ("sounds_like", "x", "is not known"),
    ],
)
def test_a_condition_that_cannot_be_said_is_noted(kind: str, value: str, says: str) -> None:
    found = row(translated(flow(split([{"type": kind, "value": value}], "{{trigger.call.From}}"))), "split")
    assert found.outcome == "differs"
    assert any(says in note for note in found.notes)


def test_the_outcome_of_a_transfer_is_read_by_our_name() -> None:
    dial = state("dial", "connect-call-to", {"callCompleted": "split"}, noun="number", to="+4930123456")
    data = flow(
        dial, split([{"type": "matches_any_of", "value": "busy, no-answer"}], "{{widgets.dial.DialCallStatus}}")
    )
    rule = step(translated(data), "split")["settings"]["rules"][0]
    assert rule["when"]["conditions"] == [
        {"variable": "steps.dial.status", "operator": "is_one_of", "value": ["busy", "no_answer"]}
    ]


@pytest.mark.parametrize(
    ("ends", "heard"), [(["no_answer", "completed"], "no"), (["completed"], "no"), (["no_answer", "busy"], "yes")]
)
def test_of_several_numbers_the_one_that_was_spoken_to_counts(ends: list[Any], heard: str) -> None:
    dial = state(
        "dial", "connect-call-to", {"callCompleted": "split"}, noun="number-multi", to="+4930123456,+4930123457"
    )
    data = flow(dial, split([{"type": "not_equal_to", "value": "completed"}], "{{widgets.dial.DialCallStatus}}"))
    contact = walk(data).start()
    for end in ends:
        contact.tell(TransferEnded(end))
    assert f"say en-US: Here is {heard}" in contact.heard


def test_of_several_numbers_an_unanswered_one_is_called_as_there() -> None:
    dial = state("dial", "connect-call-to", {"callCompleted": "split"}, to="+4930123456,+4930123457")
    tests = [{"type": "matches_any_of", "value": "busy,no-answer,failed"}]
    contact = walk(flow(dial, split(tests, "{{widgets.dial.DialCallStatus}}"))).start()
    contact.tell(TransferEnded("no_answer")).tell(TransferEnded("busy"))
    assert "say en-US: Here is yes" in contact.heard


def test_a_variable_that_is_not_there_is_noted_and_never_matches() -> None:
    data = flow(split([{"type": "equal_to", "value": "x"}], "{{widgets.gone.Digits}}"), say("gone_too"))
    found = row(translated(data), "split")
    assert found.notes == ("Nothing here is “widgets.gone.Digits”: it stays empty.",)
    assert walk(data).start().heard[0] == "say en-US: Here is no"
