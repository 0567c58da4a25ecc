"""An API that hangs takes a part of a worker's threads, never all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from customers.enrichment import places
from customers.enrichment.models import DataSource
from customers.enrichment.services import Question, ask, wait


@pytest.fixture
def two_at_once(settings: Any) -> Iterator[None]:
    settings.FETCHES_AT_ONCE = 2
    yield
    assert places.parked() == 0


def _in_threads(stack: ExitStack, calls: list[Callable[[], None]]) -> list[threading.Thread]:
    threads = [threading.Thread(target=places.ask_in_turn, args=("crm", call)) for call in calls]
    for thread in threads:
        thread.start()
        stack.callback(thread.join, 10)
    return threads


def test_what_is_parked_holds_no_thread_and_is_asked_in_its_order(two_at_once: None) -> None:
    goes_on = threading.Event()
    asked: list[int] = []

    def hang() -> None:
        goes_on.wait(10)

    with ExitStack() as stack:
        _in_threads(stack, [hang, hang])
        while threading.active_count() < 3:
            time.sleep(0.01)
        for number in range(5):
            places.ask_in_turn("crm", partial(asked.append, number))
        assert (places.parked(), asked) == (5, [])
        goes_on.set()
    assert asked == [0, 1, 2, 3, 4]


def test_a_question_that_breaks_gives_its_place_back(two_at_once: None) -> None:
    def breaks() -> None:
        raise ZeroDivisionError

    asked: list[int] = []
    for _ in range(5):
        places.ask_in_turn("crm", breaks)
    places.ask_in_turn("crm", lambda: asked.append(1))
    assert asked == [1]


@pytest.mark.usefixtures("worker", "open_to_this_machine")
def test_while_one_api_hangs_another_is_asked_at_once(
    stored: Callable[..., DataSource], httpserver: HTTPServer, settings: Any
) -> None:
    settings.FETCHES_AT_ONCE = 4  # of the worker's eight threads
    goes_on = threading.Event()

    def hang(_request: Request) -> Response:
        goes_on.wait(20)
        return Response('{"loyalty_status": "gold"}', content_type="application/json")

    httpserver.expect_request("/customers").respond_with_json({"loyalty_status": "silver"})
    stored()
    hangs = HTTPServer(threaded=True)
    hangs.expect_request("/slow").respond_with_handler(hang)
    hangs.start()
    stored(key="slow", name="Slow", url=hangs.url_for("/slow") + "?phone={{ phone }}", total_timeout_s=15)
    slow = [Question("slow", {"phone": f"+49151000001{number:02}"}) for number in range(20)]
    try:
        assert len(ask(slow, patience_s=15).pending) == 20
        time.sleep(0.5)
        reply = ask([Question("crm", {"phone": "+4915100000002"})], patience_s=5)
        [result] = (reply.known or wait(reply.pending, timeout_s=3)).values()
        assert result.values == {"loyalty_status": "silver"}
    finally:
        goes_on.set()
    answered = wait([one.key for one in slow], timeout_s=15)
    hangs.stop()
    assert len(answered) == 20
