"""Each caller of the contract's table ends where it says: the demo's own API over HTTP, its data source, its flow."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from socketserver import ThreadingMixIn
from typing import Any
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application

from customers.enrichment.fetching import fetch
from customers.enrichment.models import DataSource
from customers.enrichment.sources import freeze
from customers.selectors import find_customer
from demo.world import build
from routing.engine.effects import Dial, Effect, Fetch, Record, Say
from routing.engine.events import ContactStarted, FetchAnswered, TransferEnded
from routing.engine.plan import Plan
from routing.engine.run import Advance, advance
from routing.engine.why import explain
from routing.engine.world import World
from routing.models import Flow
from routing.runner.plans import plan_for
from routing.runner.surroundings import surroundings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class calls it so
        pass


@pytest.fixture
def port(settings: Any) -> Iterator[int]:
    """Pareto's own web server, where the demo's API lives. It touches no database."""
    with make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        settings.ENRICHMENT_ALLOWED_HOSTS = [f"127.0.0.1:{server.server_port}"]
        # The first request of a process reads every address of the house; no caller's short wait should pay for it.
        urlopen(f"http://127.0.0.1:{server.server_port}/demo/crm/customers?phone=%2B4915100000002").close()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def demo(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo world, its waits ten times as short."""
    monkeypatch.setenv("PORT", str(port))
    monkeypatch.setattr("demo.views.SLOW_S", 0.4)
    monkeypatch.setattr("demo.views.HANG_S", 2.0)
    build(NOW)
    DataSource.objects.update(total_timeout_s=0.65, connect_timeout_s=0.5)


def world() -> World:
    return surroundings(-int(time.monotonic() * 1000)).world


def plan(key: str = "priority-line") -> Plan:
    return plan_for(Flow.objects.get(key=key).live_id or 0)


def call(sender: str, *, flow: str = "priority-line", trigger: str = "call") -> tuple[tuple[Effect, ...], Advance]:
    """What is said at once, and where the flow stands when the API has answered, or has not."""
    phone = sender.rpartition(":")[2]
    customer = find_customer(kind="phone", value=phone)
    contact = {"from": sender, "to": "+49309018200", "reference": "R1"}
    began = ContactStarted(
        "message" if trigger == "message" else "call", contact, customer.values if customer else None
    )
    first = advance(plan(flow), None, began, NOW, world())
    (question,) = (effect for effect in first.effects if isinstance(effect, Fetch))
    source = freeze(DataSource.objects.get(key=question.source))
    outcome = fetch(source, question.inputs, timeout_s=source.total_timeout_s, now=NOW.timestamp())
    answer = FetchAnswered(
        question.question, outcome.status, outcome.values, "none" if outcome.status == "failed" else "fresh", outcome.ms
    )
    return first.effects, advance(plan(flow), first.state, answer, NOW + timedelta(seconds=5), world())


def sip(moved: Advance) -> str:
    (dial,) = (effect for effect in moved.effects if isinstance(effect, Dial))
    return dial.to


TABLE = [
    ("+4915100000001", "vip", "found", "fresh"),
    ("+4915100000002", "vip", "found", "fresh"),
    ("+4915100000003", "standard", "found", "fresh"),
    ("+4915100000004", "standard", "not_found", "fresh"),
    ("+4915100000005", "vip", "found", "fresh"),
    ("+4915100000006", "vip", "found", "synced"),
    ("+4915100000007", "standard", "failed", "none"),
    ("+4915100000008", "vip", "found", "synced"),
    ("+4915177777777", "standard", "not_found", "fresh"),
]


@pytest.mark.parametrize(("caller", "queue", "status", "rung"), TABLE)
def test_each_caller_ends_where_the_contract_says(caller: str, queue: str, status: str, rung: str) -> None:
    said, moved = call(caller)
    assert any(isinstance(effect, Say) for effect in said), "the greeting plays while the API is asked"
    seen = next(one for entry in moved.trace for one in entry.get("saw", ()) if one["what"] == "fetch")
    assert sip(moved) == f"sip:{queue}@pbx.example.com"
    assert (seen["status"], seen["rung"]) == (status, rung)


@pytest.mark.parametrize(("caller", "queue", "status", "rung"), TABLE[:2])
def test_a_message_goes_the_same_way(caller: str, queue: str, status: str, rung: str) -> None:
    _, moved = call(f"whatsapp:{caller}", flow="priority-chat", trigger="message")
    assert sip(moved) == f"sip:{queue}@pbx.example.com"


def test_failures_never_make_somebody_elses_answer_fail() -> None:
    for _ in range(3):
        for caller in "678":
            call(f"+491510000000{caller}")
    assert sip(call("+4915100000002")[1]) == "sip:vip@pbx.example.com"


def test_the_sentence_of_why_names_the_status_that_was_seen() -> None:
    _, moved = call("+4915100000002")
    assert "“gold”" in explain(moved.trace, went_to="to VIP", flow="“Priority line” version 1")


def test_every_number_of_the_loyalty_api_becomes_a_number() -> None:
    source = freeze(DataSource.objects.get())
    outcome = fetch(source, {"phone": "+4915100000002"}, timeout_s=2, now=NOW.timestamp())
    assert outcome.notes == ()
    assert outcome.values == {
        "loyalty_status": "gold",
        "name": "Jonas Feldmann",
        "lifetime_value": 12999.90,
        "orders": 42,
        "plan": "plus",
        "category": "private",
        "account_manager": "Helene Brandt",
    }


def test_a_vip_whom_nobody_answers_is_put_through_to_standard_and_then_asked_for_a_message() -> None:
    _, moved = call("+4915100000001")
    overflow = advance(plan(), moved.state, TransferEnded("no_answer"), NOW, world())
    assert sip(overflow) == "sip:standard@pbx.example.com"
    sorry = advance(plan(), overflow.state, TransferEnded("busy", 486), NOW, world())
    assert [type(effect) for effect in sorry.effects] == [Say, Record]


def test_strangers_are_greeted_in_english_and_customers_in_their_language() -> None:
    def greeting(sender: str) -> str:
        return next(effect.language for effect in call(sender)[0] if isinstance(effect, Say))

    assert greeting("+4915177777777") == "en-US"
    assert greeting("+4915100000001") == "en-US"
    assert greeting("+4915100000006") == "de-DE"
