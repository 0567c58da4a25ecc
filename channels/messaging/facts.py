"""Who writes, and what flows may know of them."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

from channels.countries import language_of
from channels.messaging.models import Conversation, InboundEvent
from customers.selectors import CustomerFacts, find_customer, phone_of
from customers.services import learn_identity
from queues.selectors import current_revision
from routing.runner.services import Arrival, identity_of

_FACT_CHARS = 500


def arrival_of(conversation: Conversation, event: InboundEvent) -> tuple[Arrival, int | None]:
    """A new contact of this conversation, and its customer's id."""
    number, body = conversation.number, event.payload
    identity = identity_of(conversation.channel, conversation.peer)
    called = [identity, identity_of(conversation.channel, str(body.get("sender", "")))]
    called += [(str(kind), str(value)) for kind, value in body.get("identities", ())]
    customer = _customer([one for one in dict.fromkeys(called) if one is not None])
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


def _customer(identities: list[tuple[str, str]]) -> CustomerFacts | None:
    """Whom the first of them that somebody has belongs to; by the others they are known from now on, too."""
    for place, (kind, value) in enumerate(identities):
        if found := find_customer(kind=kind, value=value):
            for other_kind, other in identities[place + 1 :] + identities[:place]:
                learn_identity(customer_id=found.id, kind=other_kind, value=other)
            return found
    return None


@lru_cache(maxsize=4096)
def _country(phone: str) -> str:
    try:
        return str(phonenumbers.region_code_for_number(phonenumbers.parse(phone, None)) or "")
    except phonenumbers.NumberParseException:
        return ""
