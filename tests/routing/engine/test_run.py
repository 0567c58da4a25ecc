"""What `advance` promises for every flow, however wrong: it is pure, it ends, and it never raises."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine import limits
from routing.engine.checks.validation import Catalog, validate
from routing.engine.definition import read_definition
from routing.engine.effects import Fetch
from routing.engine.events import (
    CameBack,
    ContactStarted,
    DigitsPressed,
    Event,
    FetchAnswered,
    HungUp,
    InputTimedOut,
    MessageReceived,
    MessageRecorded,
    TransferEnded,
    WordsSpoken,
)
from routing.engine.faults import DefinitionInvalid
from routing.engine.plan import Plan, compile_plan
from routing.engine.run import advance, first_fetches
from routing.engine.steps import STEP_TYPES
from tests.routing.engine.runs import NOW, WORLD, Walk, plan_of, steps

_IDS = [f"s{number}" for number in range(8)]
_SAMPLES = {step.type: step for step in STEP_TYPES}


@st.composite
def flows(draw: st.DrawFn) -> dict[str, Any]:
    """Flows of working steps whose exits lead anywhere, back and round included."""
    nodes: list[dict[str, Any]] = [{"id": "call", "type": "call", "exits": {"started": draw(st.sampled_from(_IDS))}}]
    for step_id in _IDS:
        step_type = draw(st.sampled_from([step for step in STEP_TYPES if step.kind != "trigger"]))
        exits = step_type.model_validate(step_type.sample).exits()
        wired = {exit_.name: draw(st.sampled_from([*_IDS, ""])) for exit_ in exits}
        node = {"id": step_id, "type": step_type.type, "settings": step_type.sample}
        nodes.append({**node, "exits": {name: target for name, target in wired.items() if target}})
    return {"steps": nodes}


events = st.one_of(
    st.builds(DigitsPressed, st.text("0123456789*#x", max_size=5)),
    st.builds(WordsSpoken, st.text(max_size=20)),
    st.just(InputTimedOut()),
    st.just(CameBack()),
    st.builds(
        FetchAnswered,
        st.sampled_from([f"{step_id}#{count}" for step_id in _IDS for count in (1, 2)]),
        st.sampled_from(["found", "not_found", "failed"]),
        st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.text(max_size=8), st.integers(), st.booleans())),
    ),
    st.builds(TransferEnded, st.sampled_from(["completed", "busy", "no_answer", "failed", "canceled"])),
    st.builds(MessageRecorded, st.just("https://api.example.com/r"), st.integers(0, 100)),
    st.just(HungUp()),
)


@settings(max_examples=150, deadline=None)
@given(flow=flows(), happened=st.lists(events, max_size=12))
def test_no_flow_loops_for_ever_or_raises_and_every_answer_is_json(flow: dict[str, Any], happened: list[Event]) -> None:
    plan = plan_of(flow)
    state: dict[str, Any] | None = None
    for event in [ContactStarted("call", {"from": "+49", "reference": "R"}, {"name": "A"}), *happened]:
        before = copy.deepcopy(state)
        step = advance(plan, state, event, NOW, WORLD)
        again = advance(plan, state, event, NOW, WORLD)
        assert state == before, "the state that was handed in is never changed"
        assert step == again, "the same arguments give the same answer"
        assert json.loads(json.dumps(step.state)) == step.state
        assert json.loads(json.dumps(step.trace)) == list(step.trace)
        assert len(step.effects) <= limits.EFFECTS_A_TURN + 1
        assert (step.status == "stranded") == bool(step.stranded) or not step.trace
        state = step.state


@settings(max_examples=150, deadline=None)
@given(flow=flows())
def test_whatever_the_validator_passes_can_be_compiled_and_run(flow: dict[str, Any]) -> None:
    known = Catalog(
        queues={"vip": "VIP"}, sources={"loyalty": "L"}, hours={"support": "S"},
        flows={"identify": read_definition({"steps": [{"id": "call", "type": "call"}]})},
    )  # fmt: skip
    if any(fault.level == "error" for fault in validate(flow, known)):
        return
    walk = Walk(plan_of(flow, {"identify": {"steps": [{"id": "call", "type": "call", "exits": {}}]}})).start()
    assert "circles" not in (walk.last.stranded if walk.last else "")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(data=json_values, inside=json_values)
def test_any_json_as_a_definition_is_a_list_of_faults_and_nothing_worse(data: Any, inside: Any) -> None:
    assert validate(data, Catalog())
    for wrong in (
        {"steps": inside},
        {"steps": [inside]},
        {"steps": [{"id": "call", "type": "call", "settings": inside}]},
        {"steps": [{"id": "a", "type": "branch", "settings": {"rules": inside}}]},
        {"steps": [{"id": "a", "type": "gather", "settings": inside, "exits": inside}]},
    ):
        for fault in validate(wrong, Catalog()):
            assert fault.message
            assert fault.as_json()


def say(step_id: str, to: str = "", text: str = "x") -> dict[str, Any]:
    node = {"id": step_id, "type": "say", "settings": {"prompt": {"text": {"en": text}}}}
    return {**node, "exits": {"done": to}} if to else node


def test_a_circle_without_a_wait_is_stopped_and_said() -> None:
    flow = steps(say("a", "b"), say("b", "a"))
    walk = Walk(plan_of(flow)).start()
    assert walk.status == "stranded"
    assert walk.last
    assert walk.last.effects == ()
    assert any("circle" in fault.message and fault.level == "error" for fault in validate(flow, Catalog()))


def test_a_circle_with_a_wait_is_stopped_after_its_visits() -> None:
    ask = {
        "id": "ask",
        "type": "ask",
        "settings": {"question": {"text": {"en": "?"}}, "retries": 0},
        "exits": {"replied": "ask", "timed_out": "ask"},
    }
    flow = {"steps": [{"id": "text", "type": "message", "exits": {"started": "ask"}}, ask]}
    walk = Walk(plan_of(flow)).start(trigger="message", channel="sms")
    turns = 0
    while walk.status == "waiting" and turns <= limits.VISITS_A_RUN + 1:
        walk.tell(MessageReceived("Yes"))
        turns += 1
    assert (walk.status, turns) == ("stranded", limits.VISITS_A_RUN - 1)


def test_a_call_comes_back_to_a_question_so_often_whatever_is_answered() -> None:
    walk = Walk(plan_of(steps(asking()))).start()
    turns = 0
    while walk.status == "waiting" and turns < 100:
        walk.tell(DigitsPressed("1"))
        turns += 1
    assert (walk.status, turns) == ("stranded", limits.ROUNDS_OF_A_QUESTION)


def asking(**exits: str) -> dict[str, Any]:
    choices = [{"name": "sales", "key": "1"}]
    settings = {"prompt": {"text": {"en": "?"}}, "choices": choices, "retries": 0}
    return {"id": "ask", "type": "gather", "settings": settings, "exits": {"sales": "ask", "timed_out": "ask", **exits}}


@pytest.mark.parametrize("heard", ["", "7"])
def test_who_never_answers_is_asked_so_many_times_and_then_helped_by_the_fallback_queue(heard: str) -> None:
    walk = Walk(plan_of(steps(asking()))).start()
    turns = 0
    while walk.status == "waiting" and turns < 100:
        walk.tell(DigitsPressed(heard))
        turns += 1
    assert (walk.status, turns) == ("stranded", limits.ROUNDS_IN_VAIN)
    assert walk.last
    assert "no answer that helps" in walk.last.stranded


def test_an_answer_that_helps_begins_the_count_of_those_that_do_not_anew() -> None:
    walk = Walk(plan_of(steps(asking()))).start()
    for turn in range(limits.ROUNDS_OF_A_QUESTION - 1):
        walk.tell(DigitsPressed("1" if turn == limits.ROUNDS_IN_VAIN - 2 else ""))
    assert walk.status == "waiting"


def test_a_question_that_silence_leads_back_to_is_warned_of_and_a_mend_leads_elsewhere() -> None:
    again = {"id": "again", "type": "say", "settings": {"prompt": {"text": {"en": "Sorry?"}}}, "exits": {"done": "ask"}}
    flow = steps(asking(timed_out="again"), again)
    assert ("asked_for_ever", "timed_out") in {(fault.code, fault.subject) for fault in validate(flow, Catalog())}
    end = {"id": "end", "type": "end"}
    flow = steps(asking(timed_out="end"), end)
    assert "asked_for_ever" not in {fault.code for fault in validate(flow, Catalog())}


def test_a_contact_does_not_stay_in_a_flow_for_ever() -> None:
    ask = {"id": "ask", "type": "gather", "settings": {"prompt": {"text": {"en": "?"}}}}
    walk = Walk(plan_of(steps(ask))).start().tell(DigitsPressed(""), after_s=limits.RUN_SECONDS + 1)
    assert walk.status == "stranded"


def test_a_flow_that_keeps_too_much_is_stopped() -> None:
    ask = {"id": "ask", "type": "gather", "settings": {"prompt": {"text": {"en": "?"}}}}
    walk = Walk(plan_of(steps(ask))).start({"note": "x" * limits.STATE_BYTES})
    assert walk.status == "stranded"
    assert len(json.dumps(walk.state)) < limits.STATE_BYTES


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"steps": [{"id": f"s{n}", "type": "end"} for n in range(limits.STEPS + 1)]}, "at most 500"),
        ({"format": 1, "steps": [say("a", text="x" * limits.DEFINITION_BYTES)]}, "bytes"),
        ({"format": 2, "steps": []}, "Format 2"),
        ({"format": 0, "steps": []}, "too old"),
        ({"steps": []}, "trigger"),
        (steps({"id": "a", "type": "dance"}), "no step type “dance”"),
        (steps(say("a", "nowhere")), "no step “nowhere”"),
        (steps(say("a"), say("a")), "step “a” already"),
        (steps({**say("a"), "exits": {"wrong": "a"}}), "no exit “wrong”"),
        (steps(say("a", text="{{ unclosed")), ""),
        (steps(say("a", text="")), "Nothing to say"),
        (steps({"id": "q", "type": "queue", "settings": {"queue": "gone"}}), "no queue “gone”"),
        (steps(say("a", text="x" * (limits.TEXT_CHARS + 1))), "characters"),
        (steps(say("a", text="{{ crm.level }}")), "sets “crm.level”"),
        (steps({"id": "f", "type": "fetch", "settings": {"source": "x", "save_as": "customer"}}), "meaning already"),
        (steps({"id": "s", "type": "split", "settings": {"shares": [{"name": "a", "percent": 60}, {"name": "b", "percent": 50}]}}), "more than 100"),
        (steps({"id": "b", "type": "branch", "settings": {"rules": [{"name": "a"}]}}), "either conditions or an expression"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(data: dict[str, Any], says: str) -> None:
    faults = validate(data, Catalog())
    assert any(says in fault.message for fault in faults), faults
    assert all(fault.where for fault in faults if fault.step)


def test_sub_flows_deeper_than_the_limit_or_in_a_circle_are_refused() -> None:
    def calls(key: str) -> dict[str, Any]:
        return steps({"id": "sub", "type": "subflow", "settings": {"flow": key}, "exits": {"done": "end"}},
                     {"id": "end", "type": "end"})  # fmt: skip

    deep = {f"f{n}": read_definition(calls(f"f{n + 1}")) for n in range(limits.SUBFLOW_DEPTH + 2)}
    with pytest.raises(DefinitionInvalid, match="deeper"):
        compile_plan(read_definition(calls("f0")), key="main", subflows=deep)
    circle = {"a": read_definition(calls("b")), "b": read_definition(calls("a"))}
    with pytest.raises(DefinitionInvalid):
        compile_plan(read_definition(calls("a")), key="main", subflows=circle)


def test_an_older_format_is_upgraded_step_by_step() -> None:
    definition = read_definition(
        {"format": 0, "nodes": [{"id": "call", "type": "call"}]},
        upgrades={0: lambda old: {"format": 1, "steps": old["nodes"]}},
    )
    assert definition.steps[0].id == "call"


def fetch(step_id: str, to: str = "", **settings_: Any) -> dict[str, Any]:
    exits = dict.fromkeys(["found", "not_found", "failed"], to) if to else {}
    return {
        "id": step_id,
        "type": "fetch",
        "settings": {"source": "s", "save_as": step_id, **settings_},
        "exits": exits,
    }


@pytest.mark.parametrize(
    ("nodes", "starts_with_the_call"),
    [
        ([say("a", "f"), fetch("f", "q")], ("f",)),
        # The second is reached by every exit of the first.
        ([fetch("f", "g"), fetch("g", "q")], ("f", "g")),
        # Behind a question nothing starts early, unless the manager ticks it.
        ([{"id": "ask", "type": "gather", "settings": {"prompt": {"text": {"en": "?"}}},
           "exits": {"entered": "f", "timed_out": "f"}}, fetch("f", "q")], ()),
        ([{"id": "ask", "type": "gather", "settings": {"prompt": {"text": {"en": "?"}}},
           "exits": {"entered": "f", "timed_out": "f"}}, fetch("f", "q", early=True)], ("f",)),
        # Only one way leads there.
        ([{"id": "h", "type": "hours", "settings": {"hours": "support"}, "exits": {"open": "f", "closed": "q"}},
          fetch("f", "q")], ()),
        # What it asks with is not known yet.
        ([fetch("f", "g"), fetch("g", "q", inputs={"id": "{{ f.id }}"}, early=True)], ("f",)),
        # A way round in a circle never gets there.
        ([{"id": "h", "type": "hours", "settings": {"hours": "support"}, "exits": {"open": "f", "closed": "h"}},
          fetch("f", "q")], ()),
    ],
)  # fmt: skip
def test_fetches_start_with_the_call_where_every_way_reaches_them(
    nodes: list[dict[str, Any]], starts_with_the_call: tuple[str, ...]
) -> None:
    plan = plan_of(steps(*nodes, {"id": "q", "type": "queue", "settings": {"queue": "vip"}}))
    assert plan.prefetch["call"] == starts_with_the_call


def test_an_answer_that_comes_before_its_step_is_kept() -> None:
    plan = plan_of(
        steps(
            {
                "id": "ask",
                "type": "gather",
                "settings": {"prompt": {"text": {"en": "?"}}},
                "exits": {"entered": "f", "timed_out": "f"},
            },
            fetch("f", "q", early=True),
            {"id": "q", "type": "queue", "settings": {"queue": "vip"}},
        )
    )
    walk = Walk(plan).start().answer("f", level="gold").tell(DigitsPressed("1"))
    assert walk.path == ["call:started", "ask", "ask:entered", "f:found", "q"]


def test_an_event_after_the_end_changes_nothing() -> None:
    walk = Walk(plan_of(steps({"id": "bye", "type": "end"}))).start()
    state = copy.deepcopy(walk.state)
    assert walk.tell(DigitsPressed("1")).state == state
    assert walk.status == "ended"


def _known_at_the_start() -> tuple[Plan, ContactStarted]:
    plan = plan_of(steps(fetch("f", "q"), {"id": "q", "type": "queue", "settings": {"queue": "vip"}}))
    return plan, ContactStarted("call", {"from": "+4915100000001"})


def test_an_answer_that_is_known_at_the_start_is_not_stopped_for() -> None:
    plan, event = _known_at_the_start()
    (first,) = first_fetches(plan, event, NOW)
    answer = FetchAnswered(first.question, "found", {"level": "gold"}, "cached")
    at_once = advance(plan, None, event, NOW, WORLD, [answer])
    stopped = advance(plan, None, event, NOW, WORLD)
    afterwards = advance(plan, stopped.state, answer, NOW, WORLD)
    # The same in everything but the entry of the trace for the stop.
    assert at_once.state == afterwards.state
    assert at_once.effects == stopped.effects + afterwards.effects
    assert [entry for entry in stopped.trace if entry.get("waits_for") != "fetch"] + list(afterwards.trace) == list(
        at_once.trace
    )


def test_the_first_fetches_are_those_that_are_ordered_then() -> None:
    plan, event = _known_at_the_start()
    ordered = advance(plan, None, event, NOW, WORLD).effects
    assert first_fetches(plan, event, NOW) == tuple(effect for effect in ordered if isinstance(effect, Fetch))


def test_whether_an_answer_is_known_at_the_start_or_a_moment_later_strands_no_flow() -> None:
    # A line of prompts on either side of the fetch, each shorter than the bound of a turn, both together longer.
    before = [say(f"a{number}", f"a{number + 1}") for number in range(60)]
    after = [say(f"b{number}", f"b{number + 1}") for number in range(60)]
    plan = plan_of(steps(*before, fetch("a60", "b0"), *after, {"id": "b60", "type": "end"}))
    event = ContactStarted("call", {"from": "+4915100000001"})
    (first,) = first_fetches(plan, event, NOW)
    done = advance(plan, None, event, NOW, WORLD, [FetchAnswered(first.question, "found", {"level": "gold"})])
    assert done.status == "ended"
    assert Walk(plan).start().answer("a60", level="gold").status == "ended"


def test_an_answer_to_a_question_that_was_never_asked_changes_nothing() -> None:
    plan, event = _known_at_the_start()
    answer = FetchAnswered("g#1", "found", {"level": "gold"})
    assert advance(plan, None, event, NOW, WORLD, [answer]) == advance(plan, None, event, NOW, WORLD)


def test_digits_in_full_width_are_digits() -> None:
    choices = [{"name": "sales", "label": "Sales"}, {"name": "help", "label": "Help"}]
    question = {"text": {"en": "Which?"}}
    end = {"id": "end", "type": "end"}
    for kind, chosen in (
        ("ask_choice", {"question": question, "choices": choices}),
        ("gather", {"prompt": question, "choices": [{"name": "sales", "key": "1"}, {"name": "help", "key": "2"}]}),
    ):
        exits = dict.fromkeys(("sales", "help", "timed_out"), "end")
        ask = {"id": "ask", "type": kind, "settings": chosen, "exits": exits}
        flow = {"steps": [{"id": "text", "type": "message", "exits": {"started": "ask"}}, ask, end]}
        walk = Walk(plan_of(flow)).start(trigger="message", channel="whatsapp").tell(MessageReceived("\uff12"))
        assert "ask:help" in walk.path


@pytest.mark.parametrize("typed", ["New orders", "new  ORDERS!", "“new orders”", "Help", "help"])
def test_whoever_writes_may_write_what_a_choice_of_the_menu_is_called(typed: str) -> None:
    choices = [{"name": "new_orders", "key": "1", "label": "New orders"}, {"name": "help", "key": "2"}]
    settings = {"prompt": {"text": {"en": "For new orders write 1, for help 2."}}, "choices": choices}
    exits = dict.fromkeys(("new_orders", "help", "timed_out"), "end")
    ask = {"id": "ask", "type": "gather", "settings": settings, "exits": exits}
    steps = [{"id": "text", "type": "message", "exits": {"started": "ask"}}, ask, {"id": "end", "type": "end"}]
    walk = Walk(plan_of({"steps": steps})).start(trigger="message", channel="sms").tell(MessageReceived(typed))
    assert f"ask:{'help' if 'elp' in typed else 'new_orders'}" in walk.path
