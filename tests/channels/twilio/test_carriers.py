"""How each carrier signs: good, bad, missing, old, and with another carrier's way; and where its markup differs."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import LazySettings
from pytest_httpserver import HTTPServer

from channels.messaging.delivery import Account, Outgoing, Refused, Sent
from channels.numbers.shop import Customer
from channels.provider import Request
from channels.providers.twilio.carriers import CARRIERS, carrier_of
from channels.providers.twilio.carriers.addresses import origin_of
from channels.providers.twilio.carriers.telnyx import SIGNATURE, TIMESTAMP, TOLERANCE_S
from channels.providers.twilio.emulator.keys import PRIVATE_KEY, PUBLIC_KEY
from channels.providers.twilio.emulator.twiml import parse
from channels.providers.twilio.inbound import details_of, read_call
from channels.providers.twilio.messaging.sending import deliver
from channels.providers.twilio.render import render
from routing.engine.effects import Dial, Gather

NOW = 1_795_500_000.0
URL = "https://calls.example.com/webhooks/twilio/voice/?turn=1"
FORM = {"AccountSid": "f5586561-8ff0-4291-a51b-c7dfe4139ff9", "CallSid": "v3:9X2v", "To": "+13129457420"}
BODY = urlencode(FORM).encode()
# What signs, and what our account holds.
KEYS = dict.fromkeys(CARRIERS, ("token", "token")) | {"telnyx": (PRIVATE_KEY, PUBLIC_KEY)}


def request(headers: dict[str, str], body: bytes = BODY, form: dict[str, str] | None = None) -> Request:
    values = FORM if form is None else form
    return Request((URL, "http://elsewhere/"), headers, body, {name: [value] for name, value in values.items()})


@pytest.fixture(params=sorted(CARRIERS), ids=lambda key: key or "twilio")
def key(request: Any) -> str:
    return str(request.param)


def signed(key: str, now: float = NOW) -> dict[str, str]:
    return carrier_of(key).sign(URL, FORM, BODY, KEYS[key][0], now)


def test_a_signature_of_the_carriers_own_is_accepted(key: str) -> None:
    assert carrier_of(key).signed_url(request(signed(key)), KEYS[key][1], NOW) == URL


def test_a_form_changed_behind_the_signature_is_refused(key: str) -> None:
    changed = {**FORM, "To": "+13129457421"}
    theirs = request(signed(key), urlencode(changed).encode(), changed)
    assert carrier_of(key).signed_url(theirs, KEYS[key][1], NOW) is None


def test_another_accounts_key_is_refused(key: str) -> None:
    other = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    assert carrier_of(key).signed_url(request(signed(key)), other, NOW) is None


def test_no_signature_is_refused_and_called_so(key: str) -> None:
    carrier = carrier_of(key)
    assert carrier.signed_url(request({}), KEYS[key][1], NOW) is None
    assert not carrier.is_signed(dict.fromkeys(carrier.headers, ""))
    assert carrier.is_signed(signed(key))


@pytest.mark.parametrize("rubbish", ["", " ", "=", "ä", "A" * 87 + "=", "\x00", "A" * 10_000])
def test_rubbish_is_refused_and_raises_nothing(key: str, rubbish: str) -> None:
    carrier = carrier_of(key)
    headers = dict.fromkeys(carrier.headers, rubbish)
    assert carrier.signed_url(request(headers), KEYS[key][1], NOW) is None
    assert carrier.signed_url(request({**signed(key), SIGNATURE: rubbish}), rubbish, NOW) is None


def test_what_twilio_signed_is_nothing_to_telnyx_and_the_other_way_round() -> None:
    assert carrier_of("telnyx").signed_url(request(signed("")), PUBLIC_KEY, NOW) is None
    assert carrier_of("").signed_url(request(signed("telnyx")), PUBLIC_KEY, NOW) is None


def test_signalwire_signs_in_its_own_header_or_in_twilios() -> None:
    (name, value), carrier = *signed("signalwire").items(), carrier_of("signalwire")
    assert name == "X-SignalWire-Signature"
    assert carrier.signed_url(request({"X-Twilio-Signature": value}), "token", NOW) == URL
    # A wrong one of its own is not made good by the other.
    assert carrier.signed_url(request({name: "wrong", "X-Twilio-Signature": value}), "token", NOW) is None
    assert carrier_of("").signed_url(request({name: value}), "token", NOW) is None


@pytest.mark.parametrize(("seconds", "is_good"), [(0, True), (TOLERANCE_S, True), (-TOLERANCE_S, True)])
def test_telnyx_allows_five_minutes(seconds: int, is_good: bool) -> None:
    found = carrier_of("telnyx").signed_url(request(signed("telnyx")), PUBLIC_KEY, NOW + seconds)
    assert (found is not None) == is_good


@pytest.mark.parametrize("seconds", [TOLERANCE_S + 1, 3600, -TOLERANCE_S - 1])
def test_a_telnyx_webhook_that_is_played_again_later_is_refused(seconds: int) -> None:
    assert carrier_of("telnyx").signed_url(request(signed("telnyx")), PUBLIC_KEY, NOW + seconds) is None


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e9", str(int(NOW) + 1), "9" * 400, "١٧٩٥٥٠٠٠٠٠"])
def test_a_telnyx_timestamp_is_signed_with_the_body(timestamp: str) -> None:
    headers = {**signed("telnyx"), TIMESTAMP: timestamp}
    assert carrier_of("telnyx").signed_url(request(headers), PUBLIC_KEY, NOW) is None


def test_an_unknown_carrier_counts_as_twilio() -> None:
    assert carrier_of("gone").signed_url(request(signed("")), "token", NOW) == URL


class TestMarkup:
    def test_telnyx_rings_no_longer_than_it_can(self) -> None:
        (dial,) = parse(
            render([Dial("sip:a@b.example", 300)], action_url="/?turn=1", dialect=carrier_of("telnyx").dialect)
        )
        assert dial.attributes["timeout"] == "120"
        (dial,) = parse(render([Dial("sip:a@b.example", 300)], action_url="/?turn=1"))
        assert dial.attributes["timeout"] == "300"

    def test_where_silence_is_not_told_the_document_comes_back_itself(self) -> None:
        effect = Gather(prompts=(), keys=True, timeout_s=500)
        gather, redirect = parse(render([effect], action_url="/?turn=1", dialect=carrier_of("telnyx").dialect))
        assert "actionOnEmptyResult" not in gather.attributes
        assert gather.attributes["timeout"] == "120"
        assert (redirect.name, redirect.text) == ("Redirect", "/?turn=1&for=gather")
        (gather,) = parse(render([effect], action_url="/?turn=1"))
        assert gather.attributes["actionOnEmptyResult"] == "true"


def test_what_telnyx_knows_of_a_caller_is_read() -> None:
    """https://developers.telnyx.com/api-reference/callbacks/texml-call-initiated"""
    form = {
        "AccountSid": "f5586561-8ff0-4291-a51b-c7dfe4139ff9",
        "CallSid": "v3:9X2vxPDFY2RHSJ1EdMS0RHRksMTg7ldNxdjWbVr9zBjbGjGsSe-aiQ",
        "CallSidLegacy": "v3:9X2vxPDFY2RHSJ1EdMS0RHRksMTg7ldNxdjWbVr9zBjbGjGsSe-aiQ",
        "CallStatus": "initiated",
        "ConnectionId": "1234567890",
        "From": "+35319605860",
        "To": "+13129457420",
        "CallerId": "John Doe",
        "ShakenStirAttestation": "A",
    }
    call = read_call({name: [value] for name, value in form.items()})
    assert (call.call_id, call.sender, call.is_over) == (form["CallSid"], "+35319605860", False)
    assert details_of(call) == {"caller_name": "John Doe", "attestation": "A"}


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("example.signalwire.com", "https://example.signalwire.com"),
        (" https://api.somleng.example/ ", "https://api.somleng.example"),
        ("http://10.0.0.7:3000", "http://10.0.0.7:3000"),
        ("", ""),
        ("https://user@example.com", ""),
        ("https://example.com/path", ""),
        ("ftp://example.com", ""),
        ("two words", ""),
        ("https://example.com?x=1", ""),
    ],
)
def test_an_address_of_a_server_is_read_as_people_type_it(typed: str, origin: str) -> None:
    assert origin_of(typed) == origin


def customer(carrier: str, emulator: str = "") -> Customer:
    return Customer(carrier, "id", "secret", "token", "example.signalwire.com", emulator)


@pytest.mark.parametrize(
    ("carrier", "way"),
    [
        ("", ("https://api.twilio.com", "secret")),
        ("signalwire", ("https://example.signalwire.com/api/laml", "token")),
        ("somleng", ("https://example.signalwire.com", "secret")),
        ("telnyx", None),
    ],
)
def test_messages_leave_by_the_accounts_own_carrier(carrier: str, way: tuple[str, str] | None) -> None:
    assert carrier_of(carrier).messages(customer(carrier)) == way
    played = carrier_of(carrier).messages(customer(carrier, "http://127.0.0.1:8000/emulator/twilio"))
    assert played is None or played[0] == "http://127.0.0.1:8000/emulator/twilio"


def test_a_message_by_telnyx_is_refused_before_anybody_is_asked() -> None:
    account = Account("id", "secret", "token", "", "https://pareto.example.com", carrier="telnyx")
    refused = deliver(Outgoing("m1", "sms", "+4930", "+4915", "Hello"), account)
    assert isinstance(refused, Refused)
    assert "Messages do not leave by Telnyx" in refused.why


def test_a_message_goes_to_an_internal_server_only_where_the_operator_named_it(
    settings: LazySettings, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/2010-04-01/Accounts/id/Messages.json").respond_with_json({"sid": "SM1"}, status=201)
    account = Account("id", "secret", "", "", "https://p.example.com", "somleng", httpserver.url_for("").rstrip("/"))
    message = Outgoing("m1", "sms", "+4930", "+4915", "Hello")
    settings.ENRICHMENT_ALLOWED_HOSTS = []
    refused = deliver(message, account)
    assert isinstance(refused, Refused)
    assert "ENRICHMENT_ALLOWED_HOSTS" in refused.why
    assert httpserver.log == []
    settings.ENRICHMENT_ALLOWED_HOSTS = [httpserver.host]
    assert deliver(message, account) == Sent("SM1")
