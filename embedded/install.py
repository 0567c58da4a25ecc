"""Makes .venv and keeps it in step with requirements.txt; run by the system's Python, however old, before anything is installed.

`python3 embedded/install.py` for running, `--dev` for working on it. Written for Python 3.7, to say so politely.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


class CannotInstall(Exception):
    """A sentence for the person at the terminal."""


def main(arguments: list[str]) -> int:
    """Install what `arguments` ask for, unless it is there."""
    try:
        install(["requirements.txt", "requirements-dev.txt"] if "--dev" in arguments else ["requirements.txt"])
    except CannotInstall as problem:
        print(f"{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the next start goes on from here.", file=sys.stderr)
        return 130
    return 0


def install(files: list[str]) -> None:
    """Make .venv hold exactly what `files` name. Quick when nothing changed since the last time."""
    stamps = {VENV / f".{name}.installed": _fingerprint(ROOT / name) for name in files}
    if all(_read(stamp) == wanted for stamp, wanted in stamps.items()) and _works(PYTHON):
        return
    if not _works(PYTHON, "import pip"):
        _create()
    print(f"Installing {' and '.join(files)} into .venv; this takes a minute, and only when they change.", flush=True)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    for name in files:
        command += ["-r", str(ROOT / name)]
    if subprocess.run(command, check=False, cwd=ROOT).returncode:
        raise CannotInstall(
            "The packages could not be installed; pip says why above. Without a network, give pip a mirror "
            "(PIP_INDEX_URL) or a folder of wheels (PIP_FIND_LINKS)."
        )
    for stamp, wanted in stamps.items():
        stamp.write_text(wanted, encoding="ascii")


def _create() -> None:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < (3, 11):  # noqa: UP036  this file is run by whatever python3 there is
        raise CannotInstall(
            f"Python 3.11 or newer is needed, and {sys.executable} is {version}. "
            "Install one (Debian, Ubuntu: apt install python3.11 python3.11-venv) or name it: make run PYTHON=python3.12"
        )
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    missing = f"{sys.executable} cannot make virtual environments: its venv module is missing. Debian, Ubuntu: apt install {package}"
    try:
        import ensurepip  # noqa: F401, PLC0415  Debian leaves it out of python3
        import venv  # noqa: PLC0415
    except ImportError:
        raise CannotInstall(missing) from None
    if not os.access(ROOT, os.W_OK):
        raise CannotInstall(f"{ROOT} is not writable for you, and .venv belongs there.")
    print(f"Making .venv with Python {version}.", flush=True)
    try:
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(VENV)
    except subprocess.CalledProcessError:
        raise CannotInstall(missing) from None
    except OSError as problem:
        raise CannotInstall(f".venv could not be made: {problem}.") from None


def _works(python: Path, statement: str = "") -> bool:
    try:
        return not subprocess.run([str(python), "-c", statement], capture_output=True, check=False).returncode
    except OSError:
        return False


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
