"""Writes about subscriptions: made with a secret that is shown once, switched on again, deliveries sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from outgoing.models import Delivery, Subscription
from outgoing.signing import new_secret

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """A subscription just made: its secret is shown once."""

    subscription: Subscription
    secret: str = field(repr=False)


@transaction.atomic
def subscribe(
    *,
    name: str,
    url: str,
    kinds: Sequence[str],
    by: AbstractBaseUser | None,
    now: datetime,
    personal: bool = False,
    is_active: bool = True,
) -> NewSubscription:
    """Makes a subscription. What happened before it is not told."""
    secret = new_secret()
    row = Subscription(
        name=name,
        url=url,
        kinds=list(dict.fromkeys(kinds)),
        personal=personal,
        is_active=is_active,
        secret=secret,
        created_at=now,
        created_by_id=by.pk if by else None,
    )
    row.full_clean(exclude=["created_by"])
    row.save(force_insert=True)
    return NewSubscription(row, secret)


@transaction.atomic
def change_subscription(*, subscription: Subscription, **values: Any) -> Subscription:
    """Changes it; switched on again, it begins with a clean slate."""
    if values.get("is_active") and not subscription.is_active:
        values |= {"failing_since": None, "disabled_why": ""}
    for name, value in values.items():
        setattr(subscription, name, value)
    subscription.save()
    # What it does not want to be told any more is not told from what waits, either.
    waiting = Delivery.objects.filter(subscription=subscription, state=Delivery.State.DUE)
    waiting.exclude(kind__in=subscription.kinds).delete()
    return subscription


def unsubscribe(*, subscription_id: int) -> None:
    """Takes it away with its deliveries, however many; not inside a transaction: whatever happens meanwhile waits for nothing.

    First it is told of nothing new; then its deliveries go some at a time, and it itself with the last of them. Locks
    are taken in the order in which the sender takes them: the subscription, then deliveries by their ids.
    """
    Subscription.objects.filter(pk=subscription_id).update(is_active=False)
    is_left = True
    while is_left:
        with transaction.atomic():
            row = Subscription.objects.select_for_update(no_key=True).filter(pk=subscription_id).first()
            if row is None:
                return
            is_left = bool(_delete_some(subscription_id))
    with transaction.atomic():
        row = Subscription.objects.select_for_update().filter(pk=subscription_id).first()
        if row is not None:
            # Of a transaction that had begun before.
            while _delete_some(subscription_id):
                pass
            row.delete()


def _delete_some(subscription_id: int) -> int:
    some = Delivery.objects.filter(subscription_id=subscription_id).order_by("pk").values_list("pk", flat=True)
    ids = list(some.select_for_update()[:_AT_ONCE])
    return Delivery.objects.filter(pk__in=ids).delete()[0] if ids else 0


def send_again(*, delivery_ids: Sequence[int], now: datetime) -> int:
    """Puts deliveries back into the line, whatever became of them, with the same id and body; how many."""
    with transaction.atomic():
        rows = Delivery.objects.filter(pk__in=delivery_ids)
        list(rows.order_by("pk").select_for_update().values_list("pk"))
        return rows.update(state=Delivery.State.DUE, due_at=now, attempts=0, error="")
