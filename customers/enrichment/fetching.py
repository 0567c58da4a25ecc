"""Asks one data source one question: fill in, sign in, send, try again where it makes sense, read the answer."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from customers.enrichment.auth import forget_token, sign_in
from customers.enrichment.exchange import Answer, DeadlinePassed, ExchangeFailed, Order, exchange
from customers.enrichment.mapping import look_up, take
from customers.enrichment.questions import JSON, Status
from customers.enrichment.sources import Source

_AGENT = "Pareto/1"
_AGAIN = frozenset({429, 500, 502, 503, 504})
_FIRST_PAUSE_S = 0.1
_CONTENT_NEEDED_S = 0.05


@dataclass(slots=True)
class Outcome:
    """What asking brought about."""

    status: Status = "failed"
    values: dict[str, JSON] = field(default_factory=dict)
    error: str = ""
    is_alive: bool | None = None
    """Whether the API works at all; None if this question says nothing about that, because we never asked."""
    ms: float = 0.0
    notes: tuple[str, ...] = ()
    order: Order | None = None
    answer: Answer | None = None


def fetch(source: Source, inputs: Mapping[str, str], *, timeout_s: float, now: float) -> Outcome:
    """The outcome within `timeout_s`, all tries together. Never raises for what the API or the manager did wrong.

    `now` is a reading of the wall clock, in seconds, for an API that says at what time to come back.
    """
    began = time.monotonic()
    deadline = began + timeout_s
    outcome = Outcome()
    try:
        outcome.order = prepare(source, inputs)
        outcome.answer = _send(source, outcome, deadline, now)
        _read(source, outcome)
    except ExchangeFailed as failure:
        outcome.error, outcome.is_alive = str(failure), False
    except ValueError as fault:  # templates and mapping say what is wrong with them
        outcome.error = str(fault)
    outcome.ms = round((time.monotonic() - began) * 1000, 1)
    return outcome


def prepare(source: Source, inputs: Mapping[str, str]) -> Order:
    """The request, not yet signed in. Raises ValueError with a sentence."""
    headers = {"Accept": "application/json", "User-Agent": _AGENT}
    for name, template in source.header_templates.items():
        headers[name] = template.fill(inputs)
    body = b""
    if source.method == "POST":
        headers.setdefault("Content-Type", source.content_type)
        body = source.body_template.fill(inputs).encode()
    return Order(source.method, source.url_template.fill(inputs), headers, body)


def _send(source: Source, outcome: Outcome, deadline: float, now: float) -> Answer:
    """Tries until there is an answer that stays, or nothing more to try."""
    order = outcome.order
    assert order is not None
    began = time.monotonic()
    renewed = False
    tries_left = source.retries
    pause_s = _FIRST_PAUSE_S
    while True:
        answer: Answer | None = None
        try:
            signed = Order(order.method, order.url, order.headers | sign_in(source, deadline=deadline), order.body)
            outcome.order = signed
            answer = exchange(signed, connect_s=source.connect_timeout_s, deadline=deadline)
            if answer.status == 401 and not renewed and forget_token(source):
                renewed = True
                continue
            if answer.status not in _AGAIN or order.method != "GET":
                return answer
            wait_s = _retry_after(answer, now + time.monotonic() - began)
        except ExchangeFailed as failure:
            may_repeat = failure.never_sent or (failure.again and order.method == "GET")
            if not (failure.again and may_repeat) or not tries_left:
                raise
            wait_s = None
        if not tries_left:
            assert answer is not None
            return answer
        if wait_s is None:
            wait_s = pause_s * random.uniform(0.5, 1.5)  # noqa: S311  spreads the load, hides nothing
        if time.monotonic() + wait_s + _CONTENT_NEEDED_S >= deadline:
            if answer is None:
                raise DeadlinePassed
            return answer
        time.sleep(wait_s)
        tries_left -= 1
        pause_s *= 2


def _retry_after(answer: Answer, now: float) -> float | None:
    """Seconds that the API asks us to wait; None if it does not say."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isdigit():
        return float(said[:6])
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _read(source: Source, outcome: Outcome) -> None:
    answer = outcome.answer
    assert answer is not None
    if answer.status in source.absent:
        outcome.status, outcome.is_alive = "not_found", True
        return
    if not 200 <= answer.status < 300:
        # Another 4xx is about this one question; the API itself works.
        outcome.is_alive = 400 <= answer.status < 500 and answer.status not in {401, 403, 407, 408, 429}
        outcome.error = _refusal(answer.status)
        return
    if not source.rows and source.absent_path is None:
        # Nothing is read of the answer: that it came is enough.
        outcome.status, outcome.is_alive = "found", True
        return
    data = _parse(answer.body, as_text=any(row.is_whole for row in source.rows))
    outcome.is_alive = True
    if source.absent_path is not None and look_up(source.absent_path, data) in (None, [], {}, ""):
        outcome.status = "not_found"
        return
    values, notes = take(data, source.rows)
    outcome.status, outcome.values, outcome.notes = "found", values, tuple(notes)


def _refusal(status: int) -> str:
    if status in {401, 403}:
        return _("The API refused the sign-in (%(status)d).") % {"status": status}
    return _("The API answered %(status)d.") % {"status": status}


def _no_number(_text: str) -> NoReturn:
    raise ValueError


def _parse(body: bytes, *, as_text: bool) -> Any:
    """What the API answered; plain text, too, where a value is the whole answer."""
    if as_text:
        try:
            data = json.loads(body, parse_constant=_no_number)
        except (ValueError, RecursionError):
            return body.decode(errors="replace").strip()
        return data
    if body.lstrip()[:1] == b"<":
        raise ExchangeFailed(_("The API answered with a web page instead of JSON."))
    try:
        data = json.loads(body, parse_constant=_no_number)
    except RecursionError:
        raise ExchangeFailed(_("The API's answer is nested too deeply.")) from None
    except ValueError:
        raise ExchangeFailed(_("The API's answer is no JSON.")) from None
    if not isinstance(data, dict | list):
        raise ExchangeFailed(_("The API's answer is neither an object nor a list."))
    return data
