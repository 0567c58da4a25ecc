"""One HTTP request to a company's API: guarded, through pooled connections, within a deadline and a size."""

from __future__ import annotations

import http.client
import io
import os
import socket
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urljoin

from django.utils.translation import gettext as _
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout, RequestException
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.poolmanager import PoolManager

from customers.enrichment.guard import AddressRefused, GuardedHTTPConnection, GuardedHTTPSConnection
from customers.enrichment.templates import TemplateFault, origin_of

ANSWER_BYTES = 1_000_000
REDIRECTS = 3
CONNECTIONS_A_HOST = 64
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})


class ExchangeFailed(Exception):
    """There is no usable answer. The text is for managers and holds neither values nor secrets."""

    def __init__(self, sentence: str, *, again: bool = False, never_sent: bool = False) -> None:
        super().__init__(sentence)
        self.again = again
        """Asking again may help."""
        self.never_sent = never_sent
        """The API has seen nothing of the request."""


class DeadlinePassed(ExchangeFailed):
    """No whole answer in time."""

    def __init__(self) -> None:
        super().__init__(_("The API did not answer in time."))


@dataclass(frozen=True, slots=True)
class Order:
    """A request that is ready to leave."""

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and whole body of what came back."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes


class _TimedSocket(io.RawIOBase):
    """Reads from a socket, and never past the deadline, however slowly the bytes trickle."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _TimedFile:
    """All that `http.client` wants of a socket: a file to read the answer from."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        raw = self._sock.makefile("rb", buffering=0)
        return io.BufferedReader(_TimedSocket(raw, self._sock, self._deadline))


def _timed_response(sock: socket.socket, *args: Any, deadline: float, **kwargs: Any) -> http.client.HTTPResponse:
    return http.client.HTTPResponse(_TimedFile(sock, deadline), *args, **kwargs)  # type: ignore[arg-type]


class _Timed(HTTPConnection):
    """For a connection: its read time-out bounds the whole answer, not each piece of it."""

    def getresponse(self) -> Any:
        # The pool has just set the time-out of this request.
        deadline = time.monotonic() + float(self.timeout or 0)
        self.response_class = partial(_timed_response, deadline=deadline)  # type: ignore[assignment]  # all it is, is called
        return super().getresponse()


class _HTTPConnection(_Timed, GuardedHTTPConnection):
    pass


class _HTTPSConnection(_Timed, GuardedHTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _Adapter(HTTPAdapter):
    """requests' own adapter on guarded connections. Used without a `Session`: no cookies, proxies or netrc
    of one customer or of the environment may reach another's request.
    """

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:  # noqa: FBT001, FBT002
        self._pool_connections, self._pool_maxsize, self._pool_block = connections, maxsize, block
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


_adapter: tuple[int, _Adapter] | None = None


def _adapter_of_this_process() -> _Adapter:
    global _adapter  # noqa: PLW0603  sockets must not be shared across a fork
    if _adapter is None or _adapter[0] != os.getpid():
        _adapter = (os.getpid(), _Adapter(pool_connections=64, pool_maxsize=CONNECTIONS_A_HOST))
    return _adapter[1]


def exchange(order: Order, *, connect_s: float, deadline: float) -> Answer:
    """The whole answer before `deadline` (of `time.monotonic`). Follows redirects of GET, each one checked like the first."""
    url, headers = order.url, order.headers
    for _hop in range(REDIRECTS + 1):
        answer = _once(order.method, url, headers, order.body, connect_s, deadline)
        target = answer.headers.get("Location") if answer.status in _REDIRECT_STATUSES else None
        if target is None:
            return answer
        if order.method != "GET":
            raise ExchangeFailed(_("The API answered with a redirect, and only GET follows one."))
        here, url = url, urljoin(url, target)
        try:
            moved = origin_of(url).lower() != origin_of(here).lower()
        except TemplateFault:
            raise ExchangeFailed(_("The API redirects to something that is no address.")) from None
        if moved:
            if here.startswith("https:") and url.startswith("http:"):
                raise ExchangeFailed(_("The API redirects from https to http."))
            # Keys and passwords are for the host that the manager named.
            headers = {name: value for name, value in headers.items() if name in {"Accept", "User-Agent"}}
    raise ExchangeFailed(_("The API redirects more than %(n)d times.") % {"n": REDIRECTS})


def _once(method: str, url: str, headers: dict[str, str], body: bytes, connect_s: float, deadline: float) -> Answer:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise DeadlinePassed
    request = PreparedRequest()
    try:
        request.prepare_method(method)
        request.prepare_url(url, None)
        request.prepare_headers(headers)
    except (RequestException, ValueError):
        raise ExchangeFailed(_("The address of the request is not right.")) from None
    if body:
        request.body = body
        request.headers["Content-Length"] = str(len(body))
    elif method == "POST":
        request.headers["Content-Length"] = "0"
    try:
        response = _adapter_of_this_process().send(
            request, stream=True, timeout=(min(connect_s, left_s), left_s), verify=True
        )
        try:
            return Answer(response.status_code, response.headers, _read(response.raw, deadline))
        finally:
            response.close()
    except AddressRefused as error:
        raise ExchangeFailed(str(error), never_sent=True) from None
    except (RequestException, HTTPError, OSError, http.client.HTTPException, ValueError) as error:
        raise _explain(error, deadline) from None


def _read(raw: Any, deadline: float) -> bytes:
    announced = raw.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) > ANSWER_BYTES:
        raise ExchangeFailed(_("The answer is larger than 1 MB."))
    pieces: list[bytes] = []
    size = 0
    while piece := raw.read(65_536, decode_content=True):
        size += len(piece)
        if size > ANSWER_BYTES:
            raise ExchangeFailed(_("The answer is larger than 1 MB."))
        if time.monotonic() > deadline:
            raise DeadlinePassed
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _explain(error: Exception, deadline: float) -> ExchangeFailed:
    if isinstance(error, ConnectTimeout):
        return ExchangeFailed(_("The API could not be reached in time."), again=True, never_sent=True)
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, RequestsConnectionError) and isinstance(reason, NewConnectionError):
        return ExchangeFailed(_("The API could not be reached."), again=True, never_sent=True)
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ExchangeFailed(_("The API's certificate is not valid."), never_sent=True)
    if time.monotonic() >= deadline - 0.01:
        return DeadlinePassed()
    return ExchangeFailed(_("The connection to the API broke off."), again=True)
