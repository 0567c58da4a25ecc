"""What webhooks say. The forms have the shape of https://www.twilio.com/docs/voice/twiml#request-parameters."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.providers.twilio.inbound import (
    NotAForm,
    Place,
    VoiceCall,
    details_of,
    event_of,
    read_call,
    read_form,
    read_place,
)
from routing.engine.events import (
    CameBack,
    DigitsPressed,
    Event,
    HungUp,
    InputTimedOut,
    MessageRecorded,
    TransferEnded,
    WordsSpoken,
)

# An inbound call to a German number as the carrier posts it.
INCOMING = {
    "AccountSid": "AC00000000000000000000000000000001",
    "ApiVersion": "2010-04-01",
    "CallSid": "CA11111111111111111111111111111111",
    "CallStatus": "ringing",
    "CallToken": "%7B%22parentCallInfoToken%22%3A%22x%22%7D",
    "Called": "+49309018200",
    "CalledCity": "Berlin",
    "CalledCountry": "DE",
    "CalledState": "",
    "CalledZip": "",
    "Caller": "+4915100000002",
    "CallerCity": "",
    "CallerCountry": "DE",
    "CallerState": "",
    "CallerZip": "",
    "Direction": "inbound",
    "From": "+4915100000002",
    "FromCity": "",
    "FromCountry": "DE",
    "FromState": "",
    "FromZip": "",
    "StirVerstat": "TN-Validation-Passed-A",
    "To": "+49309018200",
    "ToCity": "Berlin",
    "ToCountry": "DE",
    "ToState": "",
    "ToZip": "",
}


def call(**more: str) -> VoiceCall:
    return read_call(read_form(urlencode({**INCOMING, **more}).encode()))


def test_a_call_is_read() -> None:
    found = call()
    assert (found.account_id, found.call_id) == (INCOMING["AccountSid"], INCOMING["CallSid"])
    assert (found.sender, found.recipient, found.status) == ("+4915100000002", "+49309018200", "ringing")
    assert not found.is_over


def test_ids_of_compatible_carriers_look_different() -> None:
    assert call(CallSid="4a5b-6c7d:8e9f").call_id == "4a5b-6c7d:8e9f"


@pytest.mark.parametrize("name", ["AccountSid", "CallSid"])
@pytest.mark.parametrize("value", ["", " ", "a\x00b", "ä", "x" * 129])
def test_an_id_that_is_none_makes_the_form_incomplete(name: str, value: str) -> None:
    with pytest.raises(NotAForm, match=name):
        call(**{name: value})


def test_a_call_to_nobody_is_incomplete() -> None:
    with pytest.raises(NotAForm, match="To"):
        call(To="", Called="")


@pytest.mark.parametrize("sender", ["", "\x00"])
def test_a_withheld_number_is_anonymous(sender: str) -> None:
    assert call(From=sender, Caller="").sender == "anonymous"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=%FF", "&".join(f"a{i}=1" for i in range(501)).encode()])
def test_a_body_that_is_no_form_is_told(body: bytes) -> None:
    with pytest.raises(NotAForm):
        read_call(read_form(body))


@given(st.binary(max_size=300))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    try:
        found = read_call(read_form(body))
    except NotAForm:
        return
    event_of(found, "dial")
    details_of(found)


def test_blank_values_are_kept_for_the_signature() -> None:
    assert read_form(b"a=&b=1&a=2") == {"a": ["", "2"], "b": ["1"]}


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("", Place()),
        ("turn=3&for=dial", Place(3, "dial")),
        ("fallback=2&for=dial", Place(None, "dial", 2)),
        ("turn=-1", Place()),
        ("turn=²", Place()),
        ("turn=99999999999999999999", Place()),
        ("tenant=7", Place()),
    ],
)
def test_the_place_is_what_we_wrote_into_the_address(query: str, place: Place) -> None:
    assert read_place(query) == place


# https://www.twilio.com/docs/voice/twiml/dial#dialcallstatus-values and …/twiml/sip#action
@pytest.mark.parametrize(
    ("reason", "form", "event"),
    [
        ("gather", {"Digits": "12", "FinishedOnKey": "#"}, DigitsPressed("12")),
        ("gather", {"SpeechResult": "Sales please.", "Confidence": "0.87"}, WordsSpoken("Sales please.", 0.87)),
        ("gather", {"SpeechResult": "Sales", "Confidence": "nan"}, WordsSpoken("Sales", 1.0)),
        ("gather", {"SpeechResult": "Sales", "Confidence": "very"}, WordsSpoken("Sales", 1.0)),
        ("gather", {"Digits": "", "FinishedOnKey": ""}, InputTimedOut()),
        ("gather", {"CallStatus": "completed"}, HungUp()),
        (
            "dial",
            {"DialCallStatus": "completed", "DialCallDuration": "42", "DialSipResponseCode": "200"},
            TransferEnded("completed", 200, 42),
        ),
        ("dial", {"DialCallStatus": "answered"}, TransferEnded("completed")),
        ("dial", {"DialCallStatus": "busy", "DialSipResponseCode": "486"}, TransferEnded("busy", 486)),
        ("dial", {"DialCallStatus": "no-answer"}, TransferEnded("no_answer")),
        ("dial", {"DialCallStatus": "failed", "DialSipResponseCode": "503"}, TransferEnded("failed", 503)),
        ("dial", {"DialCallStatus": "canceled"}, TransferEnded("canceled")),
        ("dial", {"DialCallStatus": "something new"}, TransferEnded("failed")),
        ("dial", {"DialCallStatus": "no-answer", "CallStatus": "completed"}, HungUp()),
        ("dial", {"DialCallStatus": "completed", "CallStatus": "completed"}, TransferEnded("completed")),
        (
            "record",
            {"RecordingUrl": "https://api.twilio.com/r", "RecordingDuration": "7", "Digits": "#"},
            MessageRecorded("https://api.twilio.com/r", 7),
        ),
        (
            "record",
            {"RecordingUrl": "https://api.twilio.com/r", "RecordingDuration": "7", "Digits": "hangup"},
            MessageRecorded("https://api.twilio.com/r", 7),
        ),
        ("record", {"RecordingUrl": "https://x/r", "RecordingDuration": "0", "Digits": "hangup"}, HungUp()),
        ("record", {}, InputTimedOut()),
        ("back", {}, CameBack()),
        ("back", {"CallStatus": "completed"}, HungUp()),
        ("", {}, CameBack()),
    ],
)
def test_a_callback_tells_what_happened(reason: str, form: dict[str, str], event: Event) -> None:
    assert event_of(call(**{"CallStatus": "in-progress", **form}), reason) == event


def test_what_the_carrier_knows_of_a_caller_is_readable_in_flows() -> None:
    found = call(FromCity="BERLIN", CallerName="ACME GmbH", ForwardedFrom="+4930111", **{"SipHeader_X-Account": "77"})
    assert details_of(found) == {
        "city": "BERLIN",
        "country": "DE",
        "caller_name": "ACME GmbH",
        "forwarded_from": "+4930111",
        "attestation": "TN-Validation-Passed-A",
        "language": "de",
        "sip_x_account": "77",
    }


@pytest.mark.parametrize("country", ["", "CH", "BE", "CA", "XX"])
def test_a_language_is_not_guessed_where_there_are_several(country: str) -> None:
    assert "language" not in details_of(call(FromCountry=country, CallerCountry=""))


def test_facts_are_bounded_and_clean() -> None:
    many = {f"SipHeader_X-{number}": "a\x00" + "b" * 500 for number in range(50)}
    details = details_of(call(**many))
    assert len([name for name in details if name.startswith("sip_")]) == 20
    assert all(len(value) <= 200 and "\x00" not in value for value in details.values())


_PAIRS = st.lists(st.tuples(st.text(max_size=6), st.text(max_size=12)), max_size=12)
_LOOSE = st.text(alphabet="ab=&+%2F0C3é ", max_size=40).map(lambda text: text.encode())


@given(st.one_of(_PAIRS.map(lambda pairs: urlencode(pairs, errors="surrogatepass").encode()), _LOOSE))
def test_a_form_is_read_as_the_standard_library_reads_it(body: bytes) -> None:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        with pytest.raises(NotAForm):
            read_form(body)
        return
    wanted: dict[str, list[str]] = {}
    for name, value in pairs:
        wanted.setdefault(name, []).append(value)
    assert read_form(body) == wanted
