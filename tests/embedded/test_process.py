"""Children never outlive us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from embedded.process import CannotStart, last_lines, short_folder, spawn, stop

_PARENT = """
import sys, time
from embedded.process import spawn
child = spawn([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    """False also for a process that ended and was not yet waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(what: str, seconds: float, condition: object) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def test_a_child_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE)
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert is_alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until("the child ends", 5, lambda: not is_alive(child))


def test_a_child_that_ignores_us_is_killed_when_patience_ends() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    child = spawn([sys.executable, "-c", code])
    time.sleep(0.3)
    stop(child, patience_s=0.2)
    assert child.returncode == -signal.SIGKILL


def test_ctrl_c_does_not_reach_a_child_directly() -> None:
    child = spawn([sys.executable, "-c", "import time; time.sleep(60)"])
    assert os.getsid(child.pid) != os.getsid(0)
    stop(child)


def test_output_goes_to_the_log_and_its_end_can_be_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    spawn([sys.executable, "-c", "print('one'); print('two')"], log=log).wait()
    assert last_lines(log) == "one / two"
    assert last_lines(tmp_path / "none") == ""


def test_a_short_path_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    long = tmp_path / ("x" * 120)
    short = short_folder(long, "socket")
    assert len(str(short)) < len(str(long))
    short.rmdir()
    short.symlink_to("/")
    with pytest.raises(CannotStart, match="belongs to somebody else"):
        short_folder(long, "socket")
