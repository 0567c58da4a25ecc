"""Tells workers that something is to be done. A nudge may be lost: the sweep finds whatever was left."""

from __future__ import annotations

from typing import Any

import structlog
from celery import Task, current_app

from customers.enrichment.publishing import NotPublished, publish

log = structlog.get_logger(__name__)

# Holding a task costs more than waiting so long for a message's place.
_HELD_FROM_S = 0.25


def nudge_conversation(conversation_id: int) -> None:
    _nudge("handle_conversation", (conversation_id,), "messages")


def nudge_sending(conversation_id: int, *, in_s: float = 0.0) -> None:
    """What is due only in a moment, the worker that takes it holds till then."""
    if in_s > _HELD_FROM_S:
        nudge_later(current_app.tasks["channels.tasks.send_conversation"], conversation_id, in_s)
    else:
        _nudge("send_conversation", (conversation_id,), "outbox")


def nudge_read(conversation_id: int, external_id: str, *, typing: bool) -> None:
    _nudge("show_read", (conversation_id, external_id, typing), "outbox")


def nudge_receipts() -> None:
    _nudge("handle_receipts", (), "messages")


def nudge_later(task: Task[..., Any], conversation_id: int, seconds: float) -> None:
    """The worker itself holds it until then."""
    try:
        task.apply_async((conversation_id,), countdown=max(seconds, 0.05), retry=False)
    except Exception as error:  # noqa: BLE001  whatever the broker says, the sweep comes by
        log.warning("nudge lost", why=type(error).__name__)


def nudge_order(order_id: int) -> None:
    """An order of a number: its own queue is the common one."""
    _nudge("carry_out_order", (order_id,), "default")


def _nudge(name: str, args: tuple[Any, ...], queue: str) -> None:
    # By name: tasks call the rooms behind this one, which know nothing of tasks.
    task: Task[..., Any] = current_app.tasks[f"channels.tasks.{name}"]
    try:
        publish(task, args, queue=queue)
    except NotPublished as error:
        log.warning("nudge lost", task=name, why=str(error))
