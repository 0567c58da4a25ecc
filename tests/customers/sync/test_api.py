"""The sync over HTTP: bodies, packing, sizes, repeats, streams with their runs, and the feed of changes."""

from __future__ import annotations

import gzip
import json
import threading
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from customers.models import Customer, Identity
from customers.privacy.services import erase
from customers.sync.services import sync_customers
from tests.customers.sync.conftest import NDJSON, lines, others_are_done, records

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_customer_in_the_feed_is_the_one_in_the_list(crm: Any) -> None:
    address = {"kind": "phone", "value": "+4915100000001"}
    consent = {"purpose": "marketing", "granted": True, "at": "2026-01-01T00:00:00Z", "source": "shop"}
    crm.post(
        "customers/sync/", records(1, identities=[address], consents=[consent], attributes={"a": 1}, revenue_12m=5)
    )
    crm.post("customers/sync/", [{"external_id": "C-7"}])
    listed = crm.get("customers/?order=external_id").json()["results"]
    others_are_done()
    fed = [one["customer"] for one in crm.get("customers/changes/").json()["results"]]

    def plain(value: Any) -> Any:
        return json.loads(json.dumps(value).replace("+00:00", "Z"))

    assert sorted(plain(fed), key=lambda one: one["id"]) == sorted(plain(listed), key=lambda one: one["id"]) != []


def test_streams_are_listed_by_their_state_page_by_page(crm: Any) -> None:
    for number in range(5):
        crm.post("customers/sync/stream/", lines(records(number + 1)), content_type=NDJSON)
    first = crm.get("customers/sync/runs/?limit=2").json()
    assert len(first["results"]) == 2
    second = crm.get(first["next"].removeprefix("http://testserver")).json()
    assert len(second["results"]) == 2
    last = crm.get(second["next"].removeprefix("http://testserver")).json()
    seen = [run["id"] for page in (first, second, last) for run in page["results"]]
    assert (len(set(seen)), last["next"]) == (5, None)
    state = first["results"][0]["state"]
    assert seen[0] in [run["id"] for run in crm.get(f"customers/sync/runs/?state={state}").json()["results"]]
    assert (
        crm.get("customers/sync/runs/?state=lost").status_code
        == crm.get("customers/sync/runs/?limit=0").status_code
        == 400
    )


class TestBatches:
    def test_a_list_or_an_object_with_records_is_taken(self, crm: Any) -> None:
        first = crm.post("customers/sync/", records(2)).json()
        assert first["counts"]["created"] == 2
        assert first["results"][1] == {"index": 1, "external_id": "C-1", "result": "created"}
        again = crm.post("customers/sync/?results=none", {"records": records(2)}).json()
        assert (again["counts"]["unchanged"], again["results"]) == (2, [])

    def test_a_number_that_is_none_is_the_fault_of_its_record(self, crm: Any) -> None:
        body = b'[{"external_id": "C-1", "lifetime_value": Infinity}, {"external_id": "C-2", "attributes": {"x": NaN}}]'
        told = crm.post("customers/sync/", body[:-1] + b', {"external_id": "C-3"}]').json()
        assert [one["result"] for one in told["results"]] == ["failed", "failed", "created"]
        assert [one["errors"][0]["field"] for one in told["results"][:2]] == ["lifetime_value", "attributes.x"]

    def test_gzip_is_unpacked_and_a_bomb_refused(self, crm: Any, settings: Any) -> None:
        body = gzip.compress(json.dumps(records(3)).encode())
        assert crm.post("customers/sync/", body, Content_Encoding="gzip").json()["counts"]["created"] == 3
        settings.SYNC_MAX_BYTES = 100_000
        bomb = gzip.compress(b" " * 10_000_000)
        assert len(bomb) < 100_000
        assert crm.post("customers/sync/", bomb, Content_Encoding="gzip").status_code == 413

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"{", 400),
            (b"[" * 100_000, 400),
            (b'"x"', 400),
            (b"[NaN]", 200),
            (b"\xff", 400),
            (b'{"records": 1}', 400),
            (b'{"records": [], "dryrun": true}', 400),
            (b'{"records": [], "dry_run": 1}', 400),
            (json.dumps([{}] * 10_001).encode(), 400),
            (b"[]", 200),
            (b"[1]", 200),
        ],
    )
    def test_a_body_that_cannot_be_read_is_a_problem(self, crm: Any, body: bytes, status: int) -> None:
        answer = crm.post("customers/sync/", body)
        assert answer.status_code == status
        if status != 200:
            assert answer.headers["Content-Type"] == "application/problem+json"

    def test_switches_are_true_or_false(self, crm: Any) -> None:
        assert crm.post("customers/sync/?dry_run=maybe", []).status_code == 400
        assert crm.post("customers/sync/?results=some", []).status_code == 400
        told = crm.post("customers/sync/?dry_run=true", records(1)).json()
        assert (told["dry_run"], told["written"], told["counts"]["created"]) == (True, False, 1)
        assert not Customer.objects.exists()

    def test_all_or_nothing_answers_409_with_the_report(self, crm: Any) -> None:
        answer = crm.post("customers/sync/?atomic=true", [*records(2), {"external_id": "C-9", "orders": "x"}])
        assert answer.status_code == 409
        said = answer.json()
        assert (said["type"], said["written"], said["counts"]["failed"]) == (
            "urn:pareto:problem:sync-failed",
            False,
            1,
        )
        assert not Customer.objects.exists()

    def test_the_scope_is_asked_for(self, program: Any) -> None:
        assert program("customers:read").post("customers/sync/", []).status_code == 403

    def test_the_same_request_again_gets_the_same_answer(self, crm: Any) -> None:
        first = crm.post("customers/sync/", records(2), Idempotency_Key="a")
        Customer.objects.update(orders=99)
        again = crm.post("customers/sync/", records(2), Idempotency_Key="a")
        assert again.content == first.content
        assert again.headers["Idempotent-Replayed"] == "true"
        assert set(Customer.objects.values_list("orders", flat=True)) == {99}
        assert crm.post("customers/sync/", records(3), Idempotency_Key="a").status_code == 409

    def test_a_database_that_is_away_is_503_with_a_time_to_come_back(
        self, crm: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def gone(**_: Any) -> None:
            raise OperationalError("the server closed the connection")

        monkeypatch.setattr("customers.sync.api.batches.sync_customers", gone)
        answer = crm.post("customers/sync/", records(1))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


@pytest.mark.django_db(transaction=True)
def test_the_same_request_while_the_first_is_under_way_is_told_so(crm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    started, go_on, real = threading.Event(), threading.Event(), sync_customers

    def slow(**given: Any) -> Any:
        started.set()
        go_on.wait(10)
        return real(**given)

    monkeypatch.setattr("customers.sync.api.batches.sync_customers", slow)
    statuses: list[int] = []

    def first() -> None:
        statuses.append(crm.post("customers/sync/", records(1), Idempotency_Key="a").status_code)
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    started.wait(10)
    second = crm.post("customers/sync/", records(1), Idempotency_Key="a")
    go_on.set()
    thread.join()
    assert (second.status_code, statuses) == (409, [200])


@pytest.mark.django_db(transaction=True)
class TestChanges:
    def ask(self, crm: Any, since: str = "", limit: int = 1000) -> dict[str, Any]:
        others_are_done()
        answer = crm.get(f"customers/changes/?limit={limit}" + (f"&since={since}" if since else ""))
        assert answer.status_code == 200, answer.content
        told: dict[str, Any] = answer.json()
        return told

    def numbers(self, told: dict[str, Any]) -> list[str]:
        return [("-" if row["deleted"] else "") + row["external_id"] for row in told["results"]]

    def test_everything_since_comes_page_by_page_and_deletions_too(self, crm: Any) -> None:
        crm.post("customers/sync/", records(5))
        first = self.ask(crm, limit=3)
        assert (len(first["results"]), first["has_more"]) == (3, True)
        rest = self.ask(crm, first["since"])
        assert sorted(self.numbers(first) + self.numbers(rest)) == [f"C-{n}" for n in range(5)]
        assert self.ask(crm, rest["since"])["results"] == []
        crm.post(
            "customers/sync/",
            [
                {"external_id": "C-1", "name": "A"},
                {"external_id": "C-2", "deleted": True},
                {"external_id": "C-3", "merge_into": "C-4"},
            ],
        )
        told = self.ask(crm, rest["since"])
        assert sorted(self.numbers(told)) == ["-C-2", "-C-3", "C-1", "C-4"]
        merged = next(row for row in told["results"] if row["external_id"] == "C-3")
        assert merged["merged_into"] == "C-4"
        kept = next(row for row in told["results"] if row["external_id"] == "C-1")
        assert kept["customer"]["name"] == "A"

    def test_whoever_keeps_a_copy_hears_by_our_id_who_was_erased(self, crm: Any) -> None:
        crm.post("customers/sync/", records(2))
        first = self.ask(crm)
        ids = {row["external_id"]: row["id"] for row in first["results"]}
        assert ids == dict(Customer.objects.values_list("external_id", "id"))
        erase(customer_id=ids["C-1"], by="ada", now=timezone.now())
        [gone] = self.ask(crm, first["since"])["results"]
        assert (gone["id"], gone["deleted"], gone["customer"]) == (ids["C-1"], True, None)
        assert gone["external_id"].startswith("erased:")

    def test_pages_of_one_leave_nobody_out(self, crm: Any) -> None:
        crm.post("customers/sync/", records(4))
        crm.post("customers/sync/", [{"external_id": f"C-{n}", "deleted": True} for n in (0, 1)])
        found, since = [], ""
        while (told := self.ask(crm, since, 1))["results"]:
            found += self.numbers(told)
            since = told["since"]
        assert found == ["C-2", "C-3", "-C-0", "-C-1"]

    def test_an_address_or_a_deletion_in_the_admin_is_a_change_too(self, crm: Any) -> None:
        crm.post("customers/sync/", records(2))
        since = self.ask(crm)["since"]
        one, two = Customer.objects.order_by("id")
        Identity.objects.create(customer=one, value="+4915100000001")
        two.delete()
        told = self.ask(crm, since)
        assert self.numbers(told) == ["C-0", "-C-1"]
        assert told["results"][0]["customer"]["identities"] == [{"kind": "phone", "value": "+4915100000001"}]
        Identity.objects.all().delete()
        assert self.numbers(self.ask(crm, told["since"])) == ["C-0"]

    def test_nobody_is_missed_whose_transaction_took_longer_than_a_later_one(self, crm: Any) -> None:
        """Two open transactions: the slow one began first and commits last."""
        has_written, go_on = threading.Event(), threading.Event()

        def slowly() -> None:
            with transaction.atomic():
                Customer.objects.create(external_id="slow")
                has_written.set()
                go_on.wait(10)
            connection.close()

        thread = threading.Thread(target=slowly)
        thread.start()
        has_written.wait(10)
        Customer.objects.create(external_id="quick")
        early = self.ask(crm)
        assert self.numbers(early) == [], "quick is held back while slow may still come before it"
        go_on.set()
        thread.join()
        late = self.ask(crm, early["since"])
        assert sorted(self.numbers(late)) == ["quick", "slow"]
        assert self.ask(crm, late["since"])["results"] == []

    @pytest.mark.parametrize("since", ["x", "W10", "WzEsMl0", "bnVsbA", "%00", "WzEsMSwtMV0"])
    def test_a_cursor_that_was_never_given_is_refused(self, crm: Any, since: str) -> None:
        # As every list of the API says it: there is no such page. What nothing can hold is refused before.
        wanted = 400 if since == "%00" else 404
        assert crm.get(f"customers/changes/?since={since}").status_code == wanted

    def test_a_cursor_from_another_database_says_that_it_is_too_old(self, crm: Any) -> None:
        from customers.sync.feed import Cursor  # noqa: PLC0415

        assert crm.get(f"customers/changes/?since={Cursor(2**60).text()}").status_code == 410
