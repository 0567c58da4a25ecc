"""Each widget with a counterpart does here what it did: its settings, its Liquid, and the ways that it leads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.providers.twilio.studio.made import safe
from customers.enrichment.mapping import compile_rows, take
from routing.engine.checks.catalog import Catalog
from routing.engine.effects import Dial, Gather, Play, Record, Say
from routing.engine.events import DigitsPressed, InputTimedOut, MessageRecorded, TransferEnded, WordsSpoken
from routing.files.foreign import Foreign, Wish
from tests.channels.twilio.studio.flows import CATALOG, fixture, flow, row, say, split, state, step, translated, walk
from tests.routing.engine.runs import WORLD, Walk, plan_of


def one(kind: str, ways: dict[str, str] | None = None, **properties: Any) -> Foreign:
    return translated(flow(state("it", kind, ways or {"next": "yes"}, **properties)))


# --- saying ---------------------------------------------------------------------------------


def test_what_is_said_keeps_language_voice_and_how_often() -> None:
    contact = walk(
        flow(
            state(
                "it",
                "say-play",
                {"audioComplete": ""},
                say="Hallo {{trigger.call.From}}",
                language="de-DE",
                voice="Polly.Vicki",
                loop=2,
            )
        )
    )
    contact.start()
    said = [effect for effect in contact.effects if isinstance(effect, Say)]
    assert said == [Say("Hallo +4915100000001", "de-DE", "Polly.Vicki")] * 2
    assert contact.status == "ended"


def test_a_sound_is_played() -> None:
    contact = walk(
        flow(state("it", "say-play", {}, play="https://sounds.example.com/{{trigger.call.FromCountry}}.mp3"))
    )
    contact.start(country="DE")
    assert [effect for effect in contact.effects if isinstance(effect, Play)] == [
        Play("https://sounds.example.com/DE.mp3")
    ]


@pytest.mark.parametrize(
    ("properties", "outcome"),
    [
        ({"say": "Hi <break time='1s'/> there"}, "differs"),
        ({"say": "Hi", "loop": 0}, "differs"),
        ({"say": "Hi", "language": "{{flow.variables.x}}"}, "differs"),
        ({"digits": "12"}, "placeholder"),
        ({}, "placeholder"),
        ({"play": "{{flow.variables.sound}}"}, "placeholder"),
        ({"say": "Hi"}, "translated"),
    ],
)
def test_what_cannot_be_said_so_is_told(properties: dict[str, Any], outcome: str) -> None:
    assert row(one("say-play", {"audioComplete": "yes"}, **properties), "it").outcome == outcome


# --- asking ---------------------------------------------------------------------------------


def asking(**properties: Any) -> Walk:
    ways = {"keypress": "yes", "speech": "no", "timeout": "other"}
    return walk(flow(state("it", "gather-input-on-call", ways, say="?", **properties))).start()


def test_a_question_asks_as_it_did() -> None:
    contact = asking(
        number_of_digits=4, finish_on_key="*", timeout=7, gather_language="de-DE", hints="Ja, Nein", language="de-DE"
    )
    [asked] = [effect for effect in contact.effects if isinstance(effect, Gather)]
    assert (asked.digits, asked.finish_on_key, asked.timeout_s, asked.language) == (4, "*", 7, "de-DE")
    assert (asked.keys, asked.speech, asked.hints) == (True, True, ("Ja", "Nein"))


@pytest.mark.parametrize(
    ("event", "came_to"),
    [
        (DigitsPressed("1234"), "yes"),
        # Fewer keys and a pause are keys, too.
        (DigitsPressed("1"), "yes"),
        (WordsSpoken("hello"), "no"),
        (InputTimedOut(), "other"),
    ],
)
def test_keys_speech_and_silence_go_their_ways(event: Any, came_to: str) -> None:
    assert asking(number_of_digits=4).tell(event).heard[-2] == f"say en-US: Here is {came_to}"


def test_speech_is_not_listened_to_where_its_way_led_nowhere() -> None:
    settings = step(one("gather-input-on-call", {"keypress": "yes", "speech": "", "timeout": ""}, say="?"), "it")[
        "settings"
    ]
    assert "speech" not in settings


def test_a_menu_that_asks_again_does_so() -> None:
    gather = state("menu", "gather-input-on-call", {"keypress": "split", "timeout": "menu"}, say="1?")
    contact = walk(flow(gather, split([{"type": "equal_to", "value": "1"}], "{{widgets.menu.Digits}}"))).start()
    contact.tell(InputTimedOut()).tell(InputTimedOut()).tell(DigitsPressed("1"))
    assert contact.heard.count("gather") == 3
    assert contact.heard[-2] == "say en-US: Here is yes"


# --- recording, connecting ------------------------------------------------------------------


def test_a_message_is_recorded_and_its_address_is_known() -> None:
    voicemail = state(
        "vm",
        "record-voicemail",
        {"recordingComplete": "told", "noAudio": "no"},
        max_length=60,
        timeout=3,
        finish_on_key="*",
    )
    contact = walk(
        flow(voicemail, say("told", text="{{widgets.vm.RecordingUrl}} {{widgets.vm.RecordingDuration}}"))
    ).start()
    assert [effect for effect in contact.effects if isinstance(effect, Record)] == [Record(60, 3, "*")]
    assert "say en-US: https://r.example.com/1 9" in contact.tell(MessageRecorded("https://r.example.com/1", 9)).heard


@pytest.mark.parametrize(
    ("properties", "dialled"),
    [
        ({"noun": "number", "to": "+49 30 123-456"}, "+4930123456"),
        ({"noun": "number", "to": "15555551234"}, "+15555551234"),
        ({"to": "{{trigger.call.From}}"}, "+4915100000001"),
        ({"noun": "sip", "sip_endpoint": "sip:anna@pbx.example.com;transport=tls"}, "sip:anna@pbx.example.com"),
    ],
)
@pytest.mark.parametrize("status", ["completed", "busy"])
def test_a_call_is_connected_and_goes_on_however_it_ended(
    properties: dict[str, Any], dialled: str, status: Any
) -> None:
    contact = walk(
        flow(state("it", "connect-call-to", {"callCompleted": "yes", "hangup": ""}, timeout=25, **properties))
    ).start()
    [dial] = [effect for effect in contact.effects if isinstance(effect, Dial)]
    assert (dial.to, dial.ring_s) == (dialled, 25)
    assert contact.tell(TransferEnded(status)).heard[-2] == "say en-US: Here is yes"


def test_several_numbers_ring_one_after_the_other() -> None:
    contact = walk(
        flow(
            state("it", "connect-call-to", {"callCompleted": "yes"}, noun="number-multi", to="+4930123456, +4930123457")
        )
    ).start()
    contact.tell(TransferEnded("no_answer"))
    assert contact.dialled == ["+4930123456", "+4930123457"]
    assert contact.tell(TransferEnded("busy")).heard[-2] == "say en-US: Here is yes"


@pytest.mark.parametrize(
    ("kind", "properties", "queue", "noted"),
    [
        ("enqueue-call", {"queue_name": "VIP"}, "vip", False),
        ("enqueue-call", {"queue_name": " standard"}, "standard", False),
        ("enqueue-call", {"queue_name": "Große Anliegen"}, "grosse-anliegen", True),
        ("send-to-flex", {"workflow": "WW1", "attributes": '{"department": "Standard"}'}, "standard", True),
    ],
)
def test_queues_are_found_by_their_names(kind: str, properties: dict[str, Any], queue: str, noted: bool) -> None:
    foreign = translated(
        flow(state("to_somebody", kind, {"callComplete": "yes", "failedToEnqueue": "no"}, **properties))
    )
    found = step(foreign, "to_somebody")
    assert (found["settings"]["queue"], found["exits"]) == (queue, {"answered": "yes", "unanswered": "no"})
    assert bool(row(foreign, "to_somebody").notes) is noted


def test_priority_and_patience_of_a_queue_are_told_where_they_are_dropped() -> None:
    it = state("it", "enqueue-call", {}, queue_name="VIP", priority=10, timeout=300, wait_url="https://x.example.com/")
    notes = " ".join(row(translated(flow(it)), "it").notes)
    assert "Its priority (10) is not taken over" in notes
    assert "It waited 300 seconds at most" in notes
    assert "heard while waiting" in notes


FLEX = flow(
    state("talk_to_sales", "send-to-flex", {"callComplete": "more"}, workflow="WW1"),
    state("more", "send-to-flex", {"callComplete": "last"}, workflow="WW1"),
    state("last", "send-to-flex", {"callComplete": "named"}, workflow="WW2"),
    state("named", "enqueue-call", {}, queue_name="VIP"),
)


@pytest.mark.parametrize(
    ("queues", "went"),
    [
        ({}, ["", "", "", "vip"]),
        ({"": "standard"}, ["standard", "standard", "standard", "vip"]),
        ({"": "standard", "WW2": "vip"}, ["standard", "standard", "vip", "vip"]),
        ({"VIP": "standard"}, ["", "", "", "standard"]),
        ({"": "gone"}, ["", "", "", "vip"]),
    ],
)
def test_which_queue_takes_a_workflow_is_said_once(queues: dict[str, str], went: list[str]) -> None:
    foreign = translated(FLEX, wish=Wish(queues=queues))
    steps = ("talk_to_sales", "more", "last", "named")
    assert [step(foreign, one)["settings"].get("queue", "") for one in steps] == went
    assert any("It names no queue, only the workflow “WW1”" in note for one in foreign.rows for note in one.notes) is (
        "standard" not in went[:3]
    )


@pytest.mark.parametrize(
    ("widget", "says", "queue"),
    [
        (state("w", "send-to-flex", {}), "It names no queue: choose one in this step.", None),
        (state("w", "enqueue-call", {}, queue_name="Sales"), "It names “Sales”, and there is no such queue", "sales"),
        (
            state("w", "send-to-flex", {}, workflow="{{flow.variables.team}}"),
            "Its queue is worked out during the call ({{flow.variables.team}})",
            None,
        ),
    ],
)
def test_no_queue_is_made_up_where_the_widget_names_none(widget: dict[str, Any], says: str, queue: str | None) -> None:
    """The widget's own name is no queue; the step keeps its exits all the same."""
    widget["name"] = "send_callback_to"
    widget["transitions"] = [{"event": "callComplete", "next": "bye"}, {"event": "failedToEnqueue", "next": "bye"}]
    foreign = translated(flow(widget, state("bye", "say-play", {}, say="Bye.")))
    found = step(foreign, "send_callback_to")
    assert found["settings"].get("queue") == queue
    assert found["exits"] == {"answered": "bye", "unanswered": "bye"}
    assert any(note.startswith(says) for note in row(foreign, "send_callback_to").notes)


@pytest.mark.parametrize("ways", [{"success": "paid"}, {"success": "paid", "hangup": "paid"}])
def test_nobody_passes_as_having_paid_where_no_failing_way_leads_on(ways: dict[str, str]) -> None:
    foreign = translated(flow(state("pay", "capture-payments", ways), state("paid", "say-play", {}, say="Thanks.")))
    assert step(foreign, "pay")["exits"] == dict.fromkeys(ways, "paid")
    assert any("to the number's fallback queue" in note for note in row(foreign, "pay").notes)


def test_widgets_that_read_alike_have_titles_that_do_not() -> None:
    names = ("create_call", "Create_Call", "CreateCall", "other")
    foreign = translated(flow(*(state(name, "say-play", {}, say="Hi.") for name in names)))
    titles = [one["title"] for one in foreign.file.definition["steps"] if one["type"] == "say"]
    assert titles[:4] == ["Create call", "Create Call (Create_Call)", "CreateCall (3)", "Other"]


def test_the_teams_that_a_flow_hands_over_to_are_known_by_name() -> None:
    found = [(one.team, one.steps, one.queue) for one in translated(FLEX).handovers]
    assert found == [
        ("WW1", ("talk_to_sales", "more"), ""),
        ("WW2", ("last",), ""),
        ("VIP", ("named",), "vip"),
    ]


def test_the_name_of_the_widget_may_say_which_queue() -> None:
    assert step(translated(flow(state("enqueue_vip", "enqueue-call", {}, workflow_sid="WW1"))), "enqueue_vip")[
        "settings"
    ] == {"queue": "vip"}


# --- APIs -----------------------------------------------------------------------------------


def asked_api(**properties: Any) -> Foreign:
    http = state("api", "make-http-request", {"success": "told", "failed": "no"}, **properties)
    told = say("told", text="{{widgets.api.parsed.customer.tier}} {{widgets.api.parsed['odd name'][0].x}}")
    return translated(flow(http, told))


def test_an_api_is_asked_with_what_the_flow_knows_and_answers_by_path() -> None:
    foreign = asked_api(
        method="GET", url="https://api.example.com/c/{{trigger.call.From | url_encode}}?to={{flow.channel.address}}"
    )
    [source] = foreign.sources
    assert (source.method, source.url) == ("GET", "https://api.example.com/c/{{from | url_encode}}?to={{address}}")
    assert [(one["name"], one["path"]) for one in source.mapping] == [
        ("customer_tier", "customer.tier"),
        ("odd_name_0_x", '"odd name"[0].x'),
    ]
    settings = step(foreign, "api")["settings"]
    assert settings["inputs"] == {"from": "{{ contact.from }}", "address": "{{ contact.to }}"}
    assert settings["use_synced"] is False
    contact = Walk(plan_of(foreign.file.definition)).start()
    contact.answer("api", customer_tier="gold", odd_name_0_x="7")
    assert "say en-US: gold 7" in contact.heard


@pytest.mark.parametrize(("status", "came_to"), [("failed", "no"), ("not_found", "no")])
def test_a_failed_question_leads_where_it_led(status: str, came_to: str) -> None:
    foreign = asked_api(method="GET", url="https://api.example.com/")
    contact = Walk(plan_of(foreign.file.definition)).start().answer("api", status)
    assert contact.heard[-2] == f"say en-US: Here is {came_to}"


def test_parameters_go_as_a_form_and_bodies_as_they_are() -> None:
    [source] = asked_api(
        method="POST",
        url="https://api.example.com/",
        content_type="application/x-www-form-urlencoded;charset=utf-8",
        parameters=[{"key": "an be", "value": "Grüße {{trigger.call.From}}&"}],
    ).sources
    assert source.body == "an+be=Gr%C3%BC%C3%9Fe+{{from}}%26"
    [source] = asked_api(
        method="POST",
        url="https://api.example.com/",
        content_type="application/json;charset=utf-8",
        body='{"a": "{{trigger.call.From}}"}',
    ).sources
    assert (source.body, source.headers) == ('{"a": "{{from}}"}', {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("properties", "auth", "name"),
    [
        ({"url": "https://user:geheim@api.example.com/"}, "basic", "user"),
        ({"headers": [{"key": "Authorization", "value": "Bearer geheim"}]}, "bearer", ""),
        ({"headers": {"Authorization": "Basic dXNlcjpnZWhlaW0="}}, "basic", "user"),
        ({"headers": [{"key": "X-Api-Key", "value": "geheim"}]}, "header", "X-Api-Key"),
    ],
)
def test_a_secret_is_kept_apart_and_said_nowhere(properties: dict[str, Any], auth: str, name: str) -> None:
    foreign = asked_api(**{"method": "GET", "url": "https://api.example.com/", **properties})
    [source] = foreign.sources
    assert (source.auth, source.auth_name, source.secret) == (auth, name, "geheim")
    assert "geheim" not in repr(foreign)


@pytest.mark.parametrize(
    "properties",
    [
        {"url": "{{flow.variables.base}}/x"},
        {"url": "https://{{flow.variables.host}}/x"},
        {"url": ""},
        {"url": "https://api.example.com/", "method": "DELETE"},
        {"url": f"https://api.example.com/{'x' * 2000}"},
    ],
)
def test_what_no_data_source_can_ask_is_marked(properties: dict[str, Any]) -> None:
    assert row(asked_api(**properties), "api").outcome == "placeholder"


@pytest.mark.parametrize(
    ("properties", "asks", "inputs"),
    [
        # Filters are the flow's, whose Liquid is Studio's: a data source has no zones behind `date`.
        (
            {"body": """{"at": "{{ 'now' | date: '%H', 'America/New_York' }}"}""", "content_type": "application/json"},
            '{"at": "{{value}}"}',
            {"value": "{{ 'now' | date: '%H', 'America/New_York' }}"},
        ),
        (
            {"body": '{"who": {{trigger.call.From | slice: 3, 4 | to_json}}}', "content_type": "application/json"},
            '{"who": {{from | json}}}',
            {"from": "{{ contact.from | slice: 3, 4 }}"},
        ),
        # Quoted for an address once, not twice.
        (
            {"parameters": [{"key": "q", "value": "{{ trigger.call.From | url_encode | replace: '+', '%20' }}"}]},
            "q={{from}}",
            {"from": "{{ contact.from }}"},
        ),
        (
            {"parameters": [{"key": "q", "value": "{{ trigger.call.From | replace: '+', '%2B' }}"}]},
            "q={{from}}",
            {"from": "{{ contact.from }}"},
        ),
        (
            {"parameters": [{"key": "kind", "value": "{% if trigger.call.From %}call{% else %}none{% endif %}"}]},
            "kind={{kind}}",
            {"kind": "{% if contact.from %}call{% else %}none{% endif %}"},
        ),
    ],
)
def test_what_liquid_makes_of_a_value_is_asked_with(
    properties: dict[str, Any], asks: str, inputs: dict[str, str]
) -> None:
    foreign = asked_api(method="POST", url="https://api.example.com/", **properties)
    assert foreign.sources[0].body == asks
    assert step(foreign, "api")["settings"]["inputs"] == inputs


def test_json_of_an_answer_goes_as_text_and_says_so() -> None:
    first = state("one", "make-http-request", {"success": "two"}, method="GET", url="https://api.example.com/")
    body = '{"items": {{widgets.one.parsed.items | to_json}}}'
    second = state(
        "two", "make-http-request", {}, method="POST", url="https://api.example.com/", content_type="application/json",
        body=body,
    )  # fmt: skip
    assert "also where it is a list or object" in row(translated(flow(first, second)), "two").notes[0]


def test_a_function_is_asked_by_post_and_unsigned() -> None:
    foreign = translated(
        flow(
            state(
                "it",
                "run-function",
                {"success": "yes", "fail": "no"},
                url="https://x.twil.io/y",
                parameters=[{"key": "a", "value": "b"}],
            )
        )
    )
    assert (foreign.sources[0].method, foreign.sources[0].body) == ("POST", "a=b")
    assert step(foreign, "it")["exits"] == {"found": "yes", "failed": "no"}
    assert "not signed" in row(foreign, "it").notes[-1]


def test_an_address_is_shown_without_who_signs_in() -> None:
    assert safe("see https://user:geheim@api.example.com/x") == "see https://•••@api.example.com/x"


# --- variables, sub-flows, messages ---------------------------------------------------------


def test_variables_are_set_and_read_by_names_that_pareto_takes() -> None:
    setting = state(
        "set",
        "set-variables",
        {"next": "told"},
        variables=[{"key": "Größe", "value": "{{trigger.call.From | size}}"}, {"key": "groesse", "value": "x"}],
    )
    contact = walk(flow(setting, say("told", text="{{flow.variables.Größe}} {{flow.variables.groesse}}"))).start()
    assert contact.heard[0] == "say en-US: 14 x"


@pytest.mark.parametrize(
    ("liquid", "written"),
    [
        (
            "{{trigger.call.To}} {{contact.channel.address}} {{flow.channel.address}}",
            "+4930901820 +4915100000001 +4930901820",
        ),
        ("{% if trigger.call.FromCountry == 'DE' %}Hallo{% else %}Hello{% endif %}", "Hallo"),
        ("{{ trigger.call.FromCity | default: 'nowhere' | upcase }}", "NOWHERE"),
        ("{{ 'now' | date: '%H:%M' }}", "10:00"),
        ("{{ 'now' | timezone: 'Europe/Berlin' | date: '%H:%M' }}", "11:00"),
        ("{{ 'now' | date: '%H:%M', 'Asia/Tokyo' }}", "19:00"),
        ("{{trigger.call.SipHeader_X-Tier}}", "gold"),
        ("{{ 'trigger.call.From' }}", "trigger.call.From"),
    ],
)
def test_liquid_says_the_same(liquid: str, written: str) -> None:
    contact = walk(flow(say("it", text=liquid)))
    contact.now = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    contact.start(country="DE", sip_x_tier="gold", time_zone="America/New_York")
    assert contact.heard[0].endswith(f": {written}")


def test_liquid_that_is_not_known_here_is_noted() -> None:
    found = row(translated(flow(say("it", text="{{ 'x' | reticulate: 3 }}"))), "it")
    assert found.outcome == "differs"
    assert "reticulate" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{flow.variables.gone}}", "Nothing in the flow sets “flow.variables.gone”"),
        ("{{flow.variables['gone'].deep}}", "Nothing in the flow sets “flow.variables.gone”"),
        ("{{flow.data.reason}}", "“flow.data.reason” came with whatever started the flow"),
        ("{{trigger.request.parameters.x}}", "came with the request that started the flow"),
        ("{{trigger.parent.parameters.x}}", "came from a flow that walks through this one"),
        ("{{become}}", "Nothing here is “become”"),
        ("{% assign here = trigger.call.From %}{{ here }}{{ flow.variables.kept }}", ""),
        ("{% for one in flow.variables.kept %}{{ one }}{{ forloop.index }}{% endfor %}", ""),
    ],
)
def test_a_value_that_nothing_gives_is_told(text: str, says: str) -> None:
    kept = state("set", "set-variables", {"next": "it"}, variables=[{"key": "kept", "value": "x"}])
    notes = row(translated(flow(kept, say("it", text=text))), "it").notes
    assert notes[0].startswith(says) or says in notes[0] if says else notes == ()


@pytest.mark.parametrize("path", ["Ergebnis", "flow.variables.Ergebnis", "variables.Ergebnis"])
def test_what_a_sub_flow_found_is_what_it_set(path: str) -> None:
    sub = state("sub", "run-subflow", {"completed": "split", "failed": "no"}, flow_sid="FW1")
    data = flow(sub, split([{"type": "equal_to", "value": "gut"}], f"{{{{widgets.sub.{path}}}}}"))
    setting = state("set", "set-variables", {"next": ""}, variables=[{"key": "Ergebnis", "value": "gut"}])
    inner = translated(flow(setting, event="incomingParent"))
    outer = translated(data, flows={"sub": "Sub"})
    contact = Walk(plan_of(outer.file.definition, {"sub": inner.file.definition})).start()
    assert contact.heard[0] == "say en-US: Here is yes"


def test_a_sub_flow_is_found_by_its_name_given_values_and_gives_them_back() -> None:
    sub = state(
        "Kunde erkennen",
        "run-subflow",
        {"completed": "told", "failed": "no"},
        flow_sid="FW1",
        parameters=[{"key": "nummer", "value": "{{trigger.call.From}}"}],
    )
    told = say("told", text="{{widgets['Kunde erkennen'].Ergebnis}}")
    outer = translated(flow(sub, told), flows={"kunde-erkennen": "Kunde erkennen"})
    assert step(outer, "kunde_erkennen")["settings"] == {"flow": "kunde-erkennen"}
    inner = translated(
        flow(
            state(
                "set",
                "set-variables",
                {"next": ""},
                variables=[{"key": "Ergebnis", "value": "Nr. {{trigger.parent.parameters.nummer}}"}],
            ),
            event="incomingParent",
        )
    )
    contact = Walk(plan_of(outer.file.definition, {"kunde-erkennen": inner.file.definition})).start()
    assert contact.heard[0] == "say en-US: Nr. +4915100000001"


def test_a_message_is_written_to_whoever_writes_and_marked_for_whoever_calls() -> None:
    message = state(
        "it",
        "send-message",
        {"sent": "", "failed": ""},
        body="Hi {{trigger.message.From}}",
        to="{{contact.channel.address}}",
    )
    assert (
        walk(flow(message, event="incomingMessage")).start(trigger="message").heard[0] == "say en-US: Hi +4915100000001"
    )
    assert row(translated(flow(message)), "it").outcome == "placeholder"
    other = {**message, "properties": {**message["properties"], "to": "+4930000000"}}
    assert row(translated(flow(other, event="incomingMessage")), "it").outcome == "placeholder"


def test_a_reply_is_waited_for() -> None:
    ask = state(
        "ask", "send-and-wait-for-reply", {"incomingMessage": "split", "timeout": "other"}, body="Ja?", timeout="30"
    )
    data = flow(
        ask,
        split([{"type": "matches_any_of", "value": "ja, yes"}], "{{widgets.ask.inbound.Body}}"),
        event="incomingMessage",
    )
    contact = walk(data).start(trigger="message").tell(WordsSpoken("JA "))
    assert contact.heard[-2] == "say en-US: Here is yes"


# --- a whole one ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "status", "said"),
    [
        (10, "Gold", "Schön, dass Sie anrufen, Anna."),
        (10, "neu", "gather"),
        (10, "gesperrt", "say de-DE: Ihr Konto ist gesperrt. Wir verbinden Sie mit der Buchhaltung."),
        (18, "Gold", "say de-DE: Wir sind von 8 bis 18 Uhr für Sie da."),
        (5, "Gold", "say de-DE: Wir sind von 8 bis 18 Uhr für Sie da."),
    ],
)
def test_the_hotline_walks_as_it_did(hour: int, status: str, said: str) -> None:
    queues = {**WORLD.queues, "alle-anliegen": replace(WORLD.queues["standard"], key="alle-anliegen")}
    foreign = translated(
        fixture("hotline"), catalog=Catalog(queues={**CATALOG.queues, "alle-anliegen": "Alle Anliegen"})
    )
    contact = Walk(plan_of(foreign.file.definition), world=replace(WORLD, queues=queues))
    contact.now = datetime(2026, 3, 2, hour, 0, tzinfo=UTC)
    contact.start()
    if contact.state and contact.state.get("waits_for") == "fetch":
        contact.answer(
            "kunde_suchen",
            kunde_status=status,
            kunde_name="Anna",
            kunde_umsatz="20000",
            kunde_betreuer_telefon="+4989111",
        )
    assert any(said in line for line in contact.heard)
    if status == "Gold" and hour == 10:
        assert contact.dialled == ["+4989111"]
        contact.tell(TransferEnded("no_answer"))
        assert contact.dialled[-1] == "sip:vip@pbx.example.com"


PANTRY = flow(
    state("find", "make-http-request", {"success": "many", "failed": ""}, url="https://api.example.com/sites"),
    state(
        "many",
        "split-based-on",
        {"noMatch": "", "match": "note"},
        input="{{widgets.find.parsed.sites.size}}",
    ),
    state("note", "set-variables", {"next": "empty"}, variables=[{"key": "i", "value": "1"}]),
    state("empty", "set-variables", {"next": "say"}, variables=[]),
    state(
        "say",
        "say-play",
        {"audioComplete": ""},
        say=(
            "{{widgets.find.parsed.size}} {{widgets.find.parsed.sites.first.name}} {{widgets.find.parsed.names.last}}"
            "{% assign i = flow.variables.i | plus: 0 %}{{widgets.find.parsed.sites[i].name}}"
            "{{ widgets.find.parsed.names[i] }}"
        ),
    ),
)


def test_what_liquid_calls_size_first_and_last_is_found_in_the_answer() -> None:
    """A list, too, of which a variable says which item is meant; a value of that very name comes first."""
    [source] = translated(PANTRY).sources
    rows = compile_rows(list(source.mapping))
    answer = {"sites": [{"name": "A"}, {"name": "B"}, {}], "names": ["x", "y"]}
    values, _notes = take(answer, rows)
    assert values == {
        "sites_size": "3",
        "size": "2",
        "sites_first_name": "A",
        "names_last": "y",
        "sites_name": ["A", "B", ""],
        "names": ["x", "y"],
    }
    said = step(translated(PANTRY), "say")["settings"]["prompt"]["text"]["en-US"]
    assert said.endswith("{% assign i = vars.i | plus: 0 %}{{find.sites_name[i]}}{{ find.names[i] }}")
    named, _notes = take({"size": 7, "sites": {"size": 3, "first": {"name": "C"}}, "names": {"last": "z"}}, rows)
    assert (named["size"], named["sites_size"], named["sites_first_name"], named["names_last"]) == ("7", "3", "C", "z")


def test_a_widget_that_sets_nothing_is_no_step_and_no_placeholder() -> None:
    foreign = translated(PANTRY)
    assert step(foreign, "note")["exits"] == {"done": "say"}
    assert (row(foreign, "empty").outcome, row(foreign, "empty").steps) == ("translated", ())


def test_widgets_that_set_nothing_and_lead_to_each_other_end_it() -> None:
    again = [
        state("one", "set-variables", {"next": "two"}, variables=[]),
        state("two", "set-variables", {"next": "one"}, variables=[]),
        state("say", "say-play", {"audioComplete": "one"}, say="Hi."),
    ]
    assert step(translated(flow(*again)), "say")["exits"] == {"done": "ends_here"}


def test_a_function_of_the_newer_kind_is_asked_like_any() -> None:
    foreign = translated(
        flow(state("f", "run-function-v2", {"success": "yes", "fail": "no"}, url="https://x.twil.io/f"))
    )
    assert step(foreign, "f")["type"] == "fetch"


def test_whoever_has_left_a_message_is_not_put_through_because_a_text_message_is_only_marked() -> None:
    """What is behind the placeholder is the end, as it was there; a talk that cannot be had is another matter."""
    beep = state("beep", "record-voicemail", {"recordingComplete": "tell"})
    tell = state("tell", "send-message", {"sent": "", "failed": ""}, body="A message from {{contact.channel.address}}")
    assert step(translated(flow(beep, tell)), "tell")["exits"] == {"done": "ends_here"}
    talk = state("talk", "connect-virtual-agent-v2", {"return": "", "failed": ""})
    assert "done" not in step(translated(flow(talk)), "talk").get("exits", {})


@pytest.mark.parametrize(("part", "said"), [("site.name", True), ("site", False)])
def test_a_loop_through_the_objects_of_an_answer_is_told_to_stay_empty(part: str, said: bool) -> None:
    text = f"{{% for site in widgets.find.parsed.sites %}}{{{{ {part} }}}}{{% endfor %}}"
    find = state("find", "make-http-request", {"success": "say", "failed": ""}, url="https://api.example.com/sites")
    foreign = translated(flow(find, state("say", "say-play", {"audioComplete": ""}, say=text)))
    assert any("objects of “parsed.sites”" in note for note in row(foreign, "find").notes) is said
