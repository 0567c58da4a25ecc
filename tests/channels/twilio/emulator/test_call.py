"""Emulated calls against a server that answers from a list."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from channels.providers.twilio.emulator.call import STATUS_PATH, VOICE_PATH, Call, Carrier
from channels.providers.twilio.emulator.script import BadScript, Script, read_legs
from channels.providers.twilio.emulator.wire import Outgoing, Wire
from channels.providers.twilio.signature import HEADER, sign

ACCOUNT = "AC00000000000000000000000000000001"
FROM, TO = "+4915100000002", "+49309018200"


class House:
    """Answers the nth voice webhook with the nth document, and remembers what it was told."""

    def __init__(self, server: HTTPServer, *documents: str) -> None:
        self.documents = list(documents)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.statuses: list[dict[str, str]] = []
        self.unsigned = 0
        self.origin = server.url_for("").rstrip("/")
        server.expect_request(STATUS_PATH).respond_with_handler(self.note)
        server.expect_request(VOICE_PATH).respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        self.asked.append((request.query_string.decode(), self.read(request)))
        inside = self.documents[min(len(self.asked), len(self.documents)) - 1]
        return Response(f"<Response>{inside}</Response>", content_type="text/xml")

    def note(self, request: Request) -> Response:
        self.statuses.append(self.read(request))
        return Response(status=204)

    def read(self, request: Request) -> dict[str, str]:
        form = parse_qs(request.get_data(as_text=True), keep_blank_values=True)
        query = request.query_string.decode()
        url = self.origin + request.path + (f"?{query}" if query else "")
        self.unsigned += request.headers.get(HEADER) != sign("secret", url, form)
        return {name: values[0] for name, values in form.items()}


Place = Callable[..., tuple[House, Carrier, Call]]


@pytest.fixture
def place(httpserver: HTTPServer) -> Iterator[Place]:
    def place_(*documents: str) -> tuple[House, Carrier, Call]:
        house = House(httpserver, *documents)
        carrier = Carrier(Wire(house.origin, "secret"))
        return house, carrier, carrier.place(ACCOUNT, FROM, TO)

    yield place_
    httpserver.check_assertions()


def heard(call: Call) -> list[str]:
    return [f"{one.what} {one.text}".strip() for one in call.heard]


def test_a_call_is_asked_for_as_the_carrier_asks(place: Place) -> None:
    house, carrier, call = place("<Hangup/>")
    carrier.run(call)
    (query, form), *_ = house.asked
    assert query == ""
    assert house.unsigned == 0
    expected = {"AccountSid": ACCOUNT, "From": FROM, "To": TO, "Caller": FROM, "Called": TO, "CallStatus": "ringing"}
    assert form.items() >= {**expected, "Direction": "inbound", "ApiVersion": "2010-04-01", "FromCountry": "DE"}.items()
    assert form["CallSid"] == call.call_id
    assert len(call.call_id) == 34


def test_the_end_of_a_call_is_told_once(place: Place) -> None:
    house, carrier, call = place("<Say>Hello.</Say>")
    carrier.run(call)
    carrier.run(call)
    carrier.hang_up(call)
    assert [status["CallStatus"] for status in house.statuses] == ["completed"]
    assert (call.outcome, heard(call)) == ("ended", ["say Hello."])


def test_keys_end_an_entry_at_its_length_or_at_the_finishing_key(place: Place) -> None:
    question = f'<Gather action="{VOICE_PATH}?n=1" numDigits="2"><Say>Which?</Say></Gather><Say>Lost</Say>'
    pin = f'<Gather action="{VOICE_PATH}?n=2"><Say>Number?</Say></Gather>'
    house, carrier, call = place(question, pin, "<Hangup/>")
    carrier.run(call)
    carrier.press(call, "1")
    assert call.waits_for == "keys or words"
    carrier.press(call, "23")
    carrier.run(call)
    carrier.press(call, "987#")
    carrier.run(call)
    assert [form.get("Digits") for _, form in house.asked] == [None, "12", "987"]
    assert house.asked[2][1]["FinishedOnKey"] == "#"
    assert "say Lost" not in heard(call)


def test_silence_goes_on_in_the_document_unless_the_action_wants_to_know(place: Place) -> None:
    quiet = f'<Gather action="{VOICE_PATH}?n=1"/><Say>Nothing entered</Say><Redirect>{VOICE_PATH}?n=2</Redirect>'
    told = f'<Gather action="{VOICE_PATH}?n=3" actionOnEmptyResult="true"/>'
    house, carrier, call = place(quiet, told, "<Hangup/>")
    Script().follow(carrier, call)
    assert [query for query, _ in house.asked] == ["", "n=2", "n=3"]
    assert house.asked[2][1]["Digits"] == ""
    assert heard(call) == ["say Nothing entered"]


def test_words_are_heard_only_where_speech_is_listened_to(place: Place) -> None:
    keys = f'<Gather action="{VOICE_PATH}?n=1"/>'
    speech = f'<Gather input="speech" action="{VOICE_PATH}?n=2" actionOnEmptyResult="true"/>'
    house, carrier, call = place(f"{keys}{speech}", "<Hangup/>")
    carrier.run(call)
    carrier.speak(call, "sales")
    assert call.waits_for == "keys or words"
    carrier.wait(call)
    carrier.run(call)
    carrier.press(call, "1")
    carrier.speak(call, "sales")
    carrier.run(call)
    assert [query for query, _ in house.asked] == ["", "n=2"]
    assert house.asked[1][1].items() >= {"SpeechResult": "sales", "Confidence": "0.9"}.items()


def test_a_pause_takes_its_time_so_that_a_hold_does_not_spin(place: Place) -> None:
    house, carrier, call = place(f'<Pause length="1"/><Redirect>{VOICE_PATH}?n=1</Redirect>', "<Hangup/>")
    began = time.monotonic()
    assert carrier.step(call)
    carrier.run(call)
    assert 1.0 <= time.monotonic() - began < 15
    assert len(house.asked) == 2
    # A pause and a redirect do not answer the call.
    assert house.asked[1][1]["CallStatus"] == "ringing"


DIAL = f'<Dial action="{VOICE_PATH}?for=dial" answerOnBridge="true"><Sip>sip:vip@pbx.de?X-Tier=gold%20%26+</Sip></Dial>'


@pytest.mark.parametrize(
    ("how", "code", "outcome", "status"),
    [
        ("completed", "200", "transferred", "in-progress"),
        ("busy", "486", "ended", "ringing"),
        ("no-answer", "487", "ended", "ringing"),
        ("failed", "503", "ended", "ringing"),
    ],
)
def test_the_end_of_a_leg_is_told_to_its_action(place: Place, how: str, code: str, outcome: str, status: str) -> None:
    house, carrier, call = place(DIAL, "<Hangup/>")
    carrier.run(call)
    assert call.waits_for == "other side"
    assert (call.dialled[0].uri, call.dialled[0].headers) == ("sip:vip@pbx.de", {"X-Tier": "gold & "})
    carrier.end_leg(call, how)  # type: ignore[arg-type]
    carrier.run(call)
    form = house.asked[1][1]
    assert (form["DialCallStatus"], form["DialSipResponseCode"], form["CallStatus"]) == (how, code, status)
    assert call.outcome == outcome


def test_a_leg_without_an_action_goes_on_in_the_document(place: Place) -> None:
    house, carrier, call = place("<Dial><Number>+49301111</Number></Dial><Say>Sorry.</Say>")
    Script(otherwise="busy").follow(carrier, call)
    assert len(house.asked) == 1
    assert heard(call) == ["ring +49301111", "busy busy", "say Sorry."]


def test_a_caller_who_hangs_up_while_it_rings_is_told_to_the_action_and_as_status(place: Place) -> None:
    house, carrier, call = place(DIAL)
    Script(hangup_after=1).follow(carrier, call)
    assert house.asked[1][1].items() >= {"CallStatus": "completed", "DialCallStatus": "no-answer"}.items()
    assert house.statuses[0]["CallStatus"] == "completed"
    assert call.outcome == "hung_up"
    assert len(call.webhooks) == 1


def test_a_caller_who_hangs_up_after_talking_was_put_through(place: Place) -> None:
    house, carrier, call = place(DIAL)
    carrier.run(call)
    carrier.hang_up(call, after_talking=True)
    assert house.asked[1][1].items() >= {"CallStatus": "completed", "DialCallStatus": "completed"}.items()
    assert call.outcome == "transferred"


RECORD = f'<Record action="{VOICE_PATH}?for=record" maxLength="3"/><Redirect>{VOICE_PATH}?n=1</Redirect>'


def test_a_message_is_told_with_its_length_and_where_it_is(place: Place) -> None:
    house, carrier, call = place(RECORD, "<Hangup/>")
    Script(message_s=9).follow(carrier, call)
    form = house.asked[1][1]
    assert (form["RecordingDuration"], form["Digits"]) == ("3", "#")
    assert form["RecordingUrl"].startswith(f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE")
    assert call.outcome == "voicemail"


def test_silence_after_the_beep_goes_on_in_the_document(place: Place) -> None:
    house, carrier, call = place(RECORD, "<Hangup/>")
    Script(message_s=0).follow(carrier, call)
    assert house.asked[1][0] == "n=1"
    assert "RecordingUrl" not in house.asked[1][1]
    assert call.outcome == "ended"


def test_who_hangs_up_while_recording_has_left_a_message(place: Place) -> None:
    house, carrier, call = place(RECORD)
    carrier.run(call)
    carrier.hang_up(call, after_talking=True)
    assert house.asked[1][1].items() >= {"Digits": "hangup", "RecordingDuration": "3"}.items()
    assert call.outcome == "voicemail"


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_a_refused_call_is_never_answered(place: Place, reason: str, status: str) -> None:
    house, carrier, call = place(f'<Reject reason="{reason}"/>')
    carrier.run(call)
    assert (call.outcome, house.statuses[0]["CallStatus"]) == ("rejected", status)


def test_a_document_that_the_carrier_refuses_ends_the_call_with_its_number(place: Place) -> None:
    house, carrier, call = place("<Dial><Say>Hello</Say></Dial>")
    carrier.run(call)
    assert call.outcome == "error"
    assert call.error.startswith("13215: ")
    assert heard(call) == ["error We are sorry, an application error has occurred. Goodbye."]
    assert house.statuses


def test_a_server_that_says_no_is_an_error_that_says_what_it_said(httpserver: HTTPServer) -> None:
    httpserver.expect_request(VOICE_PATH).respond_with_data("bad signature\n", 403, content_type="text/plain")
    httpserver.expect_request(STATUS_PATH).respond_with_data("", 204)
    carrier = Carrier(Wire(httpserver.url_for(""), "secret"))
    call = carrier.place(ACCOUNT, FROM, TO)
    carrier.run(call)
    assert call.error == "11200: HTTP retrieval failure: the server answered 403 (bad signature)"


def test_a_server_that_is_not_there_is_an_error() -> None:
    carrier = Carrier(Wire("http://127.0.0.1:9", "secret"))
    call = carrier.place(ACCOUNT, FROM, TO)
    carrier.run(call)
    assert call.error == "11205: HTTP connection failure: nobody answers at http://127.0.0.1:9"


def test_documents_that_go_round_in_a_circle_end(place: Place) -> None:
    house, carrier, call = place(f"<Redirect>{VOICE_PATH}</Redirect>")
    carrier.run(call)
    assert len(house.asked) == 100
    assert call.error.startswith("11215: ")


def test_only_its_own_server_is_called(place: Place) -> None:
    _, carrier, call = place("<Redirect>https://elsewhere.example.com/</Redirect>")
    carrier.run(call)
    assert call.error.startswith("11100: ")


def test_a_server_behind_a_proxy_is_reached_directly_and_signed_for_by_its_public_name(httpserver: HTTPServer) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        return Response("<Response/>", content_type="text/xml")

    httpserver.expect_request(VOICE_PATH).respond_with_handler(answer)
    httpserver.expect_request(STATUS_PATH).respond_with_data("", 204)
    wire = Wire("https://calls.example.com", "secret", via=httpserver.url_for(""))
    carrier = Carrier(wire)
    carrier.run(carrier.place(ACCOUNT, FROM, TO))
    form = parse_qs(seen[0].get_data(as_text=True), keep_blank_values=True)
    assert seen[0].headers["Host"] == "calls.example.com"
    assert seen[0].headers[HEADER] == sign("secret", f"https://calls.example.com{VOICE_PATH}", form)


def test_a_call_goes_on_from_its_json(place: Place) -> None:
    question = f'<Gather action="{VOICE_PATH}?n=1" numDigits="2"><Say>Which?</Say></Gather>'
    house, carrier, call = place(question, DIAL, "<Hangup/>")
    acts: list[Callable[[Call], None]] = [
        lambda stored: carrier.press(stored, "4"),
        lambda stored: carrier.press(stored, "2"),
        lambda stored: carrier.end_leg(stored, "busy"),
    ]
    for act in acts:
        carrier.run(call)
        call = Call.load(json.loads(json.dumps(call.dump())))
        act(call)
    carrier.run(call)
    assert house.asked[1][1]["Digits"] == "42"
    assert call.is_over
    assert heard(call) == ["say Which?", "ring sip:vip@pbx.de", "busy busy"]


def test_a_test_may_spoil_a_request_or_send_it_twice(place: Place) -> None:
    house, carrier, call = place("<Hangup/>")

    def spoil(outgoing: Outgoing) -> Outgoing:
        return replace(outgoing, body=outgoing.body.replace("Digits", "digits").replace("ringing", "rinGing"))

    carrier.wire.tamper, carrier.wire.copies = spoil, 3
    carrier.run(call)
    assert len(house.asked) == 3
    assert house.unsigned == 3


def test_a_script_uses_up_its_inputs_in_order(place: Place) -> None:
    question = f'<Gather input="dtmf speech" action="{VOICE_PATH}?n=1" actionOnEmptyResult="true"/>'
    house, carrier, call = place(question, question, question, "<Hangup/>")
    Script(inputs=[("keys", "1#"), ("words", "sales")]).follow(carrier, call)
    told = [(form.get("Digits"), form.get("SpeechResult")) for _, form in house.asked]
    assert told == [(None, None), ("1", None), (None, "sales"), ("", None)]


def test_legs_are_read_in_turn_or_by_address() -> None:
    assert read_legs(["busy,completed", "sip:a@b.de=failed"]) == (["busy", "completed"], {"sip:a@b.de": "failed"})
    with pytest.raises(BadScript, match="asleep"):
        read_legs(["asleep"])


def test_addresses_answer_as_the_script_says(place: Place) -> None:
    second = DIAL.replace("vip@", "standard@")
    house, carrier, call = place(DIAL, second, "<Hangup/>")
    Script(by_address={"sip:vip@pbx.de": "busy"}).follow(carrier, call)
    assert [leg.ended for leg in call.dialled] == ["busy", "completed"]
    assert urlsplit(call.dialled[-1].uri).path == "standard@pbx.de"
    assert len(house.asked) == 3
