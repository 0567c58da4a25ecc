"""Whatever Studio exports becomes a flow that can be read, with every state and every way accounted for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.providers.twilio.studio.conditions import KINDS
from channels.providers.twilio.studio.layout import place
from channels.providers.twilio.studio.reader import StudioReader
from routing.engine.checks.catalog import Catalog
from routing.engine.checks.validation import validate
from routing.engine.definition import read_definition
from routing.engine.events import DigitsPressed
from routing.engine.faults import DefinitionInvalid
from routing.engine.plan import read_steps
from routing.files.foreign import Foreign, Wish
from tests.channels.twilio.studio.flows import CATALOG, fixture, flow, row, say, state, step, translated, walk

SECRETS = ("geheim",)
FILES = ("hotline", "orders", "everything")


def test_a_flow_that_says_nothing_of_places_stands_in_rows() -> None:
    data = fixture("hotline")
    for one in data["states"]:
        one["properties"].pop("offset", None)
    layout = translated(data).file.definition["layout"]
    assert len({x for x, _ in layout.values()}) > 3
    assert len({y for _, y in layout.values()}) > 5


def steps_of(foreign: Foreign) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in foreign.file.definition["steps"]}


def check(data: dict[str, Any], foreign: Foreign) -> None:
    """The promises that hold for any flow."""
    definition = read_definition(foreign.file.definition)
    _steps, faults = read_steps(definition)
    assert [fault for fault in faults if fault.code != "settings"] == []
    states = data["states"]
    named = [one.name for one in foreign.rows]
    assert [one["name"] for one in states] == [name for name in named if name in {one["name"] for one in states}]
    steps = steps_of(foreign)
    rows: dict[str, Any] = {}
    for found in foreign.rows:
        rows.setdefault(found.name, found)
    first: dict[str, dict[str, Any]] = {}
    for one in states:
        first.setdefault(one["name"], one)
    assert definition.layout.keys() == steps.keys()
    for name, one in first.items():
        found = rows[name]
        if not found.steps:
            # Whoever comes to it comes to what is behind it.
            assert found.kind == "set-variables"
            assert found.outcome != "placeholder"
            continue
        assert (found.outcome == "placeholder") == (steps[found.steps[0]]["type"] == "placeholder")
        leads = {target for own in found.steps for target in steps[own].get("exits", {}).values()}
        for way in one["transitions"]:
            to = way.get("next")
            if not to:
                continue
            entry = _entry(to, rows, first)
            there = entry is None or entry in leads
            said = any(f"“{to}”" in note and f"“{way['event']}”" in note for note in found.notes)
            assert there or said, (name, way, found)


def _entry(to: str, rows: dict[str, Any], first: dict[str, dict[str, Any]]) -> str | None:
    """The step by which contacts come in, past what does nothing; None: it leads nowhere."""
    seen: set[str] = set()
    while to in first and first[to]["type"] != "trigger" and to not in seen:
        seen.add(to)
        if rows[to].steps:
            return str(rows[to].steps[0])
        to = next((way.get("next", "") for way in first[to]["transitions"] if way["event"] == "next"), "")
        if not to:
            return None
    return None if to in seen else ""


@pytest.mark.parametrize("name", FILES)
def test_a_flow_of_dozens_of_states_is_accounted_for_to_the_last_way(name: str) -> None:
    data = fixture(name)
    check(data, translated(data))


@pytest.mark.parametrize("name", FILES)
def test_no_secret_is_in_the_flow_or_in_what_is_said_of_it(name: str) -> None:
    foreign = translated(fixture(name))
    said = json.dumps([foreign.file.definition, repr(foreign.rows), repr(foreign.sources), foreign.notes])
    assert not any(secret in said for secret in SECRETS)


def test_the_hotline_has_nothing_to_mend_but_the_queue_that_is_not_there() -> None:
    foreign = translated(fixture("hotline"))
    found = Catalog(queues=CATALOG.queues, sources={one.key: one.name for one in foreign.sources})
    errors = [fault for fault in validate(foreign.file.definition, found) if fault.level == "error"]
    assert [(fault.step, fault.code) for fault in errors] == [("zu_allen", "reference")]
    assert foreign.count("placeholder") == 0
    assert (foreign.file.key, foreign.file.name) == ("hotline-sued", "Hotline Süd")


@pytest.mark.parametrize("name", FILES)
def test_no_two_steps_stand_on_each_other(name: str) -> None:
    definition = translated(fixture(name)).file.definition
    exits = {one["id"]: max(2, len(one.get("exits", {}))) for one in definition["steps"]}
    boxes = [(x, y, max(248, 104 * exits[one])) for one, (x, y) in definition["layout"].items()]
    for number, (x, y, width) in enumerate(boxes):
        for other_x, other_y, other_width in boxes[:number]:
            assert x >= other_x + other_width or other_x >= x + width or abs(y - other_y) >= 176


def test_steps_that_stood_apart_keep_their_order() -> None:
    found = place([("below", (0, 400), 1), ("above", (0, 0), 1), ("beside", (900, 0), 1), ("on_above", (10, 5), 3)])
    assert found["above"][1] == found["beside"][1] < found["on_above"][1] < found["below"][1]


NAMES = st.sampled_from(
    ["a", "A", "Menü 1", "menue_1", "Straße-2", "ends_here", "call", "steps", "🎉", "x" * 60, "Trigger 2"]
)
EVENTS = st.sampled_from(
    [
        "incomingCall",
        "incomingMessage",
        "incomingRequest",
        "incomingParent",
        "incomingConversationMessage",
        "audioComplete",
        "keypress",
        "speech",
        "timeout",
        "match",
        "noMatch",
        "success",
        "failed",
        "fail",
        "next",
        "callCompleted",
        "callComplete",
        "failedToEnqueue",
        "callFailure",
        "hangup",
        "sent",
        "recordingComplete",
        "noAudio",
        "completed",
        "return",
        "answered",
        "busy",
        "noAnswer",
        "deliveryFailure",
        "done",
    ]
)
TEXTS = st.sampled_from(
    [
        *("", "1", "yes, no", "Hallo {{trigger.call.From}}", "{{widgets.a.Digits}}", "{{ broken", "{% if x %}", "{{}}"),
        *(
            "{{widgets['Menü 1'].parsed.a.b[0] | upcase}}",
            "{{flow.variables.Größe | plus: 1}}",
            "{{contact.channel.address}}",
        ),
        *(
            "https://u:geheim@api.example.com/{{flow.data.id}}?a={{trigger.message.Body | url_encode}}",
            "+4930123456",
            "60",
        ),
        *('{"a": "{{trigger.call.From}}"}', "sip:a@b.example", "de-DE", "<speak>Hi</speak>", "x" * 5000, "\u2028\x07"),
    ]
)
VALUES = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.integers(-5, 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(TEXTS, max_size=3),
    st.lists(st.fixed_dictionaries({"key": TEXTS, "value": TEXTS}), max_size=4),
    st.dictionaries(st.sampled_from(["key", "x", "Authorization"]), TEXTS, max_size=3),
)
PROPERTIES = st.dictionaries(
    st.sampled_from(
        [
            "say",
            "play",
            "voice",
            "language",
            "loop",
            "number_of_digits",
            "finish_on_key",
            "timeout",
            "hints",
            "gather_language",
            "speech_timeout",
            "input",
            "url",
            "method",
            "body",
            "content_type",
            "parameters",
            "headers",
            "variables",
            "noun",
            "to",
            "sip_endpoint",
            "queue_name",
            "workflow",
            "attributes",
            "flow_sid",
            "max_length",
            "play_beep",
            "transcribe",
            "from",
            "media_url",
            "add_twilio_auth",
            "caller_id",
            "record",
            "digits",
        ]
    ),
    VALUES,
    max_size=12,
)
KINDS_OF_STATES = st.sampled_from(
    [
        "say-play",
        "gather-input-on-call",
        "split-based-on",
        "make-http-request",
        "run-function",
        "set-variables",
        "connect-call-to",
        "record-voicemail",
        "enqueue-call",
        "send-to-flex",
        "run-subflow",
        "send-message",
        "send-and-wait-for-reply",
        "make-outgoing-call-v2",
        "capture-payments",
        "fork-stream",
        "add-twiml-redirect",
        "connect-virtual-agent-v2",
        "send-to-autopilot",
        "tomorrow",
    ]
)
NEXT = st.one_of(NAMES, st.sampled_from(["", "nowhere"]))
CONDITIONS = st.lists(
    st.fixed_dictionaries(
        {
            "friendly_name": TEXTS,
            "arguments": st.lists(TEXTS, max_size=2),
            "type": st.sampled_from([*sorted(KINDS), "odd"]),
            "value": st.one_of(TEXTS, st.integers(0, 9)),
        }
    ),
    max_size=3,
)
WAYS = st.lists(st.fixed_dictionaries({"event": EVENTS}, optional={"next": NEXT, "conditions": CONDITIONS}), max_size=7)


@st.composite
def studio_flows(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(NAMES, max_size=9))
    offsets = st.fixed_dictionaries({"x": st.integers(-3000, 3000), "y": st.integers(-3000, 3000)})
    states: list[dict[str, Any]] = []
    for name in names:
        properties: dict[str, Any] = dict(draw(PROPERTIES))
        properties["offset"] = draw(offsets)
        kind, ways = draw(KINDS_OF_STATES), draw(WAYS)
        states.append({"name": name, "type": kind, "transitions": ways, "properties": properties})
    trigger = {"name": "Trigger", "type": "trigger", "transitions": draw(WAYS), "properties": {}}
    states.insert(draw(st.integers(0, len(states))), trigger)
    return {"description": draw(TEXTS)[:200], "states": states, "initial_state": "Trigger", "flags": {}}


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(studio_flows())
def test_any_flow_becomes_one_that_can_be_read_and_loses_nothing(data: dict[str, Any]) -> None:
    foreign = translated(data)
    check(data, foreign)
    # It may have faults; finding them never fails either.
    validate(foreign.file.definition, CATALOG, key=foreign.file.key)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"states": [], "initial_state": "Trigger"}, "no state"),
        ({"states": [1], "initial_state": "x"}, "object in braces"),
        ({"states": [{"name": "", "type": 3, "transitions": []}], "initial_state": "x"}, "no “name”"),
        ({"states": [{"name": "a", "type": "say-play", "transitions": {}}], "initial_state": "a"}, "square brackets"),
        ({"states": [{"name": "a", "type": "say-play", "transitions": [1]}], "initial_state": "a"}, "A transition is"),
        (
            {"states": [{"name": str(n), "type": "x", "transitions": []} for n in range(600)], "initial_state": "1"},
            "600 states",
        ),
    ],
)
def test_a_broken_definition_is_refused_with_the_place_of_each_fault(data: Any, says: str) -> None:
    with pytest.raises(DefinitionInvalid) as refused:
        translated(data)
    assert any(says in fault.message and fault.line for fault in refused.value.faults)


def test_the_answer_of_the_rest_api_is_taken_too_with_its_name() -> None:
    data = {"sid": "FW0", "friendly_name": "Support", "status": "published", "definition": flow(say("hello"))}
    assert (translated(data).file.key, translated(data).file.name) == ("support", "Support")


def of_old(name: str, kind: str, ways: dict[str, str | None], **properties: Any) -> dict[str, Any]:
    """As exports before 2019 had it: types in capitals, numbers instead of names, `null` for what is not set."""
    transitions: list[dict[str, Any]] = [
        {"event": event, "conditions": [], "next": to and f"FF{to}", "uuid": "u"} for event, to in ways.items()
    ]
    return {"name": name, "type": kind, "sid": f"FF{name}", "properties": properties, "transitions": transitions}


def test_exports_of_many_years_ago_are_read_too() -> None:
    split = of_old("which", "Branch", {"noMatch": "again"}, input="{{widgets.menu.Digits}}")
    split["transitions"].append(
        {
            "event": "match",
            "next": "FFlater",
            "conditions": [
                {"friendly_name": "1", "type": "equal_to", "arguments": ["{{widgets.menu.Digits}}"], "value": "1"}
            ],
        }
    )
    data = {
        "description": "Old",
        "states": [
            of_old("Trigger", "InitialState", {"incomingMessage": None, "incomingCall": "menu"}, flow_url="https://x/"),
            of_old(
                "menu",
                "Gather",
                {"keypress": "which", "speech": None, "timeout": "again"},
                say="Press 1",
                hints=None,
                number_of_digits=1,
                finish_on_key=None,
            ),
            split,
            of_old("again", "SayPlay", {"audioComplete": "menu"}, say="Again", play=None, voice=None, digits=None),
            of_old("later", "Voicemail", {"recordingComplete": None, "noAudio": None}, max_length=60),
            of_old("odd", "Pay", {"success": None}),
        ],
    }
    foreign = translated(data)
    assert [(one.kind, one.outcome) for one in foreign.rows][:5] == [
        ("trigger", "translated"),
        ("gather-input-on-call", "translated"),
        ("split-based-on", "translated"),
        ("say-play", "translated"),
        ("record-voicemail", "translated"),
    ]
    assert foreign.rows[5].outcome == "placeholder"
    contact = walk(data).start().tell(DigitsPressed("2")).tell(DigitsPressed("1"))
    assert contact.heard == [
        "say en-US: Press 1", "gather", "say en-US: Again", "say en-US: Press 1", "gather", "record",
    ]  # fmt: skip


def named(name: str, says: str) -> dict[str, Any]:
    return {"friendly_name": name, "definition": json.dumps(flow(say("it", text=says)))}


@pytest.mark.parametrize(
    "data",
    [
        named("Night line", "Good night"),
        [named("Night line", "Good night")],
        {"flows": [named("Night line", "Good night")], "meta": {"page": 0}},
        {
            "version": 4,
            "resources": [
                {"type": "aws_s3_bucket", "instances": [{"attributes": {"definition": None}}]},
                {"type": "twilio_studio_flow", "instances": [{"attributes": named("Night line", "Good night")}]},
            ],
        },
        {"values": {"root_module": {"resources": [{"values": named("Night line", "Good night")}]}}},
    ],
)
def test_a_definition_is_found_in_whatever_holds_it(data: Any) -> None:
    found = translated(data)
    assert found.file.name == "Night line"
    assert walk(data).start().heard[0] == "say en-US: Good night"


def test_of_several_flows_in_a_file_the_named_one_is_read() -> None:
    data = {"flows": [named("Night line", "Good night"), named("Day line", "Good day")]}
    with pytest.raises(DefinitionInvalid, match="The file holds 2 flows: “Night line”, “Day line”"):
        translated(data)
    assert translated(data, wish=Wish(name="Day line")).file.key == "day-line"


@pytest.mark.parametrize("data", [{"definition": "{"}, {"definition": '{"states": 3}'}, [[[[]]]], {"a": [{"b": "c"}]}])
def test_what_holds_no_definition_is_none(data: Any) -> None:
    assert not StudioReader().recognises(data)


@pytest.mark.parametrize(
    ("description", "wish", "name", "key"),
    [
        ("Support", Wish(file_name="x.json"), "Support", "support"),
        ("A New Flow", Wish(file_name="support-menu.json"), "Support menu", "support-menu"),
        ("", Wish(), "Imported flow", "imported-flow"),
        ("Support", Wish(name="Other", key="third"), "Other", "third"),
        ("x" * 300, Wish(), "x" * 100, "x" * 40),
    ],
)
def test_it_is_called_as_it_was_or_as_its_file(description: str, wish: Wish, name: str, key: str) -> None:
    file = translated({**flow(say("hello")), "description": description}, wish=wish).file
    assert (file.name, file.key) == (name, key)


def triggers(**ways: str) -> Foreign:
    data = flow(say("one", "two"), say("two"))
    data["states"][0]["transitions"] = [{"event": event, "next": to} for event, to in ways.items()]
    return translated(data)


@pytest.mark.parametrize(
    ("ways", "starts", "notes"),
    [
        ({"incomingCall": "one", "incomingMessage": "two"}, {"call": "one", "message": "two"}, 0),
        ({"incomingConversationMessage": "two"}, {"message": "two"}, 0),
        ({"incomingMessage": "one", "incomingConversationMessage": "two"}, {"message": "one"}, 1),
        ({"incomingParent": "one"}, {"call": "one"}, 0),
        ({"incomingCall": "one", "incomingParent": "one"}, {"call": "one"}, 0),
        ({"incomingCall": "one", "incomingParent": "two"}, {"call": "one"}, 1),
        ({"incomingRequest": "two"}, {"call": "two"}, 1),
        ({"incomingCall": "one", "incomingRequest": "two"}, {"call": "one"}, 1),
        ({}, {"call": None}, 0),
    ],
)
def test_every_way_to_start_is_a_trigger_or_named(ways: dict[str, str], starts: dict[str, str], notes: int) -> None:
    foreign = triggers(**ways)
    found = {one["type"]: one.get("exits", {}).get("started") for one in steps_of(foreign).values()}
    assert {kind: to for kind, to in found.items() if kind in {"call", "message"}} == starts
    assert len(row(foreign, "Trigger").notes) == notes


def test_a_placeholder_keeps_the_settings_and_leads_on() -> None:
    pay = step(translated(fixture("everything")), "pay")
    assert pay["settings"]["was"] == "Take a payment"
    assert pay["settings"]["kept"]["currency"] == "usd"
    # Nobody has paid: whoever comes by goes the way of those who could not.
    assert pay["exits"]["done"] == "sim"
    assert pay["exits"]["success"] == "stream"
    assert '"value": "•••"' in pay["settings"]["kept"]["parameters"]


def test_what_differs_is_a_note_on_the_canvas() -> None:
    [note] = translated(fixture("hotline")).file.definition["notes"]
    assert "buchhaltung: All of them rang at once" in note["text"]


def test_no_transition_that_ended_the_flow_leads_to_the_fallback_queue_but_where_something_failed() -> None:
    gather = state("ask", "gather-input-on-call", {"keypress": "yes", "timeout": ""}, say="?")
    foreign = translated(flow(gather))
    assert step(foreign, "ask")["exits"] == {"entered": "yes", "timed_out": "ends_here"}
    http = state("ask", "make-http-request", {"success": "yes", "failed": ""}, url="https://api.example.com/")
    foreign = translated(flow(http))
    assert step(foreign, "ask")["exits"] == {"found": "yes"}
    http = state("ask", "make-http-request", {"success": "", "failed": ""}, url="https://api.example.com/")
    assert step(translated(flow(http)), "ask")["exits"] == {"found": "ends_here", "failed": "ends_here"}
    assert any("fallback queue" in note for note in row(foreign, "ask").notes)


def test_a_beginning_that_is_no_state_is_told() -> None:
    data = {**flow(say("hi")), "initial_state": "zzz"}
    assert "begins at “zzz”, and holds no state of that name" in str(translated(data).rows)


def test_a_sub_flow_that_is_named_and_not_here_is_told_by_its_name() -> None:
    ways = {"completed": "yes", "failed": "no"}
    run = state("auth", "run-subflow", ways, parameters=[{"key": "subflowName", "value": "Authenticate"}])
    foreign = translated(flow(run))
    assert "walks through “Authenticate”, which is not here" in str(foreign.rows)
    assert "says nothing here" not in str(foreign.rows)
