"""Flows that write: replies, pictures, templates, and flows that an API of theirs began."""

from __future__ import annotations

from typing import Any

import pytest

from routing.engine.effects import AwaitReply, SendMessage
from routing.engine.events import InputTimedOut, MessageReceived
from tests.channels.twilio.studio.flows import flow, row, split, state, step, translated, walk

ASK = {"incomingMessage": "split", "timeout": "other", "deliveryFailure": "no"}
HEARD = "{{widgets.ask.inbound.Body}}"


def asking(test: dict[str, Any], tested: str = HEARD, **properties: Any) -> dict[str, Any]:
    ask = state("ask", "send-and-wait-for-reply", ASK, **{"body": "Which table?", **properties})
    return flow(ask, split([test], tested), event="incomingMessage")


@pytest.mark.parametrize("reply", ["4", " 4 ", "4\n"])
def test_a_number_that_is_written_is_a_reply_like_any_other(reply: str) -> None:
    data = asking({"type": "equal_to", "value": "4"})
    contact = walk(data).start(trigger="message", channel="sms").tell(MessageReceived(reply))
    assert contact.heard[-2] == "say en-US: Here is yes"


@pytest.mark.parametrize(
    ("timeout", "seconds", "noted"),
    [
        ("", 3_600, False),
        ("3600", 3_600, False),
        (172_800, 172_800, False),
        ("30", 60, True),
        ("90", 120, True),
        ("2592000", 604_800, True),
        ("{{flow.variables.wait}}", 3_600, True),
    ],
)
def test_a_reply_is_waited_for_as_long_as_it_was(timeout: Any, seconds: int, noted: bool) -> None:
    data = asking({"type": "is_not_blank"}, **({"timeout": timeout} if timeout else {}))
    contact = walk(data).start(trigger="message", channel="sms")
    assert [one.timeout_s for one in contact.effects if isinstance(one, AwaitReply)] == [seconds]
    assert any("waited" in note for note in row(translated(data), "ask").notes) is noted
    assert contact.tell(InputTimedOut()).heard[-2] == "say en-US: Here is other"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{widgets.ask.inbound.Body}}", "Four"),
        ("{{widgets.ask.inbound.From}} {{widgets.ask.outbound.To}}", "+4915100000001 +4915100000001"),
        ("{{widgets.ask.inbound.NumMedia}}: {{widgets.ask.inbound.MediaUrl0}}", "1: https://media.example.com/1.png"),
        ("You were asked: {{widgets.ask.outbound.Body}}", "You were asked: Which table?"),
        ("{{trigger.message.ChannelAttributes.channel_type}}", "sms"),
    ],
)
def test_what_a_question_and_its_reply_hold_can_be_read(text: str, written: str) -> None:
    ask = state("ask", "send-and-wait-for-reply", {"incomingMessage": "told"}, body="Which table?")
    data = flow(ask, state("told", "send-message", {"sent": ""}, body=text), event="incomingMessage")
    contact = walk(data).start(trigger="message", channel="sms")
    contact.tell(MessageReceived("Four", media=("https://media.example.com/1.png",)))
    assert [one.text for one in contact.effects if isinstance(one, SendMessage)] == [written]


def test_a_channel_is_compared_by_what_it_is_called_here() -> None:
    tested = "{{trigger.message.ChannelAttributes.channel_type}}"
    data = flow(split([{"type": "equal_to", "value": "facebook"}], tested), event="incomingMessage")
    assert walk(data).start(trigger="message", channel="messenger").heard[0] == "say en-US: Here is yes"


def test_pictures_go_along() -> None:
    where = "https://media.example.com/{{flow.variables.plan}}.png"
    shown = state("shown", "send-message", {"sent": "ask"}, body="Our room", media_url=where)
    ask = state("ask", "send-and-wait-for-reply", ASK, body="Which?", media_url="https://media.example.com/2.png")
    given = state("given", "set-variables", {"next": "shown"}, variables=[{"key": "plan", "value": "room"}])
    data = flow(given, shown, ask, split([{"type": "is_not_blank"}], HEARD), event="incomingMessage")
    contact = walk(data).start(trigger="message", channel="whatsapp")
    sent = [(one.text, one.media) for one in contact.effects if isinstance(one, SendMessage)]
    assert sent == [
        ("Our room", ("https://media.example.com/room.png",)),
        ("", ("https://media.example.com/2.png",)),
    ]
    assert contact.tell(MessageReceived("4")).heard[-2] == "say en-US: Here is yes"


def test_a_template_keeps_its_id_and_its_words_are_asked_for() -> None:
    template = {"content_sid": "HX0123456789abcdef", "message_type": "content_template"}
    values = [{"key": "{{2}}", "value": "second"}, {"key": "{{1}}", "value": "{{trigger.message.From}}"}]
    sent = state("sent", "send-message", {"sent": "ask"}, content_variables=values, **template)
    ask = state("ask", "send-and-wait-for-reply", ASK, **template)
    data = flow(sent, ask, split([{"type": "is_not_blank"}], HEARD), event="incomingMessage")
    foreign = translated(data)
    settings = step(foreign, "sent")["settings"]
    assert settings["template"] == "HX0123456789abcdef"
    assert settings["template_values"] == ["{{contact.from}}", "second"]
    assert step(foreign, "ask")["type"] == "ask"
    assert all("kept at Twilio" in " ".join(row(foreign, name).notes) for name in ("sent", "ask"))


@pytest.mark.parametrize("event", ["incomingRequest", "incomingParent"])
def test_a_flow_that_nobody_begins_here_begins_with_what_it_is_made_for(event: str) -> None:
    given = state("given", "set-variables", {"next": "ask"}, variables=[{"key": "a", "value": "1"}])
    ask = state("ask", "send-and-wait-for-reply", ASK, body="Which?")
    written = translated(flow(given, ask, split([{"type": "is_not_blank"}], HEARD), event=event))
    assert row(written, "Trigger").steps == ("message",)
    assert row(written, "ask").outcome != "placeholder"
    spoken = translated(flow(given, state("ask", "make-outgoing-call-v2", {"answered": "yes"}), event=event))
    assert row(spoken, "Trigger").steps == ("call",)


def test_the_host_of_an_api_may_stand_in_a_variable_that_is_set_once() -> None:
    pairs = [("base", "https://api.example.com/v2"), ("AuthToken", "hidden"), ("Account", "me")]
    given = state(
        "given", "set-variables", {"next": "asked"}, variables=[{"key": name, "value": value} for name, value in pairs]
    )
    asked = state("asked", "make-http-request", {"success": "signed"}, url="{{flow.variables.base}}/orders")
    login = "https://{{flow.variables.Account}}:{{flow.variables.AuthToken}}@api.example.com/"
    signed = state("signed", "make-http-request", {"success": "yes"}, url=login)
    foreign = translated(flow(given, asked, signed))
    first, second = foreign.sources
    assert first.url == "https://api.example.com/v2/orders"
    assert (second.auth, second.auth_name, second.secret) == ("basic", "me", "hidden")
    assert "hidden" not in str(foreign.file.definition)
    twice = state(
        "again", "set-variables", {"next": "given"}, variables=[{"key": "base", "value": "https://x.example"}]
    )
    assert row(translated(flow(twice, given, asked, signed)), "asked").outcome == "placeholder"


def test_json_that_is_called_a_form_goes_as_json() -> None:
    body = '{"from": "{{trigger.call.From}}", "memory": {{flow.variables.plan | to_json}}}'
    form = "application/x-www-form-urlencoded;charset=utf-8"
    asked = state("asked", "make-http-request", {"success": "yes"}, method="POST", content_type=form, body=body)
    asked["properties"]["url"] = "https://api.example.com/"
    (source,) = translated(flow(asked)).sources
    assert source.headers["Content-Type"] == "application/json"
    assert source.body == '{"from": "{{ from }}", "memory": {{plan | json}}}'.replace("{{ from }}", "{{from}}")
    plain = {**asked, "properties": {**asked["properties"], "body": "a={{trigger.call.From}}"}}
    (source,) = translated(flow(plain)).sources
    assert source.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_secret_that_the_flow_compares_stays() -> None:
    given = state("given", "set-variables", {"next": "split"}, variables=[{"key": "SecretCode", "value": "4711"}])
    data = flow(given, split([{"type": "equal_to", "value": "{{flow.variables.SecretCode}}"}], "4711"))
    assert walk(data).start().heard[0] == "say en-US: Here is yes"


def test_an_answer_that_is_read_as_a_whole_is_a_value_of_its_own() -> None:
    asked = state("asked", "run-function", {"success": "split"}, url="https://api.example.com/")
    data = flow(asked, split([{"type": "equal_to", "value": "YES"}], "{{widgets.asked.body}}"))
    (source,) = translated(data).sources
    assert [dict(one) for one in source.mapping] == [{"name": "body", "path": "@", "type": "text"}]
    contact = walk(data).start().answer("asked", body="yes ")
    assert contact.heard[-2] == "say en-US: Here is yes"
