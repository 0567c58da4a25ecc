"""A CRM with a key."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access.conftest import program  # noqa: F401  the fixture


@pytest.fixture
def crm(program: Any) -> Any:  # noqa: F811
    return program("customers:read", "customers:write", name="crm")
