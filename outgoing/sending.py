"""Sends what is due: a few at a time to each listener, contacts before what comes in masses, and never in a transaction."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
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
# One slow listener takes its own few places, not everybody's.
_PLACES, _PLACES_OF_ALL = 8, 64
# What is answered within this after the first answer is written down with it.
_TOGETHER_S = 0.005
_RESPONSE_CHARS = 1000

# Of each listener as many as it has places free: of what comes one by one first, else of what comes in masses.
_CLAIM = """
UPDATE outgoing_delivery SET attempts = attempts + 1, due_at = %(lease)s
 WHERE id IN (
   SELECT due.id FROM outgoing_subscription s
     JOIN unnest(%(busy)s::bigint[], %(taken)s::int[]) AS b(id, taken) ON b.id = s.id
     CROSS JOIN LATERAL (
       SELECT d.id FROM outgoing_delivery d
        WHERE d.subscription_id = s.id AND d.state = 'due' AND d.is_bulk = %(bulk)s AND d.due_at <= %(now)s
        ORDER BY d.due_at, d.id LIMIT %(places)s - b.taken FOR UPDATE SKIP LOCKED) due
    WHERE s.is_active)
RETURNING id, subscription_id
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
    under_way: dict[Future[Heard], Delivery] = {}
    with ThreadPoolExecutor(_PLACES_OF_ALL, "outgoing") as pool:
        while True:
            if time.monotonic() < until:
                for delivery in _claim(under_way.values(), clock()):
                    under_way[pool.submit(_post, _order(delivery, clock()))] = delivery
                    total += 1
            if not under_way:
                return total
            wait(under_way, return_when=FIRST_COMPLETED)
            done, _later = wait(under_way, timeout=_TOGETHER_S)
            _write_down([(under_way.pop(one), one.result()) for one in done], clock())


def _claim(under_way: Collection[Delivery], now: datetime) -> list[Delivery]:
    """What is sent next, with its body. Nobody else takes it until its lease is over."""
    free = _PLACES_OF_ALL - len(under_way)
    taken = Counter(dict.fromkeys(Subscription.objects.filter(is_active=True).values_list("pk", flat=True), 0))
    taken.update(one.subscription_id for one in under_way)
    ids: list[int] = []
    with transaction.atomic(), connection.cursor() as cursor:
        for bulk in (False, True):
            listeners = [pk for pk, count in taken.items() if count < _PLACES][:free]
            if not listeners:
                break
            cursor.execute(
                _CLAIM,
                {
                    "lease": now + _LEASE,
                    "busy": listeners,
                    "taken": [taken[pk] for pk in listeners],
                    "bulk": bulk,
                    "now": now,
                    "places": _PLACES,
                },
            )
            for pk, listener in cursor.fetchall():
                ids.append(pk)
                taken[listener] += 1
        deliveries = list(Delivery.objects.select_related("subscription").filter(pk__in=ids).order_by("is_bulk", "id"))
        new = [one for one in deliveries if not one.body]
        write_bodies(new)
        Delivery.objects.bulk_update(new, ["body"])
    return deliveries


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
def _write_down(answered: Sequence[tuple[Delivery, Heard]], now: datetime) -> None:
    listeners = Subscription.objects.select_for_update(no_key=True).order_by("pk")
    known = {row.pk: row for row in listeners.filter(pk__in={one.subscription_id for one, _heard in answered})}
    before = {pk: (row.failing_since, row.is_active) for pk, row in known.items()}
    # Some were taken away meanwhile, and what was due with them.
    told = [(one, heard) for one, heard in answered if one.subscription_id in known]
    for delivery, heard in told:
        subscription = known[delivery.subscription_id]
        delivery.status, delivery.response, delivery.error = heard.status, heard.response, heard.error[:300]
        delivery.took_ms, delivery.sent_at = heard.took_ms, now
        if heard.ok:
            delivery.state, subscription.failing_since = Delivery.State.SENT, None
        else:
            _fail(delivery, subscription, heard, now)
    rows = [one for one, _heard in told]
    # In the order of their ids, as everybody locks them.
    list(Delivery.objects.select_for_update().filter(pk__in=[one.pk for one in rows]).order_by("pk").values_list("pk"))
    Delivery.objects.bulk_update(rows, ["status", "response", "error", "took_ms", "sent_at", "state", "due_at"])
    for pk, row in known.items():
        if (row.failing_since, row.is_active) != before[pk]:
            row.save(update_fields=["failing_since", "disabled_why", "is_active"])


def _fail(delivery: Delivery, subscription: Subscription, heard: Heard, now: datetime) -> None:
    if delivery.attempts > len(PAUSES_S):
        delivery.state = Delivery.State.FAILED
    else:
        delivery.due_at = now + timedelta(seconds=PAUSES_S[delivery.attempts - 1])
    subscription.failing_since = subscription.failing_since or now
    if not subscription.is_active:
        return  # somebody switched it off, and said why
    if heard.status == 410:
        subscription.disabled_why = _("It answered 410: it does not want to hear any more.")
    elif now - subscription.failing_since > GIVE_UP_AFTER:
        subscription.disabled_why = _("It failed for more than three days: %(why)s") % {"why": heard.error}
    if subscription.disabled_why:
        subscription.is_active = False
        log.warning("webhook_switched_off", subscription=subscription.name, why=subscription.disabled_why)


def prune(*, now: datetime) -> int:
    """Forgets old deliveries; how many."""
    deleted, _models = Delivery.objects.filter(created_at__lt=now - KEEP_FOR).delete()
    return deleted
