"""What operators ask: alive, ready, metrics."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from config import pulse

pytestmark = pytest.mark.django_db


def _worker_is_heard(seconds_ago: float = 0) -> None:
    cache.set("pulse:enrichment", time.time() - seconds_ago)


def test_live_asks_nobody(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/health/live/").status_code == 200


def test_ready_when_database_redis_and_worker_answer(client: Client) -> None:
    _worker_is_heard()
    response = client.get("/health/ready/")
    assert response.status_code == 200
    assert response.json() == {"ready": True, "database": "ok", "redis": "ok", "enrichment_worker": "ok"}


def test_not_ready_without_a_worker_for_fetches(client: Client) -> None:
    response = client.get("/health/ready/")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "database": "ok", "redis": "ok", "enrichment_worker": "down"}


def test_not_ready_when_the_worker_was_not_heard_lately(client: Client) -> None:
    _worker_is_heard(seconds_ago=60)
    assert client.get("/health/ready/").json()["enrichment_worker"] == "down"


def test_not_ready_when_redis_is_gone(client: Client, settings: Any) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere/valkey.sock"}}
    response = client.get("/health/ready/")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "database": "ok", "redis": "down", "enrichment_worker": "down"}


def test_not_ready_when_the_database_is_gone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def cursor() -> None:
        raise OSError("gone")

    _worker_is_heard()
    monkeypatch.setattr(connection, "cursor", cursor)
    assert client.get("/health/ready/").json()["database"] == "down"


def test_metrics_are_for_this_machine_when_there_is_no_token(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403


def test_metrics_are_not_for_whoever_a_proxy_speaks_for(client: Client) -> None:
    headers = {"X-Forwarded-For": "192.0.2.7"}
    assert client.get("/metrics", headers=headers, REMOTE_ADDR="127.0.0.1").status_code == 403


@pytest.mark.parametrize(
    ("sent", "status"), [("Bearer right", 200), ("Bearer wrong", 403), ("right", 403), ("Bearer ä", 403), (None, 403)]
)
def test_metrics_are_for_whoever_knows_the_token(client: Client, settings: Any, sent: str | None, status: int) -> None:
    settings.METRICS_TOKEN = "right"
    headers = {"Authorization": sent} if sent else {}
    assert client.get("/metrics", headers=headers, REMOTE_ADDR="127.0.0.1").status_code == status


def test_the_pulse_of_a_worker_is_heard_by_each_of_its_queues() -> None:
    class Queue:
        def __init__(self, name: str) -> None:
            self.name = name

    class Consumer:
        class task_consumer:  # noqa: N801  Celery's name
            queues = (Queue("enrichment"), Queue("default"))

        class timer:  # noqa: N801
            @staticmethod
            def call_repeatedly(seconds: float, call: Any) -> None:
                assert seconds < 10
                call()

    pulse._start(Consumer())
    now = time.time()
    assert pulse.seconds_since_pulse("enrichment", now) == pytest.approx(0, abs=1)
    assert pulse.seconds_since_pulse("default", now) == pytest.approx(0, abs=1)
    assert pulse.seconds_since_pulse("other", now) is None
