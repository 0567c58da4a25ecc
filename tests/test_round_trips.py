"""How often a webhook goes to PostgreSQL and back, counted in the protocol itself: BEGIN, COMMIT and checks of the pool included."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from bench import prepare
from bench.callers import CACHED, SYNCED, UNKNOWN, form, our_number, phone, queue_of, request
from config.wsgi import application
from customers.enrichment import flight
from customers.enrichment.models import DataSource
from customers.enrichment.questions import Question
from customers.enrichment.sources import freeze
from queues.models import Revision

_HOST = "127.0.0.1:8000"
_PATH = "/webhooks/twilio/voice/"


@dataclass
class Trace:
    """What libpq wrote down of a connection."""

    text: str = ""

    @property
    def statements(self) -> list[str]:
        """Whatever the server was asked to do, in order."""
        return re.findall(r"^F\t\d+\t(?:Parse|Query|Bind)\t(.*)$", self.text, re.MULTILINE)

    @property
    def round_trips(self) -> int:
        """The server says that it is ready once each time it was gone to."""
        return len(re.findall(r"^B\t\d+\tReadyForQuery", self.text, re.MULTILINE))


@contextmanager
def traced(file: Path) -> Iterator[Trace]:
    """Traces the connection that the pool hands out; that it is the only one is seen to. Filled at the end."""
    trace = Trace()
    pool: ConnectionPool[Any] = connection.pool  # type: ignore[attr-defined]  # PostgreSQL's has one
    connection.ensure_connection()
    pgconn = connection.connection.pgconn
    connection.close()  # back into the pool
    with file.open("w") as lines:
        pgconn.trace(lines.fileno())
        pgconn.set_trace_flags(psycopg.pq.Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield trace
        finally:
            pgconn.untrace()
    trace.text = file.read_text(errors="replace")
    assert pool.get_stats()["pool_size"] == 1


def call(caller: str, called: int, call_id: str) -> str:
    """The answer to a first webhook, by the very way that granian goes."""
    head, _, body = request(_HOST, _PATH, form(caller, our_number(called), call_id)).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    environ: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ |= {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": _PATH,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": headers["Content-Type"],
        "CONTENT_LENGTH": headers["Content-Length"],
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }
    return b"".join(application(environ, lambda *_args: None)).decode()


@pytest.fixture
def world(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # One connection is enough for one call at a time, and then there is no doubt which one to look at.
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    monkeypatch.setitem(connection.settings_dict["OPTIONS"]["pool"], "max_size", 1)
    # Tests that empty every table take this row with them. Memory holds the configuration of an older number.
    Revision.objects.update_or_create(pk=1, defaults={"number": time.time_ns()})
    prepare.fill("http://127.0.0.1:9", customers=20)
    source = freeze(DataSource.objects.get(key="kept"))
    for number in range(10):
        caller = phone(CACHED, number)
        landing = flight.Landing(
            status="found",
            values={"loyalty_status": {"vip": "gold", "standard": "silver"}[queue_of(caller)]},
            error="",
            ms=1.0,
            shape=source.shape,
            is_alive=True,
            keep_s=60.0,
            last_known_s=0,
            breaker_failures=20,
            breaker_rest_s=15,
        )
        flight.land(Question(source="kept", inputs={"phone": caller}).key, landing, token="test")
    # The process has read its configuration, and the connection has planned what comes again and again: each
    # statement is sent once more for that, in the life of a connection.
    for number in range(4, 8):
        call(phone(SYNCED, number), prepare.SYNCED_NUMBER, f"CAsynced{number}")
        call(phone(CACHED, number), prepare.CACHED_NUMBER, f"CAcached{number}")
        call(phone(UNKNOWN, number), prepare.SYNCED_NUMBER, f"CAunknown{number}")
    connection.close()


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("callers", "called"), [(SYNCED, prepare.SYNCED_NUMBER), (CACHED, prepare.CACHED_NUMBER)], ids=["synced", "cached"]
)
@pytest.mark.parametrize("number", [0, 1])
def test_the_first_webhook_of_a_known_customer_goes_to_the_database_three_times_at_most(
    tmp_path: Path, callers: str, called: int, number: int
) -> None:
    caller = phone(callers, number)
    with traced(tmp_path / "trace") as trace:
        answer = call(caller, called, f"CA{callers}{number}")
    assert f"sip:{queue_of(caller)}@" in answer
    assert 1 <= trace.round_trips <= 3, trace.statements


@pytest.mark.usefixtures("world")
def test_a_beginning_and_an_end_of_a_transaction_are_counted_as_round_trips(tmp_path: Path) -> None:
    # The count above is worth something only if it sees what it is to forbid.
    with traced(tmp_path / "trace") as trace, connection.cursor() as cursor:
        connection.set_autocommit(autocommit=False)
        cursor.execute("SELECT 1")
        connection.commit()
        connection.set_autocommit(autocommit=True)
        connection.close()
    assert trace.round_trips == 3


@pytest.mark.usefixtures("world")
def test_a_caller_whom_nobody_knows_costs_no_more_than_one_who_is_known(tmp_path: Path) -> None:
    with traced(tmp_path / "trace") as trace:
        answer = call(phone(UNKNOWN, 1), prepare.SYNCED_NUMBER, "CAunknown")
    assert "<Redirect" in answer or "<Dial" in answer
    assert trace.round_trips <= 3, trace.statements
