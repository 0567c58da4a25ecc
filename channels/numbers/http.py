"""One guarded request to a carrier's interface, and which of its failures leave it open whether anything was done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal
from urllib.parse import urlencode

import structlog
import urllib3
from django.utils.translation import gettext as _
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from channels.numbers.shop import AnswerLost, Away, Refused
from customers.enrichment.guard import AddressRefused, GuardedHTTPConnection, GuardedHTTPSConnection

log = structlog.get_logger(__name__)

CONNECT_S, ANSWER_S = 5.0, 15.0
# A page of numbers is some ten kB.
_BODY_BYTES = 4 * 1024 * 1024
_NOTHING_LEFT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.NameResolutionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.SSLError,
)


class PlainPool(HTTPConnectionPool):
    ConnectionCls = GuardedHTTPConnection


class SecurePool(HTTPSConnectionPool):
    ConnectionCls = GuardedHTTPSConnection


@dataclass(frozen=True, slots=True)
class Answer:
    """What the carrier said. `data` is its JSON, or nothing."""

    status: int
    data: Mapping[str, Any]
    after_s: float | None


@cache
def _pool() -> urllib3.PoolManager:
    pool = urllib3.PoolManager(num_pools=8, maxsize=4, retries=False)
    pool.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return pool


def ask(
    method: Literal["GET", "POST", "PATCH", "DELETE"],
    url: str,
    *,
    carrier: str,
    auth: str,
    query: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    body: Any = None,
) -> Answer:
    """The answer, whatever its status except “too much” and trouble of the carrier's. Raises ShopFault.

    `auth` is the header; it is never logged, nor is anything that was sent.
    """
    headers = {"Accept": "application/json", "Authorization": auth, "User-Agent": "Pareto"}
    data: bytes | None = None
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        data = urlencode(form).encode()
    elif body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    where = f"{url}?{urlencode(query)}" if query else url
    try:
        answer = _pool().request(
            method,
            where,
            body=data,
            headers=headers,
            timeout=urllib3.Timeout(connect=CONNECT_S, read=ANSWER_S),
            redirect=False,
            preload_content=False,
        )
        try:
            raw = answer.read(_BODY_BYTES)
        finally:
            answer.release_conn()
    except AddressRefused:
        raise Refused(
            _(
                "The server of %(carrier)s has an internal address. If it is yours, your operator names it in "
                "ENRICHMENT_ALLOWED_HOSTS."
            )
            % {"carrier": carrier}
        ) from None
    except _NOTHING_LEFT as error:
        log.warning("carrier cannot be reached", carrier=carrier, why=type(error).__name__)
        raise Away(_("%(carrier)s cannot be reached. Try again in a minute.") % {"carrier": carrier}) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        log.warning("carrier's answer lost", carrier=carrier, why=type(error).__name__)
        sentence = _("The answer of %(carrier)s was lost.") % {"carrier": carrier}
        # Reading changes nothing: it may be asked again.
        raise (Away(sentence) if method == "GET" else AnswerLost(sentence)) from None
    return _read(answer.status, answer.headers.get("Retry-After", ""), raw, carrier, is_reading=method == "GET")


def _read(status: int, retry_after: str, raw: bytes, carrier: str, *, is_reading: bool) -> Answer:
    after_s = min(float(retry_after), 600.0) if retry_after.isascii() and retry_after.isdigit() else None
    if status == 429:
        raise Away(_("%(carrier)s was asked too often. It is asked again soon.") % {"carrier": carrier}, after_s)
    if status >= 500:
        sentence = _("%(carrier)s has trouble of its own (%(status)s). Try again later.") % {
            "carrier": carrier,
            "status": status,
        }
        # What broke there may have been the answer only.
        raise (Away(sentence, after_s) if is_reading or status == 503 else AnswerLost(sentence))
    try:
        data = json.loads(raw) if raw else {}
    except ValueError:
        data = None
    if not isinstance(data, dict):
        sentence = _("%(carrier)s answered something that is no answer. Is the address of its server right?")
        if status < 400 and not is_reading:
            raise AnswerLost(sentence % {"carrier": carrier})
        raise Refused(sentence % {"carrier": carrier})
    return Answer(status, data, after_s)
