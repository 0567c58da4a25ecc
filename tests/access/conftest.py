"""Programs with keys; what they import waits until the settings are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def program(db: None) -> Callable[..., Any]:
    """A program whose key has these scopes."""
    from access.keys import make_key  # noqa: PLC0415
    from access.models import ApiKey  # noqa: PLC0415
    from tests.access.program import NOW, Program  # noqa: PLC0415

    def make(*scopes: str, **settings: Any) -> Program:
        name = settings.pop("name", f"Program {ApiKey.objects.count() + 1}")
        made = make_key(name=name, scopes=scopes, by=None, now=NOW, **settings)
        return Program(made.key, made.text)

    return make
