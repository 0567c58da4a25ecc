"""The examples of docs/sync.md, as a shell runs them, over real HTTP."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer
from customers.sync.models import SyncRun
from demo.world import build
from tests.customers.sync.conftest import others_are_done

pytestmark = pytest.mark.django_db(transaction=True)
_KEPT = ("external_id", "name", "tier__key", "lifetime_value", "orders", "attributes", "updated_at")
DOCS = Path(__file__).resolve().parents[3] / "docs" / "sync.md"


def test_every_example_of_the_docs_does_what_it_says(crm: Any, live_server: Any) -> None:
    build(timezone.now())
    before = {row["external_id"]: row for row in Customer.objects.values(*_KEPT)}
    examples = re.findall(r"^```sh\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    variables = {"PATH": os.environ["PATH"], "PARETO": live_server.url, "KEY": crm.text, "no_proxy": "*"}
    answers = []
    for one in examples:
        others_are_done()
        told = subprocess.run(["sh", "-c", one], env=variables, capture_output=True, check=True).stdout
        answers.append(json.loads(told))
    batch, dry, stream, runs, changes = answers
    assert [row["result"] for row in batch["results"]] == ["created", "failed"]
    assert batch["declared"] == {"care_plan": "text"}
    assert (dry["written"], dry["results"], dry["counts"]["unchanged"]) == (False, [], 1)
    assert (stream["state"], stream["received"]) == ("waiting", 2)
    assert runs["results"][0]["id"] == stream["id"]
    assert [row["external_id"] for row in changes["results"]][-1] == "CRM-3001"
    added = Customer.objects.exclude(external_id__in=before).get()
    assert added.identities.filter(value="+4915123456789").exists()
    assert SyncRun.objects.get().idempotency_key == "night-of-the-23rd"
    # Whoever tries them keeps the callers of the demo as they were.
    assert {one: row for one, row in before.items() if one.startswith("C-1")} == {
        row["external_id"]: row for row in Customer.objects.exclude(pk=added.pk).values(*_KEPT)
    }
