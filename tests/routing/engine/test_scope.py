"""What the variable picker offers: certain only what every way to the step sets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.checks.samples import sample_of
from routing.engine.checks.scope import Field, Outside, Variable, sample_scope, variables_at
from routing.engine.definition import read_definition
from routing.engine.events import DigitsPressed, InputTimedOut, MessageRecorded, TransferEnded, WordsSpoken
from routing.engine.templates import render
from routing.engine.values import MISSING, look_up
from tests.routing.engine.runs import Walk, plan_of, steps

OUTSIDE = Outside(
    contact=(Field("from", "text", "+4915100000001"),),
    customer=(Field("tier", "text", "gold", ("gold", "silver")), Field("orders", "number")),
    synced=(Field("plan"),),
    sources={
        "loyalty": (Field("loyalty_status"), Field("orders", "number")),
        "billing": (Field("balance", "number"),),
    },
)
FETCH = {"source": "loyalty", "save_as": "loyalty"}


def say(step_id: str, **exits: str) -> dict[str, Any]:
    return {"id": step_id, "type": "say", "settings": {"prompt": {"text": {"en": "Hello"}}}, "exits": exits}


def at(data: object, step: str, outside: Outside = OUTSIDE) -> dict[str, Variable]:
    return {variable.path: variable for variable in variables_at(data, step, outside)}


def certain(data: object, step: str, outside: Outside = OUTSIDE) -> set[str]:
    return {path for path, variable in at(data, step, outside).items() if not variable.maybe}


def test_a_fetched_field_is_certain_behind_found_and_unknown_behind_failed() -> None:
    flow = steps(
        {"id": "ask", "type": "fetch", "settings": FETCH, "exits": {"found": "yes", "failed": "no"}},
        say("yes", done="both"),
        say("no", done="both"),
        say("both"),
    )
    assert "loyalty.loyalty_status" not in at(flow, "ask")
    assert "loyalty.loyalty_status" in certain(flow, "yes")
    assert at(flow, "yes")["loyalty.orders"].type == "number"
    assert at(flow, "yes")["loyalty.orders"].from_step == "ask"
    # `not_found` has no way of its own here and goes with `failed`.
    assert at(flow, "no")["loyalty.loyalty_status"].maybe
    assert at(flow, "both")["loyalty.loyalty_status"].maybe


def test_a_second_fetch_of_the_same_name_takes_the_place_of_the_first() -> None:
    flow = steps(
        {"id": "one", "type": "fetch", "settings": FETCH, "exits": {"found": "two"}},
        {
            "id": "two",
            "type": "fetch",
            "settings": {"source": "billing", "save_as": "loyalty"},
            "exits": {"found": "end", "failed": "end"},
        },
        say("end"),
    )
    assert "loyalty.orders" in certain(flow, "two")
    assert "loyalty.orders" not in certain(flow, "end")


def test_what_the_trigger_and_the_house_know_is_certain_everywhere() -> None:
    flow = steps(say("hello"))
    assert {"contact.from", "customer.tier", "customer.plan", "now"} <= certain(flow, "hello")
    assert at(flow, "hello")["customer.tier"].suggestions == ("gold", "silver")
    assert at(flow, "hello")["customer.plan"].sample == "premium"


def test_a_step_that_nothing_leads_to_is_offered_everything_as_possible() -> None:
    flow = steps({"id": "set", "type": "set_variables", "settings": {"values": [{"name": "mood", "value": "good"}]}})
    flow["steps"].append(say("alone"))
    assert at(flow, "alone")["vars.mood"].maybe
    assert "vars.mood" not in at(flow, "set")


def test_a_choice_is_certain_and_its_digits_are_not() -> None:
    flow = steps(
        {
            "id": "menu",
            "type": "gather",
            "settings": {
                "prompt": {"text": {"en": "Press 1"}},
                "choices": [{"name": "sales", "key": "1"}],
            },
            "exits": {"sales": "sold", "timed_out": "late"},
        },
        say("sold"),
        say("late"),
    )
    found = at(flow, "sold")
    assert not found["steps.menu.choice"].maybe
    assert found["steps.menu.choice"].suggestions == ("sales",)
    assert found["steps.menu.digits"].maybe
    assert "steps.menu.choice" not in certain(flow, "late")


def test_a_sub_flow_gives_by_each_exit_what_its_ends_have_in_common() -> None:
    inner = read_definition(
        steps(
            {
                "id": "ask",
                "type": "fetch",
                "settings": {"source": "billing", "save_as": "billing"},
                "exits": {"found": "ok", "failed": "bad"},
            },
            {
                "id": "ok",
                "type": "set_variables",
                "settings": {"values": [{"name": "checked", "value": "yes"}]},
                "exits": {"done": "known"},
            },
            {"id": "known", "type": "end", "settings": {"result": "known"}},
            {"id": "bad", "type": "end", "settings": {"result": "unknown"}},
        )
    )
    flow = steps(
        {
            "id": "sub",
            "type": "subflow",
            "settings": {"flow": "identify", "results": ["known"]},
            "exits": {"known": "rich", "done": "poor"},
        },
        say("rich"),
        say("poor"),
    )
    outside = Outside(sources=OUTSIDE.sources, flows={"identify": inner})
    assert {"vars.checked", "billing.balance"} <= certain(flow, "rich", outside)
    assert at(flow, "rich", outside)["vars.checked"].from_step == "sub"
    assert not {"vars.checked", "billing.balance"} & certain(flow, "poor", outside)


def test_a_flow_that_walks_through_itself_is_taken_as_it_is() -> None:
    flow = steps({"id": "again", "type": "subflow", "settings": {"flow": "main"}, "exits": {"done": "end"}}, say("end"))
    outside = Outside(flows={"main": read_definition(flow)})
    assert "contact.from" in at(flow, "end", outside)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"steps": 3},
        {"steps": [3, None, {"id": 4}, {"id": "a", "type": [], "exits": 5}, {"id": "b", "exits": {"x": ["a"]}}]},
        {"steps": [{"id": "a", "type": "fetch", "settings": [], "exits": {"found": "a"}}]},
    ],
)
def test_whatever_is_no_flow_still_knows_the_house(data: object) -> None:
    assert "customer.tier" in at(data, "a")


def test_five_hundred_steps_are_quick_to_look_through() -> None:
    nodes = [
        {
            "id": f"s{number}",
            "type": "set_variables",
            "settings": {"values": [{"name": f"v{number}_{one}", "value": "x"} for one in range(20)]},
            "exits": {"done": f"s{number + 1}"},
        }
        for number in range(480)
    ]
    nodes[-1]["exits"] = {"done": "s0"}
    assert len(certain(steps(*nodes), "s479")) > 9_000


def test_the_samples_fill_a_text() -> None:
    flow = steps({"id": "ask", "type": "fetch", "settings": FETCH, "exits": {"found": "yes"}}, say("yes"))
    scope = sample_scope(variables_at(flow, "yes", OUTSIDE))
    assert render("{{ loyalty.loyalty_status }} with {{ customer.orders }}", scope) == "gold with 12"


@pytest.mark.parametrize("kind", ["text", "number", "boolean", "date", "datetime", "list"])
def test_a_made_up_value_is_of_its_kind_and_always_the_same(kind: str) -> None:
    assert sample_of("loyalty_status", kind) == sample_of("loyalty_status", kind)
    assert sample_of("loyalty_status", kind) is not None


# --- no way to a step may lack what is called certain there -------------------------------------------------

IDS = [f"s{number}" for number in range(7)]
KEYS = ["red", "blue"]


@st.composite
def flows(draw: st.DrawFn) -> dict[str, Any]:
    """Up to seven steps of kinds that set something, each exit leading anywhere."""
    ids = IDS[: draw(st.integers(2, len(IDS)))]
    nodes = []
    for step_id in ids:
        kind = draw(st.sampled_from(["say", "set_variables", "fetch", "gather", "voicemail", "branch", "queue"]))
        name = draw(st.sampled_from(KEYS))
        prompt = {"text": {"en": "Hello"}}
        own: dict[str, Any]
        match kind:
            case "say":
                own, exits = {"prompt": prompt}, ["done"]
            case "set_variables":
                own, exits = {"values": [{"name": name, "value": "x"}]}, ["done"]
            case "fetch":
                source = draw(st.sampled_from(["loyalty", "billing"]))
                own, exits = {"source": source, "save_as": name, "use_synced": False}, ["found", "not_found", "failed"]
            case "gather":
                own = {"prompt": prompt, "retries": 0, "speech": True}
                if draw(st.booleans()):
                    own["choices"] = [{"name": "one", "key": "1"}]
                exits = ["one" if "choices" in own else "entered", "invalid", "timed_out"]
            case "voicemail":
                own, exits = {"prompt": prompt}, ["recorded", "nothing_said"]
            case "branch":
                when = {"conditions": [{"variable": "vars.red", "operator": "is_blank"}]}
                own, exits = {"rules": [{"name": "blank", "when": when}]}, ["blank", "otherwise"]
            case _:
                own, exits = {"queue": "vip"}, ["answered", "unanswered"]
        targets = {exit_: target for exit_ in exits if (target := draw(st.sampled_from([*ids, ""])))}
        nodes.append({"id": step_id, "type": kind, "settings": own, "exits": targets})
    return steps(*nodes)


@settings(max_examples=150, deadline=None)
@given(flow=flows(), data=st.data())
def test_what_is_called_certain_is_set_on_every_way_that_the_engine_takes(flow: dict[str, Any], data: Any) -> None:
    known = {node["id"]: at(flow, node["id"]) for node in flow["steps"]}
    walk = Walk(plan_of(flow)).start(customer={"tier": "gold", "orders": 3, "plan": "basic"})
    for _ in range(12):
        assert walk.state is not None
        at_step = walk.state["frames"][-1]["at"]
        scope = walk.state["scope"]
        if walk.status != "waiting":
            break
        for path, variable in known[at_step].items():
            if not variable.maybe and path.partition(".")[0] not in {"steps", "now", "contact"}:
                assert look_up(scope, path) is not MISSING, (path, at_step, walk.path)
            if not variable.maybe and path.startswith("steps."):
                assert look_up(scope, path) is not MISSING, (path, at_step, walk.path)
        # And nothing that is there is unknown to the picker.
        for space in ("vars", *KEYS):
            for name in scope.get(space) or {}:
                assert f"{space}.{name}" in known[at_step], (space, name, at_step, walk.path)
        match walk.state.get("waits_for"):
            case "fetch":
                status = data.draw(st.sampled_from(["found", "not_found", "failed"]))
                source = walk.state["fetches"][at_step]["source"]
                fields = {one.name: sample_of(one.name, one.type) for one in OUTSIDE.sources[source]}
                walk.answer(at_step, status, **(fields if status == "found" else {}))
            case "input":
                walk.tell(data.draw(st.sampled_from([DigitsPressed("1"), WordsSpoken("one", 1.0), InputTimedOut()])))
            case "transfer":
                walk.tell(TransferEnded(data.draw(st.sampled_from(["completed", "busy"]))))
            case _:
                walk.tell(data.draw(st.sampled_from([MessageRecorded("https://x.example/1", 3), InputTimedOut()])))
