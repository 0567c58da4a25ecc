"""The way from the server to a webhook's view, and what people's requests pass through and webhooks do not."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from config import wsgi

_VOICE = "/webhooks/twilio/voice/"


class Server:
    """What a WSGI server keeps of an answer."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: dict[str, str] = {}

    def ask(self, target: str, method: str = "POST") -> bytes:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": target,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(b""),
            "wsgi.errors": io.StringIO(),
        }
        return b"".join(wsgi.application(environ, self._start))

    def _start(self, status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
        self.status, self.headers = status, dict(headers)


def _asks(_request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    assert connection.connection is not None
    return HttpResponse("asked")


def _breaks(request: HttpRequest) -> HttpResponse:
    _asks(request)
    raise RuntimeError("a fault of ours")


def _hangs(_request: HttpRequest) -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(3)")
    except OperationalError:
        return HttpResponse("put through")
    return HttpResponse("waited")


urlpatterns = [path("webhooks/hangs/", _hangs), path("webhooks/asks/", _asks), path("webhooks/breaks/", _breaks)]


@pytest.fixture
def server(transactional_db: None) -> Server:
    connection.close()
    return Server()


@pytest.fixture
def addresses() -> Callable[[], Any]:
    wsgi._resolved.cache_clear()
    return lambda: override_settings(ROOT_URLCONF=__name__)


def test_a_webhook_waits_for_a_database_that_hangs_only_so_long(server: Server, addresses: Any, settings: Any) -> None:
    settings.DATABASE_PATIENCE_S = 0.5
    began = time.monotonic()
    with addresses():
        assert server.ask("/webhooks/hangs/") == b"put through"
        # The connection is gone, and the next request has another.
        assert server.ask("/webhooks/asks/") == b"asked"
    assert time.monotonic() - began < 2.9


def test_a_webhook_gives_its_connection_back_before_the_answer_leaves(server: Server, addresses: Any) -> None:
    with addresses():
        assert server.ask("/webhooks/asks/") == b"asked"
    assert server.status == "200 OK"
    assert server.headers["Content-Length"] == "5"
    assert connection.connection is None


def test_an_exception_of_a_webhook_is_answered_with_500_and_gives_the_connection_back(
    server: Server, addresses: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with addresses():
        server.ask("/webhooks/breaks/")
    assert server.status == "500 Internal Server Error"
    assert connection.connection is None
    assert any("a fault of ours" in str(record.exc_info) for record in caplog.records)


def test_a_webhook_that_nobody_has_is_not_found(server: Server) -> None:
    server.ask("/webhooks/nobody/")
    assert server.status == "404 Not Found"


def test_a_webhook_that_is_only_read_is_refused_with_what_is_allowed(server: Server) -> None:
    server.ask(_VOICE, method="GET")
    assert server.status == "405 Method Not Allowed"
    assert server.headers["Allow"] == "POST"


def test_a_form_of_no_kind_gets_the_same_answer_by_the_short_way_and_by_djangos(server: Server) -> None:
    body = server.ask(_VOICE)
    answer = Client(enforce_csrf_checks=True).post(_VOICE, data=b"", content_type="")
    assert (server.status, body) == (f"{answer.status_code} {answer.reason_phrase}", answer.content)
