"""Orders: nothing twice whatever is lost, a reason and a way on for whatever fails, and nothing outside in a transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from channels.messaging import faults
from channels.models import Account, EmulatedNumber, Number, NumberOrder
from channels.numbers import services
from channels.numbers.services import OrderNotPossible, carry_out, sweep_orders
from channels.numbers.shops import webhooks_of
from channels.providers.twilio.emulator.shelf import SHOP
from queues.models import Queue
from routing.models import Contact
from tests.channels.numbers.conftest import NOW, ORIGIN, Network

WANTED = "+493023125101"
State = NumberOrder.State


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def manager(db: None) -> User:
    return User.objects.create_user("manager")


@pytest.fixture(autouse=True)
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Orders that a worker was told of."""
    told: list[int] = []
    monkeypatch.setattr("channels.nudges.publish", lambda _task, args, queue: told.extend(args))
    return told


@pytest.fixture
def order(queue: Queue, manager: User, network: Network) -> Callable[..., NumberOrder]:
    def place(account: Account, address: str = WANTED) -> NumberOrder:
        return services.order_number(
            account=account, address=address, flow=None, fallback_queue=queue, name="Hotline", price="1.15 EUR",
            by=manager, now=NOW,
        )  # fmt: skip

    return place


def carried_on(order: NumberOrder, clock: Clock, times: int = 8) -> NumberOrder:
    """As worker and sweep would, each time when it is due."""
    for _ in range(times):
        order.refresh_from_db()
        if not order.is_open or order.state == State.WAITING:
            break
        if order.retry_at:
            clock.now = max(clock.now, order.retry_at)
        carry_out(order.pk, clock=clock)
    order.refresh_from_db()
    return order


class TestBuying:
    def test_a_number_is_bought_pointed_at_us_and_stands_among_ours(
        self, account: Account, order: Callable[..., NumberOrder], clock: Clock, queue: Queue
    ) -> None:
        done = carried_on(order(account), clock)
        assert (done.state, done.problem) == (State.DONE, "")
        number = Number.objects.get(account=account, address=WANTED)
        assert (number.name, number.fallback_queue, number.webhooks) == ("Hotline", queue, Number.Webhooks.SET)
        at_carrier = EmulatedNumber.objects.get(address=WANTED)
        assert at_carrier.voice_url == f"{ORIGIN}/webhooks/twilio/voice/"
        assert number.external_id == at_carrier.external_id

    # The two shapes of shops; where: looking, buying, setting the webhooks, and what Telnyx asks in between.
    @pytest.mark.parametrize("carrier", ["", "telnyx"])
    @pytest.mark.parametrize("where", range(5))
    @pytest.mark.parametrize("fault", ["lost", "deaf", "500", "429:1", "503"])
    def test_whatever_is_lost_wherever_it_is_bought_once(
        self,
        make_account: Callable[[str], Account],
        order: Callable[..., NumberOrder],
        clock: Clock,
        network: Network,
        fault: str,
        where: int,
        carrier: str,
    ) -> None:
        account = make_account(carrier)
        faults.plan(SHOP, [*["slow:0"] * where, fault])
        done = carried_on(order(account), clock)
        assert done.state == State.DONE
        assert EmulatedNumber.objects.filter(account=account.external_id, address=WANTED).count() == 1
        assert Number.objects.filter(account=account, address=WANTED).count() == 1
        bought = [one for one in network.writes() if one.endswith(("IncomingPhoneNumbers.json", "number_orders"))]
        # A request that got lost on the way there, or that was refused, has to come again; one that arrived must not.
        arrived = fault == "lost" or len(bought) == 1
        assert len(bought) == (1 if arrived else 2)

    def test_a_worker_that_died_behind_the_purchase_is_replaced_without_buying_again(
        self, account: Account, order: Callable[..., NumberOrder], clock: Clock, network: Network
    ) -> None:
        def die(*_: object) -> None:
            raise SystemExit

        placed = order(account)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(services, "_bought", die)
            with pytest.raises(SystemExit):
                carry_out(placed.pk, clock=clock)
        assert EmulatedNumber.objects.filter(address=WANTED).exists()
        assert not Number.objects.exists()
        written = len(network.writes())
        carry_out(placed.pk, clock=clock)
        assert len(network.writes()) == written, "the dead worker's time is not over"
        clock.forward(241)
        carry_out(placed.pk, clock=clock)
        assert NumberOrder.objects.get(pk=placed.pk).state == State.DONE
        bought = [one for one in network.writes() if one.endswith(("IncomingPhoneNumbers.json", "number_orders"))]
        assert len(bought) == 1

    def test_an_order_is_carried_out_by_one_worker_at_a_time(
        self, twilio: Account, order: Callable[..., NumberOrder], clock: Clock, network: Network
    ) -> None:
        placed = order(twilio)
        NumberOrder.objects.filter(pk=placed.pk).update(busy_until=NOW + timedelta(seconds=60))
        carry_out(placed.pk, clock=clock)
        assert network.asked == []
        clock.forward(61)
        carry_out(placed.pk, clock=clock)
        assert NumberOrder.objects.get(pk=placed.pk).state == State.DONE

    def test_nothing_is_asked_inside_a_transaction(
        self, twilio: Account, order: Callable[..., NumberOrder], clock: Clock, network: Network, monkeypatch: Any
    ) -> None:
        placed = order(twilio)
        # The test's own transaction is one; more must not be open while the carrier is asked.
        depth = len(connection.savepoint_ids)
        seen: list[int] = []
        answer = network.answer

        def watch(*args: Any, **options: Any) -> Any:
            seen.append(len(connection.savepoint_ids))
            return answer(*args, **options)

        monkeypatch.setattr("urllib3.PoolManager.request", watch)
        carry_out(placed.pk, clock=clock)
        assert seen
        assert set(seen) == {depth}

    def test_one_that_somebody_else_has_fails_with_a_sentence_and_may_be_tried_again(
        self, twilio: Account, order: Callable[..., NumberOrder], clock: Clock
    ) -> None:
        failed = carried_on(order(twilio, "+493023125199"), clock)
        assert failed.state == State.FAILED
        assert "Somebody else was faster" in failed.problem
        assert not Number.objects.exists()
        services.try_again(order=failed, now=clock())
        failed.refresh_from_db()
        assert (failed.state, failed.problem) == (State.ASKED, "")

    def test_a_number_without_webhooks_is_shown_as_that_and_trying_again_sets_them(
        self, twilio: Account, order: Callable[..., NumberOrder], clock: Clock, network: Network
    ) -> None:
        # Looked up, bought, and then refused as often as it is tried.
        faults.plan(SHOP, ["slow:0", "slow:0", "400"])
        half = carried_on(order(twilio), clock)
        assert half.state == State.HALF
        assert "refused" in half.problem
        number = Number.objects.get(address=WANTED)
        assert number.webhooks == Number.Webhooks.MISSING
        services.try_again(order=half, now=clock())
        assert carried_on(half, clock).state == State.DONE
        number.refresh_from_db()
        assert number.webhooks == Number.Webhooks.SET
        assert sum(one.endswith("IncomingPhoneNumbers.json") for one in network.writes()) == 1

    def test_a_carrier_that_stays_away_is_given_up_in_the_end(
        self, twilio: Account, order: Callable[..., NumberOrder], clock: Clock
    ) -> None:
        faults.plan(SHOP, ["500"] * 6)
        given_up = carried_on(order(twilio), clock)
        assert given_up.state == State.FAILED
        assert "trouble of its own" in given_up.problem

    def test_a_carrier_that_wants_papers_is_looked_at_again_and_not_asked_twice(
        self, make_account: Callable[[str], Account], order: Callable[..., NumberOrder], clock: Clock, network: Network
    ) -> None:
        telnyx = make_account("telnyx")
        waiting = carried_on(order(telnyx, "+493023125198"), clock)
        assert waiting.state == State.WAITING
        assert waiting.retry_at == NOW + timedelta(minutes=5)
        for _ in range(3):
            clock.forward(301)
            carry_out(waiting.pk, clock=clock)
        assert network.writes() == ["POST /v2/number_orders"]
        assert services.give_up(order=waiting, now=clock())
        waiting.refresh_from_db()
        assert (waiting.state, services.give_up(order=waiting, now=clock())) == (State.FAILED, False)
        assert "take it over, or cancel it there" in waiting.problem

    def test_the_same_number_is_not_ordered_twice_at_once(
        self, twilio: Account, order: Callable[..., NumberOrder]
    ) -> None:
        order(twilio)
        with pytest.raises(OrderNotPossible, match="under way already"):
            order(twilio)

    def test_what_is_ours_is_not_ordered(
        self, twilio: Account, order: Callable[..., NumberOrder], clock: Clock
    ) -> None:
        carried_on(order(twilio), clock)
        with pytest.raises(OrderNotPossible, match="is yours already"):
            order(twilio)

    def test_a_worker_is_told_once_the_order_is_written(
        self,
        twilio: Account,
        order: Callable[..., NumberOrder],
        nudged: list[int],
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            placed = order(twilio)
            assert nudged == []
        assert nudged == [placed.pk]

    def test_the_log_says_who_bought_it(
        self, twilio: Account, order: Callable[..., NumberOrder], clock: Clock, manager: User
    ) -> None:
        carried_on(order(twilio), clock)
        number = Number.objects.get(address=WANTED)
        entry = LogEntry.objects.get_for_object(number).filter(action=LogEntry.Action.CREATE).get()
        assert entry.actor == manager


class TestTheSweep:
    @pytest.mark.parametrize(
        ("state", "busy", "retry", "is_due"),
        [
            ("asked", None, None, True),
            ("asked", -1, None, True),
            ("asked", 60, None, False),
            ("asked", None, 60, False),
            ("bought", None, -1, True),
            ("waiting", None, -1, True),
            ("done", None, None, False),
            ("failed", None, None, False),
            ("half", None, None, False),
        ],
    )
    def test_finds_what_is_due(
        self,
        twilio: Account,
        order: Callable[..., NumberOrder],
        nudged: list[int],
        state: str,
        busy: int | None,
        retry: int | None,
        is_due: bool,
    ) -> None:
        placed = order(twilio)
        NumberOrder.objects.update(
            state=state,
            busy_until=None if busy is None else NOW + timedelta(seconds=busy),
            retry_at=None if retry is None else NOW + timedelta(seconds=retry),
        )
        sweep_orders(now=NOW)
        assert nudged == ([placed.pk] if is_due else [])


class TestReleasing:
    @pytest.fixture
    def number(self, account: Account, order: Callable[..., NumberOrder], clock: Clock) -> Number:
        carried_on(order(account), clock)
        return Number.objects.get(address=WANTED)

    def test_it_goes_back_and_stays_in_our_books_switched_off(
        self, number: Number, manager: User, clock: Clock
    ) -> None:
        done = carried_on(services.release_number(number=number, by=manager, now=NOW), clock)
        assert done.state == State.DONE
        number.refresh_from_db()
        assert (number.is_active, number.external_id) == (False, "")
        assert EmulatedNumber.objects.filter(address=WANTED, released_at=None).count() == 0

    @pytest.mark.parametrize("fault", ["lost", "deaf", "500"])
    def test_a_lost_answer_is_asked_again_and_it_is_released(
        self, number: Number, manager: User, clock: Clock, fault: str
    ) -> None:
        faults.plan(SHOP, ["slow:0", fault])
        done = carried_on(services.release_number(number=number, by=manager, now=NOW), clock)
        assert done.state == State.DONE
        assert not EmulatedNumber.objects.filter(address=WANTED, released_at=None).exists()

    def test_not_while_somebody_speaks_on_it(self, number: Number, manager: User) -> None:
        Contact.objects.create(
            reference="R1", origin=f"twilio:{number.account.external_id}", external_id="CA1", channel="voice",
            sender="+4915100000001", recipient=WANTED, state="handed_over", started_at=NOW, last_event_at=NOW,
        )  # fmt: skip
        with pytest.raises(OrderNotPossible, match="Calls are under way on this number: 1"):
            services.release_number(number=number, by=manager, now=NOW)
        Contact.objects.update(state="ended", ended_at=NOW)
        services.release_number(number=number, by=manager, now=NOW)

    def test_it_can_be_bought_again(
        self, number: Number, manager: User, clock: Clock, order: Callable[..., NumberOrder]
    ) -> None:
        carried_on(services.release_number(number=number, by=manager, now=NOW), clock)
        assert carried_on(order(number.account), clock).state == State.DONE
        number.refresh_from_db()
        assert (number.is_active, number.webhooks) == (True, Number.Webhooks.SET)


class TestTakingOver:
    def test_numbers_come_as_they_are_and_their_webhooks_only_when_asked(
        self, account: Account, queue: Queue, manager: User, network: Network, clock: Clock
    ) -> None:
        from channels.numbers.selectors import numbers_elsewhere  # noqa: PLC0415  settings come first

        (one,) = numbers_elsewhere(account)
        (number,) = services.take_over(
            account=account, numbers=[one], flow=None, fallback_queue=queue, by=manager, now=NOW
        )
        assert (number.webhooks, number.external_id) == (Number.Webhooks.MISSING, one.external_id)
        assert network.writes() == []
        assert list(numbers_elsewhere(account)) == []
        done = carried_on(services.connect_number(number=number, by=manager, now=NOW), clock)
        assert done.state == State.DONE
        at_carrier = EmulatedNumber.objects.get(address=number.address)
        assert at_carrier.voice_url == webhooks_of(account).voice

    def test_a_number_of_somebody_else_is_not_pointed_at_us(
        self, twilio: Account, queue: Queue, manager: User, network: Network, clock: Clock
    ) -> None:
        number = Number.objects.create(account=twilio, address="+493023125555", fallback_queue=queue)
        failed = carried_on(services.connect_number(number=number, by=manager, now=NOW), clock)
        assert failed.state == State.FAILED
        assert "does not belong to this account" in failed.problem
