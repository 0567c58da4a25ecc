"""Addresses that change hands within one batch, in whatever order the records stand."""

from __future__ import annotations

import random
from typing import Any

import pytest

from customers.models import Identity
from tests.customers.sync.test_sync import addresses, faults, phone, results, sync, told

pytestmark = pytest.mark.django_db
ONE, TWO, THREE = "+4915100000001", "+4915100000002", "+4915100000003"


def has(number: str, *values: str, **more: Any) -> dict[str, Any]:
    """The customer has these, and no others."""
    return {"external_id": number, "identities": [phone(value) for value in values], "identities_replace": True, **more}


def test_two_customers_trade_their_numbers() -> None:
    sync(has("A", ONE), has("B", TWO))
    assert told(has("A", TWO), has("B", ONE)) == ["updated", "updated"]
    assert (addresses("A"), addresses("B")) == ([f"phone:{TWO}"], [f"phone:{ONE}"])


def test_whoever_is_new_gets_what_a_later_record_frees() -> None:
    sync(has("A", ONE), has("B", TWO), has("C", THREE))
    gone = {"external_id": "B", "deleted": True}
    less = {"external_id": "C", "remove_identities": [phone(THREE)]}
    assert told(has("D", TWO), gone, has("E", THREE), less) == ["created", "deleted", "created", "updated"]
    assert (addresses("D"), addresses("E"), addresses("C")) == ([f"phone:{TWO}"], [f"phone:{THREE}"], [])


def test_nobody_gets_what_its_owner_keeps_because_the_later_record_failed_or_came_too_late() -> None:
    sync(has("A", ONE, source_version=5), has("B", TWO), has("C", THREE))
    report = sync(has("D", ONE), has("A", source_version=4), has("E", TWO), has("B", THREE))
    assert results(report) == ["failed", "stale", "failed", "failed"]
    assert faults(report)[0] == faults(report)[2] == faults(report)[3] == [("identities", "identity_taken")]
    assert [addresses(one) for one in "ABC"] == [[f"phone:{ONE}"], [f"phone:{TWO}"], [f"phone:{THREE}"]]


def test_what_was_freed_and_asked_for_again_is_the_first_one_s() -> None:
    sync(has("A", ONE))
    report = sync(has("B", ONE), has("A"), has("A", ONE))
    assert results(report) == ["created", "updated", "failed"]
    assert addresses("B") == [f"phone:{ONE}"]


def test_an_earlier_record_frees_nothing_a_second_time() -> None:
    sync(has("A", ONE))
    assert told(has("A"), has("A", ONE), has("B", ONE)) == ["updated", "updated", "failed"]


def test_a_dry_run_and_all_or_nothing_say_the_same_of_a_trade() -> None:
    sync(has("A", ONE), has("B", TWO))
    assert results(sync(has("A", TWO), has("B", ONE), dry_run=True)) == ["updated", "updated"]
    assert addresses("A") == [f"phone:{ONE}"]
    assert results(sync(has("A", TWO), has("B", ONE), atomic=True)) == ["updated", "updated"]
    assert addresses("A") == [f"phone:{TWO}"]


@pytest.mark.parametrize("seed", range(25))
def test_any_new_order_of_who_has_what_comes_about_in_one_batch(seed: int) -> None:
    rng = random.Random(seed)
    numbers = [f"C{index}" for index in range(8)]
    values = [f"+49151000001{index:02}" for index in range(12)]

    def dealt() -> list[dict[str, Any]]:
        hands: dict[str, list[str]] = {number: [] for number in numbers}
        for value in values:
            hands[rng.choice(numbers)].append(value)
        records = [has(number, *hand) for number, hand in hands.items()]
        rng.shuffle(records)
        return records

    sync(*dealt())
    wanted = dealt()
    assert "failed" not in told(*wanted)
    assert {record["external_id"]: addresses(record["external_id"]) for record in wanted} == {
        record["external_id"]: sorted(f"phone:{one['value']}" for one in record["identities"]) for record in wanted
    }
    assert Identity.objects.count() == len(values)


@pytest.mark.parametrize("seed", range(25))
def test_whatever_is_sent_nobody_loses_an_address_that_nobody_else_got_or_that_they_kept(seed: int) -> None:
    rng = random.Random(1_000 + seed)
    numbers = [f"C{index}" for index in range(5)]
    values = [f"+49151000002{index:02}" for index in range(6)]
    sync(*[has(number, value, source_version=5) for number, value in zip(numbers, values, strict=False)])
    records = []
    for _ in range(8):
        number = rng.choice(numbers)
        some = rng.sample(values, rng.randint(0, 2))
        records.append(
            rng.choice([
                {"external_id": number, "deleted": True, "source_version": rng.choice([4, 6])},
                has(number, *some, source_version=rng.choice([4, 5, 6])),
                {"external_id": number, "identities": [phone(one) for one in some]},
                {"external_id": number, "remove_identities": [phone(one) for one in some]},
            ])
        )  # fmt: skip
    before = {f"phone:{one.value}": one.customer.external_id for one in Identity.objects.select_related("customer")}
    outcome = list(zip(records, told(*records), strict=True))
    after = {f"phone:{one.value}": one.customer.external_id for one in Identity.objects.select_related("customer")}
    done = [(record, result) for record, result in outcome if result in {"updated", "created", "deleted"}]
    for address, owner in before.items():
        if after.get(address) != owner:
            # It went because a record of its owner that counted said so.
            assert any(
                record["external_id"] == owner
                and (
                    record.get("deleted")
                    or record.get("identities_replace")
                    or any(f"phone:{one['value']}" == address for one in record.get("remove_identities", []))
                )
                for record, _result in done
            ), (address, outcome)
