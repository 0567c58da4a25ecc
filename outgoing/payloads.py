"""What is told of an event: the same names as in the REST API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from customers.models import Customer, Tier
from outgoing.models import Delivery, Kind
from queues.models import Queue
from routing.api.contacts import ContactBody
from routing.models import Contact


def write_bodies(deliveries: Sequence[Delivery]) -> None:
    """Gives each delivery its body; a few queries for all of them. They are not saved."""
    contacts = Contact.objects.select_related("customer", "tier", "queue", "version__flow").defer(
        "run", "customer__attributes", "version__definition", "version__flow__draft"
    )
    known = contacts.in_bulk({one.facts["contact"] for one in deliveries if "contact" in one.facts})
    customers = Customer.objects.only("external_id", "name").in_bulk(
        {one.facts["customer"] for one in deliveries if "customer" in one.facts}
    )
    # Queues and tiers are few.
    queues = dict(Queue.objects.values_list("id", "key")) if known else {}
    tiers = dict(Tier.objects.values_list("id", "key")) if customers else {}
    for one in deliveries:
        if one.kind == Kind.TIER_CHANGED:
            data = _of_tier(one.facts, customers.get(one.facts["customer"]), tiers)
        else:
            data = _of_contact(one, known.get(one.facts["contact"]), queues)
        told = {"id": str(one.event_id), "type": one.kind, "at": one.created_at, "data": data}
        one.body = json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False)


def _of_contact(delivery: Delivery, contact: Contact | None, queues: Mapping[int, str]) -> dict[str, Any]:
    facts = delivery.facts
    data: dict[str, Any] = {"reference": facts["reference"]}
    if contact is not None:
        data |= ContactBody(contact, context={"personal": delivery.subscription.personal}).data
    # As it was then: by now the contact may have gone on.
    then = {name: facts[name] for name in ("state", "outcome", "fell_back", "last_event_at", "ended_at")}
    if delivery.kind == Kind.CONTACT_STARTED:
        # Where the first answer is the last one, its row is written once, with all that came of it.
        return {**data, **then, "state": Contact.State.IN_FLOW, "outcome": "", "ended_at": None, "queue": None}
    return {**data, **then, "queue": queues.get(facts["queue"])}


def _of_tier(facts: Mapping[str, Any], customer: Customer | None, tiers: Mapping[int, str]) -> dict[str, Any]:
    return {
        "customer": facts["external_id"],
        "name": customer.name if customer else "",
        "before": tiers.get(facts["before"]),
        "after": tiers.get(facts["after"]),
        "by": facts["by"],
    }
