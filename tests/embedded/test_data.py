"""DATA_DIR: one run at a time, secrets for their owner only, and every obstacle in a sentence."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path

import pytest

from embedded.data import DataDir, is_running, remembered, write_problem
from embedded.environment import check_room
from embedded.process import CannotStart


def test_two_runs_cannot_use_it_at_once(tmp_path: Path) -> None:
    first = DataDir(tmp_path / "var")
    assert is_running(tmp_path / "var")
    with pytest.raises(CannotStart, match=rf"in use by another run \(process {os.getpid()}\)"):
        DataDir(tmp_path / "var")
    first.close()
    assert not is_running(tmp_path / "var")
    DataDir(tmp_path / "var").close()


def test_what_it_remembers_is_for_its_owner_only(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "var")
    data.remember({"SECRET_KEY": "a=b#c", "PORT": "8000"})
    assert remembered(data.path) == {"SECRET_KEY": "a=b#c", "PORT": "8000"}
    assert stat.S_IMODE((data.path / "pareto.env").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.path.stat().st_mode) == 0o700
    data.close()


def test_nothing_is_remembered_before_the_first_run(tmp_path: Path) -> None:
    assert remembered(tmp_path) == {}
    assert not is_running(tmp_path)


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="is a file"):
        DataDir(tmp_path / "file" / "var")


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "is full"), (errno.EACCES, "is not writable for you"), (errno.EROFS, "is not writable for you")],
)
def test_why_nothing_can_be_written_is_a_sentence(code: int, words: str) -> None:
    assert words in write_problem(Path("/data"), OSError(code, os.strerror(code)))


@pytest.mark.parametrize(("free_mb", "is_first"), [(149, True), (19, False)])
def test_a_disk_that_is_full_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mb: int, *, is_first: bool
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free_mb * 1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(CannotStart, match=rf"is full: {free_mb} MB are left"):
        check_room(tmp_path, is_first=is_first)
