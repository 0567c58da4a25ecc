"""Orders: written down first, carried out by a worker outside of any transaction, and safe to carry out again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

import structlog
from auditlog.context import set_actor
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from channels.models import Account, Number
from channels.nudges import nudge_order
from channels.numbers.models import NumberOrder
from channels.numbers.selectors import calls_under_way
from channels.numbers.shop import AnswerLost, Away, Owned, Refused, Shop, StillWaiting
from channels.numbers.shops import shop_of, webhooks_of
from queues.models import Queue
from routing.models import Flow

log = structlog.get_logger(__name__)

# Longer than all the requests of one attempt may take.
_BUSY = timedelta(seconds=240)
_ATTEMPTS = 6
_FIRST_WAIT_S, _LONGEST_WAIT_S = 4.0, 120.0
# Papers are looked at by people.
_WAITING = timedelta(minutes=5)
_State, _Action = NumberOrder.State, NumberOrder.Action


class OrderNotPossible(Exception):
    """The sentence says why, and what to do."""


def order_number(
    *,
    account: Account,
    address: str,
    flow: Flow | None,
    fallback_queue: Queue,
    name: str,
    price: str,
    by: AbstractBaseUser,
    now: datetime,
) -> NumberOrder:
    """Buys it, soon. Raises OrderNotPossible."""
    if Number.objects.filter(account=account, address=address, is_active=True).exists():
        raise OrderNotPossible(_("%(number)s is yours already.") % {"number": address})
    order = NumberOrder(account=account, action=_Action.BUY, address=address, flow=flow, fallback_queue=fallback_queue)
    order.name, order.price = name, price
    return _place(order, by, now)


def release_number(*, number: Number, by: AbstractBaseUser, now: datetime) -> NumberOrder:
    """Gives it back to the carrier, soon. Raises OrderNotPossible, while somebody is speaking on it too."""
    if calls := calls_under_way(number):
        raise OrderNotPossible(
            _("Calls are under way on this number: %(count)s. Wait until they are over, then release it.")
            % {"count": calls}
        )
    order = NumberOrder(account=number.account, action=_Action.RELEASE, address=number.address, number=number)
    return _place(order, by, now)


def connect_number(*, number: Number, by: AbstractBaseUser, now: datetime) -> NumberOrder:
    """Sets its webhooks at the carrier, soon. Raises OrderNotPossible."""
    order = NumberOrder(account=number.account, action=_Action.CONNECT, address=number.address, number=number)
    return _place(order, by, now)


def _place(order: NumberOrder, by: AbstractBaseUser, now: datetime) -> NumberOrder:
    try:
        # What is wrong on our side is said before anything is written.
        shop_of(order.account)
        webhooks_of(order.account)
    except Refused as fault:
        raise OrderNotPossible(str(fault)) from None
    order.ordered_by_id, order.created_at, order.updated_at = by.pk, now, now
    try:
        with transaction.atomic():
            order.save()
            transaction.on_commit(partial(nudge_order, order.pk))
    except IntegrityError:
        raise OrderNotPossible(
            _("There is an order for %(number)s under way already.") % {"number": order.address}
        ) from None
    return order


@transaction.atomic
def take_over(
    *,
    account: Account,
    numbers: Iterable[Owned],
    flow: Flow | None,
    fallback_queue: Queue,
    by: AbstractBaseUser,
    now: datetime,
) -> list[Number]:
    """Adds numbers that the account owns already. Their webhooks stay as they are until somebody has them set."""
    voice = webhooks_of(account).voice
    made: list[Number] = []
    for one in numbers:
        number, is_new = Number.objects.get_or_create(
            account=account,
            address=one.address,
            defaults={
                "name": one.name[:100],
                "flow": flow,
                "fallback_queue": fallback_queue,
                "external_id": one.external_id,
                "webhooks": Number.Webhooks.SET if one.voice_url == voice else Number.Webhooks.MISSING,
            },
        )
        if is_new:
            made.append(number)
    log.info("numbers taken over", account=account.pk, numbers=len(made), by=by.pk, at=now.isoformat())
    return made


def try_again(*, order: NumberOrder, now: datetime) -> None:
    """After somebody mended what was wrong. Raises OrderNotPossible."""
    again = {_State.FAILED: _State.ASKED, _State.HALF: _State.BOUGHT}.get(_State(order.state))
    values = {"attempts": 0, "retry_at": None, "busy_until": None, "updated_at": now}
    try:
        with transaction.atomic():
            if again:
                NumberOrder.objects.filter(pk=order.pk, state=order.state).update(state=again, problem="", **values)
            else:
                NumberOrder.objects.filter(pk=order.pk, state__in=NumberOrder.OPEN, busy_until=None).update(
                    retry_at=None, updated_at=now
                )
            transaction.on_commit(partial(nudge_order, order.pk))
    except IntegrityError:
        raise OrderNotPossible(
            _("There is an order for %(number)s under way already.") % {"number": order.address}
        ) from None


def give_up(*, order: NumberOrder, now: datetime) -> bool:
    """Waits no longer for what the carrier works on; what was ordered there stays ordered there. Whether it did wait."""
    found = NumberOrder.objects.filter(pk=order.pk, state=_State.WAITING, busy_until=None).first()
    if found is None:
        return False
    sentence = _("Not waited for any more. If the carrier delivers it all the same, take it over, or cancel it there.")
    _save(found, _State.FAILED, sentence, now)
    return True


def sweep_orders(*, now: datetime) -> None:
    """What a dead worker left, what is to be tried again, what a carrier works on."""
    free = Q(busy_until__isnull=True) | Q(busy_until__lt=now)
    due = Q(retry_at__isnull=True) | Q(retry_at__lte=now)
    orders = NumberOrder.objects.filter(free, due, state__in=NumberOrder.OPEN)
    for order_id in orders.order_by("id").values_list("pk", flat=True)[:50]:
        nudge_order(order_id)


def carry_out(order_id: int, *, clock: Callable[[], datetime]) -> None:
    """Does what is left of an open order. May be called at any time and by anybody: one at a time gets it."""
    now = clock()
    free = Q(busy_until__isnull=True) | Q(busy_until__lt=now)
    open_ones = NumberOrder.objects.filter(free, pk=order_id, state__in=NumberOrder.OPEN)
    if not open_ones.update(busy_until=now + _BUSY, attempts=F("attempts") + 1, updated_at=now):
        return
    order = NumberOrder.objects.select_related("account", "number__account", "ordered_by").get(pk=order_id)
    with set_actor(order.ordered_by):
        try:
            _do(order, shop_of(order.account), clock)
        except Refused as fault:
            _fail(order, str(fault), clock())
        except StillWaiting as fault:
            _keep(order, _State.WAITING, str(fault), clock() + _WAITING, clock())
        except (Away, AnswerLost) as fault:
            _come_back(order, fault, clock())
        except Exception as error:
            log.exception("order of a number broke", order=order.pk)
            # Also when the database is away: then the row still says when somebody may try again.
            _come_back(order, AnswerLost(type(error).__name__), clock())


def _do(order: NumberOrder, shop: Shop, clock: Callable[[], datetime]) -> None:
    if order.action == _Action.RELEASE:
        if found := shop.find(order.address):
            shop.release(found)
        _released(order, clock())
        return
    # Always looked up first: an answer may have been lost, and nothing is bought twice.
    found = shop.find(order.address)
    if order.action == _Action.BUY and order.state != _State.BOUGHT:
        if found is None:
            found = _buy(order, shop)
        _bought(order, found, clock())
    if found is None:
        raise Refused(
            _("%(number)s does not belong to this account. Look in the carrier's console whose it is.")
            % {"number": order.address}
        )
    shop.connect(found, webhooks_of(order.account))
    _connected(order, found, clock())


def _buy(order: NumberOrder, shop: Shop) -> Owned:
    try:
        return shop.buy(order.address, order.reference)
    except Refused:
        # “Not on sale” is also what we hear if an earlier attempt of ours got through after all.
        found = shop.find(order.address) if order.attempts > 1 else None
        if found is None:
            raise
        return found


@transaction.atomic
def _bought(order: NumberOrder, found: Owned, now: datetime) -> None:
    if order.fallback_queue_id is None:
        raise Refused(
            _(
                "The number is bought, but the fallback queue was deleted meanwhile. Take the number over with another one."
            )
        )
    number, _is_new = Number.objects.update_or_create(
        account=order.account,
        address=order.address,
        defaults={
            "name": order.name,
            "flow": order.flow,
            "fallback_queue_id": order.fallback_queue_id,
            "external_id": found.external_id,
            "webhooks": Number.Webhooks.MISSING,
            "is_active": True,
        },
    )
    order.number, order.external_id = number, found.external_id
    _save(order, _State.BOUGHT, "", now)


@transaction.atomic
def _connected(order: NumberOrder, found: Owned, now: datetime) -> None:
    number = order.number
    if number is not None:
        number.external_id, number.webhooks = found.external_id, Number.Webhooks.SET
        number.save(update_fields=["external_id", "webhooks"])
    order.external_id, order.busy_until = found.external_id, None
    _save(order, _State.DONE, "", now)


@transaction.atomic
def _released(order: NumberOrder, now: datetime) -> None:
    number = order.number
    if number is not None:
        number.external_id, number.webhooks, number.is_active = "", Number.Webhooks.BY_HAND, False
        number.save(update_fields=["external_id", "webhooks", "is_active"])
    order.busy_until = None
    _save(order, _State.DONE, "", now)


def _fail(order: NumberOrder, sentence: str, now: datetime) -> None:
    order.busy_until = None
    _save(order, _State.HALF if order.state == _State.BOUGHT else _State.FAILED, sentence, now)
    log.warning("order of a number failed", order=order.pk, action=order.action, why=sentence)


def _come_back(order: NumberOrder, fault: Away | AnswerLost, now: datetime) -> None:
    if order.attempts < _ATTEMPTS:
        wait_s = min(_FIRST_WAIT_S * 2 ** (order.attempts - 1), _LONGEST_WAIT_S)
        if isinstance(fault, Away) and fault.after_s is not None:
            wait_s = max(wait_s, fault.after_s)
        _keep(order, order.state, str(fault), now + timedelta(seconds=wait_s), now)
        return
    unsure = _("Nobody knows whether it was done. Try again: it is looked up first, so nothing happens twice.")
    _fail(order, f"{fault} {unsure}" if isinstance(fault, AnswerLost) else str(fault), now)


def _keep(order: NumberOrder, state: str, sentence: str, retry_at: datetime, now: datetime) -> None:
    order.busy_until, order.retry_at = None, retry_at
    # What waits for people is not worn out by looking.
    order.attempts = 0 if state == _State.WAITING else order.attempts
    _save(order, state, sentence, now)


def _save(order: NumberOrder, state: str, sentence: str, now: datetime) -> None:
    order.state, order.problem, order.updated_at = state, sentence[:400], now
    order.save()
