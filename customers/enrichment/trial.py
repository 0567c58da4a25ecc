"""“Try it”: one real request by a worker, shown to a manager with every secret masked."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from customers.enrichment import flight
from customers.enrichment.auth import secrets_of
from customers.enrichment.fetching import Outcome, fetch
from customers.enrichment.models import DataSource
from customers.enrichment.picking import leaves
from customers.enrichment.questions import JSON, Exchange, Leaf, Result, Rung, Trial
from customers.enrichment.sources import Source

MASK = "•••"
STARTED = "started"
SHOWN_CHARS = 4_000
_REPLY_LIFE_S = 60.0
_TELLING = re.compile(r"(?i)authori[sz]ation|cookie|token|secret|password|passwd|api[-_]?key|signature")


def seal(source: Source, inputs: Mapping[str, str]) -> str:
    """Source and inputs encrypted as secrets are at rest: the broker sees neither."""
    text = json.dumps([dataclasses.asdict(source), dict(inputs)])
    return str(_cipher().encrypt(text.encode()), "ascii")


def _unseal(sealed: str) -> tuple[Source, dict[str, str]]:
    values, inputs = json.loads(_cipher().decrypt(sealed.encode()))
    return Source(**values), inputs


def _cipher() -> Any:
    # The field's own key; `_meta` is public in Django's documentation, whatever its name says.
    field: Any = DataSource._meta.get_field("secret")  # noqa: SLF001
    return field.f


def run_trial(sealed: str, *, reply_to: str, until: float, now: float) -> None:
    """In the worker. `until` and `now` are seconds of the wall clock; after `until` nobody looks any more."""
    if now > until:
        return
    flight.send(reply_to, STARTED, life_s=_REPLY_LIFE_S)
    source, inputs = _unseal(sealed)
    before = secrets_of(source)
    outcome = fetch(source, inputs, timeout_s=source.total_timeout_s, now=now)
    trial = show(source, outcome, [*before, *secrets_of(source)])
    flight.send(reply_to, json.dumps(dataclasses.asdict(trial)), life_s=_REPLY_LIFE_S)


def read_trial(text: str) -> Trial:
    """What `run_trial` sent."""
    data = json.loads(text)
    return Trial(
        result=Result(**data["result"]),
        exchange=Exchange(**data["exchange"]),
        notes=tuple(data["notes"]),
        offered=tuple(Leaf(**leaf) for leaf in data["offered"]),
    )


def show(source: Source, outcome: Outcome, secrets: Iterable[str]) -> Trial:
    """What happened, fit to be seen."""
    mask = _Mask([*secrets, *_written_out(source)])
    order, answer = outcome.order, outcome.answer
    exchange = Exchange()
    if order:
        exchange = Exchange(
            method=order.method,
            url=mask.text(order.url),
            headers=mask.headers(order.headers),
            body=mask.text(order.body.decode("utf-8", "replace"))[:SHOWN_CHARS],
        )
    if answer:
        exchange = dataclasses.replace(
            exchange,
            response_status=answer.status,
            response_headers=mask.headers(answer.headers),
            # Masked before it is cut: half a secret is a secret too.
            response_body=mask.text(answer.body.decode("utf-8", "replace"))[:SHOWN_CHARS],
        )
    rung: Rung = "none" if outcome.status == "failed" else "fresh"
    result = Result(outcome.status, mask.value(outcome.values), rung, outcome.ms, mask.text(outcome.error))
    offered = _offered(answer.body, mask) if answer and outcome.status == "found" else ()
    return Trial(result, exchange, tuple(mask.text(note) for note in outcome.notes), offered)


def _offered(body: bytes, mask: _Mask) -> tuple[Leaf, ...]:
    try:
        return tuple(leaves(mask.value(json.loads(body))))
    except (ValueError, RecursionError):
        return ()  # the outcome says what is wrong with the answer


def _written_out(source: Source) -> list[str]:
    """Secrets that stand in headers or in the address, where a manager put them."""
    found = [value for name, value in source.headers.items() if _TELLING.search(name) and "{" not in value]
    found += [value.partition(" ")[2] for value in found if " " in value]
    query = parse_qsl(urlsplit(source.url).query)
    return found + [value for name, value in query if _TELLING.search(name) and "{" not in value]


class _Mask:
    def __init__(self, secrets: Iterable[str]) -> None:
        spelled: set[str] = set()
        for secret in secrets:
            if secret.strip():
                spelled |= _spellings(secret) | _spellings(secret.strip())
        longest_first = sorted(spelled, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if spelled else None

    def text(self, text: str) -> str:
        return self._pattern.sub(MASK, text) if self._pattern else text

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {
            name: f"{value.split(' ')[0]} {MASK}"
            if name.lower() == "authorization" and " " in value
            else MASK
            if _TELLING.search(name)
            else self.text(value)
            for name, value in headers.items()
        }

    def value(self, value: JSON) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        return value


def _spellings(secret: str) -> set[str]:
    raw = secret.encode()
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(secret)[1:-1].replace("/", "\\/"),
        base64.b64encode(raw).decode(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
    }
