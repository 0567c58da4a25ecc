"""Asking and waiting, through a real worker, broker and API."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from customers.enrichment import flight, publishing
from customers.enrichment.models import DataSource
from customers.enrichment.services import Question, Result, ask, try_source, wait
from customers.enrichment.wires import client

pytestmark = pytest.mark.usefixtures("open_to_this_machine")
PHONE = "+4915100000002"
Stored = Callable[..., DataSource]


def question(phone: str = PHONE, source: str = "crm") -> Question:
    return Question(source, {"phone": phone})


def answer_of(asked: Question, *, timeout_s: float = 5.0, **kwargs: Any) -> Result:
    """As the runner does it: what is known at once, else what comes while waiting."""
    reply = ask([asked], patience_s=timeout_s, **kwargs)
    if asked.key in reply.known:
        return reply.known[asked.key]
    assert reply.pending == (asked.key,)
    return wait(reply.pending, timeout_s=timeout_s)[asked.key]


@pytest.fixture
def gold(httpserver: HTTPServer) -> list[str]:
    """The API says gold; the list holds what it was asked."""
    seen: list[str] = []

    def handle(request: Request) -> Response:
        seen.append(request.args["phone"])
        return Response('{"loyalty_status": "gold"}', content_type="application/json")

    httpserver.expect_request("/customers").respond_with_handler(handle)
    return seen


def test_a_new_question_is_answered_by_the_worker(stored: Stored, worker: None, gold: list[str]) -> None:
    stored()
    result = answer_of(question())
    assert (result.status, result.values, result.rung) == ("found", {"loyalty_status": "gold"}, "fresh")
    assert result.ms > 0
    assert gold == [PHONE]


def test_a_second_question_is_answered_at_once_from_the_cache(stored: Stored, worker: None, gold: list[str]) -> None:
    stored()
    answer_of(question())
    reply = ask([question()], patience_s=5)
    assert reply.pending == ()
    assert reply.known[question().key] == Result("found", {"loyalty_status": "gold"}, "cached", 0.0)
    assert len(gold) == 1


def test_an_answer_that_came_for_this_contact_counts_as_fresh(stored: Stored, worker: None, gold: list[str]) -> None:
    stored()
    began = datetime.now(UTC) - timedelta(seconds=1)
    answer_of(question())
    assert ask([question()], patience_s=5, since=began).known[question().key].rung == "fresh"


def test_fifty_contacts_of_one_customer_at_once_make_one_request(
    stored: Stored, worker: None, httpserver: HTTPServer
) -> None:
    stored()
    seen = []

    def slow(request: Request) -> Response:
        seen.append(request)
        time.sleep(0.5)
        return Response('{"loyalty_status": "gold"}', content_type="application/json")

    httpserver.expect_request("/customers").respond_with_handler(slow)
    with ThreadPoolExecutor(50) as threads:
        results = list(threads.map(lambda _n: answer_of(question()), range(50)))
    assert {result.values["loyalty_status"] for result in results} == {"gold"}
    assert len(seen) == 1
    # The mailbox that woke them does not stay for ever.
    assert 0 < client().pttl(flight.Keys.of(question().key).answer) <= 60_000


def test_waiting_for_several_ends_when_all_are_there(stored: Stored, worker: None, gold: list[str]) -> None:
    stored()
    questions = [question(f"+4915100000{n:03}") for n in range(10)]
    reply = ask(questions, patience_s=5)
    began = time.monotonic()
    assert set(wait(reply.pending, timeout_s=5)) == {one.key for one in questions}
    assert time.monotonic() - began < 10


def test_waiting_ends_with_the_time_and_the_answer_is_there_for_who_comes_back(
    stored: Stored, worker: None, httpserver: HTTPServer
) -> None:
    stored()

    def slow(_request: Request) -> Response:
        time.sleep(0.8)
        return Response('{"loyalty_status": "gold"}', content_type="application/json")

    httpserver.expect_request("/customers").respond_with_handler(slow)
    reply = ask([question()], patience_s=5)
    began = time.monotonic()
    assert wait(reply.pending, timeout_s=0.2) == {}
    assert 0.15 < time.monotonic() - began < 5
    assert ask([question()], patience_s=5).pending == (question().key,)
    assert answer_of(question()).values == {"loyalty_status": "gold"}


def test_a_failure_is_told_in_one_sentence_and_asked_again_soon(
    stored: Stored, worker: None, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored()
    monkeypatch.setattr(flight, "FAILED_S", 0.3)
    httpserver.expect_oneshot_request("/customers").respond_with_data("", status=500)
    httpserver.expect_request("/customers").respond_with_json({"loyalty_status": "gold"})
    assert answer_of(question()).error == "The API answered 500."
    assert ask([question()], patience_s=5).known[question().key].status == "failed"
    time.sleep(0.4)
    assert answer_of(question()).status == "found"


def test_while_the_api_fails_the_last_known_values_step_in(
    stored: Stored, worker: None, httpserver: HTTPServer
) -> None:
    stored(cache_s=0)
    httpserver.expect_oneshot_request("/customers").respond_with_json({"loyalty_status": "gold"})
    httpserver.expect_request("/customers").respond_with_data("", status=503)
    answer_of(question())
    client().delete(flight.Keys.of(question().key).answer)  # its life is over
    result = answer_of(question())
    assert (result.status, result.rung, result.values) == ("found", "last_known", {"loyalty_status": "gold"})
    assert result.error == "The API answered 503."


def test_a_source_that_keeps_no_last_known_values_fails(stored: Stored, worker: None, httpserver: HTTPServer) -> None:
    stored(cache_s=0, last_known_s=0)
    httpserver.expect_oneshot_request("/customers").respond_with_json({"loyalty_status": "gold"})
    httpserver.expect_request("/customers").respond_with_data("", status=503)
    answer_of(question())
    client().delete(flight.Keys.of(question().key).answer)
    assert answer_of(question()).rung == "none"


def test_not_found_is_an_answer_and_is_cached(stored: Stored, worker: None, httpserver: HTTPServer) -> None:
    stored()
    httpserver.expect_oneshot_request("/customers").respond_with_data("", status=404)
    assert answer_of(question()).status == "not_found"
    assert ask([question()], patience_s=5).known[question().key].status == "not_found"


def test_a_source_that_is_switched_off_fails_at_once_even_with_a_cached_answer(
    stored: Stored, worker: None, gold: list[str]
) -> None:
    row = stored()
    answer_of(question())
    row.is_active = False
    row.save()
    assert ask([question()], patience_s=5).known[question().key].error == "The data source is switched off."
    row.is_active = True
    row.save()
    assert answer_of(question()).status == "found"


def test_a_changed_mapping_is_asked_anew(stored: Stored, worker: None, httpserver: HTTPServer) -> None:
    row = stored()
    httpserver.expect_request("/customers").respond_with_json({"loyalty_status": "gold", "level": 3})
    answer_of(question())
    row.mapping = [{"name": "level", "path": "level", "type": "number"}]
    row.save()
    time.sleep(1.1)  # workers look at sources once a second
    assert answer_of(question()).values == {"level": 3}


def test_an_unknown_source_is_said_to_be_unknown(worker: None) -> None:
    assert answer_of(question(source="nowhere")).error == "There is no data source “nowhere”."


def test_a_dead_api_is_left_alone_and_tried_by_one_contact_after_its_rest(
    stored: Stored, worker: None, httpserver: HTTPServer
) -> None:
    stored(breaker_failures=3, breaker_rest_s=1)
    seen = []

    def dead(request: Request) -> Response:
        seen.append(request)
        return Response("", status=500)

    httpserver.expect_request("/customers").respond_with_handler(dead)
    phones = iter(f"+49151{n:08}" for n in range(100))
    for _n in range(3):
        answer_of(question(next(phones)))
    assert flight.is_resting("crm")
    refused = ask([question(next(phones))], patience_s=5)
    assert [one.error for one in refused.known.values()] == ["The API failed too often and is left alone for a while."]
    assert len(seen) == 3
    time.sleep(1.1)
    probe, others = question(next(phones)), [question(next(phones)) for _n in range(5)]
    first = ask([probe], patience_s=5)
    assert first.pending == (probe.key,)
    assert len(ask(others, patience_s=5).known) == 5
    wait(first.pending, timeout_s=5)
    assert len(seen) == 4
    assert flight.is_resting("crm")
    httpserver.clear()
    httpserver.expect_request("/customers").respond_with_json({"loyalty_status": "gold"})
    time.sleep(1.1)
    assert answer_of(question(next(phones))).status == "found"
    assert not flight.is_resting("crm")
    assert ask([question(next(phones))], patience_s=5).pending


def test_a_lost_task_is_asked_again_when_its_lease_is_over(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    stored()
    monkeypatch.setattr(flight, "LEASE_S", 0.4)
    sent: list[Any] = []
    monkeypatch.setattr("customers.enrichment.services.publish", lambda _task, args: sent.append(args))
    assert ask([question()], patience_s=5).pending
    assert ask([question()], patience_s=5).pending
    assert len(sent) == 1
    time.sleep(0.5)
    assert ask([question()], patience_s=5).pending
    assert len(sent) == 2


def test_a_slow_request_keeps_its_claim(stored: Stored, worker: None, httpserver: HTTPServer) -> None:
    stored()
    seen = []

    def slow(request: Request) -> Response:
        seen.append(request)
        time.sleep(4.0)
        return Response('{"loyalty_status": "gold"}', content_type="application/json")

    httpserver.expect_request("/customers").respond_with_handler(slow)
    reply = ask([question()], patience_s=6)
    for _n in range(7):
        time.sleep(0.5)
        ask([question()], patience_s=6)
    assert wait(reply.pending, timeout_s=3)[question().key].status == "found"
    assert len(seen) == 1


def test_a_broker_that_refuses_is_told_at_once_and_the_question_stays_free(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored()

    def refuse(*_args: Any) -> None:
        raise publishing.NotPublished("OperationalError")

    monkeypatch.setattr("customers.enrichment.services.publish", refuse)
    assert ask([question()], patience_s=5).known[question().key].error == "The workers cannot be reached."
    assert not client().exists(flight.Keys.of(question().key).claim)


def test_without_redis_everything_is_told_within_a_second(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    began = time.monotonic()
    reply = ask([question(), question("+4915100000003")], patience_s=5)
    assert {one.error for one in reply.known.values()} == {"The store of fetched values cannot be reached."}
    assert wait([question().key], timeout_s=5) == {}
    assert time.monotonic() - began < 5


def test_no_number_can_be_read_in_redis(stored: Stored, worker: None, gold: list[str]) -> None:
    stored()
    answer_of(question())
    keys = client().keys("pareto:*")
    assert keys
    assert PHONE[1:] not in str(keys)


def test_a_trial_shows_the_request_and_the_answer_with_secrets_masked(
    stored: Stored, worker: None, httpserver: HTTPServer
) -> None:
    secret = "s3cr3t/töken"
    row = stored(auth="basic", auth_name="ann", secret=secret, headers={"X-Api-Key": "abc-def"})
    echoed = {"loyalty_status": "gold", "you_sent": secret, "also": "abc-def"}
    httpserver.expect_request("/customers").respond_with_json(echoed, headers={"Set-Cookie": "session=1"})
    row.url = httpserver.url_for("/customers") + "?token=in-the-url&phone={{ phone }}"  # not saved
    trial = try_source(source=row, inputs={"phone": PHONE})
    assert trial.result.values == {"loyalty_status": "gold"}
    assert trial.exchange.response_status == 200
    assert "%2B4915100000002" in trial.exchange.url
    shown = str(trial)
    for hidden in (secret, "abc-def", "s3cr3t", "session=1", "YW5uOn", "in-the-url"):
        assert hidden not in shown
    assert "•••" in trial.exchange.response_body
    assert DataSource.objects.get().url != row.url


def test_a_trial_without_a_worker_says_so(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.enrichment.services._PICK_UP_S", 0.3)
    trial = try_source(source=stored(), inputs={"phone": PHONE})
    assert trial.result.error == "No worker took the request within 3 seconds. Is one running for fetches?"


def test_a_question_is_the_same_in_whatever_order_its_inputs_come() -> None:
    assert Question("crm", {"a": "1", "b": "2"}).key == Question("crm", {"b": "2", "a": "1"}).key
    assert Question("crm", {"a": "1"}).key != Question("crm", {"a": "2"}).key
