"""What is asked of carriers' shops without changing anything, and what stands in our own books."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from django.utils.translation import gettext as _

from channels.models import Account, Number
from channels.numbers.models import NumberOrder
from channels.numbers.shop import Away, Offer, Owned, Query, Shop
from channels.numbers.shops import sells_numbers, shop_of
from routing.models import Contact

_Found = TypeVar("_Found")
# Carriers take seconds, and the same threads answer webhooks: managers get a few of them.
_asking = threading.BoundedSemaphore(4)


def shops() -> list[Account]:
    """Active accounts at which numbers are bought, the usual kind first."""
    return [
        account
        for account in Account.objects.filter(is_active=True).order_by("carrier", "name")
        if sells_numbers(account)
    ]


def check_account(account: Account) -> str:
    """What the carrier calls the account. Raises ShopFault."""
    return _ask(account, lambda shop: shop.check())


def search_numbers(account: Account, query: Query) -> Sequence[Offer]:
    """Raises ShopFault."""
    return _ask(account, lambda shop: shop.search(query))


def numbers_elsewhere(account: Account) -> Sequence[Owned]:
    """Those of the account that Pareto does not know. Raises ShopFault."""
    known = set(Number.objects.filter(account=account, is_active=True).values_list("address", flat=True))
    return [one for one in _ask(account, lambda shop: shop.owned()) if one.address and one.address not in known]


def calls_under_way(number: Number) -> int:
    """Calls on the number that are not over."""
    origin = f"{number.account.provider}:{number.account.external_id}"
    calls = Contact.objects.filter(origin=origin, recipient=number.address, channel=Contact.Channel.VOICE)
    return calls.exclude(state=Contact.State.ENDED).count()


def latest_orders(count: int) -> list[NumberOrder]:
    return list(NumberOrder.objects.select_related("account", "number", "ordered_by")[:count])


def _ask(account: Account, question: Callable[[Shop], _Found]) -> _Found:
    with _one_of_few():
        return question(shop_of(account))


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _asking.acquire(timeout=2):
        raise Away(_("Others are asking carriers at this moment. Try again in a few seconds."))
    try:
        yield
    finally:
        _asking.release()
