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
# What Celery would show of the arguments in events and logs.
_HIDDEN: dict[str, Any] = {"argsrepr": "…", "kwargsrepr": ""}

# Producers that nobody uses at this moment. Publishing through a kept one saves a third of the CPU time
# that Celery's own pool costs, and its connecting can be given an end.
_idle: deque[Producer] = deque()
os.register_at_fork(after_in_child=_idle.clear)


class NotPublished(Exception):
    """The broker did not take the task."""


def publish(task: Task[..., Any], args: tuple[Any, ...]) -> None:
    """Raises `NotPublished`. Workers see the arguments, their logs do not."""
    try:
        kept = _idle.pop()
    except IndexError:
        kept = None
    if kept is not None:
        try:
            _publish(task, args, kept)
        except NotPublished:
            # The broker was restarted since; whatever else is kept is as stale.
            _idle.clear()
        else:
            return
    _publish(task, args, _connect())


def _publish(task: Task[..., Any], args: tuple[Any, ...], producer: Producer) -> None:
    # The task itself knows until when it is wanted. Celery's `expires` is checked before a task waits for a
    # free thread, and costs both sides a date.
    try:
        task.apply_async(args, producer=producer, queue=QUEUE, retry=False, ignore_result=True, **_HIDDEN)
    except Exception as error:
        _discard(producer.connection)
        raise NotPublished(type(error).__name__) from error
    _idle.append(producer)


def _connect() -> Producer:
    options = {**current_app.conf.broker_transport_options, **_CONNECTING, "socket_timeout": 1.0}
    connection: Connection = current_app.connection_for_write(transport_options=options)
    try:
        connection.ensure_connection(**_CONNECTING, timeout=1)
        return current_app.amqp.Producer(connection, auto_declare=False)
    except Exception as error:
        _discard(connection)
        raise NotPublished(type(error).__name__) from error


def _discard(connection: Connection | None) -> None:
    if connection is not None:
        with suppress(Exception):  # it is of no use any more, whatever it says to that
            connection.release()
