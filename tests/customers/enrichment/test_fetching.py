"""One fetch over real HTTP: what leaves, what counts as what, and that nothing outlives its time."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from customers.enrichment.fetching import Outcome, fetch
from customers.enrichment.sources import Source

pytestmark = pytest.mark.usefixtures("open_to_this_machine")
PHONE = "+4915100000002"
Make = Callable[..., Source]


def ask(source: Source, *, timeout_s: float = 3.0, **inputs: str) -> Outcome:
    return fetch(source, inputs or {"phone": PHONE}, timeout_s=timeout_s, now=time.time())


@contextmanager
def raw_server(*pieces: bytes, pause_s: float = 0.0) -> Iterator[str]:
    """Answers every connection with the pieces, a pause before each. Its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _where = server.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.recv(65_536)
                    for piece in pieces:
                        time.sleep(pause_s)
                        connection.sendall(piece)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)


def test_the_request_carries_what_the_manager_said(httpserver: HTTPServer, source: Make) -> None:
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        request.get_data()
        seen.append(request)
        return Response('{"loyalty_status": "gold"}')

    httpserver.expect_request("/customers").respond_with_handler(handle)
    made = source(
        method="POST",
        headers={"X-Caller": "{{ phone }}", "Accept-Language": "de"},
        body='{"phone": "{{ phone }}", "raw": {{ phone | json }}}',
        auth="header",
        auth_name="X-Api-Key",
        secret="k",
    )
    assert ask(made, phone='"+49"').values == {"loyalty_status": "gold"}
    request = seen[0]
    assert json.loads(request.get_data()) == {"phone": '"+49"', "raw": '"+49"'}
    assert request.args["phone"] == '"+49"'
    assert {name: request.headers[name] for name in ("X-Caller", "Accept-Language", "X-Api-Key", "Content-Type")} == {
        "X-Caller": '"+49"', "Accept-Language": "de", "X-Api-Key": "k", "Content-Type": "application/json",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("auth", "name", "sent"),
    [
        ("basic", "ann", "Basic " + base64.b64encode("ann:pä:ss".encode()).decode()),
        ("bearer", "", "Bearer pä:ss".encode().decode("latin-1")),
    ],
)
def test_basic_and_bearer_sign_in(httpserver: HTTPServer, source: Make, auth: str, name: str, sent: str) -> None:
    secret = "pä:ss" if auth == "basic" else "pass"
    httpserver.expect_request(
        "/customers", headers={"Authorization": sent if auth == "basic" else "Bearer pass"}
    ).respond_with_json({"loyalty_status": "gold"})
    assert ask(source(auth=auth, auth_name=name, secret=secret)).status == "found"


@pytest.mark.parametrize(
    ("status", "error", "is_alive"),
    [
        (500, "The API answered 500.", False),
        (429, "The API answered 429.", False),
        (401, "The API refused the sign-in (401).", False),
        (400, "The API answered 400.", True),
        (302, "The API answered 302.", False),
    ],
)
def test_a_status_becomes_a_sentence(
    httpserver: HTTPServer, source: Make, status: int, error: str, is_alive: bool
) -> None:
    httpserver.expect_request("/customers").respond_with_data("", status=status)
    outcome = ask(source())
    assert (outcome.status, outcome.error, outcome.is_alive) == ("failed", error, is_alive)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>down</html>", "The API answered with a web page instead of JSON."),
        (b"", "The API's answer is no JSON."),
        (b"{", "The API's answer is no JSON."),
        (b"\xff\xfe\x00", "The API's answer is no JSON."),
        (b'{"a": NaN}', "The API's answer is no JSON."),
        (b'{"a": ' + b"9" * 5000 + b"}", "The API's answer is no JSON."),
        (b'"gold"', "The API's answer is neither an object nor a list."),
        (b"null", "The API's answer is neither an object nor a list."),
        (b"[" * 100_000, "The API's answer is nested too deeply."),
        (b'{"a": "' + b"x" * 10_000_000 + b'"}', "The answer is larger than 1 MB."),
    ],
    ids=["html", "empty", "half", "bytes", "nan", "huge number", "text", "null", "deep", "10 MB"],
)
def test_an_answer_that_is_no_use_becomes_a_sentence(
    httpserver: HTTPServer, source: Make, body: bytes, error: str
) -> None:
    httpserver.expect_request("/customers").respond_with_data(body, content_type="application/json")
    assert ask(source()).error == error


def test_of_an_answer_that_nothing_is_read_from_any_form_will_do(httpserver: HTTPServer, source: Make) -> None:
    httpserver.expect_request("/").respond_with_data(b"OK")
    outcome = ask(source(url=httpserver.url_for("/"), mapping=[]))
    assert (outcome.status, outcome.values, outcome.error) == ("found", {}, "")


@pytest.mark.parametrize(("body", "read"), [(b"YES\n", "YES"), (b'"yes"', "yes"), (b"<a>", "<a>"), (b"12", "12")])
def test_a_value_that_is_the_whole_answer_may_be_plain_text(
    httpserver: HTTPServer, source: Make, body: bytes, read: str
) -> None:
    httpserver.expect_request("/").respond_with_data(body)
    outcome = ask(source(url=httpserver.url_for("/"), mapping=[{"name": "body", "path": "@", "type": "text"}]))
    assert (outcome.status, outcome.values) == ("found", {"body": read})


def test_a_compressed_bomb_is_not_unpacked(httpserver: HTTPServer, source: Make) -> None:
    import gzip  # noqa: PLC0415

    bomb = gzip.compress(b" " * 50_000_000)
    httpserver.expect_request("/customers").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    assert ask(source()).error == "The answer is larger than 1 MB."


@pytest.mark.parametrize(
    ("changes", "status", "body"),
    [
        ({}, 404, {}),
        ({"not_found_statuses": [410]}, 410, {}),
        ({"not_found_path": "customer"}, 200, {"customer": None}),
        ({"not_found_path": "hits[0]"}, 200, {"hits": []}),
    ],
)
def test_what_the_manager_calls_not_found_is_not_found(
    httpserver: HTTPServer, source: Make, changes: dict[str, Any], status: int, body: Any
) -> None:
    httpserver.expect_request("/customers").respond_with_json(body, status=status)
    assert ask(source(**changes)).status == "not_found"


def test_a_5xx_is_tried_again_as_often_as_wished(httpserver: HTTPServer, source: Make) -> None:
    httpserver.expect_oneshot_request("/customers").respond_with_data("", status=503)
    httpserver.expect_oneshot_request("/customers").respond_with_data("", status=500)
    httpserver.expect_request("/customers").respond_with_json({"loyalty_status": "gold"})
    assert ask(source(retries=2)).status == "found"
    assert len(httpserver.log) == 3


def test_a_post_is_never_sent_twice(httpserver: HTTPServer, source: Make) -> None:
    httpserver.expect_request("/customers").respond_with_data("", status=503)
    assert ask(source(method="POST", body="{}", retries=3)).error == "The API answered 503."
    assert len(httpserver.log) == 1


def test_retry_after_is_kept_where_there_is_time_for_it(httpserver: HTTPServer, source: Make) -> None:
    httpserver.expect_oneshot_request("/customers").respond_with_data("", status=429, headers={"Retry-After": "1"})
    httpserver.expect_request("/customers").respond_with_json({"loyalty_status": "gold"})
    outcome = ask(source(retries=1))
    assert outcome.status == "found"
    assert 1000 <= outcome.ms < 2000


def test_retry_after_beyond_the_deadline_is_not_waited_for(httpserver: HTTPServer, source: Make) -> None:
    httpserver.expect_request("/customers").respond_with_data("", status=429, headers={"Retry-After": "60"})
    outcome = ask(source(retries=3), timeout_s=1.0)
    assert (outcome.error, len(httpserver.log)) == ("The API answered 429.", 1)
    assert outcome.ms < 500


def test_all_tries_together_keep_the_deadline(source: Make) -> None:
    with raw_server(b"", pause_s=30) as url:
        outcome = ask(source(url=url, retries=5), timeout_s=0.6)
    assert outcome.error == "The API did not answer in time."
    assert outcome.ms < 900


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_trickles_does_not_outlive_the_deadline(source: Make, part: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"
    pieces = [head + b"\r\n"] if part == "body" else [head]
    with raw_server(*pieces, *([b"X-A: b\r\n" if part == "headers" else b"x"] * 100), pause_s=0.1) as url:
        outcome = ask(source(url=url, retries=0), timeout_s=0.8)
    assert outcome.status == "failed"
    assert outcome.ms < 1100


def test_a_server_that_nobody_runs_is_not_reached(source: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    outcome = ask(source(url=url))
    assert (outcome.error, outcome.is_alive) == ("The API could not be reached.", False)


def test_a_post_is_tried_again_when_it_was_never_sent(source: Make, httpserver: HTTPServer) -> None:
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    assert ask(source(url=url, method="POST", body="{}", retries=2)).error == "The API could not be reached."
    assert time.monotonic() - began > 0.1


def test_a_connection_that_breaks_off_is_told(source: Make) -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{") as url:
        assert ask(source(url=url)).error == "The connection to the API broke off."


def test_connections_are_kept(httpserver: HTTPServer, source: Make) -> None:
    ports = set()

    def handle(request: Request) -> Response:
        ports.add(request.environ["REMOTE_PORT"])
        return Response('{"loyalty_status": "gold"}')

    # Werkzeug closes after each answer unless it speaks HTTP/1.1.
    httpserver.expect_request("/customers").respond_with_handler(handle)
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    accepted = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                connection, where = server.accept()
                accepted.append(where)
                while connection.recv(65_536):
                    connection.sendall(ok)

        threading.Thread(target=serve, daemon=True).start()
        made = source(url=f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert [ask(made).status for _n in range(3)] == ["found"] * 3
    assert len(accepted) == 1


def test_a_redirect_within_the_host_is_followed_with_the_key(httpserver: HTTPServer, source: Make) -> None:
    httpserver.expect_request("/customers").respond_with_data("", status=302, headers={"Location": "/v2"})
    httpserver.expect_request("/v2", headers={"X-Api-Key": "k"}).respond_with_json({"loyalty_status": "gold"})
    assert ask(source(auth="header", auth_name="X-Api-Key", secret="k")).status == "found"


def test_a_redirect_to_another_host_does_not_take_the_key_along(httpserver: HTTPServer, source: Make) -> None:
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        seen.append(request)
        return Response('{"loyalty_status": "gold"}')

    elsewhere = httpserver.url_for("/v2").replace("localhost", "127.0.0.1")
    httpserver.expect_request("/customers").respond_with_data("", status=307, headers={"Location": elsewhere})
    httpserver.expect_request("/v2").respond_with_handler(handle)
    made = source(auth="bearer", secret="k", headers={"X-Key": "k"})
    assert "localhost" in made.url
    assert ask(made).status == "found"
    assert "Authorization" not in seen[0].headers
    assert "X-Key" not in seen[0].headers


def test_a_redirect_to_an_internal_address_is_refused(httpserver: HTTPServer, source: Make, settings: Any) -> None:
    settings.ENRICHMENT_ALLOWED_HOSTS = [f"localhost:{httpserver.port}"]
    for target in ("http://127.0.0.1:1/", "http://169.254.169.254/latest/", "http://[::1]/"):
        httpserver.clear()
        httpserver.expect_request("/customers").respond_with_data("", status=302, headers={"Location": target})
        assert ask(source()).error == "The address is internal, and the operator's allow-list does not name it."
    httpserver.clear()
    httpserver.expect_request("/customers").respond_with_data(
        "", status=302, headers={"Location": "file:///etc/passwd"}
    )
    assert ask(source()).error == "The API redirects to something that is no address."


def test_redirects_end(httpserver: HTTPServer, source: Make) -> None:
    httpserver.expect_request("/customers").respond_with_data("", status=302, headers={"Location": "/customers"})
    assert ask(source()).error == "The API redirects more than 3 times."
    assert len(httpserver.log) == 4


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/customers/{{ phone }}", ".."),
        ("/customers/{{ phone }}/orders", "../../admin"),
        ("/customers/{{ phone }}", "..\\admin"),
        ("/customers/{{ phone }}", "a\x00b"),
    ],
)
def test_a_value_never_changes_the_path(httpserver: HTTPServer, source: Make, path: str, value: str) -> None:
    outcome = ask(source(url=httpserver.url_for("") + path.lstrip("/")), phone=value)
    assert (outcome.status, outcome.is_alive, len(httpserver.log)) == ("failed", None, 0)


def test_a_missing_input_is_named_and_no_value_is_told(source: Make) -> None:
    outcome = fetch(source(), {"number": PHONE}, timeout_s=1, now=0)
    assert outcome.error == "The flow gives no value for “phone”."


def test_an_oauth2_token_is_fetched_once_and_renewed_after_a_401(httpserver: HTTPServer, source: Make) -> None:
    tokens = iter(["one", "two", "three"])
    valid = {"one", "two"}

    def token(request: Request) -> Response:
        assert request.form["grant_type"] == "client_credentials"
        assert request.form["scope"] == "read"
        assert request.authorization
        assert (request.authorization.username, request.authorization.password) == ("me", "s%2Fcret")
        return Response(json.dumps({"access_token": next(tokens), "expires_in": 3600}))

    def customers(request: Request) -> Response:
        bearer = request.headers["Authorization"].removeprefix("Bearer ")
        return Response('{"loyalty_status": "gold"}') if bearer in valid else Response("", 401)

    httpserver.expect_request("/token", method="POST").respond_with_handler(token)
    httpserver.expect_request("/customers").respond_with_handler(customers)
    made = source(auth="oauth2", auth_name="me", secret="s/cret", scope="read", token_url=httpserver.url_for("/token"))
    assert ask(made).status == "found"
    assert ask(made).status == "found"
    valid.discard("one")
    assert ask(made).status == "found"
    valid.discard("two")
    # The new one is refused too: that is the end of it, and no circle.
    assert ask(made).error == "The API refused the sign-in (401)."


def test_a_token_server_that_wants_the_client_in_the_form_gets_it(httpserver: HTTPServer, source: Make) -> None:
    def token(request: Request) -> Response:
        if request.form.get("client_secret") != "s":
            return Response("", 401)
        return Response('{"access_token": "t"}')

    httpserver.expect_request("/token").respond_with_handler(token)
    httpserver.expect_request("/customers", headers={"Authorization": "Bearer t"}).respond_with_json({})
    made = source(auth="oauth2", auth_name="me", secret="s", token_url=httpserver.url_for("/token"))
    assert ask(made).status == "found"


def test_a_token_address_that_is_internal_is_refused(source: Make, settings: Any, httpserver: HTTPServer) -> None:
    settings.ENRICHMENT_ALLOWED_HOSTS = []
    made = source(auth="oauth2", auth_name="me", secret="s", token_url=httpserver.url_for("/token"))
    assert ask(made).error.startswith("No token: The address is internal")


def test_neither_secrets_nor_numbers_reach_the_log(
    httpserver: HTTPServer, source: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    httpserver.expect_request("/customers").respond_with_data("top-secret", status=500)
    outcome = ask(source(auth="bearer", secret="top-secret"))
    ask(source(url="http://127.0.0.1:1/?phone={{ phone }}", auth="bearer", secret="top-secret"))
    ours = [r.getMessage() for r in caplog.records if r.name != "werkzeug" and not r.name.startswith("urllib3")]
    assert "top-secret" not in str(ours) + outcome.error + str(outcome.order)
    assert PHONE not in str(ours) + outcome.error
