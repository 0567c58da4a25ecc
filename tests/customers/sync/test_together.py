"""Several clients and the same customers: nobody waits for ever, nothing is lost, nothing is there twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from customers.models import Customer, CustomerChange, Identity
from customers.sync.services import Options, Report, sync_customers

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def side_by_side(*jobs: Callable[[], Any]) -> list[Any]:
    """Runs them at the same moment; whatever one raises is raised."""
    barrier, results, errors = threading.Barrier(len(jobs)), [None] * len(jobs), []

    def do(number: int, job: Callable[[], Any]) -> None:
        try:
            barrier.wait(10)
            results[number] = job()
        except BaseException as error:  # noqa: BLE001  shown in the test's thread
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    if errors:
        raise errors[0]
    return results


def sync(raw: list[Any], by: str) -> Report:
    return sync_customers(raw=raw, options=Options(), by=by, now=NOW)


def record(number: int, **values: Any) -> dict[str, Any]:
    identity = {"kind": "phone", "value": f"+4915100{number:06d}"}
    return {"external_id": f"C-{number}", "identities": [identity], **values}


def test_two_clients_that_add_the_same_customers_in_opposite_order_add_each_once() -> None:
    raw = [record(number, name="A") for number in range(400)]
    reports = side_by_side(lambda: sync(raw, "one"), lambda: sync(raw[::-1], "two"))
    assert sum(report.counts["created"] for report in reports) == 400
    assert all(report.counts["failed"] == 0 for report in reports)
    assert Customer.objects.count() == Identity.objects.count() == CustomerChange.objects.count() == 400


def test_two_clients_that_change_the_same_customers_in_opposite_order_both_end() -> None:
    sync([record(number) for number in range(300)], "first")

    def change(by: str, field: str, step: int) -> None:
        for value in range(5):
            raw = [record(number, **{field: value + 1}) for number in range(300)]
            assert sync(raw[::step], by).counts["updated"] == 300

    side_by_side(lambda: change("one", "orders", 1), lambda: change("two", "lifetime_value", -1))
    assert Customer.objects.filter(orders=5, lifetime_value=5).count() == 300
    assert CustomerChange.objects.filter(by="one").count() == 5 * 300


def test_the_newest_version_wins_whoever_is_quicker() -> None:
    def send(versions: list[int]) -> None:
        for version in versions:
            sync([record(number, name=f"v{version}", source_version=version) for number in range(50)], "x")

    side_by_side(lambda: send([1, 4, 5, 8]), lambda: send([2, 3, 6, 7]))
    assert set(Customer.objects.values_list("name", "source_version")) == {("v8", 8)}


def test_an_address_that_two_want_at_once_goes_to_one_and_the_other_is_told() -> None:
    address = [{"kind": "phone", "value": "+4915100000001"}]
    for number in range(5):
        Customer.objects.all().delete()
        reports = side_by_side(
            lambda: sync([{"external_id": "A", "identities": address}], "one"),
            lambda: sync([{"external_id": "B", "identities": address}], "two"),
        )
        results = sorted(report.outcomes[0].result for report in reports)
        assert results == ["created", "failed"], number


def test_takers_deleters_and_mergers_in_any_order_leave_a_whole_database() -> None:
    sync([record(number) for number in range(40)], "first")

    def play(seed: int) -> None:
        dice = random.Random(seed)
        for _round in range(12):
            raw: list[dict[str, Any]] = []
            for _one in range(12):
                number, other = dice.randrange(40), dice.randrange(40)
                choice = dice.random()
                if choice < 0.1:
                    raw.append({"external_id": f"C-{number}", "deleted": True})
                elif choice < 0.2:
                    raw.append({"external_id": f"C-{number}", "merge_into": f"C-{other}"})
                else:
                    raw.append(record(number, take_identities=True) | {"identities": record(other)["identities"]})
            sync(raw, f"player {seed}")

    side_by_side(lambda: play(1), lambda: play(2), lambda: play(3))
    assert Identity.objects.values("kind", "value").distinct().count() == Identity.objects.count()


def test_a_field_that_two_declare_at_once_is_declared_once() -> None:
    reports = side_by_side(
        lambda: sync([{"external_id": "A", "attributes": {"size": 1}}], "one"),
        lambda: sync([{"external_id": "B", "attributes": {"size": "large"}}], "two"),
    )
    assert sorted(report.outcomes[0].result for report in reports) == ["created", "failed"]
