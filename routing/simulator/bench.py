"""Reads what a try needs to know of the house, and tries scenarios on it. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from customers.models import Tier
from customers.selectors import customer_values
from routing.catalog import catalog
from routing.engine.checks.catalog import Catalog
from routing.engine.checks.validation import validate
from routing.engine.definition import Definition, read_definition
from routing.engine.faults import DefinitionInvalid
from routing.engine.plan import Plan, compile_plan
from routing.live import live_flows
from routing.models import Flow
from routing.runner.surroundings import Surroundings, surroundings_now
from routing.simulator.scenario import Caller, Scenario
from routing.simulator.simulate import Oracle, Simulation, simulate

# What every customer has, known or not: a template that reads it must not differ from a live contact's.
_UNKNOWN: Mapping[str, Any] = {
    "external_id": "",
    "name": "",
    "language": "",
    "time_zone": "",
    "account_manager": "",
    "lifetime_value": None,
    "orders": None,
    "currency": "EUR",
    "tier": "",
    "tier_name": "",
    "tier_rank": None,
    "head_start_s": 0,
}


class CustomerIsGone(Exception):
    """There is no customer of this id, or no longer."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A flow ready to be tried, and the house around it as it was when this was made."""

    plan: Plan
    around: Surroundings
    tiers: Mapping[str, Mapping[str, Any]]
    fallbacks: Mapping[str, str]
    """Number to the key of its fallback queue."""
    catalog: Catalog | None = None

    def run(self, scenario: Scenario, *, oracle: Oracle | None = None) -> Simulation:
        """Raises CustomerIsGone."""
        return simulate(
            self.plan,
            scenario,
            around=self.around,
            customer=facts_of(scenario.caller, self.tiers),
            fallback_queue=self.fallbacks.get(scenario.called) or next(iter(self.fallbacks.values()), ""),
            oracle=oracle,
        )

    def queue_name(self, key: str) -> str:
        queue = self.around.world.queues.get(key)
        return queue.name if queue else key


def bench_for(flow: Flow, definition: Mapping[str, Any]) -> Bench:
    """Sub-flows are the live ones, as publishing would take them. Raises DefinitionInvalid with the errors."""
    live = live_flows()
    known = catalog(live)
    errors = [fault for fault in validate(definition, known, key=flow.key) if fault.level == "error"]
    if errors:
        raise DefinitionInvalid(errors)
    subflows = {key: one.definition for key, one in live.items()}
    return bench_of(flow, read_definition(definition), subflows, known)


def bench_of(
    flow: Flow, definition: Definition, subflows: Mapping[str, Definition], known: Catalog | None = None
) -> Bench:
    """For a definition that has passed the validator."""
    return Bench(
        # No number: it is a draft, and the sentence of why says so.
        plan=compile_plan(definition, key=flow.key, name=flow.name, version=0, subflows=subflows),
        around=surroundings_now(),
        tiers={
            tier.key: {"tier_name": tier.name, "tier_rank": tier.rank, "head_start_s": tier.head_start_s}
            for tier in Tier.objects.all()
        },
        fallbacks=fallbacks_of(flow),
        catalog=known,
    )


def fallbacks_of(flow: Flow) -> dict[str, str]:
    """The numbers that start the flow, each with the key of its fallback queue."""
    numbers = getattr(flow, "numbers").order_by("address")  # noqa: B009  the numbers are a room above
    return dict(numbers.values_list("address", "fallback_queue__key"))


def facts_of(caller: Caller, tiers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    """The customer as flows see them; None for a stranger. Raises CustomerIsGone."""
    if caller.kind == "stranger":
        return None
    if caller.kind == "real":
        found = customer_values(caller.customer_id or 0)
        if found is None:
            raise CustomerIsGone
        return found.values
    # Whoever says the tier has said its name and rank, too.
    return {**_UNKNOWN, **tiers.get(str(caller.values.get("tier", "")), {}), **caller.values}
