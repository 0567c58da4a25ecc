"""Our backend is Django's where anybody looks on, and hands connections out warm."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from config.postgresql.base import Cursor
from queues.models import Queue


@pytest.mark.django_db
def test_queries_are_captured() -> None:
    with CaptureQueriesContext(connection) as seen, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert [query["sql"] for query in seen.captured_queries] == ["SELECT 1"]


@pytest.mark.django_db
def test_wrappers_of_execution_are_called_even_for_a_cursor_that_was_there_before() -> None:
    seen: list[str] = []

    def look_on(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        assert isinstance(cursor, Cursor)
        with connection.execute_wrapper(look_on):
            cursor.execute("SELECT 1")
        cursor.execute("SELECT 2")
    assert seen == ["SELECT 1"]


@pytest.mark.django_db
def test_errors_of_the_driver_are_djangos() -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")
    Queue.objects.create(key="twice", name="Twice")
    with pytest.raises(IntegrityError), transaction.atomic():
        Queue.objects.create(key="twice", name="Twice")


@pytest.mark.django_db
def test_a_broken_transaction_takes_no_more_statements() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            connection.needs_rollback = True
            with pytest.raises(transaction.TransactionManagementError):
                cursor.execute("SELECT 1")
        connection.needs_rollback = False


@pytest.mark.django_db(transaction=True)
def test_the_connection_that_was_given_back_last_is_handed_out_next() -> None:
    connection.close()
    pool: Any = connection.pool  # type: ignore[attr-defined]  # PostgreSQL's has one
    pool.open()
    first, second = pool.getconn(), pool.getconn()
    pool.putconn(first)
    pool.putconn(second)
    third = pool.getconn()
    pool.putconn(third)
    assert third is second
