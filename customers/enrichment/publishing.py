"""Hands tasks to the broker from web threads: quickly, or not at all."""

from __future__ import annotations

import os
from collections import deque
from typing import Any

from celery import Task, current_app
from kombu import Connection, Producer

QUEUE = "enrichment"
# A caller waits: one try to connect, and no second one.
_CONNECTING = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}

# Producers that nobody uses at this moment. Publishing through a kept one saves a third of the CPU time
# that Celery's own pool costs, and its connecting can be given an end.
_idle: deque[Producer] = deque()
os.register_at_fork(after_in_child=_idle.clear)


class NotPublished(Exception):  # noqa: N818  a fact
    """The broker did not take the task."""


def publish(task: Task[..., Any], args: tuple[Any, ...]) -> None:
    """Raises `NotPublished`. Workers see the arguments, their logs do not."""
    try:
        producer = _idle.pop()
    except IndexError:
        producer = _connect()
    try:
        # The task itself knows until when it is wanted: Celery's `expires` is checked before a task waits for a
        # free thread, and costs both sides a date.
        task.apply_async(
            args, producer=producer, queue=QUEUE, retry=False, ignore_result=True, argsrepr="…", kwargsrepr=""
        )
    except Exception as error:
        _discard(producer)
        raise NotPublished(type(error).__name__) from error
    _idle.append(producer)


def _connect() -> Producer:
    options = {**current_app.conf.broker_transport_options, **_CONNECTING, "socket_timeout": 1.0}
    connection: Connection = current_app.connection_for_write(transport_options=options)
    try:
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, interval_max=0, timeout=1.0)
        return current_app.amqp.Producer(connection, auto_declare=False)
    except Exception as error:
        connection.release()
        raise NotPublished(type(error).__name__) from error


def _discard(producer: Producer) -> None:
    try:
        producer.connection.release()
    except OSError:
        return
