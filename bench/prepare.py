"""Fills the benchmark's database: `python -m bench.prepare PORT_OF_CRM`, in the environment of the run."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

import django

from bench.callers import ACCOUNT, AUTH_TOKEN, SYNCED, our_number, phone, status_of

# Which of our numbers is for what.
SYNCED_NUMBER, CACHED_NUMBER, ASKING_NUMBER, HANGING_NUMBER = 1, 2, 3, 100
SYNCED_MESSAGES, ASKING_MESSAGES = 11, 13
CUSTOMERS = 2000
# Each round has a hanging source of its own, whose breaker has not opened yet.
HANGING_SOURCES = 9
GREETING = "Welcome. We are putting you through to the right team."


def main() -> None:
    """Fills the database that the environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    fill(f"http://127.0.0.1:{int(sys.argv[1])}")


def fill(crm: str, customers: int = CUSTOMERS) -> None:
    """Queues, sources, flows, numbers, customers, made by the project's own services and models."""
    from channels.models import Account  # noqa: PLC0415  models want Django set up
    from queues.models import Queue, SipAddress  # noqa: PLC0415

    queues = {}
    for key, name in (("vip", "VIP"), ("standard", "Standard")):
        queues[key] = Queue.objects.create(key=key, name=name)
        SipAddress.objects.create(queue=queues[key], uri=f"sip:{key}@pbx.example.com")
    account = Account.objects.create(name="Bench", provider="twilio", external_id=ACCOUNT, secret=AUTH_TOKEN)
    _source("crm", f"{crm}/customers")
    _source("kept", f"{crm}/customers", cache_s=86_400)
    wanted = [(SYNCED_NUMBER, "crm", True), (CACHED_NUMBER, "kept", False), (ASKING_NUMBER, "crm", False)]
    for number in range(HANGING_SOURCES):
        _source(f"hanging-{number}", f"{crm}/hanging/customers")
        wanted.append((HANGING_NUMBER + number, f"hanging-{number}", False))
    for number, source, synced_first in wanted:
        flow = _flow(f"flow-{number}", source, synced_first=synced_first)
        account.numbers.create(address=our_number(number), flow=flow, fallback_queue=queues["standard"])
    for number, synced_first in ((SYNCED_MESSAGES, True), (ASKING_MESSAGES, False)):
        flow = _flow(f"flow-{number}", "crm", synced_first=synced_first, trigger="message")
        # The usual rate of such a number would be measured otherwise, and not what we do.
        account.numbers.create(
            address=our_number(number), flow=flow, fallback_queue=queues["standard"], messages_per_s=1000
        )
    _customers(customers)


def _source(key: str, url: str, **values: Any) -> None:
    from customers.enrichment.models import DataSource  # noqa: PLC0415

    DataSource.objects.create(
        key=key,
        name=key,
        url=url + "?phone={{ phone | url_encode }}",
        mapping=[{"name": "loyalty_status", "path": "loyalty_status", "type": "text"}],
        **values,
    )


def _flow(key: str, source: str, *, synced_first: bool, trigger: str = "call") -> Any:
    """Greet, fetch, branch, hand over."""
    from routing.models import Flow  # noqa: PLC0415
    from routing.services import import_flow  # noqa: PLC0415

    condition = {"variable": "loyalty.loyalty_status", "operator": "is_one_of", "value": ["gold", "platinum"]}
    rules = [{"name": "valuable", "label": "Gold or platinum", "when": {"match": "all", "conditions": [condition]}}]
    steps = [
        {"id": "start", "type": trigger, "exits": {"started": "greet"}},
        {"id": "greet", "type": "say", "settings": {"prompt": {"text": {"en-US": GREETING}}}, "exits": {"done": "ask"}},
        {
            "id": "ask",
            "type": "fetch",
            "settings": {"source": source, "save_as": "loyalty", "synced_first": synced_first},
            "exits": {"found": "worth", "not_found": "to_standard", "failed": "to_standard"},
        },
        {
            "id": "worth",
            "type": "branch",
            "settings": {"rules": rules},
            "exits": {"valuable": "to_vip", "otherwise": "to_standard"},
        },
        {"id": "to_vip", "type": "queue", "settings": {"queue": "vip"}, "exits": {"unanswered": "to_standard"}},
        {"id": "to_standard", "type": "queue", "settings": {"queue": "standard"}, "exits": {"unanswered": "end"}},
        {"id": "end", "type": "end"},
    ]
    file = {"pareto_flow": 1, "key": key, "name": key, "definition": {"format": 1, "steps": steps}}
    report = import_flow(text=json.dumps(file), publish=True, by=None, now=datetime.now(UTC))
    if not report.ok:
        raise SystemExit(f"The flow of the benchmark is refused: {'; '.join(map(str, report.faults))}")
    return Flow.objects.get(key=key)


def _customers(count: int) -> None:
    from customers.models import Customer, Identity, Tier  # noqa: PLC0415

    gold = Tier.objects.create(key="gold", name="Gold", rank=1, head_start_s=300)
    phones = [phone(SYNCED, number) for number in range(count)]
    customers = Customer.objects.bulk_create(
        Customer(
            external_id=f"C{number}",
            name=f"Customer {number}",
            tier=gold if status_of(caller) == "gold" else None,
            lifetime_value=number,
            orders=number % 50,
            attributes={"loyalty_status": status_of(caller), "plan": "plus", "category": "business"},
            synced_at=datetime.now(UTC),
        )
        for number, caller in enumerate(phones)
    )
    Identity.objects.bulk_create(
        Identity(customer=customer, value=caller) for customer, caller in zip(customers, phones, strict=True)
    )


if __name__ == "__main__":
    main()
