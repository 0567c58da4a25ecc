"""What people do with conversations: answer, end, and say who it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from channels.messaging import outbox
from channels.messaging.consent import is_stopped
from channels.messaging.handling import tell_flow
from channels.messaging.models import Conversation, Message
from channels.nudges import nudge_sending
from channels.provider import providers
from customers.services import add_identity
from queues.models import Queue
from routing.engine.effects import SendMessage
from routing.engine.events import PutElsewhere, TransferEnded
from routing.models import Contact
from routing.runner.services import identity_of


class WrittenMeanwhile(Exception):
    """They, or a colleague, wrote what whoever answers has not seen."""


class CannotReply(Exception):
    """Nothing may be sent to them: they said STOP, or wrote too long ago."""

    def __init__(self, why: str, *, hours: int = 0) -> None:
        super().__init__(why)
        self.why, self.hours = why, hours


class ConversationIsBusy(Exception):
    """A worker is at it at this moment."""


class NobodyWaits(Exception):
    """Its contact is over, or still in its flow."""


class TakenBySomebody(Exception):
    """A colleague answers it."""

    def __init__(self, who: str) -> None:
        super().__init__(who)
        self.who = who


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
def reply(
    *,
    conversation_id: int,
    text: str,
    by_id: int | None,
    now: datetime,
    seen_id: int | None = None,
    despite: bool = False,
) -> int:
    """Puts an answer into the outbox; of how many messages it consists. Whoever answers first has taken it.

    Raises CannotReply, WrittenMeanwhile, and TakenBySomebody unless `despite` that. `seen_id` is the latest message
    that whoever answers had before them.
    """
    related = Conversation.objects.select_related("number__account", "taken_by", "contact")
    conversation = related.select_for_update(of=("self",), no_key=True).get(pk=conversation_id)
    if problem := why_no_reply(conversation, now=now):
        raise problem
    if seen_id is not None:
        later = Message.objects.filter(conversation_id=conversation.pk, pk__gt=seen_id)
        if later.filter(Q(direction=Message.Direction.IN) | (Q(by__isnull=False) & ~Q(by_id=by_id))).exists():
            raise WrittenMeanwhile
    if is_taken_from(conversation, by_id) and not despite:
        raise TakenBySomebody(str(conversation.taken_by))
    count = outbox.put(
        conversation_id=conversation.pk,
        contact_id=conversation.contact_id,
        channel=conversation.channel,
        text_chars=providers()[conversation.number.account.provider].text_chars(conversation.channel),
        effects=[SendMessage(text=text)],
        now=now,
        by_id=by_id,
    )
    waits = conversation.contact is not None and conversation.contact.state != Contact.State.ENDED
    Conversation.objects.filter(pk=conversation.pk).update(
        last_message_at=now,
        taken_by_id=(conversation.taken_by_id or by_id) if waits else None,
    )
    transaction.on_commit(partial(nudge_sending, conversation.pk))
    return count


def close(*, conversation_id: int, clock: Callable[[], datetime]) -> None:
    """The people are done: the flow goes on where it handed over, and usually ends. Raises ConversationIsBusy."""
    if not tell_flow(conversation_id, TransferEnded(status="completed"), clock=clock):
        raise ConversationIsBusy
    Conversation.objects.filter(pk=conversation_id).update(taken_by=None)


def put_elsewhere(*, conversation_id: int, queue: Queue, by: str, clock: Callable[[], datetime]) -> None:
    """Whoever waits here waits in that queue from now on, and nobody of ours has taken it there.

    Raises NobodyWaits, ConversationIsBusy.
    """
    waiting = Contact.objects.filter(pk__in=_contact_of(conversation_id), state=Contact.State.HANDED_OVER)
    if not waiting.exists():
        raise NobodyWaits
    if not tell_flow(conversation_id, PutElsewhere(queue=queue.key, by=by), clock=clock):
        raise ConversationIsBusy
    if not waiting.filter(queue=queue).exists():
        # It ended between the two.
        raise NobodyWaits
    now = clock()
    with transaction.atomic():
        Conversation.objects.filter(pk=conversation_id).update(taken_by=None)
        Message.objects.create(
            conversation_id=conversation_id,
            contact_id=_contact_of(conversation_id).first(),
            direction=Message.Direction.OUT,
            kind="put",
            details={"put_into": queue.name, "put_by": by},
            state=Message.State.SENT,
            occurred_at=now,
        )


def take(*, conversation_id: int, by_id: int, despite: bool = False) -> None:
    """Says who answers. Raises NobodyWaits, and TakenBySomebody unless `despite` that."""
    with transaction.atomic():
        related = Conversation.objects.select_related("taken_by", "contact")
        conversation = related.select_for_update(of=("self",), no_key=True).get(pk=conversation_id)
        if conversation.contact is None or conversation.contact.state == Contact.State.ENDED:
            raise NobodyWaits
        if is_taken_from(conversation, by_id) and not despite:
            raise TakenBySomebody(str(conversation.taken_by))
        Conversation.objects.filter(pk=conversation_id).update(taken_by_id=by_id)


def give_back(*, conversation_id: int, by_id: int) -> None:
    """Anybody may answer it again; nothing happens if somebody else has it meanwhile."""
    Conversation.objects.filter(pk=conversation_id, taken_by_id=by_id).update(taken_by=None)


def is_taken_from(conversation: Conversation, by_id: int | None) -> bool:
    """Whether a colleague answers it: as long as the contact is open that they took it for."""
    contact = conversation.contact
    is_open = contact is not None and contact.state != Contact.State.ENDED
    return is_open and conversation.taken_by_id not in (None, by_id)


def _contact_of(conversation_id: int) -> QuerySet[Conversation, Any]:
    return Conversation.objects.filter(pk=conversation_id).values_list("contact_id", flat=True)


@transaction.atomic
def recognise(*, conversation_id: int, customer_id: int) -> None:
    """Somebody says who writes: from now on the sender is known as this customer. Raises IdentityTaken."""
    conversation = Conversation.objects.select_related("contact").get(pk=conversation_id)
    kind, value = identity_of(conversation.channel, conversation.peer) or (conversation.channel, conversation.peer)
    add_identity(customer_id=customer_id, kind=kind, value=value)
    if conversation.contact_id:
        Contact.objects.filter(pk=conversation.contact_id, customer__isnull=True).update(customer_id=customer_id)
    Conversation.objects.filter(pk=conversation_id).update(customer_id=customer_id)
