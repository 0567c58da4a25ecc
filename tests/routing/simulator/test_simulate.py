"""What the simulator promises: the engine's way, on a clock that nobody waits for."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from routing.engine.effects import Dial, Say
from routing.runner.surroundings import Surroundings
from routing.simulator.scenario import Reply, Scenario, ScenarioInvalid, read_scenario
from routing.simulator.simulate import Held, Simulation, Wanted, simulate
from tests.routing.engine.runs import NOW, WORLD, plan_of, steps

AROUND = Surroundings(1, WORLD, MappingProxyType({"vip": 1, "standard": 2}))

FLOW = steps(
    {
        "id": "greet",
        "type": "say",
        "settings": {"prompt": {"text": {"en": "Welcome, {{ customer.name }}."}}},
        "exits": {"done": "loyalty"},
    },
    {
        "id": "loyalty",
        "type": "fetch",
        "settings": {"source": "loyalty", "save_as": "loyalty", "patience_s": 8},
        "exits": {"found": "worth", "not_found": "standard", "failed": "standard"},
    },
    {
        "id": "worth",
        "type": "branch",
        "settings": {
            "rules": [
                {
                    "name": "gold",
                    "label": "Gold",
                    "when": {
                        "conditions": [{"variable": "loyalty.status", "operator": "equals", "value": "gold"}],
                    },
                }
            ]
        },
        "exits": {"gold": "vip", "otherwise": "standard"},
    },
    {"id": "vip", "type": "queue", "settings": {"queue": "vip"}, "exits": {"unanswered": "sorry"}},
    {"id": "standard", "type": "queue", "settings": {"queue": "standard"}, "exits": {"unanswered": "sorry"}},
    {"id": "sorry", "type": "voicemail", "settings": {"prompt": {"text": {"en": "Leave a message."}}}},
)


def scenario(**said: Any) -> Scenario:
    return read_scenario({"at": NOW.isoformat(), **said})


def run(flow: dict[str, Any] = FLOW, oracle: Any = None, customer: Any = None, **said: Any) -> Simulation:
    return simulate(
        plan_of(flow), scenario(**said), around=AROUND, customer=customer, fallback_queue="standard", oracle=oracle
    )


def fetch(**said: Any) -> dict[str, Any]:
    return {"fetches": {"loyalty": said}}


def path(simulation: Simulation) -> list[str]:
    found: list[str] = []
    for entry in simulation.trace:
        if not found or found[-1] != entry["step"]:
            found.append(entry["step"])
    return found


def test_typed_values_decide_the_way_and_the_sentence_says_so() -> None:
    tried = run(**fetch(values={"status": "gold"}))
    assert path(tried) == ["call", "greet", "loyalty", "worth", "vip"]
    assert (tried.status, tried.waits_for, tried.standing.outcome) == ("waiting", "transfer", "transferred")
    assert (tried.queue, tried.dial and tried.dial.to) == ("vip", "sip:vip@pbx.example.com")
    assert tried.standing.why.startswith("Went to VIP because loyalty status was “gold”")


@pytest.mark.parametrize(
    ("said", "queue", "rung"),
    [
        ({"answer": "fails"}, "standard", "none"),
        ({"answer": "not_found"}, "standard", "fresh"),
        ({"answer": "fails", "last_known": {"status": "gold"}}, "vip", "last_known"),
        ({"values": {"status": "gold"}, "after_s": 7.9}, "vip", "fresh"),
        ({"values": {"status": "gold"}, "after_s": 9}, "standard", "none"),
        ({"values": {"status": "gold"}, "after_s": 9, "last_known": {"status": "gold"}}, "vip", "last_known"),
    ],
)
def test_every_rung_of_a_fetch_can_be_tried(said: Any, queue: str, rung: str) -> None:
    tried = run(**fetch(**said))
    assert tried.queue == queue
    seen = next(seen for entry in tried.trace for seen in entry.get("saw", ()) if seen["what"] == "fetch")
    assert seen["rung"] == rung


def test_a_failed_fetch_falls_back_on_what_the_crm_synced() -> None:
    tried = run(customer={"status": "gold", "name": "Anna"}, **fetch(answer="fails"))
    assert tried.queue == "vip"
    assert "CRM's synced values" in tried.standing.why
    assert [moment.text for moment in tried.turns[0].moments if isinstance(moment, Say)] == ["Welcome, Anna."]


def test_a_slow_answer_moves_the_clock_and_nothing_sleeps() -> None:
    tried = run(**fetch(values={"status": "gold"}, after_s=6))
    assert tried.clock == NOW + timedelta(seconds=6)
    assert [moment.seconds for moment in tried.turns[0].moments if isinstance(moment, Held)] == [6]


def test_each_dial_attempt_has_a_result_of_its_own() -> None:
    tried = run(
        **fetch(values={"status": "gold"}),
        inputs=[
            {"do": "transfer", "result": "busy", "sip_code": 486},
            {"do": "transfer", "result": "no_answer"},
            {"do": "transfer", "result": "failed", "sip_code": 503},
            {"do": "recording", "seconds": 9},
        ],
    )
    dialled = [moment.to for turn in tried.turns for moment in turn.moments if isinstance(moment, Dial)]
    assert dialled == ["sip:vip@pbx.example.com", "sip:vip2@pbx.example.com", "sip:standard@pbx.example.com"]
    assert tried.standing.outcome == "voicemail"
    assert tried.status == "ended"
    # Three seconds of engaged tone, fifteen of ringing, three until it failed, nine of speaking.
    assert (tried.clock - NOW).total_seconds() == pytest.approx(0.2 + 3 + 15 + 3 + 9)


def test_an_input_that_no_longer_fits_is_left_out_with_all_behind_it() -> None:
    tried = run(**fetch(answer="fails"), inputs=[{"do": "keys", "keys": "1"}, {"do": "hang_up"}])
    assert tried.used == 0
    assert tried.waits_for == "transfer"


def test_whoever_hangs_up_is_over_and_nothing_comes_after() -> None:
    tried = run(**fetch(answer="fails"), inputs=[{"do": "hang_up"}, {"do": "hang_up"}])
    assert (tried.status, tried.standing.outcome, tried.used) == ("ended", "abandoned", 1)


def test_a_flow_that_cannot_go_on_ends_in_the_fallback_queue_as_live() -> None:
    tried = run(steps({"id": "none", "type": "queue", "settings": {"queue": "empty"}}))
    assert tried.stranded.startswith("The queue “empty” has no SIP address")
    assert (tried.queue, tried.standing.fell_back) == ("standard", True)
    assert "because the flow could not go on" in tried.standing.why


def test_a_flow_that_breaks_down_ends_in_the_fallback_queue_as_live(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("routing.engine.steps.branch.Branch.enter", broken)
    tried = run(**fetch(values={"status": "gold"}))
    assert (tried.stranded, tried.queue) == ("an error in the flow", "standard")


def test_a_flow_that_was_drawn_for_calls_takes_messages_too() -> None:
    tried = run(trigger="message", channel="whatsapp")
    assert tried.stranded == ""


def split(percent: float) -> dict[str, Any]:
    return steps(
        {
            "id": "half",
            "type": "split",
            "settings": {"shares": [{"name": "new", "percent": percent}]},
            "exits": {"new": "vip", "otherwise": "standard"},
        },
        {"id": "vip", "type": "queue", "settings": {"queue": "vip"}},
        {"id": "standard", "type": "queue", "settings": {"queue": "standard"}},
    )


@pytest.mark.parametrize("percent", [1, 50, 99])
@pytest.mark.parametrize(("wish", "queue"), [("new", "vip"), ("otherwise", "standard")])
def test_a_split_goes_the_way_that_is_wished(percent: float, wish: str, queue: str) -> None:
    tried = run(split(percent), splits={"half": wish})
    assert (tried.queue, tried.unsteered) == (queue, ())


def test_a_split_that_hardly_anybody_takes_says_so() -> None:
    assert run(split(0.000001), splits={"half": "new"}).unsteered == ("half",)
    assert run(split(10), splits={"half": "gone", "nowhere": "new"}).unsteered == ("half", "nowhere")


def test_a_step_of_a_sub_flow_is_answered_by_its_path_and_by_its_source() -> None:
    outer = steps(
        {"id": "who", "type": "subflow", "settings": {"flow": "inner"}, "exits": {"done": "vip"}},
        {"id": "vip", "type": "queue", "settings": {"queue": "vip"}},
    )
    inner = steps(
        {"id": "loyalty", "type": "fetch", "settings": {"source": "loyalty", "save_as": "loyalty"},
         "exits": {"found": "end", "failed": "end"}},
        {"id": "end", "type": "end"},
    )  # fmt: skip
    plan = plan_of(outer, {"inner": inner})
    for name in ("who/loyalty", "source:loyalty"):
        tried = simulate(plan, scenario(fetches={name: {"values": {"a": 1}}}), around=AROUND)
        assert path(tried) == ["call", "who", "who/call", "who/loyalty", "who/end", "who", "vip"]
        assert tried.silent == ()
    assert simulate(plan, scenario(), around=AROUND).silent == ("loyalty",)


def test_what_was_really_asked_is_kept_and_not_asked_again() -> None:
    asked: list[Wanted] = []

    def oracle(wanted: Wanted) -> Reply:
        asked.append(wanted)
        return Reply(source=wanted.source, inputs=wanted.inputs, status="found", values={"status": "gold"}, ms=40)

    first = run(oracle=oracle, **fetch(answer="real"))
    assert [one.how for one in asked] == ["real"]
    again = run(oracle=oracle, replies=[one.model_dump(mode="json") for one in first.replies], **fetch(answer="real"))
    assert len(asked) == 1
    assert again.queue == "vip"
    # A case has no oracle: the reply stands, even where the question has changed a little.
    kept = [{**one.model_dump(mode="json"), "inputs": {"phone": "other"}} for one in first.replies]
    assert run(replies=kept, **fetch(answer="real")).queue == "vip"
    assert run(**fetch(answer="real")).queue == "standard"


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"at": "2026-03-02T10:00:00"}, ("at",)),
        ({"at": "1066-10-14T09:00:00Z"}, ("at",)),
        ({"time_zone": "Europe/Atlantis"}, ("time_zone",)),
        ({"inputs": [{"do": "keys", "keys": "x"}]}, ("inputs", 0, "keys")),
        ({"inputs": [{"do": "dance"}]}, ("inputs", 0)),
        ({"inputs": [{"do": "hang_up"}] * 201}, ("inputs",)),
        ({"fetches": {"a": {"after_s": -1}}}, ("fetches", "a", "after_s")),
        ({"fetches": {"a": {"answer": "perhaps"}}}, ("fetches", "a", "answer")),
        ({"caller": {"number": ""}}, ("caller", "number")),
        ({"nonsense": 1}, ("nonsense",)),
        ({"details": {"a": "x" * 201_000}}, ()),
    ],
)
def test_a_wrong_scenario_is_refused_with_the_place_of_each_fault(said: Any, where: Any) -> None:
    with pytest.raises(ScenarioInvalid) as refused:
        scenario(**said)
    assert where in [fault.where for fault in refused.value.faults]
    assert all(fault.message for fault in refused.value.faults)


def test_a_scenario_comes_back_from_json_as_it_went_in() -> None:
    first = scenario(
        caller={"number": "+49", "kind": "made_up", "values": {"tier": "gold", "orders": 3}},
        inputs=[{"do": "keys", "keys": "1"}, {"do": "transfer", "result": "busy", "sip_code": 486}],
        fetches={"loyalty": {"values": {"status": "gold", "list": [1, 2.5, None, True]}}},
    )
    assert read_scenario(first.as_json()) == first
