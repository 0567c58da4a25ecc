"""The processes that are measured, and those around them: ours as `make run` starts them, the hand-written one, the CRM."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.callers import AUTH_TOKEN
from embedded.data import DataDir
from embedded.environment import ROOT
from embedded.process import CannotStart, last_lines, spawn, stop
from embedded.supervisor import Supervisor, web_command

_DATABASE, _CUSTOMERS = "handwritten", "many_customers"
# What a shell may hold for another installation; here everything is this run's own.
_FOREIGN = (
    "ADMIN_PASSWORD",
    "ALLOWED_HOSTS",
    "ANSWER_BUDGET_S",
    "BEHIND_PROXY",
    "DEBUG",
    "GREETING_GRACE_S",
    "MAX_WAITING_WEBHOOKS",
    "PUBLIC_URL",
    "SECRET_KEY",
)


class Systems:
    """Everything that runs for the benchmark, in a folder that is gone afterwards."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pareto-bench-"))
        self._others: list[subprocess.Popen[bytes]] = []
        crm_port, port, handwritten_port, replies_port = free_ports(4)
        self.ours, self.handwritten = f"127.0.0.1:{port}", f"127.0.0.1:{handwritten_port}"
        for name in _FOREIGN:
            os.environ.pop(name, None)
            os.environ.pop(f"{name}_FILE", None)
        os.environ |= {
            "DATA_DIR": str(self.folder),
            "PORT": str(port),
            "DEMO": "0",
            # Where replies to messages are sent to.
            "EMULATOR_URL": f"http://127.0.0.1:{replies_port}",
            "ENRICHMENT_ALLOWED_HOSTS": f"127.0.0.1:{crm_port}",
        }
        self._crm_port, self._handwritten_port, self.replies_port = crm_port, handwritten_port, replies_port
        self._supervisor = Supervisor(DataDir(self.folder))
        self._web: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when both answer."""
        self._spawn("crm", ["-m", "bench.crm", str(self._crm_port)], dict(os.environ))
        with redirect_stdout(io.StringIO()):
            self._supervisor.start()
        self._run("prepare", ["-m", "bench.prepare", str(self._crm_port)], self._supervisor.run.environment)
        self._start_handwritten()

    def stop(self) -> None:
        """Ends every process and removes the folder."""
        for process in self._others:
            stop(process, signal.SIGTERM, 3.0)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        self._supervisor.stop()
        self._supervisor.data.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def customers(self, most: int) -> dict[str, Any]:
        """What a million customers cost, in a database of their own: see bench.customers."""
        postgres = self._supervisor.postgres
        with psycopg.connect(postgres.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_CUSTOMERS}")
        url = postgres.url.rpartition("/")[0] + f"/{_CUSTOMERS}"
        done = subprocess.run(
            [sys.executable, "-m", "bench.customers", str(most)],
            env=self._supervisor.run.environment | {"DATABASE_URL": url},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self._log("customers").open("wb"),
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"customers failed: {last_lines(self._log('customers'), 12)}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def cpu_ms(self) -> dict[str, float]:
        """CPU time so far of each part with all its children, those that ended included."""
        parts = {child.name: child.process for child in self._supervisor.children}
        if self._web:
            parts["by hand"] = self._web
        return {name: _cpu_ms(process.pid) for name, process in parts.items()}

    def _start_handwritten(self) -> None:
        postgres = self._supervisor.postgres
        with psycopg.connect(postgres.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_DATABASE}")
        environment = dict(os.environ) | {
            "DJANGO_SETTINGS_MODULE": "bench.handwritten.settings",
            "HANDWRITTEN_DB_HOST": str(postgres.sockets),
            "HANDWRITTEN_DB_USER": postgres.user,
            "HANDWRITTEN_DB_NAME": _DATABASE,
            "HANDWRITTEN_AUTH_TOKEN": AUTH_TOKEN,
            "HANDWRITTEN_API_URL": f"http://127.0.0.1:{self.replies_port}",
            "HANDWRITTEN_CRM_URL": f"http://127.0.0.1:{self._crm_port}/customers",
        }
        self._run("migrate", ["-m", "django", "migrate", "--run-syncdb", "-v", "0"], environment)
        # The very options that ours is served with.
        command = [
            "bench.handwritten.wsgi:application" if part == "config.wsgi:application" else part
            for part in web_command("127.0.0.1", self._handwritten_port)
        ]
        self._web = self._spawn("handwritten", command, environment)
        deadline = time.monotonic() + 30
        while not _answers(f"http://{self.handwritten}/voice/"):
            if self._web.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"The hand-written server does not start: {last_lines(self._log('handwritten'))}")
            time.sleep(0.1)

    def _run(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        process = self._spawn(name, arguments, environment)
        if process.wait():
            raise CannotStart(f"{name} failed: {last_lines(self._log(name), 12)}")

    def _spawn(self, name: str, arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        process = spawn([sys.executable, *arguments], env=environment, log=self._log(name), cwd=ROOT)
        self._others.append(process)
        return process

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at this moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _cpu_ms(pid: int) -> float:
    root = psutil.Process(pid)
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])  # user and system, own and of children that ended
    return total * 1000


def _answers(url: str) -> bool:
    """Whether somebody is there; what is said does not matter."""
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
