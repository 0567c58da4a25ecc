"""Child processes that never outlive this one, and the ways to run a server that refuses to be root."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_ON_LINUX = sys.platform == "linux"
# Loaded here and not in the child: between fork and exec as little as possible may happen.
_LIBC = ctypes.CDLL(None, use_errno=True)

Identity = Callable[[], None]
"""Runs in the child before the program: changes who it is."""


class CannotStart(Exception):
    """Something on this machine is in the way; the message is a sentence for the person who typed `make run`."""


def as_ourselves() -> None:
    """The identity of whoever started us."""


def in_a_user_namespace() -> None:
    """Still us for the file system, but user 1000 in its own eyes: what `unshare --user --map-user=1000` does."""
    user, group = os.geteuid(), os.getegid()
    if _LIBC.unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "user namespaces are forbidden here")
    for name, line in (("setgroups", "deny"), ("gid_map", f"1000 {group} 1"), ("uid_map", f"1000 {user} 1")):
        Path("/proc/self", name).write_text(line, encoding="ascii")


@dataclass(frozen=True, slots=True)
class AsUser:
    """Becomes another user, for good."""

    uid: int
    gid: int

    def __call__(self) -> None:
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)


def unprivileged_user() -> AsUser:
    """The user a root without user namespaces gives its PostgreSQL to."""
    for name in ("postgres", "nobody", "daemon"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return AsUser(entry.pw_uid, entry.pw_gid)
    raise CannotStart("PostgreSQL refuses to run as root, and there is no user `nobody`: run this as an ordinary user.")


def _prepare(identity: Identity, last_will: signal.Signals, parent: int) -> Callable[[], None]:
    def in_the_child() -> None:
        identity()
        # After the identity: the kernel forgets this when a process changes its user.
        if _ON_LINUX:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(last_will))
            if os.getppid() != parent:  # died in between
                os._exit(1)

    return in_the_child


def spawn(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    cwd: Path | None = None,
    identity: Identity = as_ourselves,
    last_will: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a process that gets the signal `last_will` when we die, even by kill -9 (on Linux).

    Its output is appended to `log`, or goes where ours goes. It has a session of its own, so that Ctrl-C reaches
    only us and the order in which things end stays ours. Only for the main thread: the kernel watches the thread.
    """
    output = log.open("ab") if log else None
    try:
        return subprocess.Popen(
            [str(part) for part in command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            preexec_fn=_prepare(identity, last_will, os.getpid()),  # noqa: PLW1509  no threads when it is called
        )
    finally:
        if output:
            output.close()


def stop(process: subprocess.Popen[bytes], ask: signal.Signals = signal.SIGTERM, patience_s: float = 5.0) -> None:
    """End `process`: politely, and after `patience_s` seconds for certain."""
    if process.poll() is None:
        process.send_signal(ask)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def can_run(command: Sequence[str | Path], identity: Identity) -> bool:
    """Whether `command` runs and succeeds under `identity`."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            check=False,
            timeout=10,
            cwd="/",
            preexec_fn=identity,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def short_folder(folder: Path, name: str) -> Path:
    """Where a server may put its socket: `folder`, or a private folder elsewhere when that path is too long for one."""
    if len(os.fsencode(folder / name)) < 100:  # sockaddr_un holds 104 bytes on macOS, 108 on Linux
        return folder
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")  # noqa: S108  the folder below is ours and private
    short = base / f"pareto-{os.geteuid()}-{_digest(folder)}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.is_symlink() or short.stat().st_uid != os.geteuid():
        raise CannotStart(f"{short} belongs to somebody else: choose a shorter DATA_DIR.")
    return short


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:12]


def last_lines(log: Path, count: int = 3) -> str:
    """The end of a log, to show why its process failed."""
    try:
        text = log.read_bytes()[-4000:].decode(errors="replace")
    except OSError:
        return ""
    return " / ".join(line.strip() for line in text.splitlines()[-count:] if line.strip())
