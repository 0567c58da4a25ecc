"""Whole runs of whole flows, as files: what the contact hears and the way it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from routing.engine.why import explain
from tests.routing.engine.runs import Walk, event_from, plan_of

FILES = sorted((Path(__file__).parents[2] / "golden" / "flows").glob("*.json"))


def _runs() -> list[Any]:
    return [
        pytest.param(golden, run, id=f"{path.stem}: {run['name']}")
        for path in FILES
        for golden in [json.loads(path.read_text())]
        for run in golden["runs"]
    ]


def walk(golden: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
    contact = Walk(plan_of(golden["definition"], golden.get("subflows")))
    contact.start(run.get("customer"), **run.get("contact", {}))
    for data in run.get("events", ()):
        if "answer" in data:
            fields = dict(data["answer"])
            contact.answer(fields.pop("step"), fields.pop("status", "found"), data.get("after_s", 0), **fields)
        else:
            contact.tell(*event_from(data))
    return {
        "heard": contact.heard,
        "path": contact.path,
        "status": contact.status,
        "why": explain(contact.trace, went_to="Went there", flow="Main 1"),
    }


@pytest.mark.parametrize(("golden", "run"), _runs())
def test_a_run_goes_as_its_file_says(golden: dict[str, Any], run: dict[str, Any]) -> None:
    assert walk(golden, run) == run["expect"]


def test_there_are_golden_runs() -> None:
    assert sum(len(json.loads(path.read_text())["runs"]) for path in FILES) >= 15
