"""One Django process that makes the database ready for serving: tables, the admin, and the demo world on the first start.

Leaves a line of JSON for the supervisor in the file named by its argument: does the admin's password still hold?
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django
from django.contrib.auth import get_user_model
from django.core.management import call_command


def main() -> int:
    """Everything here can be repeated at each start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    password_holds = _ensure_admin(os.environ["ADMIN_PASSWORD"], insist=os.environ.get("ADMIN_PASSWORD_GIVEN") == "1")
    marker = Path(os.environ["DATA_DIR"], "demo-loaded")
    if os.environ.get("DEMO") == "1":
        _load_demo(marker)
    Path(sys.argv[1]).write_text(json.dumps({"password_holds": password_holds}), encoding="utf-8")
    return 0


def _load_demo(marker: Path) -> None:
    """Made once. At later starts its loyalty API follows the port, and after an upgrade what is new comes along."""
    from demo.world import EDITION  # noqa: PLC0415  Django must be set up

    # The first editions left an empty marker.
    edition = int(marker.read_text(encoding="ascii").strip() or 1) if marker.exists() else 0
    call_command("load_demo", verbosity=0, only_port=edition >= EDITION, since=edition)
    marker.write_text(f"{EDITION}\n", encoding="ascii")


def _ensure_admin(password: str, *, insist: bool) -> bool:
    """A password that was chosen in the admin stays, unless the operator set ADMIN_PASSWORD for this start."""
    users = get_user_model()._default_manager  # noqa: SLF001  the documented way for any user model
    admin = users.filter(username="admin").first()
    if admin is None:
        admin = users.create(username="admin", is_staff=True, is_superuser=True)
        insist = True
    if admin.check_password(password):
        return True
    if insist:
        admin.set_password(password)
        admin.save()
    return insist


if __name__ == "__main__":
    sys.exit(main())
