"""The set-up before anything is installed: what is missing is named, and nothing is done twice."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest

from embedded import install


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv/bin/python")
    (tmp_path / "requirements.txt").write_text("")
    return tmp_path


def test_a_python_too_old_is_said_with_its_version(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert install.main([]) == 1
    said = capsys.readouterr().err
    assert "Python 3.11 or newer is needed" in said
    assert "is 3.9.2" in said


def test_a_missing_venv_module_is_said_with_its_package(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    real_import = builtins.__import__

    def without_ensurepip(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "ensurepip":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_ensurepip)
    assert install.main([]) == 1
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    assert f"apt install {version}" in capsys.readouterr().err


def test_the_second_time_nothing_is_installed(elsewhere: Path, capsys: Any) -> None:
    assert install.main([]) == 0
    assert "Installing requirements.txt" in capsys.readouterr().out
    assert install.main([]) == 0
    assert capsys.readouterr().out == ""
    (elsewhere / "requirements.txt").write_text("# changed\n")
    assert install.main([]) == 0
    assert "Installing requirements.txt" in capsys.readouterr().out


def test_packages_that_cannot_be_installed_are_a_sentence(elsewhere: Path, capfd: Any) -> None:
    (elsewhere / "requirements.txt").write_text("./no-such-folder\n")
    assert install.main([]) == 1
    assert "The packages could not be installed" in capfd.readouterr().err
