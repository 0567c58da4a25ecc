"""Flows as files: what goes out comes back, and a bad file is refused with every fault and where it is."""

from __future__ import annotations

import io
import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from customers.enrichment.models import DataSource
from demo.world import FLOWS
from queues.models import Queue, SipAddress
from routing.engine.steps import STEP_TYPES
from routing.files import ordered
from routing.models import Flow, FlowVersion
from routing.services import ImportReport, export_flow, import_flow

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LINE = (FLOWS / "priority-line.json").read_text(encoding="utf-8")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> None:
    for key, name in (("vip", "VIP"), ("standard", "Standard")):
        queue = Queue.objects.create(key=key, name=name)
        SipAddress.objects.create(queue=queue, uri=f"sip:{key}@pbx.example.com")
    DataSource.objects.create(key="loyalty", name="Loyalty API", url="http://127.0.0.1:9/")


def load(text: str, *, publish: bool = False) -> ImportReport:
    return import_flow(text=text, publish=publish, by=None, now=NOW)


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(LINE), **changes})


@pytest.mark.parametrize("path", sorted(FLOWS.glob("*.json")), ids=lambda path: path.stem)
def test_the_flows_of_the_demo_come_out_of_the_database_byte_by_byte_as_they_went_in(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    report = load(text, publish=True)
    flow = Flow.objects.get(key=path.stem)
    assert (report.flow_id, report.faults) == (flow.pk, ())
    assert export_flow(flow=flow) == text
    assert export_flow(flow=flow, live=True) == text


def test_keys_in_any_order_make_the_same_file() -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            random.Random(7).shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(part) for part in value] if isinstance(value, list) else value

    definition = json.loads(LINE)["definition"]
    assert json.dumps(ordered(shuffled(definition))) == json.dumps(definition)


@pytest.mark.parametrize("step", STEP_TYPES, ids=lambda step: step.type)
def test_every_step_type_keeps_its_settings_whatever_their_order(step: Any) -> None:
    settings = json.loads(json.dumps(step.sample))
    once = ordered({"steps": [{"settings": settings, "type": step.type, "id": "one"}]})
    assert once == {"steps": [{"id": "one", "type": step.type, "settings": settings}]}
    backwards = dict(reversed(settings.items()))
    again = ordered({"steps": [{"id": "one", "settings": backwards, "type": step.type}]})
    assert json.dumps(again) == json.dumps(once)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"steps": None},
        {"steps": [None, 1, {"id": 3, "type": ["call"], "settings": "none", "exits": []}]},
        {
            "steps": [{"type": "branch", "settings": {"rules": "none"}, "exits": {"b": "x", "a": "y"}}],
            "layout": {"a": 1},
        },
        {"steps": [], "surprise": {"z": 1, "a": {"y": [{"b": 1, "a": 2}]}}},
    ],
)
def test_what_is_no_valid_draft_is_ordered_without_losing_anything(odd: dict[str, Any]) -> None:
    assert ordered(odd) == odd


def test_a_new_flow_is_created_and_published() -> None:
    report = load(LINE, publish=True)
    assert (report.ok, report.created, report.changed, report.published) == (True, True, True, 1)
    flow = Flow.objects.get(key="priority-line")
    assert flow.live
    assert flow.live.definition == flow.draft


def test_a_file_of_a_known_key_replaces_the_draft_and_leaves_the_live_version() -> None:
    load(LINE, publish=True)
    report = load(changed(name="Better line", definition={"format": 1, "steps": [{"id": "call", "type": "call"}]}))
    flow = Flow.objects.get()
    assert (report.created, report.changed, report.published) == (False, True, None)
    assert (flow.name, flow.draft_revision, len(flow.draft["steps"])) == ("Better line", 2, 1)
    assert flow.live
    assert len(flow.live.definition["steps"]) > 1


def test_the_same_file_twice_changes_nothing() -> None:
    load(LINE, publish=True)
    report = load(LINE, publish=True)
    assert (report.created, report.changed, report.published) == (False, False, 1)
    assert (Flow.objects.get().draft_revision, FlowVersion.objects.count()) == (1, 1)


def test_every_fault_is_reported_with_its_place_in_the_file_and_nothing_is_written() -> None:
    definition = json.loads(LINE)["definition"]
    steps = {step["id"]: step for step in definition["steps"]}
    steps["to_vip"]["settings"]["queue"] = "nobody"
    steps["loyalty"]["settings"]["source"] = "nothing"
    report = load(changed(definition=definition), publish=True)
    found = {fault.path: fault.step for fault in report.faults if fault.level == "error"}
    assert found == {"definition.steps[2].settings.source": "loyalty", "definition.steps[4].settings.queue": "to_vip"}
    assert not report.ok
    assert not Flow.objects.exists()


def test_faults_of_the_steps_themselves_come_all_at_once() -> None:
    definition = json.loads(LINE)["definition"]
    definition["steps"][0]["exits"] = {"started": "nowhere", "sideways": "greet"}
    definition["steps"][1]["settings"]["prompt"]["text"]["en-US"] = "Hello {{ customer.name"
    definition["steps"][2]["settings"]["patience_s"] = "long"
    definition["steps"][4]["type"] = "teleport"
    report = load(changed(definition=definition))
    assert {
        "definition.steps[0].exits.started",
        "definition.steps[0].exits.sideways",
        "definition.steps[1].settings.prompt.text.en-US",
        "definition.steps[2].settings.patience_s",
        "definition.steps[4].type",
    } <= {fault.path for fault in report.faults}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{\n  "pareto_flow": 1,\n  "key" "x"\n}', "line 3, column 9"),
        ("", "line 1, column 1"),
        ("[" * 100_000, "nested too deeply"),
        ('{"pareto_flow": 1, "n": ' + "9" * 5000 + "}", "cannot be read as JSON"),
        ('{"pareto_flow": 1, "n": NaN}', "NaN"),
        ("[]", "no flow of Pareto"),
        ("null", "no flow of Pareto"),
        ('{"key": "x"}', "no flow of Pareto"),
        (changed(pareto_flow=2), "pareto_flow"),
        (changed(key="not a key"), "key"),
        (changed(name=" "), "name"),
        (changed(name="x" * 101), "name"),
        (changed(definition=[]), "definition"),
        (changed(surprise=1), "surprise"),
        (changed(description="\x00"), "description"),
        (changed(description="\ud800"), "description"),
        (changed(definition={"format": 9}), "definition.format"),
        (LINE.replace('"name": "valuable"', '"name": "valuable", "name": "other"'), "“name” is there twice"),
        ("x" * 5_000_000, "characters"),
    ],
)
def test_a_bad_file_is_refused_and_says_why(text: str, says: str) -> None:
    report = load(text)
    assert not report.ok
    assert any(says in str(fault) for fault in report.faults), report.faults
    assert not Flow.objects.exists()


def test_a_name_that_another_flow_has_is_refused() -> None:
    load(LINE)
    report = load(changed(key="second"))
    assert [(fault.path, fault.level) for fault in report.faults] == [("name", "error")]
    assert import_flow(text=changed(key="second"), publish=False, by=None, now=NOW, name="Second").ok


def test_warnings_are_reported_and_block_nothing() -> None:
    definition = json.loads(LINE)["definition"]
    definition["steps"].append({"id": "lonely", "type": "end"})
    report = load(changed(definition=definition))
    assert report.ok
    assert [(fault.level, fault.path) for fault in report.faults] == [("warning", "definition.steps[8]")]


def run(command: str, *args: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(command, *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_commands_carry_a_flow_from_one_file_to_another(tmp_path: Path) -> None:
    source, target = tmp_path / "in.json", tmp_path / "out.json"
    source.write_text(LINE, encoding="utf-8-sig")
    assert run("import_flow", str(source), "--publish") == (
        "Flow “Priority line” (priority-line): created, version 1 is live.\n",
        "",
    )
    assert run("export_flow", "priority line") == (LINE, "")
    run("export_flow", "priority-line", "--output", str(target), "--live")
    assert target.read_text(encoding="utf-8") == LINE


def test_the_command_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LINE.encode())))
    assert "created" in run("import_flow", "-")[0]


def test_the_command_prints_a_line_for_each_fault_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    path.write_text(LINE.replace('"queue": "vip"', '"queue": "nobody"'), encoding="utf-8")
    err = io.StringIO()
    with pytest.raises(CommandError, match="Nothing was changed") as refused:
        call_command("import_flow", str(path), stderr=err)
    assert refused.value.returncode == 1
    (line,) = err.getvalue().splitlines()
    assert "error: step “to_vip”, definition.steps[4].settings.queue: There is no queue “nobody”." in line
    assert line.startswith(f"{path}:")


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("import_flow", str(tmp_path / name))


def test_a_file_that_is_no_text_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "flow.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(CommandError, match="UTF-8"):
        run("import_flow", str(tmp_path / "flow.json"))


def test_an_unknown_or_unpublished_flow_cannot_be_exported() -> None:
    load(LINE)
    with pytest.raises(CommandError, match="There are: priority-line"):
        run("export_flow", "nothing")
    with pytest.raises(CommandError, match="no live version"):
        run("export_flow", "priority-line", "--live")
