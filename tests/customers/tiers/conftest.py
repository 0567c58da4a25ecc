"""Three tiers, and policies in few words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from customers.models import Customer, Tier
    from customers.tiers.models import Policy, Run

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def tiers(db: None) -> dict[str, Tier]:
    from customers.models import Tier  # noqa: PLC0415  read before the settings can be

    made = (("platinum", "#7c3aed"), ("gold", "#d97706"), ("silver", "#64748b"))
    return {
        key: Tier.objects.create(key=key, name=key.capitalize(), rank=rank, color=color)
        for rank, (key, color) in enumerate(made, start=1)
    }


@pytest.fixture
def add(tiers: dict[str, Tier]) -> Callable[..., Customer]:
    """A customer with a number of their own; `revenue` is that of the last 12 months."""
    from customers.models import Customer  # noqa: PLC0415

    def make(revenue: Any = None, **values: Any) -> Customer:
        number = f"C-{Customer.objects.count() + 1}"
        return Customer.objects.create(**{"external_id": number, "revenue_12m": revenue, **values})

    return make


@pytest.fixture
def decide(tiers: dict[str, Tier]) -> Callable[..., Policy]:
    """Puts a policy in force; carried out at once unless told otherwise."""
    from customers.tiers.selectors import ground  # noqa: PLC0415
    from customers.tiers.services import put_in_force  # noqa: PLC0415
    from customers.tiers.shares import levels_of  # noqa: PLC0415
    from customers.tiers.spec import Spec  # noqa: PLC0415

    def make(*, carried_out: bool = True, now: datetime = NOW, **values: Any) -> Policy:
        spec = Spec.model_validate(values)
        levels = levels_of(spec, ground(currency=spec.currency, now=now))
        policy = put_in_force(spec=spec, levels=levels, by="ada", note="", now=now)
        if carried_out:
            carry_out(policy.runs.latest("id"), now)
        return policy

    return make


def carry_out(run: Run, now: datetime = NOW) -> None:
    from customers.tiers.services import begin_run, carry_on_run  # noqa: PLC0415

    begin_run(run_id=run.pk, now=now)
    while carry_on_run(run_id=run.pk, now=now):
        pass
