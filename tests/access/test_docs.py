"""The examples of docs/api.md, run as they stand."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

DOCS = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.mark.django_db(transaction=True)
def test_every_example_of_the_docs_works(live_server: Any, tmp_path: Path) -> None:
    from access.keys import make_key  # noqa: PLC0415
    from access.scopes import SCOPES  # noqa: PLC0415
    from customers.models import Customer, Tier  # noqa: PLC0415
    from demo.world import build  # noqa: PLC0415

    assert shutil.which("curl")
    build(timezone.now())
    people, tiers = (list(rows) for rows in (Customer.objects.values(), Tier.objects.order_by("id").values()))
    key = make_key(name="Docs", scopes=list(SCOPES), by=None, now=timezone.now()).text
    examples = re.findall(r"```sh\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    run = [one for one in examples if "curl" in one]
    assert len(run) >= 10
    answers = []
    for example in run:
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", example],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "PARETO": live_server.url, "KEY": key},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 0, f"{example}\n{done.stdout}\n{done.stderr}"
        answers.append(done.stdout)
    everything = "\n".join(answers)
    for part in (
        '"changed":false,"published":1',
        '"external_id":"CRM-2001","name":"Ada Lovelace"',
        "whsec_",
        '"orders":42',
    ):
        assert part in everything, part
    # Whoever tries them keeps the demo as it was.
    kept = Customer.objects.exclude(external_id="CRM-2001").values()
    assert sorted(kept, key=lambda row: row["id"]) == sorted(people, key=lambda row: row["id"])
    assert list(Tier.objects.exclude(key="bronze").order_by("id").values()) == tiers
