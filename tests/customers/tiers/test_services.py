"""Customers come into the tier that the policy gives them, and stay there as long as it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from customers.history import timeline
from customers.models import Customer, CustomerChange, Tier
from customers.tiers import services
from customers.tiers.compiling import Levels
from customers.tiers.models import Policy, Rate, Run, State
from customers.tiers.previewing import carry_on_preview
from customers.tiers.services import PolicyChanged, ask_preview, assign, expire_by_hand, put_in_force, start_run
from customers.tiers.signals import Move, tier_changed
from customers.tiers.spec import Spec
from tests.customers.tiers.conftest import NOW, carry_out

pytestmark = pytest.mark.django_db

SHARES: dict[str, Any] = {
    "order": ["share"],
    "cuts": [{"tier": "platinum", "percent": 50}, {"tier": "gold", "percent": 80}],
    "rest": "silver",
    "margin": 3,
}
BIG = [{"tier": "platinum", "rows": [{"field": "lifetime_value", "op": "gte", "number": 1000}]}]


def _tiers() -> list[str | None]:
    return [row.tier.key if row.tier else None for row in Customer.objects.select_related("tier").order_by("id")]


@pytest.fixture
def moves() -> Iterator[list[Move]]:
    heard: list[Move] = []

    def listen(moves: list[Move], **_more: object) -> None:
        heard.extend(moves)

    tier_changed.connect(listen)
    yield heard
    tier_changed.disconnect(listen)


def test_the_crm_decides_until_somebody_makes_a_policy(add: Callable[..., Customer], tiers: dict[str, Tier]) -> None:
    customer = add(crm_tier=tiers["gold"])
    assign(customer_ids=[customer.pk], now=NOW)
    customer.refresh_from_db()
    assert (customer.tier, customer.tier_by, customer.tier_since) == (tiers["gold"], "crm", NOW)


def test_the_first_in_the_order_who_has_an_answer_decides(
    add: Callable[..., Customer], decide: Callable[..., Policy], tiers: dict[str, Tier]
) -> None:
    add(lifetime_value=2000, crm_tier=tiers["silver"])
    add(lifetime_value=10, crm_tier=tiers["gold"])
    add(lifetime_value=10)
    decide(order=["rule", "crm"], rules=BIG)
    assert _tiers() == ["platinum", "gold", None]
    assert list(Customer.objects.order_by("id").values_list("tier_by", flat=True)) == ["rule", "crm", ""]


def test_a_choice_by_hand_beats_all_until_it_expires(
    add: Callable[..., Customer], decide: Callable[..., Policy], tiers: dict[str, Tier]
) -> None:
    add(lifetime_value=2000, manual_tier=tiers["silver"], manual_tier_until=NOW + timedelta(hours=1))
    decide(order=["rule"], rules=BIG)
    assert _tiers() == ["silver"]
    assert expire_by_hand(now=NOW + timedelta(minutes=59)) == 0
    assert expire_by_hand(now=NOW + timedelta(hours=1)) == 1
    assert _tiers() == ["platinum"]


def test_shares_part_the_customers_where_the_revenue_is_brought(
    add: Callable[..., Customer], decide: Callable[..., Policy]
) -> None:
    for revenue in (50, 20, 10, 10, 10, 0, None, -30):
        add(revenue)
    decide(**SHARES)
    # Those with 10 bring 70 to 100 %: the first of them begins below 80 %, and equal amounts are never parted.
    assert _tiers() == ["platinum", "gold", "gold", "gold", "gold", "silver", "silver", "silver"]


def test_without_any_revenue_everybody_is_past_the_last_cut(
    add: Callable[..., Customer], decide: Callable[..., Policy]
) -> None:
    add(0)
    add(None)
    decide(**SHARES)
    assert _tiers() == ["silver", "silver"]


def test_revenue_in_other_currencies_counts_by_its_rate(
    add: Callable[..., Customer], decide: Callable[..., Policy]
) -> None:
    Rate.objects.create(currency="JPY", worth=Decimal("0.006"))
    add(10_000, currency="JPY")
    add(100)
    add(5000, currency="CHF")
    decide(**SHARES)
    assert _tiers() == ["gold", "platinum", "silver"]


def test_nobody_falls_before_they_are_past_the_margin(
    add: Callable[..., Customer], decide: Callable[..., Policy]
) -> None:
    big, small = add(490), add(20)
    for _ in range(49):
        add(10)
    policy = decide(**SHARES)
    assert _tiers()[:2] == ["platinum", "platinum"]
    # Those with more than `small` bring 51 % now: past the cut, within the margin.
    Customer.objects.filter(pk=big.pk).update(revenue_12m=530)
    _again(policy)
    assert _tiers()[:2] == ["platinum", "platinum"]
    Customer.objects.filter(pk=big.pk).update(revenue_12m=650)
    _again(policy)
    assert _tiers()[:2] == ["platinum", "gold"]
    Customer.objects.filter(pk=big.pk).update(revenue_12m=530)
    _again(policy)
    assert _tiers()[:2] == ["platinum", "gold"]
    assert small.pk


def _again(policy: Policy) -> None:
    run = start_run(policy=policy, by="", now=NOW)
    assert run
    carry_out(run)


def test_a_new_policy_begins_without_the_margin(add: Callable[..., Customer], decide: Callable[..., Policy]) -> None:
    for revenue in (51, 10, *[1] * 39):
        add(revenue)
    decide(**{**SHARES, "cuts": [{"tier": "platinum", "percent": 52}, {"tier": "gold", "percent": 80}]})
    assert _tiers()[1] == "platinum"
    decide(**SHARES)
    assert _tiers()[1] == "gold"


def test_a_change_is_remembered_and_told_once(
    add: Callable[..., Customer], decide: Callable[..., Policy], moves: list[Move]
) -> None:
    customer = add(lifetime_value=2000)
    policy = decide(order=["rule"], rules=BIG)
    _again(policy)
    change = CustomerChange.objects.get()
    assert (change.customer_id, change.via) == (customer.pk, "tiers")
    assert change.changes == {"tier": [None, "platinum"], "tier_by": ["", "rule"], "policy": [None, policy.number]}
    [line] = timeline(customer.pk, {})
    assert sorted(line.changes) == [
        ("policy of tiers", "–", f"version {policy.number}"),
        ("tier", "–", "platinum"),
        ("tier decided by", "–", "a rule"),
    ]
    assert moves == [Move(customer.pk, "C-1", "", "platinum", "rule")]


def test_who_decides_may_change_without_a_new_tier(
    add: Callable[..., Customer], decide: Callable[..., Policy], tiers: dict[str, Tier], moves: list[Move]
) -> None:
    customer = add(lifetime_value=2000, crm_tier=tiers["platinum"])
    assign(customer_ids=[customer.pk], now=NOW - timedelta(days=9))
    decide(order=["rule"], rules=BIG)
    customer.refresh_from_db()
    assert (customer.tier_by, customer.tier_since, len(moves)) == ("rule", NOW - timedelta(days=9), 1)


def test_a_run_that_was_killed_goes_on_where_it_was(
    add: Callable[..., Customer], decide: Callable[..., Policy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "CHUNK", 2)
    for _ in range(5):
        add(lifetime_value=2000)
    run = decide(order=["rule"], rules=BIG, carried_out=False).runs.get()
    services.begin_run(run_id=run.pk, now=NOW)
    services.carry_on_run(run_id=run.pk, now=NOW)
    assert _tiers() == ["platinum"] * 2 + [None] * 3
    carry_out(run)
    run.refresh_from_db()
    assert (run.state, run.looked_at, run.moved, run.percent) == (State.DONE, 5, 5, 100)
    assert CustomerChange.objects.count() == 5


def test_a_run_of_an_older_policy_stops(add: Callable[..., Customer], decide: Callable[..., Policy]) -> None:
    add(lifetime_value=2000)
    first = decide(order=["rule"], rules=BIG, carried_out=False)
    decide(order=["crm"])
    assert first.runs.get().state == State.STOPPED
    carry_out(first.runs.get())
    assert _tiers() == [None]


def test_only_one_run_is_under_way(decide: Callable[..., Policy]) -> None:
    policy = decide(order=["crm"], carried_out=False)
    start_run(policy=policy, by="", now=NOW)
    assert Run.objects.filter(state=State.WAITING).count() == 1


def test_a_tier_that_nobody_decided_stays(add: Callable[..., Customer], tiers: dict[str, Tier]) -> None:
    customer = add(tier=tiers["gold"])
    assert assign(customer_ids=[customer.pk], now=NOW) == 0


def test_a_preview_says_how_many_would_move_and_who_and_writes_nothing(
    add: Callable[..., Customer], tiers: dict[str, Tier]
) -> None:
    rich, poor = add(900, crm_tier=tiers["silver"]), add(100, crm_tier=tiers["silver"])
    assign(customer_ids=[rich.pk, poor.pk], now=NOW)
    preview = ask_preview(spec=Spec.model_validate(SHARES), by="ada", note="", now=NOW)
    while carry_on_preview(preview_id=preview.pk, now=NOW):
        pass
    preview.refresh_from_db()
    assert preview.matrix == [["silver", "platinum", 1, "900.00"], ["silver", "silver", 1, "100.00"]]
    assert preview.examples == [[rich.pk, "silver", "platinum", "900.00", "share"]]
    assert (preview.state, preview.moved) == (State.DONE, 1)
    assert _tiers() == ["silver", "silver"]


def test_what_a_preview_counted_is_what_the_run_moves(
    add: Callable[..., Customer], decide: Callable[..., Policy], moves: list[Move]
) -> None:
    for revenue in range(1, 40):
        add(revenue)
    spec = Spec.model_validate(SHARES)
    preview = ask_preview(spec=spec, by="ada", note="", now=NOW)
    while carry_on_preview(preview_id=preview.pk, now=NOW):
        pass
    preview.refresh_from_db()
    decide(**SHARES)
    assert len(moves) == preview.moved == 39


def test_a_policy_made_from_an_old_preview_is_refused(decide: Callable[..., Policy]) -> None:
    decide(order=["crm"])
    with pytest.raises(PolicyChanged):
        put_in_force(spec=Spec(), levels=Levels((), ()), by="", note="", now=NOW, based_on=0)


def test_a_rule_of_a_tier_that_is_gone_takes_nobody(
    add: Callable[..., Customer], decide: Callable[..., Policy], tiers: dict[str, Tier]
) -> None:
    add(lifetime_value=2000, crm_tier=tiers["gold"])
    tiers["platinum"].delete()
    decide(order=["rule", "crm"], rules=BIG)
    assert _tiers() == ["gold"]


def test_assigning_costs_the_same_statements_however_many_they_are(
    add: Callable[..., Customer], decide: Callable[..., Policy], django_assert_num_queries: Any
) -> None:
    decide(order=["rule"], rules=BIG)
    ids = [add(lifetime_value=2000).pk for _ in range(5)]
    with django_assert_num_queries(8):  # four to read what is in force, two to lock and move, two for the savepoint
        assign(customer_ids=ids, now=NOW)
