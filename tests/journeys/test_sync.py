"""The CRM's own program against the running system: two at once, something wrong among thousands, and everything killed."""

from __future__ import annotations

import gzip
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.embedded.test_process import wait_until
from tests.embedded.test_supervisor import Run, free_port

_MAKE_KEY = (
    "from access.keys import make_key; from django.utils import timezone; "
    "print(make_key(name='CRM', scopes=['customers:read', 'customers:write'], by=None, now=timezone.now(), "
    "requests_per_minute=100000).text)"
)


class CRM:
    """A client that sends again until it is answered, as docs/sync.md tells it to."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._base = f"http://127.0.0.1:{run.port}/api/v1/customers"
        made = run.manage("shell", "-v", "0", "-c", _MAKE_KEY)
        self._headers = {"Authorization": f"Bearer {made.stdout.strip().splitlines()[-1]}"}

    def post(self, path: str, body: str, key: str, content_type: str = "application/json") -> dict[str, Any]:
        headers = {"Content-Type": content_type, "Content-Encoding": "gzip", "Idempotency-Key": key}
        packed, answer = gzip.compress(body.encode()), None
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                answer = requests.post(f"{self._base}{path}", data=packed, headers=self._headers | headers, timeout=60)
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code < 300:
                return dict(answer.json())
            # 409: the first one is under way; 5xx or nothing: the house is in trouble. Anything else is our own fault.
            assert answer is None or answer.status_code in {409, 500, 502, 503, 504}, answer.text
            time.sleep(0.5)
        raise AssertionError(f"never answered: {answer.text if answer is not None else 'no connection'}")

    def get(self, path: str) -> dict[str, Any]:
        answer = requests.get(
            path if path.startswith("http") else f"{self._base}{path}", headers=self._headers, timeout=30
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ended(self, run: dict[str, Any]) -> bool:
        try:
            return self.get(run["url"])["state"] not in {"receiving", "waiting", "running"}
        except (AssertionError, requests.RequestException):
            return False

    def versions(self, prefix: str) -> dict[int, int]:
        """How many customers have which version, by the database itself."""
        code = (
            "import json; from collections import Counter; from customers.models import Customer; "
            f"rows = Customer.objects.filter(external_id__startswith={prefix!r}); "
            "print(json.dumps(Counter(rows.values_list('source_version', flat=True))))"
        )
        said = self.run.manage("shell", "-v", "0", "-c", code)
        assert said.returncode == 0, said.stderr
        return {int(version): count for version, count in json.loads(said.stdout.strip().splitlines()[-1]).items()}


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CRM]:
    run = Run(tmp_path_factory.mktemp("house") / "data", free_port(), ADMIN_PASSWORD="for-this-test")
    try:
        run.wait_until_up()
        yield CRM(run)
    finally:
        run.process.terminate()
        run.wait_until_ended()


def record(prefix: str, number: int, version: int) -> dict[str, Any]:
    phone = f"+49170{int(prefix, 36) % 100:02}{number:06}"
    return {
        "external_id": f"{prefix}-{number}",
        "name": f"Person {number}",
        "revenue_12m": f"{number + version}.50",
        "identities": [
            {"kind": "phone", "value": phone},
            {"kind": "email", "value": f"{prefix}{number}@example.com".lower()},
        ],
        "source_version": version,
    }


def test_one_wrong_record_among_thousands_is_named_and_spoils_no_other(crm: CRM) -> None:
    records = [record("W", number, 1) for number in range(2_000)]
    records[1_234]["orders"] = "many"
    said = crm.post("/sync/?results=failed", json.dumps(records), "wrong-one")
    assert said["counts"]["created"] == 1_999
    [failed] = said["results"]
    assert (failed["index"], failed["external_id"], failed["errors"][0]["field"]) == (1_234, "W-1234", "orders")
    assert crm.versions("W-") == {1: 1_999}


def test_two_clients_at_once_in_opposite_order_end_with_the_newest(crm: CRM) -> None:
    numbers = list(range(1_500))

    def client(name: str, order: list[int], versions: list[int]) -> list[dict[str, Any]]:
        return [
            crm.post("/sync/?results=failed", json.dumps([record("T", n, version) for n in order]), f"{name}-{version}")
            for version in versions
        ]

    with ThreadPoolExecutor(2) as beside:
        one = beside.submit(client, "one", numbers, [1, 3, 5])
        other = beside.submit(client, "other", numbers[::-1], [2, 4, 6])
        said = [*one.result(), *other.result()]
    assert [answer["counts"].get("failed", 0) for answer in said] == [0] * 6
    assert sum(answer["counts"].get("created", 0) for answer in said) == 1_500
    assert crm.versions("T-") == {6: 1_500}


def test_a_stream_survives_its_worker_its_database_and_the_cache(crm: CRM) -> None:
    lines = [json.dumps(record("S", number, 1)) for number in range(12_000)]
    lines[7_000] = '{"external_id": "S-7000", "orders": "many"}'
    run = crm.post("/sync/stream/", "\n".join(lines), "night", "application/x-ndjson")
    for part in ("-Q bulk", "postgres -D", "valkey-server", "-Q bulk"):
        wait_until("a worker", 60, lambda: any("-Q bulk" in one for one in crm.run.children().values()))
        time.sleep(0.7)
        os.kill(crm.run.child(part), signal.SIGKILL)
    wait_until("the stream to be brought in", 120, lambda: crm.ended(run))
    found = crm.get(run["url"])
    assert (found["state"], found["received"], found["done"]) == ("done", 12_000, 12_000)
    assert {result: count for result, count in found["counts"].items() if count} == {"created": 11_999, "failed": 1}
    [error] = crm.get(run["url"] + "errors/")["results"]
    assert (error["line"], error["errors"][0]["field"]) == (7_001, "orders")
    assert crm.versions("S-") == {1: 11_999}
    # The same again is the first one's answer, and not a second run.
    assert crm.post("/sync/stream/", "\n".join(lines), "night", "application/x-ndjson")["url"] == run["url"]


def test_a_database_that_hangs_for_five_seconds_costs_a_batch_nothing_but_time(crm: CRM) -> None:
    postgres = crm.run.child("postgres -D")
    everything = [pid for pid, command in crm.run.children().items() if "postgres" in command]
    with ThreadPoolExecutor(2) as beside:
        batches = [
            beside.submit(
                crm.post, "/sync/", json.dumps([record("H", n, 1) for n in range(start, start + 4_000)]), f"h{start}"
            )
            for start in (0, 4_000)
        ]
        time.sleep(0.4)
        try:
            for pid in (postgres, *everything):
                os.kill(pid, signal.SIGSTOP)
            time.sleep(5)
        finally:
            for pid in (*everything, postgres):
                os.kill(pid, signal.SIGCONT)
        said = [batch.result(120) for batch in batches]
    assert [sum(answer["counts"].values()) for answer in said] == [4_000, 4_000]
    assert not any(answer["counts"].get("failed") for answer in said)
    assert crm.versions("H-") == {1: 8_000}
