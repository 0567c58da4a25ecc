"""What webhooks told of a customer: exported, and erased with whatever listeners answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from customers.privacy.registry import Keeper, Subject, register
from customers.privacy.scrubbing import Scrubber
from outgoing.models import Delivery, Kind
from routing.models import Contact


def register_all() -> None:
    register(Keeper("webhooks", _("outgoing webhooks"), export, erase))


def of(subject: Subject) -> QuerySet[Delivery]:
    """About them, about contacts of theirs, or naming them in any other way."""
    theirs = Q(customer_id=subject.customer_id) | Q(customer=None, sender__in=subject.spellings)
    contacts = list(Contact.objects.filter(theirs).values_list("pk", flat=True))
    named = Scrubber(subject).rows(Delivery.objects.all(), ("facts", "body", "response", "error"))
    about = Delivery.objects.filter(Q(facts__customer=subject.customer_id) | Q(facts__contact__in=contacts))
    # Looked for once: there may be a hundred thousand.
    ids = {*named.values_list("pk", flat=True), *about.order_by().values_list("pk", flat=True)}
    return Delivery.objects.filter(pk__in=ids)


def export(subject: Subject) -> Iterator[dict[str, Any]]:
    for delivery in of(subject).select_related("subscription").order_by("pk").iterator(chunk_size=200):
        yield {
            "told": delivery.subscription.name,
            "event": delivery.event_id,
            "what": delivery.kind,
            "at": delivery.created_at,
            "facts": delivery.facts,
            "body": delivery.body,
            "answer": delivery.response,
            "error": delivery.error,
        }


def erase(subject: Subject, _now: datetime) -> dict[str, int]:
    """What was to be told of a contact is told without them; that their tier changed is told to nobody any more."""
    rows = of(subject)
    gone = rows.filter(kind=Kind.TIER_CHANGED).delete()[0]
    return {"webhooks": gone + rows.update(body="", response="", error="")}
