"""Webhooks from the wire to the answer: who is refused and how, and that nobody who is not is ever stranded."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from prometheus_client import REGISTRY

from channels.providers.twilio import views
from channels.providers.twilio.emulator.twiml import Verb, parse
from channels.providers.twilio.signature import sign
from channels.routes import AccountOnly, Route, RouteUnavailable, Seal
from routing.engine.effects import ComeBack, Dial, Gather, Hangup, Say
from routing.engine.events import DigitsPressed, Event, HungUp, TransferEnded
from routing.engine.world import Address
from routing.runner import services
from routing.runner.services import Answer, Arrival, ContactUnknown

ACCOUNT, SECRET = "AC00000000000000000000000000000001", "demo-token"
VOICE, STATUS = "/webhooks/twilio/voice/", "/webhooks/twilio/voice/status/"
FORM = {
    "AccountSid": ACCOUNT,
    "CallSid": "CA11111111111111111111111111111111",
    "CallStatus": "ringing",
    "From": "+4915100000002",
    "FromCountry": "DE",
    "To": "+49309018200",
}
ROUTE = Route(
    origin=f"twilio:{ACCOUNT}",
    secret=SECRET,
    recipient="+49309018200",
    version_id=7,
    fallback_queue="standard",
    fallback=(Address("sip:standard@pbx.example.com", 25), Address("sip:late@pbx.example.com", 40)),
    queues_revision=3,
)


class Runner:
    """Stands for `routing.runner.services`: answers `effects`, or raises, and remembers what it was asked."""

    def __init__(self) -> None:
        self.effects: tuple[Any, ...] = (Say("Welcome."), Dial("sip:vip@pbx.example.com", 30, {"X-Tier": "gold"}))
        self.error: Exception | None = None
        self.arrivals: list[Arrival] = []
        self.events: list[tuple[int, Event]] = []
        self.hung_up: list[int | None] = []
        self.until = 0.0

    def arrive(self, arrival: Arrival, *, now: Any, until: float) -> Answer:
        self.arrivals.append(arrival)
        return self.answer(1, until)

    def go_on(self, *, turn: int, event: Event, until: float, **_: Any) -> Answer:
        self.events.append((turn, event))
        return self.answer(turn + 1, until)

    def hang_up(self, *, seconds: int | None, **_: Any) -> None:
        if self.error:
            raise self.error
        self.hung_up.append(seconds)

    def answer(self, next_turn: int, until: float) -> Answer:
        self.until = until
        if self.error:
            raise self.error
        return Answer(self.effects, next_turn, "AB23", repeated=False)


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Runner:
    runner = Runner()
    for name in ("arrive", "go_on", "hang_up"):
        monkeypatch.setattr(services, name, getattr(runner, name))
    return runner


@pytest.fixture(autouse=True)
def route(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Callable[[Any], None]:
    settings.PUBLIC_URL = ""

    def find(result: Any) -> None:
        def find_route(*_: str) -> Any:
            if isinstance(result, Exception):
                raise result
            return result

        def account_seal(*_: str) -> Seal | None:
            if isinstance(result, Exception):
                raise result
            return Seal(result.secret, result.carrier) if result else None

        monkeypatch.setattr(views, "find_route", find_route)
        monkeypatch.setattr(views, "account_seal", account_seal)

    find(ROUTE)
    return find


@pytest.fixture
def log() -> Iterator[list[dict[str, Any]]]:
    """The lines of the log, as they leave."""
    lines: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if isinstance(record.msg, dict):  # what structlog hands over
                lines.append(dict(record.msg))

    handler = Keep()
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


Post = Callable[..., HttpResponse]


@pytest.fixture
def post() -> Post:
    client = Client(enforce_csrf_checks=True)

    def post_(
        path: str = VOICE, *, secret: str = SECRET, origin: str = "http://testserver", **more: str | None
    ) -> HttpResponse:
        form = {name: value for name, value in {**FORM, **more}.items() if value is not None}
        signature = sign(secret, origin + path, {name: [value] for name, value in form.items()})
        return send(client, path, urlencode(form), {"X-Twilio-Signature": signature})

    return post_


def send(client: Client, path: str, body: str | bytes, headers: Mapping[str, str] | None = None) -> HttpResponse:
    response: Any = client.generic(
        "POST", path, body, content_type="application/x-www-form-urlencoded", headers=headers
    )
    return response  # type: ignore[no-any-return]


def verbs(response: HttpResponse) -> list[Verb]:
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    return list(parse(response.content))


def dialled(response: HttpResponse) -> tuple[str, str]:
    """Who is dialled last in the answer, and where its end is told."""
    dial = verbs(response)[-1]
    return dial.children[0].text, dial.attributes["action"]


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


# --- the way of a call -----------------------------------------------------------------------


def test_an_incoming_call_starts_the_live_flow(post: Post, runner: Runner) -> None:
    say, dial = verbs(post())
    assert (say.text, dial.children[0].text) == ("Welcome.", "sip:vip@pbx.example.com?X-Tier=gold")
    assert dial.attributes["action"] == f"http://testserver{VOICE}?turn=1&for=dial"
    (arrival,) = runner.arrivals
    assert arrival == Arrival(
        origin=f"twilio:{ACCOUNT}",
        external_id=FORM["CallSid"],
        channel="voice",
        trigger="call",
        sender="+4915100000002",
        recipient="+49309018200",
        version_id=7,
        fallback_queue="standard",
        queues_revision=3,
        details={"country": "DE", "language": "de"},
    )


def test_the_answer_must_be_there_before_the_budget_is_spent(
    post: Post, runner: Runner, settings: LazySettings
) -> None:
    settings.ANSWER_BUDGET_S = 2.0
    began = time.monotonic()
    post()
    assert 1.5 < runner.until - began < 2.0


def test_a_callback_tells_its_turn_and_what_happened(post: Post, runner: Runner) -> None:
    runner.effects = (Gather((Say("Which?"),)),)
    (gather,) = verbs(post(f"{VOICE}?turn=3&for=gather", Digits="2", CallStatus="in-progress"))
    assert runner.events == [(3, DigitsPressed("2"))]
    assert gather.attributes["action"] == f"http://testserver{VOICE}?turn=4&for=gather"


def test_a_caller_is_held_with_a_pause_and_asked_back(post: Post, runner: Runner) -> None:
    runner.effects = (ComeBack(1),)
    pause, redirect = verbs(post())
    assert pause.attributes == {"length": "1"}
    assert redirect.text == f"http://testserver{VOICE}?turn=1&for=back"


def test_a_caller_who_hangs_up_while_it_rings_is_not_put_through_elsewhere(post: Post, runner: Runner) -> None:
    post(f"{VOICE}?turn=1&for=dial", DialCallStatus="no-answer", CallStatus="completed")
    assert runner.events == [(1, HungUp())]


def test_the_end_of_a_call_at_the_voice_address_is_the_end(post: Post, runner: Runner) -> None:
    assert verbs(post(CallStatus="completed", CallDuration="31")) == []
    assert (runner.arrivals, runner.hung_up) == ([], [31])


@pytest.mark.parametrize("origin", ["https://testserver", "http://testserver:80", "https://testserver:443"])
def test_an_address_behind_a_tls_proxy_or_with_its_port_is_accepted(post: Post, runner: Runner, origin: str) -> None:
    _, action = dialled(post(origin=origin))
    # The way on is where the carrier came from.
    assert action.startswith(f"{origin.removesuffix(':80').removesuffix(':443')}{VOICE}?turn=1")


def test_the_public_address_is_accepted_and_is_the_way_on(post: Post, runner: Runner, settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://calls.example.com"
    _, action = dialled(post(origin="https://calls.example.com"))
    assert action == f"https://calls.example.com{VOICE}?turn=1&for=dial"
    _, action = dialled(post())
    assert action == f"http://testserver{VOICE}?turn=1&for=dial"


# --- who is refused --------------------------------------------------------------------------


def refused(response: HttpResponse, status: int, cause: str, log: list[dict[str, Any]]) -> dict[str, Any]:
    assert response.status_code == status
    (line,) = [entry for entry in log if entry.get("event") == "webhook refused"]
    assert (line["cause"], line["status"]) == (cause, status)
    assert "4915100000002" not in json.dumps(line, default=str)
    return line


@pytest.mark.parametrize("path", [VOICE, STATUS])
@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS", "DELETE"])
def test_only_post_is_answered(path: str, method: str) -> None:
    response = Client().generic(method, path)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", [VOICE, STATUS, f"{VOICE}?turn=1&for=dial", f"{VOICE}?fallback=1"])
def test_a_wrong_signature_is_refused_and_nothing_happens(
    post: Post, runner: Runner, log: list[dict[str, Any]], path: str
) -> None:
    before = counted("pareto_webhooks_refused_total", provider="twilio", cause="bad signature")
    line = refused(post(path, secret="demo-tokem", CallStatus="completed"), 403, "bad signature", log)
    assert line["expected"] == f"http://testserver{path.partition('?')[0]}"
    assert (runner.arrivals, runner.events, runner.hung_up) == ([], [], [])
    assert counted("pareto_webhooks_refused_total", provider="twilio", cause="bad signature") == before + 1


def test_one_byte_changed_is_refused(runner: Runner, log: list[dict[str, Any]]) -> None:
    signature = sign(SECRET, f"http://testserver{VOICE}", {name: [value] for name, value in FORM.items()})
    body = urlencode({**FORM, "From": "+4915100000003"})
    refused(send(Client(), VOICE, body, {"X-Twilio-Signature": signature}), 403, "bad signature", log)
    assert runner.arrivals == []


def test_a_missing_signature_is_refused(runner: Runner, log: list[dict[str, Any]]) -> None:
    refused(send(Client(), VOICE, urlencode(FORM)), 403, "no signature", log)


@pytest.mark.parametrize("path", [VOICE, STATUS])
def test_an_unknown_account_is_refused(
    post: Post, route: Callable[[Any], None], log: list[dict[str, Any]], path: str
) -> None:
    route(None)
    refused(post(path), 403, "unknown account", log)


def test_an_unknown_number_of_a_known_account_is_not_found(
    post: Post, runner: Runner, route: Callable[[Any], None], log: list[dict[str, Any]]
) -> None:
    route(AccountOnly(f"twilio:{ACCOUNT}", SECRET))
    response = post()
    refused(response, 404, "unknown number", log)
    assert [verb.name for verb in parse(response.content)] == ["Reject"]
    assert runner.arrivals == []


def test_an_unknown_number_is_told_to_nobody_who_does_not_sign(
    post: Post, route: Callable[[Any], None], log: list[dict[str, Any]]
) -> None:
    route(AccountOnly(f"twilio:{ACCOUNT}", SECRET))
    refused(post(secret="guess"), 403, "bad signature", log)


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_a_body_of_another_type_is_refused(log: list[dict[str, Any]], content_type: str) -> None:
    response: Any = Client().generic("POST", VOICE, b'{"CallSid": "CA1"}', content_type=content_type)
    refused(response, 415, "not a form", log)


def test_a_body_that_is_too_large_is_refused_unread(log: list[dict[str, Any]]) -> None:
    refused(send(Client(), VOICE, urlencode({**FORM, "X": "x" * 70_000})), 413, "too large", log)


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"CallSid=CA1", b"=&=&=", urlencode({**FORM, "To": ""})])
def test_a_form_that_names_no_call_is_refused(log: list[dict[str, Any]], body: bytes | str) -> None:
    refused(send(Client(), VOICE, body), 400, "incomplete form", log)


@pytest.mark.parametrize(
    ("error", "cause"), [(RouteUnavailable(), "database away"), (ValueError("secret"), "account unreadable")]
)
def test_who_cannot_be_verified_is_asked_to_try_elsewhere(
    post: Post, route: Callable[[Any], None], log: list[dict[str, Any]], error: Exception, cause: str
) -> None:
    route(error)
    refused(post(), 503, cause, log)


# --- nobody is stranded ----------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError("a bug"), OperationalError("away"), ContactUnknown("CA1")])
@pytest.mark.parametrize("path", [VOICE, f"{VOICE}?turn=2&for=gather", f"{VOICE}?turn=2&for=back"])
def test_whatever_fails_ends_in_the_fallback_queue(
    post: Post, runner: Runner, log: list[dict[str, Any]], error: Exception, path: str
) -> None:
    runner.error = error
    to, action = dialled(post(path, Digits="1"))
    assert (to, action) == ("sip:standard@pbx.example.com", f"http://testserver{VOICE}?fallback=1&for=dial")
    (line,) = [entry for entry in log if entry.get("event") == "call falls back"]
    assert type(error).__name__ in line["exception"]


def test_an_answer_that_cannot_be_written_ends_in_the_fallback_queue(post: Post, runner: Runner) -> None:
    before = counted("pareto_fallbacks_total", cause="webhook")
    runner.effects = (Say("Welcome."), Dial("not an address"))
    assert dialled(post())[0] == "sip:standard@pbx.example.com"
    assert counted("pareto_fallbacks_total", cause="webhook") == before + 1


def test_a_call_while_the_database_is_away_goes_straight_to_the_fallback_queue(
    post: Post, runner: Runner, route: Callable[[Any], None]
) -> None:
    route(replace(ROUTE, is_last_known=True))
    assert dialled(post())[0] == "sip:standard@pbx.example.com"
    assert runner.arrivals == []


def test_the_ladder_goes_down_address_by_address_and_ends_with_a_word(post: Post, runner: Runner) -> None:
    runner.error = RuntimeError("still broken")
    to, action = dialled(post(f"{VOICE}?fallback=1&for=dial", DialCallStatus="busy"))
    assert (to, action) == ("sip:late@pbx.example.com", f"http://testserver{VOICE}?fallback=2&for=dial")
    say, hangup = verbs(post(f"{VOICE}?fallback=2&for=dial", DialCallStatus="no-answer"))
    assert (say.attributes["language"], hangup.name) == ("de-DE", "Hangup")
    assert say.text.startswith("Leider")
    (say, _) = verbs(post(f"{VOICE}?fallback=99&for=dial", DialCallStatus="failed", FromCountry="FR"))
    assert say.attributes["language"] == "en-US"


@pytest.mark.parametrize("status", ["completed", "answered"])
def test_the_ladder_ends_when_somebody_spoke(post: Post, runner: Runner, status: str) -> None:
    path = f"{VOICE}?fallback=1&for=dial"
    assert [verb.name for verb in verbs(post(path, DialCallStatus=status))] == ["Hangup"]
    assert verbs(post(path, DialCallStatus="no-answer", CallStatus="completed")) == []


def test_a_conversation_that_took_place_is_not_put_through_again(post: Post, runner: Runner) -> None:
    runner.error = RuntimeError("a bug")
    answer = verbs(post(f"{VOICE}?turn=1&for=dial", DialCallStatus="completed", CallStatus="in-progress"))
    assert [verb.name for verb in answer] == ["Hangup"]
    assert runner.events == [(1, TransferEnded("completed"))]


def test_who_left_a_message_is_not_put_through(post: Post, runner: Runner) -> None:
    runner.error = RuntimeError("a bug")
    answer = verbs(post(f"{VOICE}?turn=1&for=record", RecordingUrl="https://x/r", RecordingDuration="4"))
    assert [verb.name for verb in answer] == ["Hangup"]


def test_a_fallback_address_that_cannot_be_dialled_is_skipped(
    post: Post, runner: Runner, route: Callable[[Any], None]
) -> None:
    runner.error = RuntimeError("a bug")
    route(replace(ROUTE, fallback=(Address("nonsense"), *ROUTE.fallback)))
    to, action = dialled(post())
    assert to == "sip:standard@pbx.example.com"
    assert "fallback=2" in action


def test_a_fallback_queue_without_addresses_says_so(post: Post, runner: Runner, route: Callable[[Any], None]) -> None:
    runner.error = RuntimeError("a bug")
    route(replace(ROUTE, fallback=()))
    assert [verb.name for verb in verbs(post())] == ["Say", "Hangup"]


def test_a_call_may_be_refused(post: Post, runner: Runner) -> None:
    runner.effects = (Hangup("busy"),)
    (reject,) = verbs(post())
    assert reject.attributes == {"reason": "busy"}


# --- status ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
def test_the_end_of_a_call_is_noted(post: Post, runner: Runner, status: str) -> None:
    assert post(STATUS, CallStatus=status, CallDuration="12").status_code == 204
    assert runner.hung_up == [12]


@pytest.mark.parametrize("status", ["ringing", "in-progress", "queued", "", "new one"])
def test_a_call_under_way_is_not_ended_by_its_status(post: Post, runner: Runner, status: str) -> None:
    assert post(STATUS, CallStatus=status).status_code == 204
    assert runner.hung_up == []


@pytest.mark.parametrize("error", [ContactUnknown("CA1"), RuntimeError("a bug"), OperationalError("away")])
def test_a_status_that_cannot_be_noted_is_logged_and_not_asked_for_again(
    post: Post, runner: Runner, log: list[dict[str, Any]], error: Exception
) -> None:
    runner.error = error
    assert post(STATUS, CallStatus="completed").status_code == 204
    assert [line for line in log if str(line.get("event", "")).startswith("status of a")]


def test_a_webhook_costs_the_framework_little(post: Post, runner: Runner) -> None:
    """DRF's negotiation, authentication and throttling are not paid for: no renderer is ever chosen."""
    response = post()
    assert not hasattr(response, "accepted_renderer")
    assert "Vary" not in response.headers or "Accept" not in response.headers["Vary"].split(", ")
