"""Who writes, and what flows may know of them."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

from channels.countries import language_of
from channels.messaging.models import Conversation, InboundEvent
from customers.selectors import CustomerFacts, find_customer, phone_of
from queues.selectors import current_revision
from routing.runner.services import Arrival, identity_of

_FACT_CHARS = 500


def arrival_of(conversation: Conversation, event: InboundEvent) -> tuple[Arrival, int | None]:
    """A new contact of this conversation, and its customer's id."""
    number, body = conversation.number, event.payload
    identity = identity_of(conversation.channel, conversation.peer)
    customer = _customer(identity, body.get("identities", ()))
    phone = identity[1] if identity and identity[0] == "phone" else ""
    if not phone and customer is not None:
        # One customer on several channels is one customer: APIs know them by their number.
        phone = phone_of(customer.id)
    details = {str(name): str(value)[:_FACT_CHARS] for name, value in dict(body.get("facts", {})).items() if value}
    details |= {
        "text": str(body.get("text", ""))[:_FACT_CHARS],
        "phone": phone,
        "sender_id": conversation.peer.rpartition(":")[2],
        "name": conversation.name,
    }
    if "language" not in details and (language := language_of(_country(phone))):
        details["language"] = language
    arrival = Arrival(
        origin=f"{number.account.provider}:{number.account.external_id}",
        external_id=f"{conversation.pk}:{event.pk}",
        channel=conversation.channel,
        trigger="message",
        sender=conversation.peer,
        recipient=number.address,
        version_id=number.flow.live_id if number.flow else None,
        fallback_queue=number.fallback_queue.key,
        queues_revision=current_revision(),
        customer=customer,
        details=details,
    )
    return arrival, customer.id if customer else None


def _customer(identity: tuple[str, str] | None, others: object) -> CustomerFacts | None:
    """By the sender's own identity; else by another that the provider named."""
    known = [identity] if identity else []
    if isinstance(others, list):
        known += [(str(one[0]), str(one[1])) for one in others if isinstance(one, list) and len(one) == 2]
    for kind, value in known:
        if found := find_customer(kind=kind, value=value):
            return found
    return None


@lru_cache(maxsize=4096)
def _country(phone: str) -> str:
    try:
        return str(phonenumbers.region_code_for_number(phonenumbers.parse(phone, None)) or "")
    except phonenumbers.NumberParseException:
        return ""
