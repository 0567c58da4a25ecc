"""The test cases of a flow on the canvas: listed, kept, run, put in order."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from routing.admin.canvas.door import Asked, Refused, canvas_view, first_sentence
from routing.admin.canvas.tries import bench_of, run, scenario_in
from routing.admin.canvas.versions import without_definitions
from routing.models import FlowCase
from routing.simulator.bench import Bench, CustomerIsGone, facts_of
from routing.simulator.cases import (
    CaseRefused,
    create_case,
    delete_case,
    expected_of,
    order_cases,
    run_cases,
    update_case,
)
from routing.simulator.expectation import Expected, got_of, read_expected
from routing.simulator.keeping import frozen
from routing.simulator.scenario import Scenario, ScenarioInvalid

_NAME_CHARS = 200


@canvas_view("GET", "POST", flows=without_definitions)
def cases(asked: Asked) -> dict[str, Any]:
    """All of them; POST keeps `{definition, name, scenario, expected?}` as a new one."""
    if asked.request.method == "GET":
        rows = FlowCase.objects.filter(flow=asked.flow).select_related("created_by", "updated_by")
        return {"cases": [shown(case) for case in rows.order_by("position", "id")]}
    _may_change(asked)
    bench = bench_of(asked)
    name = asked.text("name", longest=_NAME_CHARS)
    scenario, expected = _kept(asked, bench)
    try:
        case = create_case(
            flow_id=asked.flow.pk, name=name, scenario=scenario, expected=expected, by=asked.user, now=asked.now
        )
    except CaseRefused as refused:
        raise Refused(str(refused)) from None
    return {"case": shown(case), "result": run_cases(bench, [case])[0].as_json()}


@canvas_view("GET", "POST", "DELETE", flows=without_definitions)
def case(asked: Asked, case_id: int) -> dict[str, Any]:
    """One of them; POST changes what is given of `{definition, name, scenario, expected}`."""
    found = (
        FlowCase.objects.filter(pk=case_id, flow=asked.flow).select_related("flow", "created_by", "updated_by").first()
        if case_id < 2**63
        else None
    )
    if found is None:
        raise Refused(_("There is no such test case. Perhaps somebody deleted it."), 404)
    if asked.request.method == "GET":
        return {"case": shown(found)}
    _may_change(asked)
    if asked.request.method == "DELETE":
        delete_case(case=found, by=asked.user, now=asked.now)
        return {"deleted": case_id}
    bench = bench_of(asked)
    scenario: Scenario | None = None
    expected: Expected | None = None
    if asked.body.get("scenario") is not None:
        scenario, expected = _kept(asked, bench)
    elif asked.body.get("expected") is not None:
        expected = _expected(asked)
    name = asked.text("name", longest=_NAME_CHARS) if "name" in asked.body else None
    try:
        changed = update_case(case=found, name=name, scenario=scenario, expected=expected, by=asked.user, now=asked.now)
    except CaseRefused as refused:
        raise Refused(str(refused)) from None
    except ScenarioInvalid as invalid:
        raise Refused(first_sentence(invalid.faults)) from None
    return {"case": shown(changed), "result": run_cases(bench, [changed])[0].as_json()}


@canvas_view("POST", flows=without_definitions)
def run_all(asked: Asked) -> dict[str, Any]:
    """`{definition}` → how each case would end."""
    bench = bench_of(asked)
    rows = FlowCase.objects.filter(flow=asked.flow).order_by("position", "id")
    return {"results": [result.as_json() for result in run_cases(bench, rows)]}


@canvas_view("POST", needs="change", flows=without_definitions)
def order(asked: Asked) -> dict[str, Any]:
    """`{ids}`: the order in which they are listed and run."""
    ids = asked.body.get("ids")
    if not isinstance(ids, list) or not all(isinstance(one, int) and not isinstance(one, bool) for one in ids):
        raise Refused(_("“%(name)s” must be a list of whole numbers.") % {"name": "ids"})
    order_cases(flow_id=asked.flow.pk, ids=ids)
    return {"ids": ids}


def shown(case: FlowCase) -> dict[str, Any]:
    """A case as the list shows it."""
    return {
        "id": case.pk,
        "name": case.name,
        "scenario": case.scenario,
        "expected": case.expected,
        "updated_at": case.updated_at.isoformat(),
        "updated_by": str(case.updated_by) if case.updated_by else "",
    }


def _kept(asked: Asked, bench: Bench) -> tuple[Scenario, Expected]:
    """The scenario with all that it was answered, and what must come of it: what was sent, else what comes of it now."""
    scenario = scenario_in(asked)
    simulation = run(asked, bench, scenario)
    expected = _expected(asked) if asked.body.get("expected") is not None else expected_of(got_of(simulation))
    try:
        customer = facts_of(scenario.caller, bench.tiers)
        own = frozenset(bench.fallbacks)
        return frozen(scenario, bench.plan, customer=customer, replies=simulation.replies, own=own), expected
    except CustomerIsGone:
        raise Refused(_("There is no such customer. Perhaps somebody deleted it.")) from None
    except ScenarioInvalid as invalid:
        raise Refused(first_sentence(invalid.faults)) from None


def _expected(asked: Asked) -> Expected:
    try:
        return read_expected(asked.body.get("expected"))
    except ScenarioInvalid as invalid:
        raise Refused(first_sentence(invalid.faults), faults=[one.as_json() for one in invalid.faults]) from None


def _may_change(asked: Asked) -> None:
    if not asked.may("change"):
        raise Refused(_("You are not allowed to do this. Ask whoever manages your rights."), 403)
