"""The rate of a number: one line for all workers, nothing fails by it, and order is kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import redis

from channels.messaging import pace, sending, sweep
from channels.messaging.sending import documented_rate, rate_of
from channels.models import Message
from tests.channels.messaging.test_admin import signed_in

if TYPE_CHECKING:
    from tests.channels.messaging.conftest import Chat


def test_places_of_all_workers_are_one_step_apart() -> None:
    with ThreadPoolExecutor(8) as workers:
        waits = sorted(workers.map(lambda _: pace.place_in_line(1, per_s=2), range(12)))
    assert waits[0] < 0.1
    assert all(0.3 < after - before < 0.7 for before, after in pairwise(waits))
    assert pace.place_in_line(2, per_s=2) == 0  # another number has a line of its own


def test_some_of_a_fast_number_leave_at_once_and_no_more_than_its_rate_in_a_second() -> None:
    waits = [pace.place_in_line(3, per_s=80) for _ in range(160)]
    assert sum(wait == 0 for wait in waits) in range(6, 20)
    assert 1.6 < waits[-1] < 2.0


def test_long_messages_take_as_many_places_as_they_have_parts() -> None:
    assert pace.place_in_line(4, per_s=10, messages=3) == 0
    assert 0.2 < pace.place_in_line(4, per_s=10) <= 0.3


def test_without_valkey_each_process_keeps_the_rate_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: Any) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(pace, "_script", lambda: away)
    assert pace.place_in_line(5, per_s=1) == 0
    assert 0.9 < pace.place_in_line(5, per_s=1) <= 1


@pytest.mark.django_db
def test_a_burst_waits_keeps_its_order_and_loses_nothing(chat: Chat) -> None:
    chat.number.messages_per_s = 1
    chat.number.save()
    chat.write("Hello")
    assert chat.states == ["sent"]
    assert chat.write("1", after_s=0) == []
    assert chat.write("A-17", after_s=0) == []
    assert chat.states == ["sent", "queued", "queued"]
    waiting = Message.objects.filter(state="queued").order_by("id")
    assert [bool(row.slot_at) for row in waiting] == [True, False]
    text = signed_in("Managers").get(f"/admin/channels/conversation/{chat.conversation.pk}/change/").content.decode()
    assert "waiting for the provider" in text
    assert chat.wait(1.1) == ["Which number?"]
    assert chat.wait(3) == ["We look for A-17."]
    assert chat.states == ["sent"] * 3
    assert not Message.objects.exclude(error="").exists()
    assert set(Message.objects.filter(direction="out").values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db
def test_who_waits_for_a_place_is_woken_just_then_and_those_behind_wake_nobody(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudged: list[tuple[int, float]] = []
    monkeypatch.setattr(sweep, "nudge_sending", lambda one, *, in_s: nudged.append((one, in_s)))
    chat.number.messages_per_s = 0.05
    chat.number.save()
    chat.write("Hello")
    chat.write("1", after_s=0)
    chat.write("A-17", after_s=0)
    wait_s = sending.send_conversation(chat.conversation.pk, clock=lambda: chat.now)
    assert wait_s is not None
    assert 15 < wait_s <= 20
    sweep.sweep(now=chat.now)
    assert nudged == []
    slot_at = Message.objects.exclude(slot_at=None).get().slot_at
    assert slot_at
    chat.now = slot_at - sweep._AHEAD
    sweep.sweep(now=chat.now)
    assert [(one, round(in_s, 2)) for one, in_s in nudged] == [(chat.conversation.pk, sweep.AHEAD_S)]


@pytest.mark.django_db
def test_what_a_worker_holds_till_its_place_comes_is_nudged_by_nobody_else_unless_that_worker_died(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudged: list[tuple[int, float]] = []
    monkeypatch.setattr(sweep, "nudge_sending", lambda one, *, in_s: nudged.append((one, in_s)))
    chat.number.messages_per_s = 0.2
    chat.number.save()
    chat.write("Hello")
    chat.write("1", after_s=0)
    wait_s = sending.send_conversation(chat.conversation.pk, clock=lambda: chat.now)
    assert wait_s is not None
    assert 4 < wait_s < sweep.AHEAD_S
    for seconds in (0.0, wait_s, wait_s + 0.5):
        sweep.sweep(now=chat.now + timedelta(seconds=seconds))
    assert nudged == []
    sweep.sweep(now=chat.now + timedelta(seconds=wait_s + 2))
    assert [(one, round(in_s)) for one, in_s in nudged] == [(chat.conversation.pk, -2)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "provider", "carrier", "rate"),
    [
        ("+12025550123", "twilio", "", 1), ("+18005550123", "twilio", "", 3), ("+49309018200", "twilio", "", 10),
        ("+12025550123", "twilio", "signalwire", 4), ("whatsapp:+49309018201", "twilio", "", 80),
        ("messenger:1000001", "twilio", "", 40), ("whatsapp:100000000000001", "meta", "", 80),
        ("messenger:1000002", "meta", "", 40), ("instagram:17840000000000001", "meta", "", 100),
    ],
)  # fmt: skip
def test_each_kind_of_number_has_the_rate_of_its_providers_documents(
    start: Callable[..., Chat], address: str, provider: str, carrier: str, rate: float
) -> None:
    number = start(address, provider=provider).number
    number.account.carrier, number.messages_per_s = carrier, None
    channel = address.partition(":")[0] if ":" in address else "sms"
    assert documented_rate(number) == rate_of(number, channel) == rate
    number.messages_per_s = 2
    assert rate_of(number, channel) == 2


@pytest.mark.django_db
def test_pictures_are_slower_where_the_provider_says_so_whatever_was_granted_for_texts(
    start: Callable[..., Chat],
) -> None:
    number = start("messenger:1000002").number
    number.messages_per_s = 250
    assert (rate_of(number, "messenger"), rate_of(number, "messenger", with_media=True)) == (250, 10)


@pytest.mark.django_db
def test_a_manager_sets_the_rate_on_the_number_and_reads_what_the_provider_says(chat: Chat) -> None:
    client = signed_in("Managers")
    address = f"/admin/channels/number/{chat.number.pk}/change/"
    assert "which is 80 here" in client.get(address).content.decode()
    data = {
        "address": chat.number.address,
        "account": chat.number.account_id,
        "fallback_queue": chat.number.fallback_queue_id,
    }
    assert client.post(address, data | {"messages_per_s": "0"}).status_code == 200
    assert client.post(address, data | {"messages_per_s": "2.5"}).status_code == 302
    chat.number.refresh_from_db()
    assert float(chat.number.messages_per_s) == 2.5
