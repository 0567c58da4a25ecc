"""The short way to Redis gives what the long way gives, whatever happened to its connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from redis.exceptions import ConnectionError as ConnectionLost

from customers.enrichment import flight
from customers.enrichment.models import DataSource
from customers.enrichment.questions import Question
from customers.enrichment.services import ask
from customers.enrichment.sources import freeze
from customers.enrichment.wires import client, exchange, packed

pytestmark = pytest.mark.django_db
Stored = Callable[..., DataSource]
QUESTION = Question("crm", {"phone": "+4915100000002"})


def landed(source: DataSource, **changes: Any) -> None:
    """The API said gold."""
    facts: dict[str, Any] = {
        "status": "found",
        "values": {"loyalty_status": "gold"},
        "error": "",
        "ms": 5.0,
        "shape": freeze(source).shape,
        "is_alive": True,
        "keep_s": 60.0,
        "last_known_s": 60,
        "breaker_failures": 5,
        "breaker_rest_s": 5,
    }
    flight.land(QUESTION.key, flight.Landing(**facts | changes), token="nobody")


def looked() -> tuple[str, Any]:
    return flight.look(QUESTION.key, token="token", lease_s=0.05)


def test_commands_are_written_as_the_protocol_has_them() -> None:
    assert packed("SET", b"k", "é") == b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\xc3\xa9\r\n"
    assert exchange(packed("ECHO", "é") + packed("ECHO", 12), replies=2) == ["é".encode(), b"12"]


def test_a_connection_that_the_server_closed_costs_no_answer(stored: Stored) -> None:
    landed(stored())
    client().client_kill_filter(_type="normal", skipme=False)
    assert looked()[0] == "known"


def test_a_glance_at_a_closed_connection_sees_nothing_and_the_next_one_does(stored: Stored) -> None:
    landed(stored())
    assert flight.glance(QUESTION.key)
    client().client_kill_filter(_type="normal", skipme=False)
    assert flight.glance(QUESTION.key) is None
    assert flight.glance(QUESTION.key) is not None


def test_a_script_that_the_server_forgot_is_sent_again(stored: Stored) -> None:
    landed(stored())
    client().script_flush()
    assert looked()[0] == "known"


def test_after_an_error_no_connection_is_kept_that_may_hold_half_an_answer() -> None:
    with pytest.raises(Exception, match="unknown command"):
        exchange(packed("NONSENSE") + packed("ECHO", "left over"), replies=2)
    assert exchange(packed("ECHO", "mine")) == [b"mine"]


@pytest.mark.parametrize("change", ["shape", "off", "none", "failed"])
def test_a_glance_knows_what_a_look_calls_known(stored: Stored, change: str) -> None:
    source = stored()
    landed(source)
    match change:
        case "shape":
            flight.announce("crm", "another-one-")
        case "off":
            flight.announce("crm", "off")
        case "none":
            client().delete(flight.Keys.of(QUESTION.key).answer)
        case "failed":
            landed(source, status="failed", values={}, error="500")
    word, result = looked()
    assert flight.glance(QUESTION.key) == (result if word == "known" else None)


def test_what_is_mostly_cached_is_still_asked_when_it_is_not(stored: Stored) -> None:
    landed(stored())
    assert [ask([QUESTION], patience_s=5).known[QUESTION.key].rung for _ in range(3)] == ["cached"] * 3
    flight.announce("crm", "off")
    assert ask([QUESTION], patience_s=5).known[QUESTION.key].error == "The data source is switched off."


def test_a_server_that_is_away_is_an_error_that_callers_expect() -> None:
    assert issubclass(ConnectionLost, flight.Unavailable)
