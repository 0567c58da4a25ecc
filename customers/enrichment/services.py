"""Asking data sources from the web side: what is known at once, and waiting a little for what is not."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import structlog
from django.utils.translation import gettext as _

from customers.enrichment import flight, tasks
from customers.enrichment.metrics import ASKED
from customers.enrichment.models import DataSource
from customers.enrichment.publishing import NotPublished, publish
from customers.enrichment.questions import Asked, Exchange, Question, Result, Trial
from customers.enrichment.sources import freeze
from customers.enrichment.trial import STARTED, read_trial, seal

__all__ = ["Asked", "Exchange", "Question", "Result", "Trial", "ask", "last_known", "try_source", "wait"]

_log = structlog.get_logger(__name__)
_MARGIN_S = 1.0
# How long a worker may take to pick a trial up before we say that there is none.
_PICK_UP_S = 3.0
# Sources whose last question was answered from the cache: the next is worth a glance, before the script is asked.
_mostly_cached: set[str] = set()
# Looking a counter up by its labels takes longer than counting.
_counter = lru_cache(maxsize=1024)(ASKED.labels)


def ask(questions: Sequence[Question], *, patience_s: float, since: datetime | None = None) -> Asked:
    """What is known at once; for everything else a worker is told to ask, once for all who want to know the same.

    Never blocks for longer than Redis and the broker take to refuse. To ask the same again is harmless, and is how a
    question whose worker died is asked again. An answer newer than `since` counts as fresh.
    """
    known: dict[str, Result] = {}
    pending: list[str] = []
    unreachable = False
    for question in questions:
        result = None
        if unreachable:
            result = _failed(_("The store of fetched values cannot be reached."))
        else:
            try:
                result = _ask(question, patience_s, since.timestamp() if since else 0.0)
            except flight.Unavailable as error:
                _log.warning("nothing can be asked", why=type(error).__name__)
                unreachable = True
                result = _failed(_("The store of fetched values cannot be reached."))
        if result is None:
            pending.append(question.key)
        else:
            known[question.key] = result
    return Asked(known, tuple(pending))


def _ask(question: Question, patience_s: float, since: float) -> Result | None:
    if question.source in _mostly_cached:
        if (result := flight.glance(question.key, since=since)) is not None:
            _counter(question.source, "known").inc()
            return result
        _mostly_cached.discard(question.source)
    token = os.urandom(8).hex()
    word, result = flight.look(
        question.key, token=token, lease_s=min(flight.LEASE_S, patience_s + _MARGIN_S), since=since
    )
    _counter(question.source, word).inc()
    match word:
        case "known":
            if result is not None and result.rung == "cached":
                _mostly_cached.add(question.source)
            return result
        case "pending":
            return None
        case "off":
            return _failed(_("The data source is switched off."))
        case "open":
            why = _("The API failed too often and is left alone for a while.")
            return Result(result.status, result.values, "last_known", 0.0, why) if result else _failed(why)
    try:
        publish(tasks.fetch, (question.source, question.inputs, question.key, token, time.time(), patience_s))
    except NotPublished as error:
        _log.warning("no worker can be told", why=str(error))
        flight.release(question.key, token=token)
        return _failed(_("The workers cannot be reached."))
    return None


def wait(keys: Sequence[str], *, timeout_s: float) -> dict[str, Result]:
    """The answers to pending questions that come within the time; returns as soon as all are there."""
    try:
        return flight.wait(keys, timeout_s=timeout_s)
    except flight.Unavailable as error:
        _log.warning("cannot wait for answers", why=type(error).__name__)
        return {}


def last_known(question: Question) -> Result | None:
    """What the source said last, for whoever has waited long enough; None if nothing is kept."""
    try:
        return flight.last_known(question.key)
    except flight.Unavailable as error:
        _log.warning("cannot look for a last known answer", why=type(error).__name__)
        return None


def try_source(*, source: DataSource, inputs: Mapping[str, str]) -> Trial:
    """One real request by a worker, past cache and breaker; `source` need not be saved. Blocks until it is over."""
    frozen = freeze(source)
    reply_to = f"pareto:trial:{os.urandom(12).hex()}"
    try:
        publish(tasks.try_source, (seal(frozen, inputs), reply_to, time.time() + _PICK_UP_S))
        if flight.receive(reply_to, timeout_s=_PICK_UP_S) != STARTED:
            return Trial(_failed(_("No worker took the request within 3 seconds. Is one running for fetches?")))
        text = flight.receive(reply_to, timeout_s=frozen.total_timeout_s + 2 * _MARGIN_S)
    except NotPublished:
        return Trial(_failed(_("The workers cannot be reached.")))
    except flight.Unavailable:
        return Trial(_failed(_("The store of fetched values cannot be reached.")))
    if text is None:
        return Trial(_failed(_("The worker stopped before it was done.")))
    return read_trial(text)


def _failed(why: str) -> Result:
    return Result("failed", error=why)
