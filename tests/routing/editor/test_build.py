"""The canvas is built, and its own tests run, with nothing but what pip brought."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EDITOR = Path(__file__).resolve().parents[3] / "routing" / "editor"


def _build(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EDITOR / "build.py"), *arguments], capture_output=True, text=True, timeout=600, check=False
    )


def test_the_canvas_passes_its_own_tests() -> None:
    done = _build("--test")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_canvas_is_built_once_and_then_left_alone() -> None:
    assert _build("--strict").returncode == 0
    script = EDITOR.parent / "static" / "routing" / "editor" / "editor.js"
    before = script.stat().st_mtime_ns
    assert _build("--strict").returncode == 0
    assert script.stat().st_mtime_ns == before


def test_the_lock_names_no_registry_and_every_platform() -> None:
    lock = json.loads((EDITOR / "package-lock.json").read_text(encoding="utf-8"))
    packages = lock["packages"]
    assert not any("resolved" in package for package in packages.values())
    # Vite's bundler is native: one package a platform, and npm takes the one that fits.
    platforms = {name.split("/binding-")[-1] for name in packages if "@rolldown/binding-" in name}
    assert {"linux-x64-gnu", "linux-arm64-gnu", "darwin-arm64", "win32-x64-msvc"} <= platforms
    wanted = packages[""]["dependencies"] | packages[""]["devDependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
