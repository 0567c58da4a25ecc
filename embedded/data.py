"""The folder that `make run` keeps everything in: its lock, and the file of settings that other commands read."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from embedded.process import CannotStart

ENV_FILE = "pareto.env"
_LOCK_FILE = "lock"


def data_dir() -> Path:
    """DATA_DIR, or `var/` beside the code."""
    return Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parent.parent / "var").absolute()


class DataDir:
    """A DATA_DIR that is ours for as long as this object lives: nobody else can start on it meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.logs = path / "logs"
            self.logs.mkdir(mode=0o700, exist_ok=True)
            self._lock = os.open(path / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except NotADirectoryError:
            raise CannotStart(f"{path} cannot be a folder: something on the way to it is a file.") from None
        except OSError as problem:
            raise CannotStart(write_problem(path, problem)) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._lock, 20, 0).decode().strip()
            raise CannotStart(
                f"{path} is in use by another run (process {holder or 'unknown'}). "
                "End that one, or give this one a folder of its own: make run DATA_DIR=… PORT=…"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)

    def remember(self, settings: dict[str, str]) -> None:
        """Write the file that `manage.py` reads; secrets are in it, so it is for its owner only."""
        text = "# Written by `make run` at each start. It holds secrets: keep it private, and keep it with the data.\n"
        text += "".join(f"{name}={value}\n" for name, value in settings.items())
        fresh = self.path / f"{ENV_FILE}.new"
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path / ENV_FILE)
        except OSError as problem:
            raise CannotStart(write_problem(self.path, problem)) from None

    def close(self) -> None:
        """Let others have it."""
        os.close(self._lock)


def write_problem(path: Path, problem: OSError) -> str:
    """Why nothing can be written to `path`, as a sentence."""
    if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk of {path} is full: make room, then start again."
    if problem.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return (
            f"{problem.filename or path} is not writable for you. Everything is kept in {path}: make that folder "
            "yours, or choose another with make run DATA_DIR=…"
        )
    return f"{path} cannot be used: {problem.strerror}."


def remembered(path: Path) -> dict[str, str]:
    """The settings of the last run on `path`; empty if there was none."""
    try:
        text = (path / ENV_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise CannotStart(
            f"{path / ENV_FILE} cannot be read ({problem.strerror}): it belongs to another user."
        ) from None
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name: value for name, value in pairs}  # noqa: C416  dict() of split lists does not type


def is_running(path: Path) -> bool:
    """Whether a run holds `path` now."""
    try:
        lock = os.open(path / _LOCK_FILE, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False
