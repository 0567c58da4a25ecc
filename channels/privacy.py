"""What conversations keep of a customer: messages, events of providers, and who said STOP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from channels.messaging.models import Conversation, EmulatedSend, InboundEvent, Message, OptOut
from channels.models import Number
from customers.privacy.registry import Keeper, Kept, Subject, register, register_kept
from customers.privacy.sight import register_house


def register_all() -> None:
    register_house(lambda: Number.objects.values_list("address", flat=True))
    register(Keeper("conversations", _("conversations"), export, erase))
    register(Keeper("opt_outs", _("opt-outs"), export_opt_outs, erase_opt_outs))
    register_kept(
        Kept(
            "messages",
            _("messages"),
            _("What customers wrote and what was answered, with links to their pictures and recordings."),
            lambda before: Message.objects.filter(occurred_at__lt=before),
            settings.CONTACT_RETENTION_DAYS,
            most_days=settings.CONTACT_RETENTION_DAYS,
        )
    )


def of(subject: Subject) -> QuerySet[Conversation]:
    peers = {value for _kind, value in subject.addresses} | set(subject.spellings)
    return Conversation.objects.filter(Q(customer_id=subject.customer_id) | Q(customer=None, peer__in=peers))


def export(subject: Subject) -> Iterator[dict[str, Any]]:
    for conversation in of(subject).select_related("number").order_by("id").iterator(chunk_size=100):
        yield {
            "channel": conversation.channel,
            "from": conversation.peer,
            "name": conversation.name,
            "to": str(conversation.number),
            "started_at": conversation.created_at,
            "messages": [
                {
                    "at": message.occurred_at,
                    "direction": message.direction,
                    "kind": message.kind,
                    "text": message.text,
                    "media": message.media,
                    "state": message.state,
                }
                for message in conversation.messages.order_by("id")
            ],
        }


def erase(subject: Subject, now: datetime) -> dict[str, int]:
    """That something was written, when, and whether it arrived, stays; what it was, and with whom, goes."""
    ids = list(of(subject).order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    anonymous = Concat(Value("erased-"), Cast(F("pk"), CharField()))
    messages = Message.objects.filter(conversation_id__in=ids).update(
        text="", media=[], choices=[], details={}, external_id=anonymous, error=""
    )
    # The provider's own id of an event stays: it may come once more, and must find that it was here.
    events = InboundEvent.objects.filter(conversation_id__in=ids).update(payload={}, problem="")
    # A receipt keeps nothing once it is settled (receipts.py); these still wait for the message that they are about.
    waiting = InboundEvent.objects.filter(conversation=None, handled_at=None, payload__sender__in=subject.spellings)
    events += waiting.update(payload={}, problem="", handled_at=now)
    Conversation.objects.filter(pk__in=ids).update(peer=anonymous, alias="", name="", customer=None)
    played = EmulatedSend.objects.filter(Q(sender__in=subject.spellings) | Q(recipient__in=subject.spellings))
    return {"conversations": len(ids), "messages": messages, "events": events, "played messages": played.delete()[0]}


def _opt_outs(subject: Subject) -> QuerySet[OptOut]:
    return OptOut.objects.filter(value__in=[value for _kind, value in subject.addresses])


def export_opt_outs(subject: Subject) -> Iterator[dict[str, Any]]:
    for row in _opt_outs(subject):
        yield {"kind": row.kind, "address": row.value, "word": row.word, "since": row.since}


def erase_opt_outs(subject: Subject, _now: datetime) -> dict[str, int]:
    rows = _opt_outs(subject)
    return {"opt-outs": rows._raw_delete(rows.db) or 0}  # noqa: SLF001  delete() would log whom it was about
