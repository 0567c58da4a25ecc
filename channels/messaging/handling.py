"""What a worker makes of the events of a conversation: in order, one at a time, each exactly once.

The turn of the flow, the messages it orders and the mark that the event is handled are saved in one transaction,
together with a look at the lease. A worker that dies before it leaves the event to the next; one that dies after it
has done everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction

from channels.messaging import consent, outbox
from channels.messaging.facts import arrival_of
from channels.messaging.leases import Lease, LeaseLost, lease
from channels.messaging.models import Conversation, InboundEvent, Message
from channels.nudges import nudge_read, nudge_sending
from channels.provider import providers
from routing.engine.effects import AwaitReply
from routing.engine.events import CameBack, Event, InputTimedOut, MessageReceived
from routing.models import Contact
from routing.runner import services as runner
from routing.runner.services import ContactUnknown, Saved

log = structlog.get_logger(__name__)

ATTEMPTS = 5
Clock = Callable[[], datetime]
Send = Callable[[int], None]
# How soon the flow looks again for the answer of an API that did not come in time.
_FETCH_WAIT_S = 0.5


_IS_DUE = """
SELECT 1 FROM channels_conversation c
 WHERE c.id = %s AND (c.wake_at <= %s OR EXISTS (
   SELECT 1 FROM channels_inboundevent e WHERE e.conversation_id = c.id AND e.handled_at IS NULL))
"""
# The lease is looked at, and the row held until the end of the transaction, by the very statement that writes.
_WRITE = """
UPDATE channels_conversation
   SET last_message_at = %(now)s, last_inbound_at = greatest(last_inbound_at, %(occurred_at)s),
       contact_id = coalesce(%(contact_id)s, contact_id), customer_id = coalesce(%(customer_id)s, customer_id),
       wake_at = CASE WHEN %(sets_wake)s THEN %(wake_at)s ELSE wake_at END,
       taken_by_id = CASE WHEN %(contact_id)s IS NULL OR %(contact_id)s = contact_id THEN taken_by_id END
 WHERE id = %(id)s AND handling_by = %(token)s
"""


class _HandledBefore(Exception):
    """Somebody else handled the event."""


def handle_conversation(conversation_id: int, *, clock: Clock, send: Send = nudge_sending) -> float | None:
    """Handles what is due; in how many seconds to come back, or None. `send` is told where something is to leave."""
    while True:
        with lease(conversation_id, "handling") as mine:
            if mine is None:
                return None
            try:
                wait_s = _work_off(mine, clock, send)
            except LeaseLost:
                log.warning("another worker took over", conversation=conversation_id, work="handling")
                return None
        # Whoever wrote meanwhile found us at work and went away.
        if wait_s is not None or not _is_something_due(conversation_id, clock()):
            return wait_s


def tell_flow(conversation_id: int, what: Event, *, clock: Clock) -> bool:
    """Something that people did to the open contact of a conversation; False while a worker is at it."""
    with lease(conversation_id, "handling") as mine:
        if mine is None:
            return False
        conversation = _conversation(mine)
        if conversation.contact is not None and conversation.contact.state != Contact.State.ENDED:
            _tell(mine, conversation, conversation.contact, what, clock(), nudge_sending)
    return True


def _pending(conversation_id: int) -> Any:
    return InboundEvent.objects.filter(conversation_id=conversation_id, handled_at__isnull=True)


def _is_something_due(conversation_id: int, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_IS_DUE, (conversation_id, now))
        return cursor.fetchone() is not None


def _work_off(mine: Lease, clock: Clock, send: Send) -> float | None:
    while True:
        now = clock()
        event = _pending(mine.conversation_id).order_by("occurred_at", "id").first()
        if event is None:
            break
        if event.retry_at and event.retry_at > now:
            return float((event.retry_at - now).total_seconds())
        mine.renew()
        _handle(mine, event, now, send)
    wake_at = _wake_at(mine)
    if wake_at is None:
        return None
    wait_s = (wake_at - clock()).total_seconds()
    if wait_s > 0:
        return wait_s
    mine.renew()
    _wake(mine, _conversation(mine), clock(), send)
    again = _wake_at(mine)
    return max((again - clock()).total_seconds(), 0.0) if again else None


def _wake_at(mine: Lease) -> datetime | None:
    return Conversation.objects.values_list("wake_at", flat=True).get(pk=mine.conversation_id)


def _conversation(mine: Lease) -> Conversation:
    related = ("number__account", "number__flow", "number__fallback_queue", "contact")
    slow = ("number__flow__draft", "contact__run")
    return Conversation.objects.select_related(*related).defer(*slow).get(pk=mine.conversation_id)


def _handle(mine: Lease, event: InboundEvent, now: datetime, send: Send) -> None:
    """One event, whatever comes of it: nothing may stand in the way of those behind it for ever."""
    conversation = _conversation(mine)
    try:
        _take(mine, conversation, event, now, send)
    except (LeaseLost, DatabaseError):
        raise
    except _HandledBefore:
        return
    except Exception as error:
        log.exception("event could not be handled", inbound=event.pk, conversation=conversation.pk)
        event.attempts += 1
        event.problem = type(error).__name__
        event.retry_at = now + timedelta(seconds=2**event.attempts)
        if event.attempts < ATTEMPTS:
            event.save(update_fields=["attempts", "problem", "retry_at"])
            return
        # What was written is kept for people to see, at least.
        with transaction.atomic():
            _note(mine, conversation, event, contact_id=conversation.contact_id, now=now)
            InboundEvent.objects.filter(pk=event.pk).update(attempts=event.attempts, problem=event.problem)


def _take(mine: Lease, conversation: Conversation, event: InboundEvent, now: datetime, send: Send) -> None:
    body = event.payload
    if not body.get("payload"):
        wish = consent.wish_of(conversation.channel, str(body.get("text", "")), str(body.get("wish", "")))
        if wish == "stop":
            _stop(mine, conversation, event, now)
            return
        if wish == "start" and _start(mine, conversation, event, now):
            return
        if wish == "help":
            with transaction.atomic():
                _note(mine, conversation, event, contact_id=conversation.contact_id, now=now)
            return
    contact = conversation.contact
    if contact is not None and contact.state == Contact.State.HANDED_OVER:
        # People have it, or will take it: it is theirs to read.
        with transaction.atomic():
            Contact.objects.filter(pk=contact.pk).update(last_event_at=now)
            _note(mine, conversation, event, contact_id=contact.pk, now=now)
        return
    said = MessageReceived(
        text=str(body.get("text", "")),
        payload=str(body.get("payload", "")),
        media=tuple(str(one.get("url") or one.get("id") or "") for one in body.get("media", ())),
    )
    if contact is not None and contact.state == Contact.State.IN_FLOW:
        try:
            _tell(mine, conversation, contact, said, now, send, event)
        except ContactUnknown:
            log.warning("the contact of a conversation is gone", conversation=conversation.pk)
        else:
            return
    arrival, customer_id = arrival_of(conversation, event)

    def alongside(saved: Saved) -> None:
        _write_down(mine, conversation, saved, now, event, customer_id=customer_id)

    answer = runner.arrive(arrival, now=now, until=_until(), alongside=alongside)
    if answer.repeated:
        with transaction.atomic():
            _note(mine, conversation, event, contact_id=None, now=now)
    send(conversation.pk)


def _until() -> float:
    return time.monotonic() + float(settings.ANSWER_BUDGET_S)


def _tell(
    mine: Lease,
    conversation: Conversation,
    contact: Contact,
    what: Event,
    now: datetime,
    send: Send,
    event: InboundEvent | None = None,
) -> None:
    """Raises ContactUnknown."""
    runner.tell(
        origin=contact.origin,
        external_id=contact.external_id,
        event=what,
        now=now,
        until=_until(),
        alongside=lambda saved: _write_down(mine, conversation, saved, now, event),
    )
    send(conversation.pk)


def _wake(mine: Lease, conversation: Conversation, now: datetime, send: Send) -> None:
    """The flow goes on by itself: the reply did not come, or an API is to be looked at again."""
    contact = conversation.contact
    if contact is None or contact.state != Contact.State.IN_FLOW:
        Conversation.objects.filter(pk=conversation.pk).update(wake_at=None)
        return
    waits_for = Contact.objects.values_list("run__waits_for", flat=True).get(pk=contact.pk)
    what: Event = CameBack() if waits_for == "fetch" else InputTimedOut()
    try:
        _tell(mine, conversation, contact, what, now, send)
    except ContactUnknown:
        Conversation.objects.filter(pk=conversation.pk).update(wake_at=None)
    except (LeaseLost, DatabaseError):
        raise
    except Exception:
        log.exception("conversation could not be woken", conversation=conversation.pk)
        Conversation.objects.filter(pk=conversation.pk).update(wake_at=now + timedelta(seconds=60))


def _write_down(
    mine: Lease,
    conversation: Conversation,
    saved: Saved,
    now: datetime,
    event: InboundEvent | None,
    *,
    customer_id: int | None = None,
) -> None:
    """All that goes with a turn, in its transaction."""
    changes: dict[str, Any] = {"contact_id": saved.contact_id, "customer_id": customer_id}
    reply = next((effect for effect in reversed(saved.effects) if isinstance(effect, AwaitReply)), None)
    if saved.waits_for == "fetch":
        changes["wake_at"] = now + timedelta(seconds=_FETCH_WAIT_S)
    elif saved.waits_for == "input" and reply is not None:
        changes["wake_at"] = now + timedelta(seconds=reply.timeout_s)
    elif saved.waits_for != "input":
        changes["wake_at"] = None
    _write(mine, now, event, **changes)
    if event is not None:
        _keep(conversation, event, contact_id=saved.contact_id, now=now)
    provider = providers()[conversation.number.account.provider]
    if event is not None and provider.shows_read(conversation.channel):
        # An answer that needs an API first takes a moment: they see that it is being written.
        typing = saved.waits_for == "fetch"
        transaction.on_commit(partial(nudge_read, conversation.pk, event.external_id, typing=typing))
    outbox.put(
        conversation_id=conversation.pk,
        contact_id=saved.contact_id,
        channel=conversation.channel,
        text_chars=provider.text_chars(conversation.channel),
        effects=saved.effects,
        now=now,
    )


def _write(mine: Lease, now: datetime, event: InboundEvent | None, **changes: Any) -> None:
    """What changes of the conversation. Raises LeaseLost."""
    values = {
        "id": mine.conversation_id,
        "token": mine.token,
        "now": now,
        "occurred_at": event.occurred_at if event is not None else None,
        "contact_id": changes.get("contact_id"),
        "customer_id": changes.get("customer_id"),
        "sets_wake": "wake_at" in changes,
        "wake_at": changes.get("wake_at"),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)
        if not cursor.rowcount:
            raise LeaseLost


def _note(
    mine: Lease, conversation: Conversation, event: InboundEvent, *, contact_id: int | None, now: datetime
) -> None:
    """The message as it came, and the mark that its event is handled. Raises LeaseLost, _HandledBefore."""
    _write(mine, now, event)
    _keep(conversation, event, contact_id=contact_id, now=now)


def _keep(conversation: Conversation, event: InboundEvent, *, contact_id: int | None, now: datetime) -> None:
    """Raises _HandledBefore."""
    if not InboundEvent.objects.filter(pk=event.pk, handled_at__isnull=True).update(handled_at=now):
        raise _HandledBefore
    body = event.payload
    Message.objects.create(
        conversation_id=conversation.pk,
        contact_id=contact_id,
        direction=Message.Direction.IN,
        kind=str(body.get("type", "text"))[:16],
        text=str(body.get("text", "")),
        media=body.get("media", []),
        details=_details(body),
        external_id=event.external_id,
        state=Message.State.RECEIVED,
        occurred_at=event.occurred_at,
    )


def _details(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the provider says beside the message, with the advertisement or link that led here."""
    facts = dict(body.get("facts") or {})
    came_from = {name: value for name, value in facts.items() if name.startswith("referral_") and value}
    return {**(body.get("details") or {}), **came_from}


def _stop(mine: Lease, conversation: Conversation, event: InboundEvent, now: datetime) -> None:
    """No more messages to them, from this moment on; their flow ends."""
    contact = conversation.contact
    with transaction.atomic():
        _note(mine, conversation, event, contact_id=contact.pk if contact else None, now=now)
        consent.stop(channel=conversation.channel, peer=conversation.peer, word=_word(event), now=now)
        Conversation.objects.filter(pk=conversation.pk).update(wake_at=None)
    log.info("messages stopped", conversation=conversation.pk)
    if contact is not None and contact.state == Contact.State.IN_FLOW:
        runner.hang_up(origin=contact.origin, external_id=contact.external_id, now=now)


def _start(mine: Lease, conversation: Conversation, event: InboundEvent, now: datetime) -> bool:
    """Takes a STOP back; False if there was none, and it is a message like any other."""
    with transaction.atomic():
        if not consent.start(channel=conversation.channel, peer=conversation.peer, word=_word(event), now=now):
            return False
        _note(mine, conversation, event, contact_id=conversation.contact_id, now=now)
    log.info("messages wanted again", conversation=conversation.pk)
    return True


def _word(event: InboundEvent) -> str:
    return str(event.payload.get("text", "")) or str(event.payload.get("wish", ""))
