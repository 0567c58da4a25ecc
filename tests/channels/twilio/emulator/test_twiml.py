"""The carrier's reader refuses what the carrier would, with the carrier's numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.providers.twilio.emulator.twiml import TwimlError, Verb, load, parse

SIP = "<Dial><Sip>{}</Sip></Dial>"


def document(inside: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'.encode()


@pytest.mark.parametrize(
    "inside",
    [
        "",
        '<Say language="de-DE" voice="Polly.Vicki" loop="2">Hallo</Say>',
        "<Play>https://x.de/a.mp3</Play>",
        '<Play digits="1w2"/>',
        '<Gather numDigits="1" action="/next"><Say>Press 1</Say><Pause length="1"/></Gather>',
        "<Dial>+49309018200</Dial>",
        "<Dial><Number>+49309018200</Number></Dial>",
        SIP.format("sip:vip@pbx.example.com:5060;transport=tcp?X-Tier=gold&amp;X-Reason=a%20%26%20b"),
        SIP.format("sips:vip@[2001:db8::1]"),
        '<Record maxLength="30" finishOnKey="*#" playBeep="false"/>',
        '<Redirect method="POST">/again?x=1</Redirect>',
        '<Reject reason="busy"/>',
        "<Hangup/>",
        "<!-- a comment --><Hangup/>",
    ],
)
def test_what_the_carrier_understands_is_read(inside: str) -> None:
    for verb in parse(document(inside)):
        assert load(verb.dump()) == verb


@pytest.mark.parametrize(
    ("inside", "number"),
    [
        ("<Say>", 12100),
        ("<Say>&nbsp;</Say>", 12100),
        ("<Shout>Hello</Shout>", 12200),
        ("<say>Hello</say>", 12200),
        ('<Say loudness="11">Hello</Say>', 12200),
        ("Hello", 12200),
        ("<Hangup/>Hello", 12200),
        ("<Hangup>now</Hangup>", 12200),
        ("<Say>Hello <Pause/></Say>", 12200),
        ("<Gather><Dial>+49309018200</Dial></Gather>", 13320),
        ("<Gather><Gather/></Gather>", 13320),
        ("<Dial><Say>Hello</Say></Dial>", 13215),
        ("<Dial/>", 12200),
        ("<Dial>+49309018200<Number>+49309018200</Number></Dial>", 12200),
        ("<Dial>030 9018200</Dial>", 13224),
        ("<Dial><Number>12</Number></Dial>", 13224),
        ("<Dial>" + "<Sip>sip:a@b.de</Sip>" * 11 + "</Dial>", 13250),
        ('<Dial timeout="0">+49309018200</Dial>', 13212),
        ('<Dial callerId="who is it">+49309018200</Dial>', 13214),
        ('<Dial action="ftp://x">+49309018200</Dial>', 11100),
        (SIP.format("vip@pbx.example.com"), 13243),
        (SIP.format("sip:vip"), 13243),
        (SIP.format("sip:" + "v" * 100 + "@" + "h" * 200), 13243),
        (SIP.format("sip:vip@pbx.example.com?X-A=" + "a" * 1021), 21227),
        (SIP.format("sip:vip@pbx.example.com?Tier=gold"), 13252),
        (SIP.format("sip:vip@pbx.example.com?X-Tier"), 13252),
        (SIP.format("sip:vip@pbx.example.com?X-Tier=a%2"), 13243),
        (SIP.format("sip:vip@pbx.example.com?X-Tier=a b"), 13243),
        (SIP.format("sip:vip@pbx.example.com?X-Tier=%C3"), 13243),
        ("<Say></Say>", 13520),
        ("<Say>" + "a" * 4097 + "</Say>", 13521),
        ('<Say language="de">Hallo</Say>', 13512),
        ('<Say voice="my voice">Hallo</Say>', 13511),
        ('<Say loop="-1">Hallo</Say>', 13510),
        ("<Play/>", 11100),
        ("<Play>a b.mp3</Play>", 11100),
        ('<Pause length="0"/>', 13910),
        ('<Gather timeout="0"/>', 13313),
        ('<Gather numDigits="0"/>', 13314),
        ('<Gather finishOnKey="##"/>', 13310),
        ('<Gather actionOnEmptyResult="yes"/>', 13338),
        ('<Record maxLength="0"/>', 13612),
        ('<Record playBeep="loud"/>', 13616),
        ('<Redirect method="PUT">/x</Redirect>', 13710),
        ("<Redirect/>", 11100),
        ('<Reject reason="tired"/>', 12200),
    ],
)
def test_what_the_carrier_refuses_is_an_error_with_its_number(inside: str, number: int) -> None:
    with pytest.raises(TwimlError) as caught:
        parse(document(inside))
    assert caught.value.number == number
    assert str(number) in str(caught.value)


@pytest.mark.parametrize(
    ("body", "content_type", "number"),
    [
        (b"", "text/xml", 12100),
        (b"<html/>", "text/html", 12100),
        (b"{}", "application/json", 12300),
        (b"<!DOCTYPE Response [<!ENTITY a 'b'>]><Response>&a;</Response>", "text/xml", 12100),
        (document(" " * 70_000), "text/xml", 11750),
        (b"<Response><Say>\x00</Say></Response>", "text/xml", 12100),
        (b"<a:Response xmlns:a='b'/>", "text/xml", 12100),
    ],
)
def test_what_is_no_document_is_refused(body: bytes, content_type: str, number: int) -> None:
    with pytest.raises(TwimlError) as caught:
        parse(body, content_type)
    assert caught.value.number == number


@given(st.binary(max_size=200) | st.text("<>/ RespondSayDial'\"=&;?!-", max_size=80).map(document))
def test_nothing_but_a_twiml_error_comes_of_rubbish(body: bytes) -> None:
    try:
        verbs = parse(body)
    except TwimlError:
        return
    assert all(isinstance(verb, Verb) for verb in verbs)
