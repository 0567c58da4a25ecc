"""What workers do for conversations, and for orders of numbers. A task that is lost, or comes twice, changes nothing."""

from __future__ import annotations

import threading

from celery import shared_task
from django.utils import timezone

from channels.messaging import handling, receipts, seen, sending, sweep
from channels.nudges import nudge_later, nudge_sending
from channels.numbers import services as numbers
from customers.enrichment.tasks import Untracked

# A reply leaves by the thread that made it, which saves a task; but a provider that hangs must not take all threads.
_may_send = threading.BoundedSemaphore(6)


@shared_task(name="channels.tasks.handle_conversation", ignore_result=True, base=Untracked)
def handle_conversation(conversation_id: int) -> None:
    leaving: list[int] = []
    wait_s = handling.handle_conversation(conversation_id, clock=timezone.now, send=leaving.append)
    if wait_s is not None and wait_s < sweep.SOON_S:
        nudge_later(handle_conversation, conversation_id, wait_s)
    # Not under the lease: whoever writes meanwhile is heard while a slow provider keeps us.
    if leaving and _may_send.acquire(blocking=False):
        try:
            _send(conversation_id)
        finally:
            _may_send.release()
    elif leaving:
        nudge_sending(conversation_id)


@shared_task(name="channels.tasks.send_conversation", ignore_result=True, base=Untracked)
def send_conversation(conversation_id: int) -> None:
    _send(conversation_id)


def _send(conversation_id: int) -> None:
    wait_s = sending.send_conversation(conversation_id, clock=timezone.now)
    if wait_s is not None and wait_s < sweep.AHEAD_S:
        nudge_later(send_conversation, conversation_id, wait_s)


@shared_task(name="channels.tasks.show_read", ignore_result=True, base=Untracked)
def show_read(conversation_id: int, external_id: str, typing: bool) -> None:  # noqa: FBT001  arguments of tasks have no names
    seen.show_read(conversation_id, external_id, typing=typing)


@shared_task(name="channels.tasks.handle_receipts", ignore_result=True)
def handle_receipts() -> None:
    receipts.handle_receipts(now=timezone.now())


@shared_task(name="channels.tasks.sweep", ignore_result=True)
def sweep_up() -> None:
    sweep.sweep(now=timezone.now())


@shared_task(name="channels.tasks.prune", ignore_result=True)
def prune() -> None:
    sweep.prune(now=timezone.now())


@shared_task(name="channels.tasks.carry_out_order", ignore_result=True)
def carry_out_order(order_id: int) -> None:
    numbers.carry_out(order_id, clock=timezone.now)


@shared_task(name="channels.tasks.sweep_orders", ignore_result=True)
def sweep_orders() -> None:
    numbers.sweep_orders(now=timezone.now())
