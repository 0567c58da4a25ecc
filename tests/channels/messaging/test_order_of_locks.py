"""Senders, handlers and receipts of one conversation at the same moment: each waits for its turn, and none in a ring."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction

from channels.messaging import receipts, sending
from channels.messaging.delivery import Sent
from channels.messaging.leases import lease
from channels.models import Conversation, InboundEvent, Message

if TYPE_CHECKING:
    from tests.channels.messaging.conftest import Chat

pytestmark = pytest.mark.django_db(transaction=True)


class Beside(threading.Thread):
    """Runs beside the test, on a connection of its own; `result` raises what went wrong."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._wrong: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001  raised in the test
            self._wrong = error
        finally:
            connection.close()

    def until_it_waits(self) -> None:
        """Until the database lets somebody wait for a lock, or the work is done."""
        deadline = time.monotonic() + 10
        while self.is_alive() and time.monotonic() < deadline:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone()[0]:
                    return
            time.sleep(0.01)

    def result(self) -> None:
        self.join(20)
        assert not self.is_alive()
        if self._wrong is not None:
            raise self._wrong


def test_receipts_and_what_is_being_sent_wait_for_each_other_in_one_order(chat: Chat) -> None:
    chat.write("Hello")
    message = Message.objects.get(direction="out")
    Message.objects.filter(pk=message.pk).update(state="sending", external_id="")
    told = chat.event(kind="status", message="out-1", token=f"m{message.pk}", state="delivered")
    elsewhere = chat.event("From the inbox", kind="echo", message="m_9", token="")
    chat.keep(told, elsewhere)

    with lease(chat.conversation.pk, "sending") as mine, transaction.atomic():
        assert mine is not None
        mine.check()
        batch = Beside(lambda: receipts.handle_receipts(now=chat.now))
        batch.until_it_waits()
        sending._settle_sent(mine, message, Sent("out-1"), chat.now)
    batch.result()
    assert chat.conversation.messages.get(pk=message.pk).state == "delivered"
    assert chat.conversation.messages.filter(external_id="m_9", state="sent").count() == 1


def test_many_workers_settle_receipts_of_the_same_messages(
    start: Callable[..., Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = start()
    chat.keep(chat.event("Hello"))
    number = chat.conversation.number
    talks = [Conversation.objects.create(number=number, channel="whatsapp", peer=f"whatsapp:{n}") for n in range(4)]
    out = {"direction": "out", "state": "sent", "occurred_at": chat.now, "sent_at": chat.now}
    rows = [Message.objects.create(conversation=talk, external_id=f"x{talk.pk}", **out) for talk in talks]
    for turn, state in enumerate(["delivered", "read"] * 10):
        order = rows if turn % 2 else rows[::-1]
        one_by_one = [
            chat.event(kind="status", message=row.external_id, token=f"m{row.pk}", state=state) for row in order
        ]
        all_at_once = chat.event(kind="seen", state=state)
        object.__setattr__(all_at_once, "sender", talks[turn % 4].peer)
        chat.keep(*one_by_one, all_at_once)
    monkeypatch.setattr(receipts, "_BATCH", 7)
    later = chat.now + timedelta(minutes=1)
    for worker in [Beside(lambda: receipts.handle_receipts(now=later)) for _ in range(4)]:
        worker.result()
    while receipts.handle_receipts(now=later) is not None:
        later += timedelta(minutes=1)
    assert set(Message.objects.filter(pk__in=[row.pk for row in rows]).values_list("state", flat=True)) == {"read"}
    assert not InboundEvent.objects.filter(conversation=None, handled_at=None).exists()


def test_a_post_about_several_people_waits_for_the_first_of_them_with_nobody_in_its_hands(chat: Chat) -> None:
    """Whatever the order of their addresses is, which is that in which new conversations are made."""
    peers = ["+4915900000009", "+4915900000001"]
    first, second = (
        Conversation.objects.create(number=chat.number, channel="whatsapp", peer=f"whatsapp:{peer}") for peer in peers
    )
    events = []
    for peer in peers:
        chat.sender = peer
        events.append(chat.event("Hello"))
    with transaction.atomic():
        Conversation.objects.select_for_update(no_key=True).get(pk=first.pk)
        post = Beside(lambda: chat.keep(*events))
        post.until_it_waits()
        Conversation.objects.select_for_update(no_key=True).get(pk=second.pk)
    post.result()
    assert InboundEvent.objects.count() == 2


def test_posts_that_tell_the_same_in_another_order_wait_for_each_other_in_one_order(chat: Chat) -> None:
    told = [chat.event(kind="status", external_id=name, message="x", state="sent") for name in ("a", "b")]
    with transaction.atomic():
        chat.keep(told[0])
        post = Beside(lambda: chat.keep(*reversed(told)))
        post.until_it_waits()
        chat.keep(told[1])
    post.result()
    assert InboundEvent.objects.count() == 2
