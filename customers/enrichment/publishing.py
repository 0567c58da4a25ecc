"""Hands tasks to the broker from web threads: quickly, or not at all."""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from typing import Any

from celery import Task, current_app
from kombu import Connection, Producer

QUEUE = "enrichment"
# A caller waits: one try to connect, and no second one.
_CONNECTING: dict[str, Any] = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
# No task follows or precedes this one.
_ALONE = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}

# Producers that nobody uses at this moment. Celery's own pool costs more, and
# would try to connect for as long as it takes.
_idle: deque[Producer] = deque()
os.register_at_fork(after_in_child=_idle.clear)


class NotPublished(Exception):
    """The broker did not take the task."""


def publish(task: Task[..., Any], args: tuple[Any, ...], *, queue: str = QUEUE) -> None:
    """Raises `NotPublished`. Workers see the arguments, their logs do not."""
    try:
        kept = _idle.pop()
    except IndexError:
        kept = None
    if kept is not None:
        try:
            _publish(task, args, kept, queue)
        except NotPublished:
            # The broker was restarted since; whatever else is kept is as stale.
            _idle.clear()
        else:
            return
    _publish(task, args, _connect(), queue)


def _publish(task: Task[..., Any], args: tuple[Any, ...], producer: Producer, queue: str) -> None:
    # Celery's message protocol 2, in the few fields that a worker needs. `apply_async` writes the same and more, for
    # twice the time. Until when the task is wanted it knows itself: `expires` is looked at before a task waits for a
    # free thread.
    task_id = os.urandom(16).hex()
    headers = {"lang": "py", "task": task.name, "id": task_id, "root_id": task_id, "ignore_result": True}
    try:
        producer.publish(
            (args, {}, _ALONE),
            exchange="",
            routing_key=queue,
            headers=headers,
            correlation_id=task_id,
            serializer="json",
            retry=False,
        )
    except Exception as error:
        _discard(producer.connection)
        raise NotPublished(type(error).__name__) from error
    _idle.append(producer)


def _connect() -> Producer:
    options = {**current_app.conf.broker_transport_options, **_CONNECTING, "socket_timeout": 1.0}
    connection: Connection = current_app.connection_for_write(transport_options=options)
    try:
        connection.ensure_connection(**_CONNECTING, timeout=1)
        producer = current_app.amqp.Producer(connection, auto_declare=False)
        _keep_client(producer.channel)
    except Exception as error:
        _discard(connection)
        raise NotPublished(type(error).__name__) from error
    return producer


def _keep_client(channel: Any) -> None:
    """kombu's channel to Redis makes a client for each message, which costs as much as sending it; one will do."""
    create = getattr(channel, "_create_client", None)
    if create is not None:
        client = create()
        channel._create_client = lambda asynchronous=False: (  # noqa: SLF001  kombu offers no other way
            create(asynchronous) if asynchronous else client
        )


def _discard(connection: Connection | None) -> None:
    if connection is not None:
        with suppress(Exception):  # it is of no use any more, whatever it says to that
            connection.release()
