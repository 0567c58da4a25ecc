"""Runs all of Pareto on one machine, in the foreground: starts every process, restarts one that dies, ends them all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from embedded import environment
from embedded.data import DataDir, data_dir, remembered, write_problem
from embedded.postgres import Postgres
from embedded.process import CannotStart, last_lines, spawn, stop
from embedded.valkey import Valkey

_LOG_LIMIT = 20 * 1024 * 1024
_CELERY = ("-m", "celery", "-A", "config", "worker", "--loglevel", "WARNING", "--pool", "threads")
_QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")


class Stopped(BaseException):
    """Ctrl-C or SIGTERM; not an Exception, so that nothing takes it for a failure."""


@dataclass(slots=True)
class Child:
    """A process that is kept running."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes]
    log: Path
    since: float = field(default_factory=time.monotonic)
    wait_s: float = 0.0
    retry_at: float | None = None


class Supervisor:
    """One run on one DATA_DIR."""

    def __init__(self, data: DataDir) -> None:
        self.data = data
        self.children: list[Child] = []
        self.postgres = Postgres(data.path / "postgres", log=data.logs / "postgres.log")
        self.valkey = Valkey(data.path / "valkey", log=data.logs / "valkey.log")
        self.preparing: list[subprocess.Popen[bytes]] = []
        known = remembered(data.path)
        self.run = environment.set_up(
            data.path,
            known,
            database_url=self.postgres.url,
            redis_url=self.valkey.url(),
            broker_url=self.valkey.broker_url(),
        )
        self.is_first = not known

    def start(self) -> None:
        """Everything, in order; returns when calls are answered."""
        environment.check_port(self.run.host, self.run.port)
        environment.check_room(self.data.path, is_first=self.is_first)
        _say("Starting. The first time takes a few seconds longer." if self.is_first else "Starting.")
        if (self.postgres.data / "postmaster.pid").exists():
            _say("The last run did not end cleanly; what it had saved is still there.")
        self.data.remember(self.run.remembered)
        metrics = self.data.path / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir(mode=0o700)
        self._keep("database", self._start_postgres, self.postgres.log)
        self._keep("broker", self._start_valkey, self.valkey.log)
        password_holds = self._prepare()
        self._keep_python(
            "worker for fetches", "enrichment", [*_CELERY, "-Q", "enrichment", "-c", "32", "-n", "e@%h", *_QUIET]
        )
        # Beat rides along: a scheduler of its own would cost another 100 MB for two entries a day.
        schedule = str(self.data.path / "celerybeat")
        self._keep_python(
            "worker and scheduler",
            "worker",
            [*_CELERY, "-Q", "default,outgoing", "-c", "4", "-n", "d@%h", "-B", "-s", schedule, *_QUIET],
        )
        self._keep_python(
            "worker for messages", "messages", [*_CELERY, "-Q", "messages,outbox", "-c", "16", "-n", "m@%h", *_QUIET]
        )
        self._keep_python("worker for syncs", "bulk", [*_CELERY, "-Q", "bulk", "-c", "2", "-n", "b@%h", *_QUIET])
        self._keep_python("web server", "web", web_command(self.run.host, self.run.port))
        self._wait_until_ready()
        self._greet(password_holds=password_holds)

    def watch(self) -> None:
        """Restart what dies, with growing patience; never returns."""
        looked_at_logs = 0.0
        while True:
            now = time.monotonic()
            for child in self.children:
                self._look_after(child, now)
            if now - looked_at_logs > 60:
                looked_at_logs = now
                _trim_logs(self.data.logs)
            time.sleep(0.2)

    def stop(self) -> None:
        """End everything: first whoever takes calls, then whoever works for them, the database last."""
        for process in self.preparing:
            _end_group(process, patience_s=2.0)
        web = [child for child in self.children if child.log.stem == "web"]
        workers = [child for child in self.children if child.log.stem in {"bulk", "enrichment", "messages", "worker"}]
        for group in (web, workers):
            for child in group:
                if child.process.poll() is None:
                    child.process.terminate()
            for child in group:
                _end_group(child.process, patience_s=5.0)
        self.valkey.stop()
        self.postgres.stop()

    def kill(self) -> None:
        """The same without patience; PostgreSQL recovers at the next start."""
        servers = [server.process for server in (self.valkey, self.postgres) if server.process]
        for process in [*self.preparing, *(child.process for child in self.children), *servers]:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def _keep(self, name: str, start: Callable[[], subprocess.Popen[bytes]], log: Path) -> None:
        self.children.append(Child(name, start, start(), log))

    def _keep_python(self, name: str, log_name: str, arguments: Sequence[str]) -> None:
        log = self.data.logs / f"{log_name}.log"
        command = [sys.executable, *arguments]
        self._keep(name, lambda: spawn(command, env=self.run.environment, log=log, cwd=environment.ROOT), log)

    def _start_postgres(self) -> subprocess.Popen[bytes]:
        self.postgres.start()
        assert self.postgres.process
        return self.postgres.process

    def _start_valkey(self) -> subprocess.Popen[bytes]:
        self.valkey.start()
        assert self.valkey.process
        return self.valkey.process

    def _prepare(self) -> bool:
        """Tables, admin, demo and static files, side by side. True if the admin's password is the one we know."""
        log, answer = self.data.logs / "prepare.log", self.data.path / "prepared.json"
        answer.unlink(missing_ok=True)
        variables = self.run.environment
        command = [sys.executable, "-m", "embedded.prepare", str(answer)]
        database = spawn(command, env=variables, log=log, cwd=environment.ROOT)
        self.preparing = [database]
        fingerprint, stamp = environment.static_files_fingerprint(), self.data.path / "static-files"
        if not stamp.exists() or stamp.read_text(encoding="ascii") != fingerprint:
            command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--clear", "-v", "0"]
            self.preparing.append(spawn(command, env=variables, log=log, cwd=environment.ROOT))
        codes = [process.wait() for process in self.preparing]
        if any(codes):
            raise CannotStart(f"The database could not be made ready. The end of {log} says: {last_lines(log)}")
        self.preparing = []
        stamp.write_text(fingerprint, encoding="ascii")
        return bool(json.loads(answer.read_text(encoding="utf-8"))["password_holds"])

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for child in self.children:
                if child.process.poll() is not None:
                    raise CannotStart(
                        f"The {child.name} {_how(child.process)}. {child.log} ends: {last_lines(child.log)}"
                    )
            if _answers(f"{self.run.address}/health/ready/"):
                return
            time.sleep(0.1)
        raise CannotStart(f"Nothing answers on {self.run.address} after a minute; see {self.data.logs}.")

    def _look_after(self, child: Child, now: float) -> None:
        if child.retry_at is None:
            if child.process.poll() is None:
                return
            # What ran well for a while is started again at once; what keeps dying gets longer and longer pauses.
            child.wait_s = 0.0 if now - child.since > 3 else min(max(0.5, child.wait_s * 2), 30.0)
            child.retry_at = now + child.wait_s
            when = f"in {child.wait_s:g} s" if child.wait_s else "now"
            _say(f"The {child.name} {_how(child.process)}; starting it again {when}. See {child.log}")
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)  # what it may have left behind, on its port
        if now >= child.retry_at:
            child.retry_at, child.since = None, now
            try:
                child.process = child.start()
            except (CannotStart, OSError) as problem:
                _say(f"The {child.name} does not start: {problem}")
                child.wait_s = min(max(0.5, child.wait_s * 2), 30.0)
                child.retry_at = now + child.wait_s

    def _greet(self, *, password_holds: bool) -> None:
        password = self.run.environment["ADMIN_PASSWORD"] if password_holds else "(the one you chose in the admin)"
        lines = [
            f"Pareto is running on {self.run.address}",
            f"  admin     {self.run.address}/admin/   name: admin   password: {password}",
            f"  data      {self.data.path} (logs in {self.data.logs})",
        ]
        if self.run.environment["DEMO"] == "1":
            # Another terminal knows the default folder only.
            where = f"DATA_DIR={self.data.path} " if os.environ.get("DATA_DIR") else ""
            lines.append(f"  try       {where}./manage.py call +4915100000001 +49309018200")
        lines.append("Ctrl-C ends it; the data stays.")
        _say("\n".join(lines))


def main() -> int:
    """Run until told to stop. Whatever is in the way is one sentence on stderr and exit code 1."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    supervisor: Supervisor | None = None
    try:
        supervisor = Supervisor(DataDir(data_dir()))
        supervisor.start()
        supervisor.watch()
    except Stopped:
        _say("Stopping.")
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(write_problem(data_dir(), problem), file=sys.stderr)
        return 1
    finally:
        if supervisor:
            _end(supervisor)
    return 0


def _end(supervisor: Supervisor) -> None:
    def hurry(_number: int, _frame: FrameType | None) -> None:
        supervisor.kill()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, hurry)  # asking twice means at once
    supervisor.stop()
    supervisor.data.close()


def _raise_stopped(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def web_command(host: str, port: int) -> list[str]:
    """How the web is served; the benchmark serves what it compares with in the same way."""
    return [
        *("-m", "granian", "config.wsgi:application", "--interface", "wsgi", "--host", host, "--port", str(port)),
        # A webhook may wait for a slow API (MAX_WAITING_WEBHOOKS of them); the other threads keep answering.
        *("--workers", "1", "--blocking-threads", "64", "--backpressure", "128", "--no-ws"),
        *("--respawn-failed-workers", "--respawn-interval", "0.2", "--workers-kill-timeout", "4"),
        *("--log-level", "warning"),
    ]


def _answers(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _end_group(process: subprocess.Popen[bytes], *, patience_s: float) -> None:
    stop(process, signal.SIGTERM, patience_s)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # helpers it may have left


def _how(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    if code is not None and code < 0:
        return f"was killed ({signal.Signals(-code).name})"
    return f"ended (exit code {code})"


def _trim_logs(folder: Path) -> None:
    for log in folder.glob("*.log"):
        with suppress(OSError):
            if log.stat().st_size > _LOG_LIMIT:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)  # its writers append, so they go on from here


def _say(text: str) -> None:
    with suppress(OSError):  # the terminal may be gone
        print(text, flush=True)
