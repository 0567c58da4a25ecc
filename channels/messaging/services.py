"""What people do with conversations: answer, end, and say who it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from channels.messaging import outbox
from channels.messaging.consent import is_stopped
from channels.messaging.handling import tell_flow
from channels.messaging.models import Conversation
from channels.nudges import nudge_sending
from channels.provider import providers
from customers.services import add_identity
from routing.engine.effects import SendMessage
from routing.engine.events import TransferEnded
from routing.models import Contact
from routing.runner.services import identity_of


class CannotReply(Exception):
    """Nothing may be sent to them: they said STOP, or wrote too long ago."""

    def __init__(self, why: str, *, hours: int = 0) -> None:
        super().__init__(why)
        self.why, self.hours = why, hours


class ConversationIsBusy(Exception):
    """A worker is at it at this moment."""


def why_no_reply(conversation: Conversation, *, now: datetime) -> CannotReply | None:
    """What stands in the way of an answer in free text."""
    if is_stopped(conversation.channel, conversation.peer):
        return CannotReply("stopped")
    hours = providers()[conversation.number.account.provider].window_h(conversation.channel)
    last = conversation.last_inbound_at
    if hours is not None and (last is None or now - last >= timedelta(hours=hours)):
        return CannotReply("window", hours=hours)
    return None


def window_until(conversation: Conversation) -> datetime | None:
    """Until when free text is allowed; None: always."""
    hours = providers()[conversation.number.account.provider].window_h(conversation.channel)
    last = conversation.last_inbound_at
    return last + timedelta(hours=hours) if hours is not None and last is not None else None


@transaction.atomic
def reply(*, conversation_id: int, text: str, by_id: int | None, now: datetime) -> int:
    """Puts an answer into the outbox; of how many messages it consists. Raises CannotReply."""
    related = Conversation.objects.select_related("number__account")
    conversation = related.select_for_update(of=("self",), no_key=True).get(pk=conversation_id)
    if problem := why_no_reply(conversation, now=now):
        raise problem
    count = outbox.put(
        conversation_id=conversation.pk,
        contact_id=conversation.contact_id,
        channel=conversation.channel,
        text_chars=providers()[conversation.number.account.provider].text_chars(conversation.channel),
        effects=[SendMessage(text=text)],
        now=now,
        by_id=by_id,
    )
    Conversation.objects.filter(pk=conversation.pk).update(last_message_at=now)
    transaction.on_commit(partial(nudge_sending, conversation.pk))
    return count


def close(*, conversation_id: int, clock: Callable[[], datetime]) -> None:
    """The people are done: the flow goes on where it handed over, and usually ends. Raises ConversationIsBusy."""
    if not tell_flow(conversation_id, TransferEnded(status="completed"), clock=clock):
        raise ConversationIsBusy


@transaction.atomic
def recognise(*, conversation_id: int, customer_id: int) -> None:
    """Somebody says who writes: from now on the sender is known as this customer. Raises IdentityTaken."""
    conversation = Conversation.objects.select_related("contact").get(pk=conversation_id)
    kind, value = identity_of(conversation.channel, conversation.peer) or (conversation.channel, conversation.peer)
    add_identity(customer_id=customer_id, kind=kind, value=value)
    if conversation.contact_id:
        Contact.objects.filter(pk=conversation.contact_id, customer__isnull=True).update(customer_id=customer_id)
    Conversation.objects.filter(pk=conversation_id).update(customer_id=customer_id)
