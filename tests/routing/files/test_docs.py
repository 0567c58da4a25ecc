"""The examples of the chapter on files do what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import timezone

from queues.models import Queue, SipAddress
from routing.engine.events import DigitsPressed
from routing.engine.steps import STEP_TYPES
from routing.files import read_file, write_file
from routing.models import Flow
from routing.services import import_flow
from tests.routing.engine.runs import Walk, plan_of

TEXT = (Path(__file__).parents[3] / "docs" / "flows.md").read_text(encoding="utf-8")


def example(form: str, begins: str) -> str:
    found: list[str] = re.findall(rf"```{form}\n(.*?)```", TEXT, re.DOTALL)
    return next(one for one in found if begins in one)


def test_every_step_type_and_setting_is_in_the_table() -> None:
    for step in STEP_TYPES:
        [line] = [line for line in TEXT.splitlines() if line.startswith(f"| `{step.type}` |")]
        assert all(f"`{name}`" in line for name in step.model_fields), (step.type, line)


def test_the_yaml_that_is_written_by_hand_means_what_the_chapter_says() -> None:
    file = read_file(example("yaml", "by-hand"))
    steps = {step["id"]: step for step in file.definition["steps"]}
    assert steps["vip"]["settings"]["headers"] == {"X-Since": "2026-05-01"}
    assert steps["sorry"]["settings"]["prompt"]["text"]["no"] == "Ring gjerne igjen senere."
    assert read_file(write_file(file)) == file


@pytest.mark.django_db
def test_the_studio_flow_becomes_what_the_chapter_says() -> None:
    queue = Queue.objects.create(key="vip", name="VIP")
    SipAddress.objects.create(queue=queue, uri="sip:vip@pbx.example.com")
    text = example("json", "Studio example")
    report = import_flow(text=text, publish=True, by=None, now=timezone.now())
    assert report.published == 1
    assert report.foreign
    assert [row.outcome for row in report.foreign.rows] == ["translated"] * 4 + ["placeholder"]
    draft = Flow.objects.get(key="studio-example").draft
    contact = Walk(plan_of(draft)).start(caller_name="Anna")
    assert contact.heard == ["say en-US: For sales press 1, Anna.", "gather"]
    assert contact.tell(DigitsPressed("1")).dialled == ["sip:vip@pbx.example.com"]
