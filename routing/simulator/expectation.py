"""How a test case is expected to end, how it ended, and what differs, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Self

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from routing.engine.complaints import complaints
from routing.engine.faults import Fault
from routing.engine.plan import Plan
from routing.models import Contact
from routing.simulator.scenario import ScenarioInvalid
from routing.simulator.simulate import Simulation

Name = Annotated[str, StringConstraints(max_length=300)]

# While it is not over there is no outcome yet.
_WAITS = {
    "waits_input": gettext_lazy("waits for an answer"),
    "waits_transfer": gettext_lazy("is being put through"),
    "waits_recording": gettext_lazy("is leaving a message"),
}


class Expected(BaseModel):
    """What must come of a scenario. What is None does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: Name | None = None
    queue: Name | None = None
    """Key of the queue that was dialled last; empty: none."""
    end: Name | None = None
    """Path of the step where the contact was last; empty: in the fallback queue."""
    path: Annotated[tuple[Name, ...], Field(max_length=2_000)] | None = None
    """Every step that it passed, in order."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.outcome, self.queue, self.end, self.path) == (None, None, None, None):
            raise ValueError("Say how it must end: the queue, the outcome, the last step or the whole way.")
        if self.outcome is not None and self.outcome not in {*Contact.Outcome.values, *_WAITS}:
            raise ValueError(f"There is no outcome “{self.outcome}”.")
        return self

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


def read_expected(data: object) -> Expected:
    """Raises ScenarioInvalid with every fault."""
    if not isinstance(data, Mapping):
        raise ScenarioInvalid([Fault("What is expected is an object with “queue”, “outcome”, “end” or “path”.")])
    try:
        return Expected.model_validate(data)
    except ValidationError as error:
        raise ScenarioInvalid([Fault(message, where) for where, message in complaints(error)]) from None


@dataclass(frozen=True, slots=True)
class Got:
    """How a scenario ended."""

    outcome: str
    queue: str
    end: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected; `expected` and `got` are words."""

    what: str
    label: str
    expected: str
    got: str

    def __str__(self) -> str:
        return _("%(label)s: expected %(expected)s, got %(got)s.") % asdict(self)


def got_of(simulation: Simulation) -> Got:
    """How it ended, for comparing."""
    path: list[str] = []
    for entry in simulation.trace:
        if entry.get("fallback") or entry.get("stranded") or entry.get("came_back"):
            continue
        # A step that waited is written down twice.
        if not path or path[-1] != entry["step"]:
            path.append(entry["step"])
    return Got(
        outcome=simulation.standing.outcome or f"waits_{simulation.waits_for}",
        queue=simulation.queue,
        end="" if simulation.standing.fell_back else path[-1] if path else "",
        path=tuple(path),
    )


def differences(expected: Expected, got: Got, *, plan: Plan, queues: Mapping[str, str]) -> tuple[Difference, ...]:
    """Everything in which `got` is not as expected. `queues`: key to name."""
    return tuple(_differences(expected, got, plan, queues))


def _differences(expected: Expected, got: Got, plan: Plan, queues: Mapping[str, str]) -> Iterator[Difference]:
    if expected.queue is not None and expected.queue != got.queue:
        yield Difference("queue", _("Queue"), _queue(expected.queue, queues), _queue(got.queue, queues))
    if expected.outcome is not None and expected.outcome != got.outcome:
        yield Difference("outcome", _("Outcome"), outcome_words(expected.outcome), outcome_words(got.outcome))
    if expected.end is not None and expected.end != got.end:
        yield Difference("end", _("Last step"), _step(expected.end, plan), _step(got.end, plan))
    if expected.path is not None and expected.path != got.path:
        yield _parting(expected.path, got.path, plan)


def _parting(expected: tuple[str, ...], got: tuple[str, ...], plan: Plan) -> Difference:
    """Where the ways part."""
    shared = next(
        (index for index, (one, other) in enumerate(zip(expected, got, strict=False)) if one != other),
        min(len(expected), len(got)),
    )
    label = _("Way after %(step)s") % {"step": _step(expected[shared - 1], plan)} if shared else _("Way")
    return Difference("path", label, _next(expected, shared, plan), _next(got, shared, plan))


def _next(path: tuple[str, ...], index: int, plan: Plan) -> str:
    return _step(path[index], plan) if index < len(path) else _("the end")


def outcome_words(outcome: str) -> str:
    """An outcome as people read it."""
    if outcome in _WAITS:
        return str(_WAITS[outcome])
    try:
        return str(Contact.Outcome(outcome).label)
    except ValueError:
        return outcome


def _queue(key: str, queues: Mapping[str, str]) -> str:
    return queues.get(key, key) if key else _("no queue")


def _step(path: str, plan: Plan) -> str:
    return f"“{title_of(path, plan)}”" if path else _("the fallback queue")


def title_of(path: str, plan: Plan) -> str:
    """What people call the step; its id, where it is gone."""
    found: list[str] = []
    inside: Plan | None = plan
    for step_id in path.split("/"):
        planned = inside.steps.get(step_id) if inside else None
        found.append(planned.title if planned else step_id)
        reference = next(planned.step.references(), None) if planned else None
        inside = inside.subflows.get(reference.key) if inside and reference and reference.kind == "flow" else None
    return " / ".join(found)
