"""The private PostgreSQL: made once, and back after whatever happened to it."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from embedded.postgres import Postgres
from embedded.process import CannotStart, as_ourselves, in_a_user_namespace, unprivileged_user

Make = Callable[..., Postgres]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: root's tmp_path is closed for the unprivileged user."""
    path = Path(tempfile.mkdtemp(prefix="pareto-pg-"))
    yield path
    for elsewhere in path.glob("**/elsewhere"):
        shutil.rmtree(elsewhere.resolve())
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Postgres] = []

    def _make(folder: Path, *, durable: bool = False) -> Postgres:
        made.append(Postgres(folder, durable=durable))
        return made[-1]

    yield _make
    for server in made:
        server.stop()


def _write(server: Postgres) -> None:
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS value")


def _read(server: Postgres) -> int:
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute("SELECT value FROM kept").fetchone()
    assert row
    return int(row[0])


def test_data_is_there_at_the_second_start(folder: Path, make: Make) -> None:
    first = make(folder / "postgres")
    first.start()
    _write(first)
    first.stop()
    second = make(folder / "postgres")
    second.start()
    assert _read(second) == 1


def test_it_keeps_as_much_in_memory_as_a_million_customers_need_if_the_machine_has_it(folder: Path, make: Make) -> None:
    server = make(folder / "postgres", durable=True)
    server.start()
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute(
            "SELECT setting::int * 8 / 1024 FROM pg_settings WHERE name = 'shared_buffers'"
        ).fetchone()
    assert row
    machine_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    assert 128 <= row[0] <= max(128, min(1024, machine_mb // 8))


def test_what_was_committed_survives_a_kill(folder: Path, make: Make) -> None:
    server = make(folder / "postgres", durable=True)
    server.start()
    _write(server)
    assert server.process
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    assert (server.data / "postmaster.pid").exists()
    server.start()
    assert _read(server) == 1


def test_a_pid_file_whose_number_is_another_process_now_is_no_obstacle(folder: Path, make: Make) -> None:
    server = make(folder / "postgres")
    server.start()
    server.stop()
    # Our own parent: alive, visible, and no PostgreSQL.
    (server.data / "postmaster.pid").write_text(f"{os.getppid()}\n{server.data}\n1\n5432\n\n\n  1  1\nready   \n")
    server.start()


def test_an_empty_pid_file_is_no_obstacle(folder: Path, make: Make) -> None:
    server = make(folder / "postgres")
    server.start()
    server.stop()
    (server.data / "postmaster.pid").touch()
    server.start()


def test_a_server_that_an_older_run_left_behind_is_ended_first(folder: Path, make: Make) -> None:
    left_behind = make(folder / "postgres")
    left_behind.start()
    _write(left_behind)
    server = make(folder / "postgres")
    server.start()
    assert left_behind.process
    assert left_behind.process.wait(5) == 0
    assert _read(server) == 1


def test_a_folder_half_made_by_a_crash_is_made_again(folder: Path, make: Make) -> None:
    server = make(folder / "postgres")
    half = folder / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server.start()
    _write(server)


def test_a_path_too_long_for_a_socket_is_no_obstacle(folder: Path, make: Make) -> None:
    server = make(folder / ("deep" * 30) / "postgres")
    server.start()
    _write(server)
    assert server.sockets.stat().st_mode & 0o077 == 0
    shutil.rmtree(server.sockets)


def test_a_path_with_unusual_characters_is_no_obstacle(folder: Path, make: Make) -> None:
    server = make(folder / "Müller & Söhne +1%" / "postgres")
    server.start()
    _write(server)


def test_nobody_else_can_reach_it(folder: Path, make: Make) -> None:
    server = make(folder / "postgres")
    server.start()
    assert server.data.stat().st_mode & 0o077 == 0
    with psycopg.connect(server.dsn) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_damage_is_said_in_a_sentence(folder: Path, make: Make) -> None:
    server = make(folder / "postgres")
    server.start()
    server.stop()
    (server.data / "global" / "pg_control").unlink()
    with pytest.raises(CannotStart, match=r"PostgreSQL does not start.*pg_control"):
        server.start()


# As an ordinary user there is only one way; root has two, and each must work.
_WAYS = [as_ourselves] if os.geteuid() else [in_a_user_namespace, unprivileged_user()]


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("mode", [0o700, 0o755], ids=["closed", "open"])
def test_each_identity_runs_it_whether_the_way_to_the_folder_is_open_or_not(
    folder: Path, make: Make, way: Callable[[], None], mode: int
) -> None:
    folder.chmod(mode)
    data_dir = folder / "var"
    data_dir.mkdir(mode=0o700)
    server = make(data_dir / "postgres")
    server.__dict__["identity"] = way
    server.start()
    _write(server)
    server.stop()
    again = make(data_dir / "postgres")
    again.__dict__["identity"] = way
    again.start()
    assert _read(again) == 1
