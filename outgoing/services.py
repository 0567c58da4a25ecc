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
    return subscription


def send_again(*, delivery_ids: Sequence[int], now: datetime) -> int:
    """Puts deliveries back into the line, whatever became of them, with the same id and body; how many."""
    return Delivery.objects.filter(pk__in=delivery_ids).update(
        state=Delivery.State.DUE, due_at=now, attempts=0, error=""
    )
