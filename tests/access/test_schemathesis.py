"""Schemathesis in this process: whatever the schema allows is answered as the schema says, and nothing breaks."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.generation import GenerationMode

# More than the suite has time for: SCHEMATHESIS_EXAMPLES=200 .venv/bin/pytest tests/access/test_schemathesis.py
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
ONLY = os.environ.get("SCHEMATHESIS_ONLY", "")


@schemathesis.serializer("application/x-ndjson")
def _ndjson(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


@pytest.fixture
def api(db: None) -> Iterator[Any]:
    from access.keys import make_key  # noqa: PLC0415
    from access.scopes import SCOPES  # noqa: PLC0415
    from config.wsgi import application  # noqa: PLC0415
    from tests.access.world import NOW, build  # noqa: PLC0415

    made = make_key(name="Schemathesis", scopes=list(SCOPES), by=None, now=NOW, requests_per_minute=1_000_000)
    known = build()
    # As Django's own test client does: the connection holds the transaction of this test.
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)

    @schema.hook
    def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
        # Nobody guesses a key: half the time the address leads to what is there.
        name = context.operation.path.removeprefix("/api/v1/").partition("/")[0]
        if path_parameters and name in known and random.random() < 0.5:
            return {**path_parameters, **{k: v for k, v in known[name].items() if k in path_parameters}}
        return path_parameters

    @schema.auth()
    class _Key:
        def get(self, _case: Any, _context: Any) -> str:
            return made.text

        def set(self, case: Any, data: str, _context: Any) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}

    yield schema
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


def test_whatever_the_schema_allows_is_answered_as_it_says_and_whatever_it_does_not_is_refused(api: Any) -> None:
    faults: list[str] = []
    operations = [result.ok() for result in api.get_all_operations()]
    assert len(operations) > 40
    for operation in operations:
        if ONLY not in operation.label:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _try(operation, mode)
            except BaseExceptionGroup as group:
                faults += [f"{operation.label} ({mode.value}): {error}" for error in group.exceptions]
            except Exception as error:  # noqa: BLE001  all of them are told at the end
                if "Unsatisfiable" not in type(error).__name__:
                    faults.append(f"{operation.label} ({mode.value}): {type(error).__name__} {error}")
    assert not faults, "\n\n".join(faults)


def _try(operation: Any, mode: GenerationMode) -> None:
    @seed(20261123 if EXAMPLES < 50 else random.randrange(1 << 30))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def attempt(case: Any) -> None:
        response = case.call()
        try:
            case.validate_response(response)
        except BaseException as error:  # noqa: BLE001  told again with what was sent
            sent = f"sent: query {case.query!r}, path {case.path_parameters!r}, headers {case.headers!r}, body {case.body!r}"
            raise AssertionError(
                f"{_why(error)}\n  {sent[:600]}\n  got: {response.status_code} {response.text[:400]}"
            ) from None

    attempt()


def _why(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_why(one) for one in error.exceptions)
    return f"{type(error).__name__}: {str(error)[:300]}"
