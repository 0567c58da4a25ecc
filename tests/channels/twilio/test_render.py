"""TwiML of each effect: as the vendor's own builder writes it, and accepted by a strict reader."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import VoiceResponse

from channels.providers.twilio.emulator.twiml import parse
from channels.providers.twilio.provider import Twilio
from channels.providers.twilio.render import render
from channels.providers.twilio.sip import UndialableAddress
from routing.engine.effects import ComeBack, Dial, Effect, Fetch, Gather, Hangup, Play, Record, Say

URL = "https://calls.example.com/webhooks/twilio/voice/?turn=3"

texts = st.text(max_size=200)
says = st.builds(
    Say,
    text=texts,
    language=st.sampled_from(["en", "de-DE", "de", "", "tlh", "zh-TW", "x" * 30]),
    voice=st.sampled_from(["", "Polly.Vicki", "alice", 'a"b', "Google.de-DE-Standard-A"]),
)
plays = st.builds(
    Play,
    url=st.sampled_from(["https://x.de/a.mp3", "https://x.de/ä b.mp3?x=1&y=<2>"]),
    times=st.integers(-1, 2000),
)
gathers = st.builds(
    Gather,
    prompts=st.lists(st.one_of(says, plays), max_size=3).map(tuple),
    keys=st.booleans(),
    speech=st.booleans(),
    language=st.sampled_from(["en", "de", "tlh"]),
    timeout_s=st.integers(0, 60),
    digits=st.none() | st.integers(1, 32),
    finish_on_key=st.sampled_from(["#", "", "*"]),
    hints=st.lists(texts, max_size=4).map(tuple),
)
dials = st.builds(
    Dial,
    to=st.sampled_from(["sip:vip@pbx.example.com", "sips:a@[::1]:5061;transport=tls", "+49309018200"]),
    ring_s=st.integers(0, 900),
    headers=st.dictionaries(st.sampled_from(["X-Tier", "X-Reason", "Bad"]), st.text(max_size=900)),
)
records = st.builds(Record, max_s=st.integers(0, 3600), timeout_s=st.integers(0, 60))
effects = st.one_of(
    says,
    plays,
    gathers,
    dials,
    records,
    st.builds(ComeBack, pause_s=st.integers(0, 90)),
    st.builds(Hangup, reject=st.sampled_from(["", "busy", "rejected"])),
    st.just(Fetch("q", "crm", {}, 2.0)),
)


def shape(document: bytes | str) -> list[Any]:
    def one(element: ET.Element) -> list[Any]:
        return [element.tag, dict(element.attrib), (element.text or "").strip(), [one(child) for child in element]]

    return one(ET.fromstring(document))


def build(effect: Effect) -> VoiceResponse:
    """The same with the vendor's builder."""
    response = VoiceResponse()
    match effect:
        case Say(text=text):
            response.say(text, language="de-DE", voice="Polly.Vicki")
        case Play(url=url):
            response.play(url, loop=2)
        case Gather():
            gather = response.gather(
                input="dtmf speech",
                timeout=4,
                num_digits=1,
                finish_on_key="#",
                speech_timeout="auto",
                language="en-US",
                hints="sales, after sales",
                action_on_empty_result=True,
                method="POST",
                action=f"{URL}&for=gather",
            )
            gather.say("For sales press 1 & wait.", language="en-US")
        case Dial():
            dial = response.dial(answer_on_bridge=True, timeout=20, method="POST", action=f"{URL}&for=dial")
            dial.sip("sip:vip@pbx.example.com?X-Contact=AB23&X-Tier=gold%20%26%20more")
        case Record():
            response.record(
                play_beep=True,
                max_length=90,
                timeout=5,
                finish_on_key="#",
                method="POST",
                action=f"{URL}&for=record",
            )
            response.redirect(f"{URL}&for=record", method="POST")
        case ComeBack():
            response.pause(length=1)
            response.redirect(f"{URL}&for=back", method="POST")
        case Hangup(reject=""):
            response.hangup()
        case Hangup(reject=reason):
            response.reject(reason=reason)
    return response


@pytest.mark.parametrize(
    "effect",
    [
        Say("Grüße & <Küsse> “hier”", "de", "Polly.Vicki"),
        Play("https://x.de/a.mp3", 2),
        Gather((Say("For sales press 1 & wait.", "en"),), True, True, "en", 4, 1, "#", ("sales", "after, sales")),
        Dial("sip:vip@pbx.example.com", 20, {"X-Tier": "gold & more", "X-Contact": "AB23"}),
        Record(90, 5),
        ComeBack(1),
        Hangup(),
        Hangup("busy"),
        Hangup("rejected"),
    ],
    ids=lambda effect: f"{type(effect).__name__}",
)
def test_an_effect_is_written_as_the_vendors_builder_writes_it(effect: Effect) -> None:
    theirs = shape(str(build(effect)))
    assert shape(render([effect], action_url=URL)) == theirs


@given(st.lists(effects, max_size=5))
def test_every_answer_is_accepted_by_a_strict_reader(some: list[Effect]) -> None:
    parse(render(some, action_url=URL))


def test_a_number_is_dialled_as_a_number() -> None:
    (dial,) = parse(render([Dial("+49309018200", 30, caller_id="+4930111111")], action_url=URL))
    assert dial.children[0].name == "Number"
    assert dial.attributes["callerId"] == "+4930111111"


@pytest.mark.parametrize("to", ["", "vip@pbx.example.com", "+12", "sip:a@b?X-A=1", "tel:+49301"])
def test_what_cannot_be_dialled_is_an_error_of_ours_and_not_the_callers(to: str) -> None:
    with pytest.raises(UndialableAddress):
        render([Dial(to)], action_url=URL)


def test_what_xml_forbids_is_left_out() -> None:
    (say,) = parse(render([Say("a\x00b\x0bc\ud800d\ufffe")], action_url=URL))
    assert say.text == "abcd"


def test_a_text_without_a_word_is_not_said() -> None:
    assert parse(render([Say(" \x00 ")], action_url=URL)) == ()


def test_a_long_text_is_said_in_pieces_that_end_with_a_sentence() -> None:
    text = "One & two are three. " * 600
    verbs = parse(render([Say(text)], action_url=URL))
    assert len(verbs) == 4
    assert all(verb.text.endswith("three.") for verb in verbs)
    assert " ".join(verb.text for verb in verbs) == text.strip()


def test_a_long_text_without_spaces_is_said_whole() -> None:
    verbs = parse(render([Say("&" * 9000)], action_url=URL))
    assert "".join(verb.text for verb in verbs) == "&" * 9000


def test_a_fetch_is_nothing_that_a_caller_hears() -> None:
    assert parse(render([Fetch("q", "crm", {}, 2.0)], action_url=URL)) == ()


def test_a_call_that_was_answered_is_hung_up_instead_of_refused() -> None:
    verbs = parse(render([Say("Hello."), Hangup("busy")], action_url=URL))
    assert [verb.name for verb in verbs] == ["Say", "Hangup"]


def test_silence_after_the_beep_comes_back_too() -> None:
    record, redirect = parse(render([Record()], action_url=URL))
    assert record.attributes["action"] == redirect.text == f"{URL}&for=record"


def test_coming_back_at_once_has_no_pause() -> None:
    (redirect,) = parse(render([ComeBack(0)], action_url=URL))
    assert redirect.name == "Redirect"


@pytest.mark.parametrize(
    ("language", "spoken"),
    [("de", "de-DE"), ("de-AT", "de-AT"), ("de_LU", "de-DE"), ("EN-gb", "en-GB"), ("en", "en-US"), ("tlh", None)],
)
def test_a_language_is_named_as_the_carrier_names_it(language: str, spoken: str | None) -> None:
    (say,) = parse(render([Say("Hello", language)], action_url=URL))
    assert say.attributes.get("language") == spoken


def test_the_provider_renders_through_its_protocol() -> None:
    assert Twilio().render([Hangup()], action_url=URL) == render([Hangup()], action_url=URL)
