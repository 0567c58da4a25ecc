"""Tells workers that something is to be done. A nudge may be lost: the sweep finds whatever was left."""

from __future__ import annotations

from typing import Any

import structlog
from celery import Task

from customers.enrichment.publishing import NotPublished, publish

log = structlog.get_logger(__name__)


def nudge_conversation(conversation_id: int) -> None:
    from channels import tasks  # noqa: PLC0415  tasks call what is here

    _nudge(tasks.handle_conversation, (conversation_id,), "messages")


def nudge_sending(conversation_id: int) -> None:
    from channels import tasks  # noqa: PLC0415

    _nudge(tasks.send_conversation, (conversation_id,), "outbox")


def nudge_read(conversation_id: int, external_id: str, *, typing: bool) -> None:
    from channels import tasks  # noqa: PLC0415

    _nudge(tasks.show_read, (conversation_id, external_id, typing), "outbox")


def nudge_receipts() -> None:
    from channels import tasks  # noqa: PLC0415

    _nudge(tasks.handle_receipts, (), "messages")


def nudge_later(task: Task[..., Any], conversation_id: int, seconds: float) -> None:
    """The worker itself holds it until then."""
    try:
        task.apply_async((conversation_id,), countdown=max(seconds, 0.05), retry=False)
    except Exception as error:  # noqa: BLE001  whatever the broker says, the sweep comes by
        log.warning("nudge lost", why=type(error).__name__)


def _nudge(task: Task[..., Any], args: tuple[Any, ...], queue: str) -> None:
    try:
        publish(task, args, queue=queue)
    except NotPublished as error:
        log.warning("nudge lost", task=task.name, why=str(error))
