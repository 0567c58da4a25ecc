"""A million customers: `python -m bench.customers [MOST]`, in an environment whose database it may fill. Prints JSON.

The sync against plain COPY of the same rows into the same tables, with their indexes, triggers and foreign keys; the
look-up by an address with a thousand customers and with a million; the pages that people and programs ask for.
"""

from __future__ import annotations

import gc
import gzip
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import django
import psutil

BATCH, SYNCED, MOST = 10_000, 100_000, 1_000_000
SYNC_BAR, FIND_BAR, PAGE_BAR_MS = 4.0, 1.2, 300.0
_ROUNDS = 2
_TABLES = ("customers_customer", "customers_identity")
_FIRST = ("Anna", "Jonas", "Maria", "Peter", "Oya", "Lena", "Karl", "Uwe")
_LAST = ("Müller", "Schmidt", "Feldmann", "Yilmaz", "Weber", "Koch", "Öztürk", "Nowak")


@dataclass(slots=True)
class Figures:
    """What was measured."""

    synced: int
    most: int
    copy_s: list[float] = field(default_factory=list)
    new_s: list[float] = field(default_factory=list)
    changed_s: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    """The highest of each round of the process that syncs: new ones, then changed ones. The same work again, so that
    what grows is kept by somebody."""
    find_us: dict[str, float] = field(default_factory=dict)
    pages_ms: dict[str, float] = field(default_factory=dict)


def main() -> None:
    """Fills the database that the environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  settings first

    call_command("migrate", verbosity=0)
    most = int(sys.argv[1]) if len(sys.argv) > 1 else MOST
    print(json.dumps(asdict(Measuring(min(SYNCED, most), most).run())))


class Measuring:
    """In the order that lets the tables grow."""

    def __init__(self, synced: int, most: int) -> None:
        from django.conf import settings  # noqa: PLC0415
        from django.test import Client  # noqa: PLC0415
        from django.utils import timezone  # noqa: PLC0415

        from access.keys import make_key  # noqa: PLC0415
        from customers.models import Tier  # noqa: PLC0415

        settings.ALLOWED_HOSTS = ["*"]
        for rank, name in enumerate(("Gold", "Silver"), 1):
            Tier.objects.create(key=name.lower(), name=name, rank=rank)
        scopes = ["customers:read", "customers:write"]
        key = make_key(name="Bench", scopes=scopes, by=None, now=timezone.now(), requests_per_minute=1_000_000)
        self.figures = Figures(synced, most)
        self.program = Client(headers={"Authorization": f"Bearer {key.text}"})

    def run(self) -> Figures:
        figures = self.figures
        for number in range(_ROUNDS):
            self._empty()
            figures.rss_mb.append(0.0)
            figures.new_s.append(self._sync(1))
            figures.changed_s.append(self._sync(2))
            rows = self._copied_out()
            self._empty()
            figures.copy_s.append(self._copy_in(rows))
            del rows
            if number == 0:
                self._empty()
                self._grow(0, min(1_000, figures.most))
                figures.find_us["small"] = self._find(min(1_000, figures.most))
        self._grow(figures.synced, figures.most)
        figures.find_us["large"] = self._find(figures.most)
        self._pages()
        return figures

    def _sync(self, version: int) -> float:
        total, process = 0.0, psutil.Process()
        for start in range(0, self.figures.synced, BATCH):
            rows = [record(number, version) for number in range(start, min(start + BATCH, self.figures.synced))]
            body = gzip.compress(json.dumps(rows).encode(), 1)
            del rows
            gc.collect()
            began = time.perf_counter()
            response = self.program.post(
                "/api/v1/customers/sync/",
                body,
                content_type="application/json",
                headers={"Content-Encoding": "gzip"},
            )
            total += time.perf_counter() - began
            counts = response.json()["counts"]
            if counts["created" if version == 1 else "updated"] != min(BATCH, self.figures.synced):
                raise SystemExit(f"The sync of the benchmark went wrong: {counts}")
            self.figures.rss_mb[-1] = max(process.memory_info().rss / 1e6, self.figures.rss_mb[-1])
        return total

    def _copied_out(self) -> list[bytes]:
        from django.db import connection  # noqa: PLC0415

        found = []
        with connection.cursor() as cursor:
            for table in _TABLES:
                with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                    found.append(b"".join(bytes(part) for part in copy))
        return found

    def _copy_in(self, rows: list[bytes]) -> float:
        from django.db import connection, transaction  # noqa: PLC0415

        began = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            for table, text in zip(_TABLES, rows, strict=True):
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(text)
        return time.perf_counter() - began

    def _empty(self) -> None:
        from django.db import connection  # noqa: PLC0415

        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE customers_customer CASCADE")
            cursor.execute("CHECKPOINT")

    def _grow(self, first: int, upto: int) -> None:
        """By SQL: how they came is not what is measured."""
        from django.db import connection  # noqa: PLC0415

        for start in range(first, upto, BATCH * 10):
            end = min(start + BATCH * 10, upto)
            with connection.cursor() as cursor:
                cursor.execute(_GROW, {"first": start, "last": end - 1})
                cursor.execute(_GROW_ADDRESSES, {"first": start, "last": end - 1})
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('customers_customer', 'id'), max(id)) FROM customers_customer"
            )
            for table in _TABLES:
                cursor.execute(f"VACUUM ANALYZE {table}")

    def _find(self, count: int) -> float:
        """Microseconds of one look-up."""
        from customers.selectors import find_customer  # noqa: PLC0415

        dice = random.Random(1)
        numbers = [dice.randrange(count) for _ in range(3_000)]

        def once(number: int) -> float:
            began = time.perf_counter()
            if find_customer(kind="phone", value=phone(number)) is None:
                raise SystemExit(f"Nobody has {phone(number)}.")
            return time.perf_counter() - began

        with _on_one_core():
            for number in numbers[:500]:
                once(number)
            # The quietest of six: whatever else the machine did is nobody's look-up.
            return min(statistics.median(map(once, numbers[at : at + 500])) for at in range(0, 3_000, 500)) * 1e6

    def _pages(self) -> None:
        from django.contrib.auth.models import User  # noqa: PLC0415
        from django.test import Client  # noqa: PLC0415
        from django.urls import reverse  # noqa: PLC0415
        from django.utils import timezone  # noqa: PLC0415

        from customers.tiers.snapshots import take_snapshots  # noqa: PLC0415

        person = Client()
        person.force_login(User.objects.create_superuser("bench"))
        people, api = reverse("admin:customers_customer_changelist"), "/api/v1/customers/"
        take_snapshots(now=timezone.now())
        asked = {
            "list in the admin": (person, people),
            "search by name": (person, f"{people}?q=Feldmann"),
            "search by number": (person, f"{people}?q=C-0004711"),
            "search by telephone": (person, f"{people}?q=%2B4915100004711"),
            "list of the API": (self.program, f"{api}?limit=100"),
            "search of the API": (self.program, f"{api}?search=Feldmann"),
            "what changed since": (self.program, f"{api}changes/?limit=100"),
            "Pareto page": (person, reverse("admin:customers_tier_pareto")),
        }
        for name, (client, address) in asked.items():
            self.figures.pages_ms[name] = 1_000 * statistics.median(_ask(client, address) for _ in range(5))


@contextmanager
def _on_one_core() -> Iterator[None]:
    """Whether the system happens to have put the two processes on one core or on two doubles the time of a query."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        processes = (0, int(cursor.fetchone()[0]))
    before: dict[int, set[int]] = {}
    # Not every system has it, and a server may belong to somebody else or stand on another machine.
    with suppress(AttributeError, OSError):
        core = {min(os.sched_getaffinity(0))}
        for process in processes:
            before[process] = os.sched_getaffinity(process)
            os.sched_setaffinity(process, core)
    try:
        yield
    finally:
        for process, cores in before.items():
            os.sched_setaffinity(process, cores)


def _ask(client: Any, address: str) -> float:
    began = time.perf_counter()
    response = client.get(address)
    if response.status_code != 200:
        raise SystemExit(f"{address} answers {response.status_code}.")
    return time.perf_counter() - began


def phone(number: int) -> str:
    return f"+49151{number:08d}"


def record(number: int, version: int) -> dict[str, Any]:
    """A customer with two addresses; each version has other values."""
    dice = random.Random(number * 7 + version)
    return {
        "external_id": f"C-{number:07d}",
        "name": f"{dice.choice(_FIRST)} {dice.choice(_LAST)} {number}",
        "language": "de",
        "country": "DE",
        "tier": dice.choice(("gold", "silver")),
        "lifetime_value": round(dice.paretovariate(1.2) * 100, 2),
        "revenue_12m": round(dice.paretovariate(1.2) * 10, 2),
        "orders": dice.randrange(10_000),
        "last_order_at": "2026-10-01T10:00:00Z",
        "subscription_plan": "plus",
        "customer_since": "2019-05-01",
        "attributes": {"loyalty_status": "gold", "plan": "plus", "points": dice.randrange(1_000)},
        "identities": [
            {"kind": "phone", "value": phone(number)},
            {"kind": "email", "value": f"c{number}@example.com"},
        ],
        "source_version": version,
    }


_NAMES = f"(ARRAY{list(_FIRST)})[1 + n % 8] || ' ' || (ARRAY{list(_LAST)})[1 + n / 8 % 8] || ' ' || n"
_GROW = f"""
INSERT INTO customers_customer (external_id, name, language, country, time_zone, account_manager, tier_id, crm_tier_id,
  tier_by, lifetime_value, revenue_12m, orders, subscription_plan, currency, attributes, notes, change, created_at,
  updated_at)
SELECT 'C-' || lpad(n::text, 7, '0'), {_NAMES}, 'de', 'DE', '', '', t.id, t.id, 'crm',
  round((100 * power(random() + 1e-6, -0.8))::numeric, 2), round((10 * power(random() + 1e-6, -0.8))::numeric, 2),
  n %% 97, 'plus', 'EUR', '{{"loyalty_status": "gold", "plan": "plus"}}', '', 0, now(), now()
FROM (SELECT generate_series(%(first)s::bigint, %(last)s::bigint) AS n) g
JOIN customers_tier t ON t.rank = 1 + (g.n %% 10 > 0)::int
""".replace("n % 8]", "n %% 8]").replace("/ 8 % 8]", "/ 8 %% 8]")
_GROW_ADDRESSES = """
INSERT INTO customers_identity (kind, value, customer_id)
SELECT k.kind, CASE k.kind WHEN 'phone' THEN '+49151' || lpad(n::text, 8, '0') ELSE 'c' || n || '@example.com' END, c.id
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
JOIN customers_customer c ON c.external_id = 'C-' || lpad(n::text, 7, '0'), (VALUES ('phone'), ('email')) k(kind)
"""


def told(figures: dict[str, Any]) -> list[str]:
    """The figures as lines, with their bars."""
    copy_s = figures["copy_s"]
    lines = [f"(d) {figures['synced']:,} customers with two addresses each, against COPY of the same rows:"]
    lines.append(f"  COPY                    {statistics.median(copy_s):6.1f} s")
    for name, key in (("sync, new", "new_s"), ("sync, changed", "changed_s")):
        ratio = statistics.median(a / b for a, b in zip(figures[key], copy_s, strict=True))
        lines.append(f"  {name:<22}  {statistics.median(figures[key]):6.1f} s  {_against(ratio, SYNC_BAR, '×')}")
    first, last = figures["rss_mb"][0], figures["rss_mb"][-1]
    lines.append(f"  memory of the process that syncs, at its highest: {first:.0f} MB in the first round,")
    lines.append(f"    {last:.0f} MB in the last: {last / first:.2f}×")
    small, large = figures["find_us"]["small"], figures["find_us"]["large"]
    lines.append(
        f"(e) Found by an address: {small:.0f} µs with a thousand customers, {large:.0f} µs with {figures['most']:,}:"
    )
    lines.append(f"  {_against(large / small, FIND_BAR, '×')}")
    lines.append(f"(f) Server time with {figures['most']:,} customers:")
    for name, ms in figures["pages_ms"].items():
        lines.append(f"  {name:<22}  {_against(ms, PAGE_BAR_MS, ' ms')}")
    return lines


def _against(value: float, bar: float, unit: str) -> str:
    shown = f"{value:.2f}" if bar < 10 else f"{value:.0f}"
    return f"{shown}{unit} (bar {bar:g}{unit}: {'holds' if value <= bar else 'MISSED'})"


if __name__ == "__main__":
    main()
