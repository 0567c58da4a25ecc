"""The environment of a run: secrets made once and kept, addresses of the embedded servers, the port."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from embedded.process import CannotStart

ROOT = Path(__file__).resolve().parent.parent
# Whoever runs `make run` in a shell that is set up for production must not write there.
_NEVER_INHERITED = ("DATABASE_URL_FILE", "REDIS_URL_FILE", "BROKER_URL_FILE", "DJANGO_SETTINGS_MODULE")


@dataclass(frozen=True, slots=True)
class Run:
    """One start of `make run`."""

    host: str
    port: int
    environment: dict[str, str]
    """For every process."""
    remembered: dict[str, str]
    """What manage.py needs to find this run, and what the next start must know."""

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"


def set_up(data: Path, known: dict[str, str], *, database_url: str, redis_url: str, broker_url: str) -> Run:
    """The environment's own values win; secrets that nobody gave are generated once and kept."""
    inherited = {name: value for name, value in os.environ.items() if name not in _NEVER_INHERITED}
    host, port = "127.0.0.1", port_wanted()
    is_demo = demo_wanted(inherited.get("DEMO", "1"))
    password = inherited.get("ADMIN_PASSWORD") or _from_file("ADMIN_PASSWORD")
    secret = inherited.get("SECRET_KEY") or _from_file("SECRET_KEY")
    allowed = [inherited.get("ENRICHMENT_ALLOWED_HOSTS", ""), *([f"{host}:{port}"] if is_demo else [])]
    if hosts := inherited.get("ALLOWED_HOSTS"):
        inherited["ALLOWED_HOSTS"] = f"{hosts},localhost,{host}"  # commands on this machine come in by these
    remembered = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "BROKER_URL": broker_url,
        # Stored secrets are encrypted with it: losing it loses them.
        "SECRET_KEY": secret or known.get("SECRET_KEY") or secrets.token_urlsafe(48),
        "ADMIN_PASSWORD": password or known.get("ADMIN_PASSWORD") or secrets.token_urlsafe(9),
        "PORT": str(port),
        "DEMO": "1" if is_demo else "0",
        "STATIC_ROOT": str(data / "static"),
        "ENRICHMENT_ALLOWED_HOSTS": ",".join(filter(None, allowed)),
    }
    environment = (
        inherited
        | remembered
        | {
            "DATA_DIR": str(data),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PROMETHEUS_MULTIPROC_DIR": str(data / "metrics"),
            "PYTHONUNBUFFERED": "1",
            "ADMIN_PASSWORD_GIVEN": "1" if password else "0",
        }
    )
    return Run(host, port, environment, remembered)


def demo_wanted(text: str) -> bool:
    """DEMO, checked: a word that was not understood must not fill an installation with made-up customers."""
    word = text.strip().lower()
    if word in {"0", "false", "no", "off", ""}:
        return False
    if word in {"1", "true", "yes", "on"}:
        return True
    raise CannotStart(f"DEMO is {text!r}: 1 loads the demo world at the first start, 0 leaves it out.")


def port_wanted() -> int:
    """PORT, checked."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotStart(f"PORT={text} is no port: take a number from 1024 to 65535.")
    return int(text)


def check_port(host: str, port: int) -> None:
    """Refuse, with a sentence, a port that cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a run that just ended is no obstacle
        try:
            probe.bind((host, port))
            probe.listen(1)
        except PermissionError:
            raise CannotStart(
                f"Port {port} is for root only: choose one from 1024 up, such as make run PORT=8000"
            ) from None
        except OSError:
            raise CannotStart(
                f"Port {port} is taken by another program: end it, or choose another with make run PORT={min(port + 1, 65535)}"
            ) from None


def check_room(data: Path, *, is_first: bool) -> None:
    """Refuse a disk on which PostgreSQL would fail in its own words: a fresh one takes about 70 MB."""
    needed_mb = 150 if is_first else 20
    free_mb = shutil.disk_usage(data).free // 1_000_000
    if free_mb < needed_mb:
        raise CannotStart(f"The disk of {data} is full: {free_mb} MB are left, and {needed_mb} MB are needed to start.")


def static_files_fingerprint() -> str:
    """Changes when a package or one of our own static files does."""
    digest = hashlib.sha256()
    for path in sorted([ROOT / "requirements.txt", ROOT / "config/settings.py", *ROOT.glob("*/**/static/**/*")]):
        if path.is_file() and ".venv" not in path.parts and "node_modules" not in path.parts:
            about = path.stat()
            digest.update(f"{path} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _from_file(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise CannotStart(f"{name}_FILE={path} cannot be read: {problem.strerror}.") from None
