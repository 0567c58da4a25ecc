"""The backend that `DATABASES` names."""

from __future__ import annotations

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


def still_open(connection: psycopg.Connection[Any]) -> None:
    """Raises OperationalError if the server is gone; costs a system call, and no round trip.

    An idle connection has nothing to read. One that has was told that the server stopped, or that nobody is
    there any more, and is asked; the pool then takes the next one. So a restart of the database costs no
    request its answer.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django knows only the check that asks the server each time (CONN_HEALTH_CHECKS)."""

    @property
    def pool(self) -> Any:
        pool = super().pool
        if pool is not None and pool._check is None:  # noqa: SLF001  the argument that Django sets itself
            pool._check = still_open  # noqa: SLF001
        return pool
