"""The private Valkey."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from kombu import Connection

from embedded.process import CannotStart
from embedded.valkey import Valkey

Make = Callable[[Path], Valkey]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Valkey] = []

    def _make(folder: Path) -> Valkey:
        made.append(Valkey(folder))
        return made[-1]

    yield _make
    for server in made:
        server.stop()


@pytest.mark.parametrize("name", ["valkey", "deep" * 40, "Müller & Söhne +1%"])
def test_it_answers_on_its_socket_wherever_its_folder_is(tmp_path: Path, make: Make, name: str) -> None:
    server = make(tmp_path / name)
    server.start()
    with redis.Redis.from_url(server.url(3)) as connection:
        connection.set("a", "b")
        assert connection.connection_pool.connection_kwargs["db"] == 3
    with Connection(server.broker_url()) as broker:
        broker.ensure_connection(max_retries=1)


def test_waiting_tasks_are_there_at_the_second_start(tmp_path: Path, make: Make) -> None:
    first = make(tmp_path / "valkey")
    first.start()
    with redis.Redis.from_url(first.url()) as connection:
        connection.lpush("default", "task")
    first.stop()
    second = make(tmp_path / "valkey")
    second.start()
    with redis.Redis.from_url(second.url()) as connection:
        assert connection.lrange("default", 0, -1) == [b"task"]


def test_it_comes_back_after_a_kill(tmp_path: Path, make: Make) -> None:
    server = make(tmp_path / "valkey")
    server.start()
    assert server.process
    server.process.kill()
    server.process.wait()
    assert not server.answers()
    server.start()
    assert server.answers()


def test_it_is_not_on_the_network(tmp_path: Path, make: Make) -> None:
    server = make(tmp_path / "valkey")
    server.start()
    assert server.socket.stat().st_mode & 0o077 == 0
    with redis.Redis.from_url(server.url()) as connection:
        assert connection.config_get("port") == {"port": "0"}


def test_damage_is_said_in_a_sentence(tmp_path: Path, make: Make) -> None:
    folder = tmp_path / "valkey"
    folder.mkdir()
    (folder / "dump.rdb").write_bytes(b"no snapshot")
    with pytest.raises(CannotStart, match="Valkey does not start"):
        make(folder).start()
