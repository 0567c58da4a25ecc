#!/usr/bin/env python3
"""Django's command line; commands find the server of `make run` through DATA_DIR."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
# They only read the code, so they need no server.
_ON_CODE_ALONE = {"makemigrations", "makemessages", "compilemessages", "help", "--help", "version", "--version"}


def main() -> int:
    """Run one command; what is in its way is said in a sentence."""
    sys.path.insert(0, str(ROOT))
    try:
        from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
        from django.core.management import execute_from_command_line  # noqa: PLC0415
        from django.db.utils import InterfaceError, OperationalError  # noqa: PLC0415
    except ImportError:
        return _again_with_our_python()
    from embedded.data import data_dir, is_running, remembered  # noqa: PLC0415
    from embedded.process import CannotStart  # noqa: PLC0415

    folder = data_dir()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Whoever names a database means that one, and nothing of the embedded run.
    if not (os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE")):
        if set(sys.argv[1:2]) <= _ON_CODE_ALONE or {"-h", "--help"} & set(sys.argv[2:]):
            os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_for_tools"
        elif not is_running(folder):
            return _say(
                f"Nothing is running on {folder}: start `make run` and try again, "
                "or set DATABASE_URL, REDIS_URL and SECRET_KEY."
            )
        try:
            known = remembered(folder)
        except CannotStart as problem:
            return _say(problem)
        for name, value in known.items():
            os.environ.setdefault(name, value)
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        return _say(problem)
    except (OperationalError, InterfaceError) as problem:
        return _say(f"The database does not answer: {str(problem).strip()}")
    return 0


def _again_with_our_python() -> int:  # or not at all: this process becomes another one
    python = ROOT / ".venv" / "bin" / "python"
    if Path(sys.prefix) == ROOT / ".venv" or not python.exists():
        return _say("Django is not installed here yet: `make run` installs and starts everything.")
    return os.execv(python, [str(python), *sys.argv])  # noqa: S606  no shell is wanted


def _say(sentence: object) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
