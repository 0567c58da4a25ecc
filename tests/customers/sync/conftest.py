"""A CRM with a key."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.access.conftest import program  # noqa: F401  the fixture

NDJSON = "application/x-ndjson"


def records(count: int, **values: Any) -> list[dict[str, Any]]:
    return [{"external_id": f"C-{number}", "orders": number, **values} for number in range(count)]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.fixture
def crm(program: Any) -> Any:  # noqa: F811
    return program("customers:read", "customers:write", name="crm")


_OF_OTHERS = """
SELECT pid, xact_start FROM pg_stat_activity WHERE datname <> current_database() AND backend_xid IS NOT NULL
"""


def others_are_done() -> None:
    """Waits until no transaction of another test's database, on this same server, holds back what changed here."""
    from django.db import connection  # noqa: PLC0415  this file may be read before the settings are

    def under_way() -> set[tuple[int, Any]]:
        with connection.cursor() as cursor:
            cursor.execute(_OF_OTHERS)
            return set(cursor.fetchall())

    before, until = under_way(), time.monotonic() + 120
    while before & under_way() and time.monotonic() < until:
        time.sleep(0.1)
