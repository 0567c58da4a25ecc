"""Test cases travel in the file of their flow, and keep a file from being published that they do not agree with."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from queues.models import Queue, SipAddress
from routing.models import Flow, FlowCase, FlowVersion
from routing.services import ImportReport, export_flow, import_flow

pytestmark = pytest.mark.django_db


def case(name: str = "Straight to the team", queue: str = "vip", **said: Any) -> dict[str, Any]:
    scenario = {
        "at": "2026-03-02T10:00:00+00:00",
        "time_zone": "Europe/Berlin",
        "caller": {"number": "+4915100000000"},
        "inputs": [{"do": "transfer", "result": "busy", "sip_code": 486}],
        **said,
    }
    return {"name": name, "scenario": scenario, "expected": {"queue": queue}}


def file(*cases: dict[str, Any], queue: str = "vip", **said: Any) -> str:
    steps = [
        {"id": "call", "type": "call", "exits": {"started": "team"}},
        {"id": "team", "type": "queue", "settings": {"queue": queue}, "exits": {"unanswered": "bye"}},
        {"id": "bye", "type": "end"},
    ]
    data = {"pareto_flow": 1, "key": "line", "name": "Line", "definition": {"format": 1, "steps": steps}, **said}
    return json.dumps(data | ({"cases": list(cases)} if cases else {}))


@pytest.fixture(autouse=True)
def queues() -> None:
    for key, name in (("vip", "VIP"), ("standard", "Standard")):
        SipAddress.objects.create(queue=Queue.objects.create(key=key, name=name), uri=f"sip:{key}@pbx.example.com")


def take(text: str, **options: Any) -> ImportReport:
    return import_flow(text=text, by=None, now=timezone.now(), **{"publish": False, **options})


def test_cases_come_out_as_they_went_in_byte_by_byte() -> None:
    assert take(file(case("One"), case("Two", caller={"number": "+4915100000000", "kind": "made_up"}))).ok
    flow = Flow.objects.get()
    first = export_flow(flow=flow)
    assert [one["name"] for one in json.loads(first)["cases"]] == ["One", "Two"]
    again = take(first)
    assert again.ok
    assert not again.changed
    assert export_flow(flow=flow) == first


def test_a_file_without_cases_leaves_those_that_are_there() -> None:
    take(file(case("One")))
    take(file(queue="standard"))
    assert FlowCase.objects.count() == 1
    take(file(cases=[]))
    assert FlowCase.objects.count() == 0


def test_a_file_replaces_the_cases_and_keeps_those_of_the_same_name() -> None:
    take(file(case("One"), case("Two")))
    kept = FlowCase.objects.get(name="Two")
    assert take(file(case("Three"), case("Two", queue="standard"))).changed
    assert list(FlowCase.objects.values_list("name", flat=True)) == ["Three", "Two"]
    assert FlowCase.objects.get(name="Two").pk == kept.pk


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (case(at="yesterday"), "cases[0].scenario.at"),
        (case(inputs=[{"do": "keys", "keys": "x"}]), "cases[0].scenario.inputs[0].keys"),
        ({**case(), "expected": {}}, "cases[0].expected"),
        ({**case(), "expected": {"outcome": "glorious"}}, "cases[0].expected"),
        (case(caller={"number": "+49", "kind": "real", "customer_id": 1}), "cases[0].scenario.caller.kind"),
        ({"name": "x"}, "cases.0.scenario"),
    ],
)
def test_a_bad_case_is_refused_with_its_place(wrong: dict[str, Any], where: str) -> None:
    report = take(file(wrong))
    assert not report.ok
    assert where in [fault.path for fault in report.faults] or where.replace(".0.", "[0].") in [
        fault.path for fault in report.faults
    ]
    assert Flow.objects.count() == 0


def test_two_cases_of_one_name_are_refused() -> None:
    assert "already" in str(take(file(case("One"), case("One"))).faults[0])


def test_a_file_that_its_cases_do_not_agree_with_is_not_published(tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    path.write_text(file(case(), queue="standard"))
    told = io.StringIO()
    with pytest.raises(CommandError, match="--despite-cases"):
        call_command("import_flow", str(path), "--publish", stderr=told)
    assert "“Straight to the team”: Queue: expected VIP, got Standard." in told.getvalue()
    assert (Flow.objects.count(), FlowVersion.objects.count()) == (0, 0)
    call_command("import_flow", str(path), "--publish", "--despite-cases", stdout=io.StringIO())
    assert FlowVersion.objects.count() == 1


def test_a_file_that_is_only_a_draft_asks_its_cases_nothing() -> None:
    assert take(file(case(), queue="standard")).ok


def test_the_import_page_shows_what_differs_and_lets_it_through_when_told(admin_client: Any) -> None:
    form = {"text": file(case(), queue="standard"), "publish": "on", "_confirm": "1"}
    page = admin_client.post("/admin/routing/flow/import/", form).content.decode()
    assert "Queue: expected VIP, got Standard." in page
    assert Flow.objects.count() == 0
    assert admin_client.post("/admin/routing/flow/import/", form | {"_despite_cases": "on"}).status_code == 302
    assert FlowVersion.objects.count() == 1


def test_going_back_in_the_admin_asks_the_cases_too(admin_client: Any) -> None:
    take(file(case(), queue="standard"), publish=True, despite_cases=True)
    take(file(case(), queue="vip"), publish=True)
    old = FlowVersion.objects.get(number=1)
    address = f"/admin/routing/flow/{old.flow_id}/roll-back/{old.pk}/"
    page = admin_client.post(address, {"note": ""}).content.decode()
    assert "Queue: expected VIP, got Standard." in page
    assert FlowVersion.objects.count() == 2
    assert admin_client.post(address, {"note": "", "_despite_cases": "on"}).status_code == 302
    assert FlowVersion.objects.count() == 3
