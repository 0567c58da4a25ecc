"""The backend that `DATABASES` names."""

from __future__ import annotations

import select
from collections import deque
from typing import Any

import psycopg
from django.apps import apps
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
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


class _Stack(deque[Any]):
    """The connection that was used last is taken first: its server process and its statements are still warm."""

    append = deque.appendleft


class Cursor(CursorWrapper):
    """Django's, straight to the driver where nobody has asked to look on: a quarter of the time of a quick query."""

    def execute(self, sql: Any, params: Any = None) -> Any:
        if self.db.execute_wrappers or not apps.ready:
            return super().execute(sql, params)
        self.db.validate_no_broken_transaction()
        with self.db.wrap_database_errors:
            return self.cursor.execute(sql, params)

    def fetchone(self) -> Any:
        with self.db.wrap_database_errors:
            return self.cursor.fetchone()


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with less around each connection that comes out of the pool, and around each cursor."""

    # The stubs leave these out.
    _connection_pools: dict[str, Any]
    health_check_done: bool

    def cursor(self) -> Any:
        """A cursor. Whatever is not the usual case, and a first connection above all, goes Django's way."""
        if self.connection is None or self.queries_logged or not self.health_check_done:
            return super().cursor()
        self.validate_thread_sharing()
        with self.wrap_database_errors:
            return Cursor(self.create_cursor(), self)

    def make_cursor(self, cursor: Any) -> Any:
        return Cursor(cursor, self)

    @property
    def pool(self) -> Any:
        known = self._connection_pools.get(self.alias)
        if known is not None:
            return known
        pool = super().pool
        if pool is not None and pool._check is None:  # noqa: SLF001  the argument that Django sets itself
            # Django knows only the check that asks the server each time (CONN_HEALTH_CHECKS).
            pool._check = still_open  # noqa: SLF001
            pool._pool = _Stack()  # noqa: SLF001
        return pool

    def get_connection_params(self) -> dict[str, Any]:
        # Django gathers them for each request, and then takes a connection out of the pool that was made with them.
        return {} if self.alias in self._connection_pools else super().get_connection_params()

    def _set_autocommit(self, autocommit: bool) -> None:  # noqa: FBT001  Django's signature
        # The driver takes its lock even to change nothing.
        if self.connection.autocommit != autocommit:
            super()._set_autocommit(autocommit)  # type: ignore[misc]  # the stubs leave it out
