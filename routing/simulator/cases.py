"""Test cases of a flow: keeping them, and running them all against a definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from auditlog.models import LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from routing.files import unstorable
from routing.models import Flow, FlowCase
from routing.simulator.bench import Bench, CustomerIsGone
from routing.simulator.expectation import Difference, Expected, Got, differences, got_of, read_expected
from routing.simulator.keeping import CaseFile
from routing.simulator.scenario import Scenario, ScenarioInvalid, read_scenario

MOST_CASES = 100
_NAME_CHARS = 100


class CaseRefused(Exception):
    """The case cannot be kept; the sentence says why."""


class CasesDiffer(Exception):
    """Some test cases of the flow would not end as expected; `results` has all of them."""

    def __init__(self, results: Sequence[CaseResult]) -> None:
        failed = [result for result in results if not result.passes]
        super().__init__("\n".join(map(str, failed)))
        self.results = tuple(results)
        self.failed = tuple(failed)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case."""

    id: int
    name: str
    state: Literal["passes", "differs", "broken"]
    """`broken`: it could not be run at all."""
    differences: tuple[Difference, ...] = ()
    problem: str = ""
    """Why it could not be run."""
    why: str = ""
    """The sentence of why, as a live contact has it."""

    @property
    def passes(self) -> bool:
        return self.state == "passes"

    @property
    def sentences(self) -> list[str]:
        return [self.problem] if self.problem else [str(difference) for difference in self.differences]

    def __str__(self) -> str:
        return f"“{self.name}”: {' '.join(self.sentences) or _('as expected.')}"

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "differences": [
                {"what": one.what, "label": one.label, "expected": one.expected, "got": one.got, "text": str(one)}
                for one in self.differences
            ],
            "sentences": self.sentences,
            "problem": self.problem,
            "why": self.why,
        }


def run_cases(bench: Bench, cases: Iterable[FlowCase]) -> list[CaseResult]:
    """Each case against the flow on the bench, in order. Nothing real is asked: cases hold every answer."""
    queues = {key: queue.name for key, queue in bench.around.world.queues.items()}
    return [_run(bench, case, queues) for case in cases]


def _run(bench: Bench, case: FlowCase, queues: Mapping[str, str]) -> CaseResult:
    try:
        scenario, expected = read_scenario(case.scenario), read_expected(case.expected)
        simulation = bench.run(scenario)
    except ScenarioInvalid as invalid:
        problem = _("It can no longer be read: %(fault)s") % {"fault": invalid.faults[0]}
        return CaseResult(case.pk, case.name, "broken", problem=problem)
    except CustomerIsGone:
        return CaseResult(case.pk, case.name, "broken", problem=_("Its customer is no longer there."))
    found = differences(expected, got_of(simulation), plan=bench.plan, queues=queues)
    why = simulation.standing.why
    return CaseResult(case.pk, case.name, "differs" if found else "passes", found, why=why)


def expected_of(got: Got) -> Expected:
    """What a case expects unless somebody says otherwise: the end, not the whole way."""
    return Expected(outcome=got.outcome, queue=got.queue, end=got.end)


@transaction.atomic
def create_case(
    *, flow_id: int, name: str, scenario: Scenario, expected: Expected, by: AbstractBaseUser | None, now: datetime
) -> FlowCase:
    """A new case behind the others. Raises CaseRefused; `scenario` must hold every answer (see `keeping.frozen`)."""
    flow = Flow.objects.select_for_update().get(pk=flow_id)
    cases = FlowCase.objects.filter(flow=flow)
    if cases.count() >= MOST_CASES:
        raise CaseRefused(_("A flow has at most %(most)d test cases.") % {"most": MOST_CASES})
    last = cases.aggregate(last=Max("position"))["last"]
    case = FlowCase(flow=flow, position=0 if last is None else last + 1, created_at=now, created_by_id=_id(by))
    _fill(case, name=name, scenario=scenario, expected=expected, by=by, now=now)
    _log(flow, "", case.name, by=by, now=now)
    return case


@transaction.atomic
def update_case(
    *,
    case: FlowCase,
    by: AbstractBaseUser | None,
    now: datetime,
    name: str | None = None,
    scenario: Scenario | None = None,
    expected: Expected | None = None,
) -> FlowCase:
    """What is None stays. Raises CaseRefused."""
    flow = Flow.objects.select_for_update().get(pk=case.flow_id)
    before = case.name
    _fill(
        case,
        name=case.name if name is None else name,
        scenario=scenario or read_scenario(case.scenario),
        expected=expected or read_expected(case.expected),
        by=by,
        now=now,
    )
    _log(flow, before, case.name, by=by, now=now)
    return case


@transaction.atomic
def delete_case(*, case: FlowCase, by: AbstractBaseUser | None, now: datetime) -> None:
    """Nothing of it is kept."""
    _log(case.flow, case.name, "", by=by, now=now)
    case.delete()


@transaction.atomic
def order_cases(*, flow_id: int, ids: Sequence[int]) -> None:
    """Puts the cases into this order; those that are not named come last, as they were."""
    Flow.objects.select_for_update().get(pk=flow_id)
    rank = {pk: index for index, pk in enumerate(ids)}
    cases = sorted(FlowCase.objects.filter(flow_id=flow_id), key=lambda case: rank.get(case.pk, len(rank)))
    for position, case in enumerate(cases):
        case.position = position
    FlowCase.objects.bulk_update(cases, ["position"])


@transaction.atomic
def replace_cases(*, flow: Flow, files: Sequence[CaseFile], by: AbstractBaseUser | None, now: datetime) -> bool:
    """The cases of the flow become those of a file; False if they are that already. Files have passed `read_file`."""
    kept = {case.name: case for case in FlowCase.objects.filter(flow=flow)}
    before = [(case.name, case.scenario, case.expected) for case in sorted(kept.values(), key=_place)]
    if before == [(file.name, file.scenario, file.expected) for file in files]:
        return False
    wanted = {file.name for file in files}
    FlowCase.objects.filter(flow=flow).exclude(name__in=wanted).delete()
    for position, file in enumerate(files):
        case = kept.get(file.name) or FlowCase(flow=flow, created_at=now, created_by_id=_id(by))
        case.position = position
        _fill(
            case,
            name=file.name,
            scenario=read_scenario(file.scenario),
            expected=read_expected(file.expected),
            by=by,
            now=now,
        )
    _log(flow, _("%(count)d test cases") % {"count": len(kept)}, _("those of the file"), by=by, now=now)
    return True


def files_of(flow: Flow) -> tuple[CaseFile, ...]:
    """The cases of the flow as its file holds them, in order."""
    return tuple(
        CaseFile.model_construct(name=case.name, scenario=case.scenario, expected=case.expected)
        for case in FlowCase.objects.filter(flow=flow).order_by("position", "id")
    )


def _place(case: FlowCase) -> tuple[int, int]:
    return case.position, case.pk


def _fill(
    case: FlowCase,
    *,
    name: str,
    scenario: Scenario,
    expected: Expected,
    by: AbstractBaseUser | None,
    now: datetime,
) -> None:
    name = name.strip()
    if not name:
        raise CaseRefused(_("Give the test case a name."))
    if len(name) > _NAME_CHARS:
        raise CaseRefused(_("The name is too long: at most %(most)d characters.") % {"most": _NAME_CHARS})
    if FlowCase.objects.filter(flow=case.flow, name=name).exclude(pk=case.pk).exists():
        raise CaseRefused(_("The flow has a test case “%(name)s” already.") % {"name": name})
    case.name, case.scenario, case.expected = name, scenario.as_json(), expected.as_json()
    if faults := unstorable([case.name, case.scenario, case.expected]):
        raise CaseRefused(faults[0].message)
    case.updated_at, case.updated_by_id = now, _id(by)
    case.save()


def _log(flow: Flow, before: str, after: str, *, by: AbstractBaseUser | None, now: datetime) -> None:
    LogEntry.objects.log_create(
        flow, action=LogEntry.Action.UPDATE, changes={"test case": [before, after]}, actor=by, timestamp=now
    )


def _id(by: AbstractBaseUser | None) -> int | None:
    return by.pk if by else None
