"""What a worker does with a question: ask the API, and make the answer known to everybody who waits."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from django.utils.translation import gettext as _

from customers.enrichment import flight, sources
from customers.enrichment.fetching import Outcome, fetch
from customers.enrichment.keeper import kept
from customers.enrichment.metrics import FETCH_SECONDS, FETCHES
from customers.enrichment.sources import Source

_log = structlog.get_logger(__name__)
# A caller who comes back a little late still finds the answer.
MARGIN_S = 1.0
_SHORTEST_S = 0.2
# Whoever asked just now was told by the breaker itself.
_LATE_S = 0.5


def answer(
    source_key: str,
    inputs: Mapping[str, str],
    *,
    question: str,
    token: str,
    asked_at: float,
    patience_s: float,
    now: float,
) -> None:
    """Asks once and lands the answer. Does nothing where nobody waits any more, or where it is known by now.

    `asked_at` and `now` are seconds of the wall clock.
    """
    age_s = max(0.0, now - asked_at)
    left_s = patience_s + MARGIN_S - age_s
    if left_s <= 0:
        return
    try:
        if age_s >= flight.LEASE_S:
            token = flight.reclaim(question, token=token)
            if not token:
                return
        with kept(question, token):
            source, outcome = _ask(source_key, inputs, left_s, now, is_late=age_s > _LATE_S)
        flight.land(question, _landing(source, outcome), token=token)
    except flight.Unavailable as error:
        _log.warning("answer not delivered", source=source_key, why=type(error).__name__)


def _ask(key: str, inputs: Mapping[str, str], left_s: float, now: float, *, is_late: bool) -> tuple[Source, Outcome]:
    source = Source(key=key, method="GET", url="")
    try:
        found = sources.load(key)
        if found is None:
            return source, Outcome(error=_("There is no data source “%(key)s”.") % {"key": key})
        source = found
        if not source.is_active:
            return source, Outcome(error=_("The data source is switched off."))
        if is_late and flight.is_resting(key):
            # Found dead while this question lay waiting: asking now would only hold a thread.
            return source, Outcome(error=_("The API does not answer at this moment."))
        outcome = fetch(source, inputs, timeout_s=max(_SHORTEST_S, min(source.total_timeout_s, left_s)), now=now)
    except Exception:  # noqa: BLE001  logged, and a caller hangs on it
        # Whoever waits is told at once, whatever it was.
        _log.exception("fetch broke", source=key)
        outcome = Outcome(error=_("Asking the API failed inside Pareto; the log says why."))
    FETCHES.labels(key, outcome.status).inc()
    FETCH_SECONDS.labels(key).observe(outcome.ms / 1000)
    if outcome.status == "failed":
        _log.warning("fetch failed", source=key, why=outcome.error, ms=outcome.ms)
    return source, outcome


def _landing(source: Source, outcome: Outcome) -> flight.Landing:
    failed = outcome.status == "failed"
    return flight.Landing(
        status=outcome.status,
        values=outcome.values,
        error=outcome.error,
        ms=outcome.ms,
        shape=source.shape,
        is_alive=outcome.is_alive,
        keep_s=flight.FAILED_S if failed else max(float(source.cache_s), flight.SHARED_S),
        last_known_s=source.last_known_s,
        breaker_failures=source.breaker_failures,
        breaker_rest_s=source.breaker_rest_s,
    )
