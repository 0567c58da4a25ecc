"""Sends what is due: several at a time, few for each listener, and never in a transaction."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.utils.translation import gettext as _

from customers.enrichment.exchange import ExchangeFailed, Order, exchange
from outgoing import signing
from outgoing.models import Delivery, Subscription
from outgoing.payloads import write_bodies

log = structlog.get_logger(__name__)

# After the first attempt, and each later one; about two days in all.
PAUSES_S = (10, 30, 120, 600, 1800, 7200, 21_600, 43_200, 86_400)
GIVE_UP_AFTER = timedelta(days=3)
KEEP_FOR = timedelta(days=30)
_CONNECT_S, _ANSWER_S = 5.0, 10.0
# Whoever took a delivery and died gives it back by this.
_LEASE = timedelta(seconds=60)
_EACH, _AT_ONCE = 8, 8
_RESPONSE_CHARS = 1000

# One slow listener takes its own few places, not everybody's.
_CLAIM = """
UPDATE outgoing_delivery SET attempts = attempts + 1, due_at = %s
 WHERE id IN (
   SELECT due.id FROM outgoing_subscription s CROSS JOIN LATERAL (
     SELECT d.id FROM outgoing_delivery d
      WHERE d.subscription_id = s.id AND d.state = 'due' AND d.due_at <= %s
      ORDER BY d.due_at, d.id LIMIT %s FOR UPDATE SKIP LOCKED) due
    WHERE s.is_active)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one attempt."""

    status: int | None
    response: str
    error: str
    took_ms: float

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send_due(*, clock: Callable[[], datetime], until: float) -> int:
    """Sends everything that is due, or stops at `until` (of `time.monotonic`); how many attempts were made."""
    total = 0
    while time.monotonic() < until:
        done = _send_some(clock)
        total += done
        if not done:
            break
    return total


def _send_some(clock: Callable[[], datetime]) -> int:
    now = clock()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, (now + _LEASE, now, _EACH))
        ids = [row[0] for row in cursor.fetchall()]
        deliveries = list(Delivery.objects.select_related("subscription").filter(pk__in=ids).order_by("id"))
        write_bodies(deliveries)
        Delivery.objects.bulk_update(deliveries, ["body"])
    orders = [_order(one, now) for one in deliveries]
    with ThreadPoolExecutor(_AT_ONCE, "outgoing") as pool:
        answers = list(pool.map(_post, orders))
    for delivery, heard in zip(deliveries, answers, strict=True):
        _write_down(delivery, heard, clock())
    return len(deliveries)


def _order(delivery: Delivery, now: datetime) -> Order:
    body = delivery.body.encode()
    signed = signing.headers(
        secret=delivery.subscription.secret,
        event_id=str(delivery.event_id),
        timestamp=int(now.timestamp()),
        body=body,
    )
    head = {"Content-Type": "application/json", "User-Agent": "Pareto", "Accept": "*/*", **signed}
    return Order("POST", delivery.subscription.url, head, body)


def _post(order: Order) -> Heard:
    began = time.monotonic()
    try:
        answer = exchange(order, connect_s=_CONNECT_S, deadline=began + _ANSWER_S)
    except ExchangeFailed as failed:
        return Heard(None, "", str(failed), _ms(began))
    text = answer.body[:_RESPONSE_CHARS].decode(errors="replace").replace("\0", "")
    error = "" if 200 <= answer.status < 300 else _("The answer was %(status)d.") % {"status": answer.status}
    return Heard(answer.status, text, error, _ms(began))


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)


@transaction.atomic
def _write_down(delivery: Delivery, heard: Heard, now: datetime) -> None:
    delivery.status, delivery.response, delivery.error = heard.status, heard.response, heard.error[:300]
    delivery.took_ms, delivery.sent_at = heard.took_ms, now
    subscription = Subscription.objects.select_for_update().filter(pk=delivery.subscription_id).first()
    if subscription is None:
        return  # taken away meanwhile, and what was due with it
    if heard.ok:
        delivery.state = Delivery.State.SENT
        if subscription.failing_since:
            subscription.failing_since = None
            subscription.save(update_fields=["failing_since"])
    else:
        _fail(delivery, subscription, heard, now)
    delivery.save(update_fields=["status", "response", "error", "took_ms", "sent_at", "state", "due_at"])


def _fail(delivery: Delivery, subscription: Subscription, heard: Heard, now: datetime) -> None:
    if delivery.attempts > len(PAUSES_S):
        delivery.state = Delivery.State.FAILED
    else:
        delivery.due_at = now + timedelta(seconds=PAUSES_S[delivery.attempts - 1])
    subscription.failing_since = subscription.failing_since or now
    if heard.status == 410:
        subscription.disabled_why = _("It answered 410: it does not want to hear any more.")
    elif now - subscription.failing_since > GIVE_UP_AFTER:
        subscription.disabled_why = _("It failed for more than three days: %(why)s") % {"why": heard.error}
    if subscription.disabled_why:
        subscription.is_active = False
        log.warning("webhook_switched_off", subscription=subscription.name, why=subscription.disabled_why)
    subscription.save(update_fields=["failing_since", "disabled_why", "is_active"])


def prune(*, now: datetime) -> int:
    """Forgets old deliveries; how many."""
    deleted, _models = Delivery.objects.filter(created_at__lt=now - KEEP_FOR).delete()
    return deleted
