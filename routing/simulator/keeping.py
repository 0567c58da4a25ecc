"""A scenario as it is kept: with every answer in it, and without anybody's name or number."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from routing.engine.faults import Fault
from routing.engine.plan import Plan
from routing.simulator.anonymous import anonymous
from routing.simulator.expectation import read_expected
from routing.simulator.scenario import Caller, Reply, Scenario, ScenarioInvalid, read_scenario

# Whatever a flow reads of a customer decides its way; these never do, and say who somebody is.
_MADE_UP = {"name": "Anna Example", "external_id": "C-1001"}
# Shorter ones may be part of any other word.
_NAME_CHARS = 4
_ALWAYS_KEPT = frozenset({"tier", "tier_name", "tier_rank", "head_start_s", "language", "time_zone"})


class CaseFile(BaseModel):
    """A test case as the file of a flow holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    scenario: dict[str, Any]
    expected: dict[str, Any] = Field(description="queue, outcome, end, path: what must be so.")


def faults_of_files(files: Iterable[CaseFile]) -> list[Fault]:
    """Every fault of the cases of a file, each with its place."""
    faults: list[Fault] = []
    names: set[str] = set()
    for index, file in enumerate(files):
        where = ("cases", index)
        if file.name in names:
            faults.append(Fault(f"There is a case “{file.name}” already.", (*where, "name")))
        names.add(file.name)
        for part, read in (("scenario", read_scenario), ("expected", read_expected)):
            try:
                found = read(getattr(file, part))
            except ScenarioInvalid as invalid:
                faults.extend(Fault(one.message, (*where, part, *one.where)) for one in invalid.faults)
            else:
                if isinstance(found, Scenario) and found.caller.kind == "real":
                    message = "A file names no real customer: give the values that the flow reads instead."
                    faults.append(Fault(message, (*where, part, "caller", "kind")))
    return faults


def frozen(
    scenario: Scenario,
    plan: Plan,
    *,
    customer: Mapping[str, Any] | None,
    replies: tuple[Reply, ...],
    own: Collection[str] = (),
) -> Scenario:
    """The scenario with the answers that it got, and with somebody made up in place of whoever it was.

    Of a real customer only what the flow reads is kept. `customer` are their facts, `own` the company's addresses.
    """
    kept = scenario.model_copy(update={"replies": _each_once(replies)})
    if scenario.caller.kind == "real" and customer is not None:
        read = frozenset().union(_ALWAYS_KEPT, *plan.names.values())
        values = {name: value for name, value in customer.items() if name in read and value not in (None, "")}
        kept = kept.model_copy(update={"caller": Caller(number=scenario.caller.number, kind="made_up", values=values)})
        kept = _without(kept, customer)
    return anonymous(kept, own=own)


def _without(scenario: Scenario, customer: Mapping[str, Any]) -> Scenario:
    """Where the customer is named in what was said or answered, somebody made up is."""
    text = json.dumps(scenario.as_json(), ensure_ascii=False)
    for field, made_up in _MADE_UP.items():
        found = customer.get(field)
        if isinstance(found, str) and len(found) >= _NAME_CHARS:
            text = text.replace(json.dumps(found, ensure_ascii=False)[1:-1], made_up)
    return read_scenario(json.loads(text))


def _each_once(replies: Iterable[Reply]) -> tuple[Reply, ...]:
    found = {(reply.source, json.dumps(reply.inputs, sort_keys=True)): reply for reply in replies}
    return tuple(found.values())
