"""`make run` as a person meets it: the real supervisor with every process, killed and stopped in every way."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.test_process import is_alive, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
# What a newcomer's shell has; nothing of the session's own servers.
_SHELL = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Run:
    """One start of the supervisor."""

    def __init__(self, data: Path, port: int, **variables: str) -> None:
        self.data, self.port = data, port
        self.output = data.parent / f"{data.name}.out"
        self.environment = _SHELL | {"HOME": str(data.parent), "DATA_DIR": str(data), "PORT": str(port)} | variables
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "embedded"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def wait_until_up(self) -> Run:
        wait_until("the greeting", 90, lambda: "Pareto is running" in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said
        return self

    def wait_until_ended(self) -> int:
        return self.process.wait(30)

    def password(self) -> str:
        found = re.search(r"password: (\S+)", self.said)
        assert found, self.said
        return found[1]

    def ready(self) -> dict[str, object] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready/", timeout=10) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as refusal:
            return dict(json.load(refusal))
        except OSError:
            return None

    def is_ready(self) -> bool:
        return bool((self.ready() or {}).get("ready"))

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`./manage.py` in another terminal, from another folder, that knows nothing but DATA_DIR."""
        environment = _SHELL | {"DATA_DIR": str(self.data)}
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(
            command, cwd="/", env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def children(self) -> dict[int, str]:
        """Every process below the supervisor that is alive, and its command."""
        lines = subprocess.run(["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
        rows = [line.split(None, 2) for line in lines.stdout.splitlines()]
        below, found = {self.process.pid}, {}
        for _ in range(4):  # as deep as it goes
            for pid, parent, *command in rows:
                if int(parent) in below and int(pid) not in below and is_alive(int(pid)):
                    below.add(int(pid))
                    found[int(pid)] = " ".join(command)
        return found

    def child(self, part: str) -> int:
        return min(pid for pid, command in self.children().items() if part in command)


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    started: list[Run] = []
    yield started
    for run in started:
        if run.process.poll() is None:
            run.process.terminate()
            run.wait_until_ended()


def test_a_run_from_first_start_to_second(tmp_path: Path, runs: list[Run]) -> None:
    """One long way, because each start costs seconds."""
    port = free_port()
    run = Run(tmp_path / "var", port)
    runs.append(run)
    run.wait_until_up()
    assert f"http://127.0.0.1:{port}" in run.said
    assert "./manage.py call +4915100000001 +49309018200" in run.said
    password = run.password()
    assert run.data.stat().st_mode & 0o077 == 0

    # The other terminal finds it.
    asked = "from django.contrib.auth import authenticate as a; import sys; print(a(username='admin', password=sys.argv[-1]))"
    found = run.manage("shell", "--no-imports", "-c", asked.replace("sys.argv[-1]", repr(password)))
    assert found.stdout.strip() == "admin", found.stderr

    # A second run on the same folder is refused.
    second = subprocess.run(
        [sys.executable, "-m", "embedded"],
        cwd=ROOT,
        env=run.environment | {"PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"in use by another run (process {run.process.pid})" in second.stderr
    assert "Traceback" not in second.stderr

    # Whatever is killed comes back.
    for part in ("valkey-server", "postgres -D", "-Q enrichment", "-Q default", "granian"):
        victim = run.child(part)
        os.kill(victim, signal.SIGKILL)
        wait_until(f"{part} is back", 40, lambda v=victim: v not in run.children() and run.is_ready())
        assert run.process.poll() is None

    # SIGTERM leaves nothing behind.
    everybody = run.children()
    run.process.terminate()
    assert run.wait_until_ended() == 0
    wait_until("everything has ended", 3, lambda: not [pid for pid in everybody if is_alive(pid)])
    assert "Traceback" not in run.said
    lonely = run.manage("showmigrations")
    assert lonely.returncode == 1
    assert f"Nothing is running on {run.data}: start `make run`" in lonely.stderr

    # The second start keeps what there was, and killing the supervisor itself leaves nothing either.
    again = Run(run.data, port, ADMIN_PASSWORD="chosen by the operator")
    runs.append(again)
    again.wait_until_up()
    assert again.manage("shell", "--no-imports", "-c", asked.replace("sys.argv[-1]", repr(password))).stdout == "None\n"
    everybody = again.children()
    assert len(everybody) > 8
    again.process.kill()
    wait_until("everything has ended", 15, lambda: not [pid for pid in everybody if is_alive(pid)])

    third = Run(run.data, port)
    runs.append(third)
    third.wait_until_up()
    assert third.password() == "chosen"  # kept, up to its first blank
    third.process.send_signal(signal.SIGINT)
    assert third.wait_until_ended() == 0


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        run = Run(tmp_path / "var", port)
        assert run.wait_until_ended() == 1
    assert (
        run.said
        == f"Port {port} is taken by another program: end it, or choose another with make run PORT={port + 1}\n"
    )


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_said(tmp_path: Path, port: str) -> None:
    run = Run(tmp_path / "var", 1, PORT=port)
    assert run.wait_until_ended() == 1
    assert run.said == f"PORT={port} is no port: take a number from 1024 to 65535.\n"


def test_a_secret_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    run = Run(tmp_path / "var", free_port(), SECRET_KEY_FILE=str(tmp_path / "none"))
    assert run.wait_until_ended() == 1
    assert "SECRET_KEY_FILE=" in run.said
    assert "cannot be read" in run.said
    assert "Traceback" not in run.said


def test_stopping_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path / "var", free_port())
    wait_until("it prepares", 30, lambda: "embedded.prepare" in " ".join(run.children().values()))
    everybody = run.children()
    run.process.terminate()
    assert run.wait_until_ended() == 0
    wait_until("everything has ended", 5, lambda: not [pid for pid in everybody if is_alive(pid)])
    assert run.said.endswith("Stopping.\n")


_PRODUCTION = {"SECRET_KEY": "x" * 60, "DATABASE_URL": "postgresql://db/pareto", "REDIS_URL": "redis://cache"}


@pytest.mark.parametrize("name", _PRODUCTION)
@pytest.mark.parametrize(
    "command",
    [
        ["-m", "granian", "--interface", "wsgi", "config.wsgi:application"],
        ["-m", "celery", "-A", "config", "worker"],
        ["-m", "celery", "-A", "config", "beat"],
        ["manage.py", "migrate"],
    ],
    ids=["web", "worker", "beat", "migrate"],
)
def test_in_production_a_missing_secret_stops_the_start_and_is_named(
    tmp_path: Path, name: str, command: list[str]
) -> None:
    # DATA_DIR: a run of the developer's own must not lend its secrets.
    environment = _SHELL | _PRODUCTION | {"DATA_DIR": str(tmp_path), "PORT": str(free_port())}
    del environment[name]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0
    assert name in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
