"""One of each thing that the API knows, so that an address leads somewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from channels.models import Account, Number
from customers.enrichment.models import DataSource
from customers.models import Customer, Identity, Tier
from queues.models import OpeningHours, Queue, SipAddress
from routing.models import Contact, Flow, Turn
from routing.services import create_flow, publish_flow

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
DRAFT: dict[str, Any] = {
    "format": 1,
    "steps": [
        {"id": "call", "type": "call", "title": "Call", "exits": {"started": "vip"}},
        {"id": "vip", "type": "queue", "title": "To VIP", "settings": {"queue": "vip"}},
    ],
}


def build() -> dict[str, Any]:
    """Path parameters by the resource that they are for."""
    tier = Tier.objects.create(key="gold", name="Gold", rank=1, head_start_s=300)
    hours = OpeningHours.objects.create(key="office", name="Office hours")
    queue = Queue.objects.create(key="vip", name="VIP", hours=hours)
    SipAddress.objects.create(queue=queue, uri="sip:vip@pbx.example.com")
    flow = create_flow(key="priority", name="Priority line", definition=DRAFT, by=None, now=NOW)
    version = publish_flow(flow_id=flow.pk, by=None, now=NOW, note="First")
    account = Account.objects.create(name="Main", provider="twilio", external_id="AC1", secret="auth-token")
    number = Number.objects.create(account=account, address="+4930901820", flow=flow, fallback_queue=queue)
    DataSource.objects.create(key="crm", name="CRM", url="https://192.0.2.1/?phone={{ phone }}", secret="s3cret")
    customer = Customer.objects.create(external_id="C-1", name="Ada", tier=tier, lifetime_value="1200.50")
    identity = Identity.objects.create(customer=customer, kind="phone", value="+4915100000001")
    contact = Contact.objects.create(
        reference="ABCDEFGHJK",
        origin="1",
        external_id="CA1",
        channel="voice",
        sender="+4915100000001",
        recipient="+4930901820",
        customer=customer,
        tier=tier,
        version=version,
        state="ended",
        outcome="connected",
        queue=queue,
        why="Went to VIP: the caller +4915100000001 is gold.",
        started_at=NOW,
        last_event_at=NOW,
        ended_at=NOW,
    )
    Turn.objects.create(
        contact=contact,
        number=0,
        event={"event": "WordsSpoken", "text": "My name is Ada"},
        effects=[],
        trace=[{"step": "call", "exit": "started", "saw": [{"what": "input", "seen": "+4915100000001"}]}],
        at=NOW,
        took_ms=3.5,
    )
    return {
        "customers": {"id": str(customer.pk)},
        "identities": {"id": str(identity.pk)},
        "tiers": {"key": tier.key},
        "queues": {"key": queue.key},
        "numbers": {"id": str(number.pk)},
        "data-sources": {"key": "crm"},
        "flows": {"key": flow.key, "number": "1"},
        "contacts": {"reference": contact.reference},
    }


def flow_of(key: str) -> Flow:
    return Flow.objects.get(key=key)
