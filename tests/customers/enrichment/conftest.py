"""A data source that asks a real HTTP server, and a real Celery worker that does the asking.

Imports of the project stand inside the fixtures: pytest reads this file before the settings can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from celery.contrib.testing.worker import start_worker
from pytest_httpserver import HTTPServer

if TYPE_CHECKING:
    from customers.enrichment.models import DataSource
    from customers.enrichment.sources import Source

ROWS = [{"name": "loyalty_status", "path": "loyalty_status", "type": "text"}]


@pytest.fixture
def open_to_this_machine(settings: Any) -> None:
    """The operator's allow-list names what the tests' servers listen on."""
    settings.ENRICHMENT_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    from customers.enrichment import auth, sources  # noqa: PLC0415  see above

    yield
    sources.forget()
    auth._tokens.clear()


@pytest.fixture
def source(httpserver: HTTPServer) -> Callable[..., Source]:
    """Makes a source of plain values; its address is the server's."""
    from customers.enrichment.sources import Source  # noqa: PLC0415  see above

    def make(**changes: Any) -> Source:
        url = httpserver.url_for("/customers") + "?phone={{ phone }}"
        return Source(**{"key": "crm", "method": "GET", "url": url, "mapping": ROWS, "retries": 0, **changes})

    return make


@pytest.fixture
def stored(httpserver: HTTPServer, transactional_db: None) -> Callable[..., DataSource]:
    """Makes a source in the database, where workers find it."""
    from customers.enrichment.models import DataSource  # noqa: PLC0415  see above

    def make(**changes: Any) -> DataSource:
        url = httpserver.url_for("/customers") + "?phone={{ phone }}"
        values = {"key": "crm", "name": "CRM", "url": url, "mapping": ROWS, "retries": 0, **changes}
        made: DataSource = DataSource.objects.create(**values)
        return made

    return make


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A Celery worker with eight threads in this process, on the queue of fetches."""
    from config.celery import app  # noqa: PLC0415  see above

    with start_worker(app, concurrency=8, pool="threads", perform_ping_check=False, queues="enrichment"):
        yield
