"""Streams over HTTP: put aside while they come, brought in chunk by chunk, cut off, sent again, canceled."""

from __future__ import annotations

import gzip
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from customers.models import Customer, Tombstone
from customers.services import delete_customers
from customers.sync import receiving, runs, tasks
from customers.sync.models import SyncChunk, SyncFault, SyncRun
from customers.sync.services import sync_customers
from tests.customers.sync.conftest import NDJSON, lines, records

pytestmark = pytest.mark.django_db


class TestStreams:
    @pytest.fixture(autouse=True)
    def _small_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(receiving, "CHUNK_LINES", 10)

    def send(self, crm: Any, body: bytes, path: str = "customers/sync/stream/", **headers: str) -> Any:
        return crm.post(path, body, content_type=NDJSON, **headers)

    def finish(self, crm: Any, run: dict[str, Any]) -> dict[str, Any]:
        tasks.work(run["id"])
        told: dict[str, Any] = crm.get(run["url"].removeprefix("http://testserver")).json()
        return told

    def test_a_stream_is_put_aside_and_brought_in_chunk_by_chunk(self, crm: Any) -> None:
        answer = self.send(crm, lines(records(25)))
        run = answer.json()
        assert (answer.status_code, run["state"], run["received"], run["done"]) == (202, "waiting", 25, 0)
        assert answer.headers["Location"] == run["url"]
        assert list(SyncChunk.objects.order_by("first_line").values_list("first_line", "lines")) == [
            (1, 10),
            (11, 10),
            (21, 5),
        ]
        run = self.finish(crm, run)
        assert (run["state"], run["done"], run["counts"]["created"]) == ("done", 25, 25)
        assert Customer.objects.count() == 25
        assert not SyncChunk.objects.exists()

    def test_gzip_lines_without_an_end_and_empty_ones_are_fine(self, crm: Any) -> None:
        body = b"\n" + lines(records(11)).replace(b"\n", b"\r\n\n").rstrip()
        run = self.finish(crm, self.send(crm, gzip.compress(body), Content_Encoding="gzip").json())
        assert (run["received"], run["counts"]["created"]) == (11, 11)

    def test_each_line_that_is_wrong_is_named(self, crm: Any) -> None:
        body = lines(records(12)) + b'{"external_id": "X", "orders": "x"}\n\xff\n{"a":\n' + lines(records(1))
        run = self.finish(crm, self.send(crm, body).json())
        assert (run["done"], run["counts"]["failed"], run["counts"]["unchanged"]) == (16, 3, 1)
        told = crm.get(f"customers/sync/runs/{run['id']}/errors/").json()
        assert [(row["line"], row["errors"][0]["code"]) for row in told["results"]] == [
            (13, "wrong_type"),
            (14, "invalid_json"),
            (15, "invalid_json"),
        ]

    def test_errors_come_in_pages(self, crm: Any) -> None:
        run = self.finish(crm, self.send(crm, b"x\n" * 130).json())
        first = crm.get(f"customers/sync/runs/{run['id']}/errors/").json()
        rest = crm.get(first["next"].removeprefix("http://testserver")).json()
        assert [len(first["results"]), len(rest["results"]), rest["next"]] == [100, 30, None]

    @pytest.mark.parametrize(
        ("body", "headers", "status"),
        [
            (b"no gzip", {"Content_Encoding": "gzip"}, 400),
            (gzip.compress(b"{}\n", mtime=0)[:-6], {"Content_Encoding": "gzip"}, 400),
            (b"{}", {"Content_Encoding": "br"}, 415),
            (b'"' + b"x" * 600_000, {}, 413),
        ],
        ids=["no gzip", "cut off", "brotli", "too large"],
    )
    def test_a_stream_that_cannot_be_read_changes_nothing(
        self, crm: Any, body: bytes, headers: dict[str, str], status: int
    ) -> None:
        assert self.send(crm, body, **headers).status_code == status
        assert not SyncChunk.objects.exists()
        assert not SyncRun.objects.exclude(state="incomplete").exists()

    def test_a_stream_may_be_no_larger_than_the_setting_says(self, crm: Any, settings: Any) -> None:
        settings.SYNC_STREAM_MAX_BYTES = 1_000_000
        bomb = gzip.compress(b"\n" * 5_000_000)
        assert self.send(crm, bomb, Content_Encoding="gzip").status_code == 413

    def test_a_stream_sent_again_with_its_key_is_the_same_run(self, crm: Any) -> None:
        first = self.send(crm, lines(records(3)), Idempotency_Key="k").json()
        packed = gzip.compress(lines(records(3)))
        again = self.send(crm, packed, Idempotency_Key="k", Content_Encoding="gzip")
        assert (again.status_code, again.json()["id"]) == (200, first["id"])
        assert self.send(crm, lines(records(4)), Idempotency_Key="k").status_code == 409
        SyncRun.objects.update(state="receiving")
        assert self.send(crm, lines(records(3)), Idempotency_Key="k").status_code == 409

    def test_a_dry_run_reports_and_writes_nothing(self, crm: Any) -> None:
        run = self.finish(crm, self.send(crm, lines(records(3)), "customers/sync/stream/?dry_run=true").json())
        assert (run["dry_run"], run["counts"]["created"]) == (True, 3)
        assert not Customer.objects.exists()

    def test_a_canceled_stream_goes_no_further(self, crm: Any) -> None:
        run = self.send(crm, lines(records(25))).json()
        runs.take_step(run_id=run["id"], now=timezone.now())
        assert crm.post(f"customers/sync/runs/{run['id']}/cancel/").json()["state"] == "canceled"
        assert self.finish(crm, run)["done"] == 10
        assert Customer.objects.count() == 10

    @pytest.mark.django_db(transaction=True)
    def test_a_chunk_that_breaks_leaves_no_trace_and_is_done_again(
        self, crm: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = self.send(crm, lines(records(25))).json()
        real, failures = sync_customers, iter([False, True, False, False])

        def shaky(**given: Any) -> Any:
            report = real(**given)
            if next(failures):
                raise OperationalError("the server closed the connection")
            return report

        monkeypatch.setattr(runs, "sync_customers", shaky)
        monkeypatch.setattr("customers.sync.tasks.time.sleep", lambda _s: None)
        run = self.finish(crm, run)
        assert (run["state"], run["done"], run["counts"]["created"]) == ("done", 25, 25)

    def test_a_fault_of_ours_stops_the_run_and_says_so(self, crm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        run = self.send(crm, lines(records(3))).json()

        def broken(**_: Any) -> None:
            raise RuntimeError("oops")

        monkeypatch.setattr(runs, "sync_customers", broken)
        run = self.finish(crm, run)
        assert run["state"] == "failed"
        assert "oops" in run["error"]

    def test_the_sweep_finds_who_was_left_alone(self, crm: Any) -> None:
        run = self.send(crm, lines(records(3))).json()
        assert runs.lost_runs(now=timezone.now()) == []
        later = timezone.now() + timedelta(seconds=20)
        assert [str(one) for one in runs.lost_runs(now=later)] == [run["id"]]
        assert runs.lost_runs(now=later) == []
        SyncRun.objects.update(state="receiving")
        runs.lost_runs(now=later + timedelta(minutes=5))
        assert SyncRun.objects.get().state == "incomplete"
        assert not SyncChunk.objects.exists()

    def test_old_reports_and_tombstones_are_forgotten(self, crm: Any) -> None:
        self.finish(crm, self.send(crm, b"x\n" + lines(records(1))).json())
        delete_customers(customer_ids=list(Customer.objects.values_list("pk", flat=True)))
        runs.prune(now=timezone.now() + timedelta(days=29))
        assert SyncFault.objects.count() == Tombstone.objects.count() == 1
        runs.prune(now=timezone.now() + timedelta(days=500))
        assert not SyncRun.objects.exists()
        assert not Tombstone.objects.exists()


KEY = {"Idempotency-Key": "k"}


class TestChunksWithoutALength:
    """Nothing tells where such a stream ends."""

    @pytest.fixture(autouse=True)
    def _small_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(receiving, "CHUNK_LINES", 10)

    def send(self, crm: Any, body: bytes, **headers: str) -> Any:
        said = {
            "Authorization": f"Bearer {crm.text}",
            "Transfer-Encoding": "chunked",
            "Content-Type": NDJSON,
            **headers,
        }
        wire: dict[str, Any] = {"wsgi.input": BytesIO(body)}
        return crm.client.generic("POST", "/api/v1/customers/sync/stream/", headers=said, **wire)

    def test_one_that_is_cut_off_in_the_middle_of_a_record_changes_nothing(self, crm: Any) -> None:
        body = lines(records(25)).rstrip()
        for cut in (1, 5, 300):
            assert self.send(crm, body[:-cut]).json()["type"] == "urn:pareto:problem:broken-off"
        assert set(SyncRun.objects.values_list("state", flat=True)) == {"incomplete"}
        assert not SyncChunk.objects.exists()
        assert self.send(crm, body).json()["received"] == 25

    def test_one_that_was_cut_off_between_two_lines_is_sent_again_under_its_key(self, crm: Any) -> None:
        cut = self.send(crm, lines(records(13)), **KEY).json()
        tasks.work(cut["id"])
        assert Customer.objects.count() == 13

        whole = self.send(crm, lines(records(25)), **KEY)
        assert (whole.status_code, whole.json()["received"]) == (202, 25)
        assert whole.json()["id"] != cut["id"]
        tasks.work(whole.json()["id"])
        assert Customer.objects.count() == 25

        again = self.send(crm, lines(records(25)), **KEY)
        assert (again.status_code, again.json()["id"]) == (200, whole.json()["id"])
        assert SyncRun.objects.count() == 2

    def test_the_same_once_more_is_the_same_run_and_another_beginning_is_refused(self, crm: Any) -> None:
        first = self.send(crm, lines(records(13)), **KEY).json()
        again = self.send(crm, lines(records(13)), **KEY)
        assert (again.status_code, again.json()["id"]) == (200, first["id"])
        other = self.send(crm, lines(records(25, name="x")), **KEY)
        assert (other.status_code, other.json()["type"]) == (409, "urn:pareto:problem:idempotency-key-used")
        shorter = self.send(crm, lines(records(5)), **KEY)
        assert shorter.status_code == 409
        assert SyncRun.objects.count() == 1
        assert SyncChunk.objects.count() == 2
