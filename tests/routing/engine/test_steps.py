"""Each step type by its own sample: a type without one fails here."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from routing.engine import steps as package
from routing.engine.effects import ComeBack, Dial, Effect, Fetch, Gather, Hangup, Play, Record, Say, dump, load
from routing.engine.events import DigitsPressed, InputTimedOut, TransferEnded, WordsSpoken
from routing.engine.schema import json_schema
from routing.engine.steps import BY_TYPE, STEP_TYPES
from routing.engine.steps.step import Step
from tests.routing.engine.runs import NOW, Walk, plan_of, steps


@pytest.mark.parametrize("step_type", STEP_TYPES, ids=lambda step: step.type)
def test_every_type_describes_itself(step_type: type[Step]) -> None:
    step = step_type.model_validate(step_type.sample)
    assert not list(step.faults())
    assert step_type.__doc__
    assert step.gist()
    assert len({exit_.name for exit_ in step.exits()}) == len(step.exits())
    assert step_type.model_json_schema()["type"] == "object"
    assert step_type.model_validate(json.loads(json.dumps(step.model_dump(mode="json")))) == step


def test_every_file_of_steps_is_in_the_tuple() -> None:
    files = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - {"__init__", "step"}
    assert {step.__module__.rsplit(".", 1)[1] for step in STEP_TYPES} == files
    assert len(BY_TYPE) == len(STEP_TYPES)


def test_the_published_schema_knows_every_type() -> None:
    schema = json_schema()
    assert schema["$defs"]["Node"]["properties"]["type"]["enum"] == [step.type for step in STEP_TYPES]
    assert all(f"{step.type}_settings" in schema["$defs"] for step in STEP_TYPES)


@pytest.mark.parametrize(
    "effect",
    [
        Say("Hi", "de"),
        Play("https://a.example/x.mp3"),
        Gather((Say("1?"), Play("https://a.example/x.mp3")), hints=("one", "two")),
        Fetch("q#1", "loyalty", {"phone": "+49"}, 8.0),
        ComeBack(2),
        Dial("sip:a@b.example", headers={"X-Tier": "gold"}, queue="vip"),
        Record(30),
        Hangup("busy"),
    ],
)
def test_an_effect_survives_json(effect: Effect) -> None:
    assert load(json.loads(json.dumps(dump(effect)))) == effect


def gather(**settings: Any) -> dict[str, Any]:
    settings = {"prompt": {"text": {"en": "?"}}, **settings}
    exits = dict.fromkeys(["sales", "entered", "invalid", "timed_out"], "bye")
    names = {"invalid", "timed_out", *(choice["name"] for choice in settings.get("choices", ()))}
    if not settings.get("choices"):
        names.add("entered")
    node = {"id": "ask", "type": "gather", "settings": settings}
    return steps({**node, "exits": {name: exits[name] for name in names}}, {"id": "bye", "type": "end"})


@pytest.mark.parametrize(
    ("settings", "event", "leaves_by"),
    [
        ({"choices": [{"name": "sales", "key": "1"}]}, DigitsPressed("1"), "sales"),
        ({"choices": [{"name": "sales", "key": "1"}]}, DigitsPressed("2"), "invalid"),
        # A caller who types the name of an exit is still only a wrong entry.
        ({"choices": [{"name": "sales", "key": "1"}]}, DigitsPressed("sales"), "invalid"),
        ({"choices": [{"name": "sales", "key": "1"}]}, InputTimedOut(), "timed_out"),
        ({"choices": [{"name": "sales", "words": ["sales"]}], "speech": True}, WordsSpoken("Sales, please!"), "sales"),
        ({"choices": [{"name": "sales", "words": ["no"]}], "speech": True}, WordsSpoken("now"), "invalid"),
        ({"choices": [{"name": "sales", "words": ["no"]}], "speech": True}, WordsSpoken("  "), "timed_out"),
        ({}, DigitsPressed("4711"), "entered"),
        ({"digits": 4}, DigitsPressed("47"), "invalid"),
        ({"speech": True}, WordsSpoken("anything"), "entered"),
    ],
)
def test_an_answer_leaves_by_its_exit(settings: dict[str, Any], event: Any, leaves_by: str) -> None:
    walk = Walk(plan_of(gather(retries=0, **settings))).start().tell(event)
    assert f"ask:{leaves_by}" in walk.path


def test_a_question_is_repeated_as_often_as_the_manager_says() -> None:
    walk = Walk(plan_of(gather(retries=2, again={"text": {"en": "Sorry?"}}))).start()
    for _ in range(3):
        walk.tell(InputTimedOut())
    assert walk.heard.count("gather") == 3
    assert walk.heard.count("say en: Sorry?") == 2
    assert "ask:timed_out" in walk.path


def test_the_split_comes_near_its_shares_and_never_changes_its_mind() -> None:
    plan = plan_of(
        steps(
            {
                "id": "split",
                "type": "split",
                "settings": {"shares": [{"name": "a", "percent": 20}]},
                "exits": {"a": "bye", "otherwise": "bye"},
            },
            {"id": "bye", "type": "end"},
        )
    )
    first = ["split:a" in Walk(plan).start(reference=str(number)).path for number in range(2000)]
    again = ["split:a" in Walk(plan).start(reference=str(number)).path for number in range(2000)]
    assert first == again
    assert 0.17 < sum(first) / len(first) < 0.23


@pytest.mark.parametrize(("hours_later", "leaves_by"), [(0, "open"), (9, "closed"), (24, "open"), (24 * 5, "closed")])
def test_opening_hours_decide_by_the_clock_of_the_team(hours_later: int, leaves_by: str) -> None:
    plan = plan_of(
        steps(
            {
                "id": "hours",
                "type": "hours",
                "settings": {"hours": "support"},
                "exits": {"open": "bye", "closed": "bye"},
            },
            {"id": "bye", "type": "end"},
        )
    )
    walk = Walk(plan, now=NOW + timedelta(hours=hours_later)).start()
    assert f"hours:{leaves_by}" in walk.path


def test_variables_set_the_language_of_what_follows_and_numbers_stay_numbers() -> None:
    plan = plan_of(
        steps(
            {
                "id": "set",
                "type": "set_variables",
                "settings": {
                    "values": [
                        {"name": "language", "value": "de"},
                        {"name": "twice", "value": "{{ customer.orders | times: 2 }}", "kind": "number"},
                        {"name": "no_number", "value": "many", "kind": "number"},
                    ]
                },
                "exits": {"done": "say"},
            },
            {"id": "say", "type": "say", "settings": {"prompt": {"text": {"en": "Hello", "de": "Hallo"}}}},
        )
    )
    walk = Walk(plan).start({"orders": 21})
    assert "say de: Hallo" in walk.heard or walk.status == "stranded"
    assert walk.state
    assert walk.state["scope"]["vars"] == {"language": "de", "twice": 42, "no_number": None}


@pytest.mark.parametrize(
    ("to", "customer", "dialled"),
    [
        ("+4930901820", {}, ["+4930901820"]),
        ("{{ customer.manager }}", {"manager": "sip:anna@pbx.example.com"}, ["sip:anna@pbx.example.com"]),
        ("{{ customer.manager }}", {}, []),
        ("{{ customer.manager }}", {"manager": "anna"}, []),
    ],
)
def test_a_transfer_dials_only_what_can_be_dialled(to: str, customer: dict[str, Any], dialled: list[str]) -> None:
    node = {"id": "to", "type": "transfer", "settings": {"to": to}, "exits": {"unanswered": "bye"}}
    walk = Walk(plan_of(steps(node, {"id": "bye", "type": "end"}))).start(customer)
    assert walk.dialled == dialled
    if dialled:
        walk.tell(TransferEnded("no_answer"))
    assert walk.heard[-1] == "hang up"


def test_a_call_that_is_refused_is_refused_before_anything_is_said() -> None:
    walk = Walk(plan_of(steps({"id": "bye", "type": "end", "settings": {"reject": "busy"}}))).start()
    assert walk.heard == ["reject busy"]


def test_the_agent_is_told_tier_customer_contact_and_reason() -> None:
    walk = Walk(plan_of(steps({"id": "q", "type": "queue", "settings": {"queue": "vip"}})))
    walk.start({"tier": "gold", "external_id": "C-17"})
    [dial] = [effect for effect in walk.effects if isinstance(effect, Dial)]
    assert dial.headers == {"X-Contact": "REF", "X-Tier": "gold", "X-Customer": "C-17"}


def marked(**exits: str) -> Walk:
    node = {"id": "pay", "type": "placeholder", "title": "Pay", "settings": {"was": "Take a payment"}, "exits": exits}
    return Walk(plan_of(steps(node, {"id": "bye", "type": "end"}))).start()


def test_a_placeholder_is_passed_by_and_the_trace_says_so() -> None:
    walk = marked(done="bye")
    assert walk.status == "ended"
    assert walk.trace[1]["did"] == ["Did nothing here: “Take a payment” is only marked."]


def test_a_placeholder_that_leads_nowhere_leaves_the_contact_to_the_fallback_queue() -> None:
    assert marked().status == "stranded"


def test_fewer_digits_and_a_pause_will_do_where_the_number_is_only_the_most() -> None:
    walk = Walk(plan_of(gather(digits=4, exact=False))).start().tell(DigitsPressed("47"))
    assert "ask:entered" in walk.path


@pytest.mark.parametrize(("event", "leaves_by"), [(DigitsPressed("1"), "entered"), (WordsSpoken("one"), "spoken")])
def test_speech_may_have_an_exit_of_its_own(event: Any, leaves_by: str) -> None:
    definition = gather(speech=True, apart=True)
    definition["steps"][1]["exits"]["spoken"] = "bye"
    walk = Walk(plan_of(definition)).start().tell(event)
    assert f"ask:{leaves_by}" in walk.path


def test_a_question_says_how_it_is_asked() -> None:
    settings = {"finish_on_key": "*", "language": "de-DE", "hints": ["Ja", "Nein"], "speech": True, "times": 2}
    [asked] = [effect for effect in Walk(plan_of(gather(**settings))).start().effects if isinstance(effect, Gather)]
    assert (asked.finish_on_key, asked.language, asked.hints) == ("*", "de-DE", ("Ja", "Nein"))
    assert len(asked.prompts) == 2


def test_what_was_entered_before_is_gone_when_the_contact_is_asked_again() -> None:
    definition = gather(speech=True)
    definition["steps"][1]["exits"]["entered"] = "ask"
    walk = Walk(plan_of(definition)).start().tell(DigitsPressed("9")).tell(WordsSpoken("sales"))
    assert walk.state
    assert walk.state["scope"]["steps"]["ask"] == {"digits": "", "speech": "sales", "choice": "entered"}


def test_how_a_transfer_ended_can_be_read() -> None:
    node = {"id": "to", "type": "transfer", "settings": {"to": "+4930901820"}, "exits": {"unanswered": "say"}}
    say = {"id": "say", "type": "say", "settings": {"prompt": {"text": {"en": "{{ steps.to.status }}"}}}}
    say["exits"] = {"done": "bye"}
    walk = Walk(plan_of(steps(node, say, {"id": "bye", "type": "end"}))).start().tell(TransferEnded("busy"))
    assert "say en: busy" in walk.heard
