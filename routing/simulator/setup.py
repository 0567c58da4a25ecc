"""What a flow wants to know of whoever tries it: which data sources answer what, which splits, which facts of a customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.conf import settings

from routing.engine.checks.samples import sample_of
from routing.engine.checks.scope import Field, Outside
from routing.engine.plan import Plan, PlannedStep
from routing.engine.steps.fetch import FetchVariables
from routing.engine.steps.split import PercentageSplit
from routing.simulator.bench import Bench
from routing.simulator.scenario import FetchAnswer, Scenario

_CHANNELS: Mapping[str, Literal["sms", "whatsapp", "messenger", "instagram"]] = {
    "whatsapp": "whatsapp",
    "messenger": "messenger",
    "instagram": "instagram",
}
_STRANGER = "+4915100000000"


@dataclass(frozen=True, slots=True)
class FetchSetup:
    """One step that asks a data source."""

    path: str
    title: str
    source: str
    source_name: str
    save_as: str
    patience_s: float
    fields: tuple[Field, ...]
    """Those that the flow reads; all of the source, if it reads none."""


def walk_steps(plan: Plan, around: str = "") -> Iterator[tuple[str, PlannedStep]]:
    """Every step by its path, those of sub-flows behind the step that leads into them."""
    for planned in plan.steps.values():
        path = f"{around}{planned.id}"
        yield path, planned
        for reference in planned.step.references():
            if reference.kind == "flow" and reference.key in plan.subflows:
                yield from walk_steps(plan.subflows[reference.key], f"{path}/")


def setup_of(bench: Bench) -> dict[str, Any]:
    """As JSON, for the panel that asks for it."""
    outside = (bench.catalog.outside if bench.catalog else None) or Outside()
    return {
        "triggers": sorted(bench.plan.entries),
        "numbers": list(bench.fallbacks),
        "zones": sorted({hours.zone for hours in bench.around.world.hours.values()} | {settings.TIME_ZONE}),
        "tiers": [{"key": key, "name": tier["tier_name"]} for key, tier in bench.tiers.items()],
        "customer": [_field(field) for field in _customer_fields(bench.plan, outside)],
        "fetches": [
            {
                "path": one.path,
                "title": one.title,
                "source": one.source,
                "source_name": one.source_name,
                "save_as": one.save_as,
                "patience_s": one.patience_s,
                "fields": [_field(field) for field in one.fields],
            }
            for one in fetches_of(bench)
        ],
        "splits": [
            {
                "path": path,
                "title": planned.title,
                "exits": [{"name": one.name, "label": one.label} for one in planned.exits.values()],
            }
            for path, planned in walk_steps(bench.plan)
            if isinstance(planned.step, PercentageSplit)
        ],
    }


def fetches_of(bench: Bench) -> list[FetchSetup]:
    """Every step that asks a data source, sub-flows included."""
    outside = (bench.catalog.outside if bench.catalog else None) or Outside()
    found: list[FetchSetup] = []
    for path, planned in walk_steps(bench.plan):
        step = planned.step
        if isinstance(step, FetchVariables):
            name = bench.catalog.name_of("source", step.source) if bench.catalog else step.source
            read = bench.plan.names.get(step.save_as, frozenset())
            fields = _read(read, outside.sources.get(step.source, ()))
            found.append(FetchSetup(path, planned.title, step.source, name, step.save_as, step.patience_s, fields))
    return found


def first_scenario(bench: Bench, *, now: datetime, time_zone: str) -> Scenario:
    """Something to begin with: a stranger, now, whom no data source knows."""
    number = next(iter(bench.fallbacks), "")
    trigger: Literal["call", "message"] = "call" if "call" in bench.plan.entries else "message"
    channel = _CHANNELS.get(number.partition(":")[0], "sms") if trigger == "message" else "voice"
    return Scenario.model_validate(
        {
            "trigger": trigger,
            "channel": channel,
            "caller": {"number": f"whatsapp:{_STRANGER}" if channel == "whatsapp" else _STRANGER},
            "called": number,
            "at": now.replace(second=0, microsecond=0),
            "time_zone": time_zone,
            "fetches": {one.path: FetchAnswer(answer="not_found") for one in fetches_of(bench)},
        }
    )


def _customer_fields(plan: Plan, outside: Outside) -> tuple[Field, ...]:
    """What steps read of the customer, and what fetches fall back on when the API fails."""
    known = (*outside.customer, *outside.synced)
    read = plan.names.get("customer", frozenset()).union(
        *(
            plan.names.get(planned.step.save_as, frozenset())
            for _, planned in walk_steps(plan)
            if isinstance(planned.step, FetchVariables) and (planned.step.use_synced or planned.step.synced_first)
        )
    )
    return _read(read, known) if read else ()


def _read(read: frozenset[str], known: tuple[Field, ...]) -> tuple[Field, ...]:
    """The known fields that are read, then those that are read and that nobody knows."""
    if not read:
        return known
    mine = tuple(field for field in known if field.name in read)
    names = {field.name for field in mine}
    return (*mine, *(Field(name, "text", sample_of(name, "text")) for name in sorted(read - names)))


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "type": field.type,
        "sample": field.sample,
        "suggestions": list(field.suggestions),
    }
