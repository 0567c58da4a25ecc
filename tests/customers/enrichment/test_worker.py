"""Workers as processes of their own, that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from customers.enrichment.models import DataSource
from customers.enrichment.services import Question, Result, ask, try_source, wait

ASKED = Question("crm", {"phone": "+4915100000002"})


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """As `make run` starts it, on the tests' database; ready when it has answered."""
    server, _slash, _database = os.environ["DATABASE_URL"].rpartition("/")
    database_url = f"{server}/{connection.settings_dict['NAME']}"
    environment = os.environ | {"DATABASE_URL": database_url, "ENRICHMENT_ALLOWED_HOSTS": "localhost"}
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "enrichment", "-P", "threads", "-c", "8"]
    with subprocess.Popen([*command, "-l", "WARNING", "-n", f"w{time.time_ns()}@%h"], env=environment) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def come_back_until_answered(*, patience_s: float) -> Result | None:
    """A caller who is told to come back, and does."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        reply = ask([ASKED], patience_s=patience_s)
        if reply.known:
            return reply.known[ASKED.key]
        if found := wait(reply.pending, timeout_s=0.5):
            return found[ASKED.key]
    return None


def test_a_worker_that_is_killed_in_the_middle_is_noticed_and_another_one_asks(
    stored: Callable[..., DataSource], httpserver: HTTPServer
) -> None:
    stored(total_timeout_s=30)
    asked, hangs = threading.Event(), threading.Event()

    def handle(_request: Request) -> Response:
        if not asked.is_set():
            asked.set()
            hangs.wait(30)
        return Response('{"loyalty_status": "gold"}', content_type="application/json")

    httpserver.expect_request("/customers").respond_with_handler(handle)
    with worker() as first:
        assert ask([ASKED], patience_s=30).pending
        assert asked.wait(20)
        first.send_signal(signal.SIGKILL)
        first.wait()
        hangs.set()
    with worker():
        result = come_back_until_answered(patience_s=20)
    assert result
    assert result.values == {"loyalty_status": "gold"}


def test_a_worker_process_takes_a_trial(stored: Callable[..., DataSource], httpserver: HTTPServer) -> None:
    httpserver.expect_request("/customers").respond_with_json({"loyalty_status": "gold"})
    row = stored()
    with worker():
        for _n in range(5):  # until it has started
            trial = try_source(source=row, inputs={"phone": "+4915100000002"})
            if trial.result.status == "found":
                break
    assert trial.result.values == {"loyalty_status": "gold"}


@pytest.mark.usefixtures("stored")
def test_without_a_worker_nobody_waits_longer_than_he_wants() -> None:
    began = time.monotonic()
    assert come_back_until_answered(patience_s=1.5) is None
    assert time.monotonic() - began < 8
