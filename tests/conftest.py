"""What every test stands on: a PostgreSQL and a Valkey of this session's own, and a network that ends at this machine.

Where DATABASE_URL or REDIS_URL is set already, that server is used instead. The process that pytest was started in
owns the servers; the workers of xdist find them through the environment they inherit. Each worker has a database of
its own (pytest-django makes it) and a number of its own in Valkey, emptied after each test.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import redis
from django.conf import settings

from embedded.postgres import Postgres
from embedded.valkey import Valkey

_REDIS = "PARETO_TEST_REDIS"


class Ground:
    """The servers of this session and the environment that points at them."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pareto-test-"))
        self.servers: list[Postgres | Valkey] = []

    def start(self) -> None:
        (self.folder / "static").mkdir()
        os.environ |= {
            "DATA_DIR": str(self.folder),
            "STATIC_ROOT": str(self.folder / "static"),
            "DEMO": "1",
        }
        os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(40))
        if "DATABASE_URL" not in os.environ:
            postgres = Postgres(self.folder / "postgres", durable=False)
            postgres.start()
            self.servers.append(postgres)
            os.environ["DATABASE_URL"] = postgres.url
        if "REDIS_URL" not in os.environ:
            valkey = Valkey(self.folder / "valkey", durable=False)
            valkey.start()
            self.servers.append(valkey)
            os.environ[_REDIS] = str(valkey.folder)

    def stop(self) -> None:
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _choose_redis_number(worker: str) -> None:
    """gw0 takes database 1, gw1 database 2, …; a session without workers takes 0."""
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    if folder := os.environ.get(_REDIS):
        valkey = Valkey(Path(folder))
        os.environ |= {"REDIS_URL": valkey.url(number), "BROKER_URL": valkey.broker_url(number)}
    elif worker:
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rstrip("/") + f"/{number}"


_ground: Ground | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Runs before pytest-django reads the settings, because no DJANGO_SETTINGS_MODULE had it read them earlier."""
    global _ground  # noqa: PLW0603  the hooks of a session share nothing else
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        _ground = Ground()
        try:
            _ground.start()
        except BaseException:
            _ground.stop()
            raise
    # The controller of workers runs no tests, and what it set here they would inherit.
    if worker or (_ground and not config.getoption("numprocesses", None)):
        _choose_redis_number(worker)
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        _ = settings.DATABASES  # read now, so that pytest-django finds them and sets Django up


def pytest_unconfigure() -> None:
    if _ground:
        _ground.stop()


@pytest.fixture(autouse=True, scope="session")
def _closed_network() -> Iterator[None]:
    """Whoever looks up or connects to anything but this machine is told so at once."""
    real_connect, real_lookup = socket.socket.connect, socket.getaddrinfo

    def connect(self: socket.socket, address: Any, /) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            _refuse_outside(address[0])
        real_connect(self, address)

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host and not _is_address(host):  # an address needs no network to be looked up
            _refuse_outside(host)
        return real_lookup(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket, "getaddrinfo", lookup)
        yield


def _refuse_outside(host: str | bytes) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {"localhost", "testserver"}:
        return
    if not (_is_address(name) and ipaddress.ip_address(name).is_loopback):
        raise OSError(f"the tests' network ends at this machine, and {name} is outside")


def _is_address(host: str | bytes) -> bool:
    try:
        ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """A test that commits empties the tables at its end. What migrations put into them comes back for the next test."""
    from django.apps import apps  # noqa: PLC0415  Django must be ready
    from django.db import connection  # noqa: PLC0415
    from django.db.models.signals import post_migrate  # noqa: PLC0415

    from channels.roles import give_roles  # noqa: PLC0415

    last = [app for app in apps.get_app_configs() if app.models_module][-1]

    def put_back(sender: object, **_more: object) -> None:
        if sender is last:  # by then the permissions of all are there
            give_roles(apps)
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO queues_revision (id, number) VALUES (1, 1) ON CONFLICT DO NOTHING")

    post_migrate.connect(put_back, weak=False)


@pytest.fixture(scope="session")
def _valkey() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as connection:
        yield connection


@pytest.fixture(autouse=True)
def _no_directory_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's rows are rolled back, and with them the revision by which the copy in memory would be told as old."""
    from routing.engine.world import NOWHERE  # noqa: PLC0415  Django must be ready
    from routing.runner import surroundings  # noqa: PLC0415

    nothing = surroundings.Surroundings(-1, NOWHERE, MappingProxyType({}))
    monkeypatch.setattr(surroundings, "_latest", nothing)


@pytest.fixture(autouse=True)
def _empty_valkey(_valkey: redis.Redis) -> Iterator[None]:
    yield
    _valkey.flushdb()
