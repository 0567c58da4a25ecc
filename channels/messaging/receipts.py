"""What providers tell of messages that are there: receipts, echoes, edits, deletions, reactions. They start nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from channels.messaging.consent import is_stopped, stop
from channels.messaging.inbound import TEXT_CHARS
from channels.messaging.models import Conversation, InboundEvent, Message
from channels.messaging.wording import numbered
from customers.selectors import find_customer
from customers.services import learn_identity
from routing.runner.services import identity_of

log = structlog.get_logger(__name__)

State = Message.State
_BATCH = 200
_PEER_CHARS = 160
# What a receipt may change: it never takes back what a later one said, in whatever order they come.
_BEFORE = {
    State.SENT: (State.QUEUED, State.SENDING),
    State.DELIVERED: (State.QUEUED, State.SENDING, State.SENT, State.FAILED),
    State.READ: (State.QUEUED, State.SENDING, State.SENT, State.DELIVERED, State.FAILED),
    State.FAILED: (State.QUEUED, State.SENDING, State.SENT),
}
# A receipt may overtake what it is about. After so many looks, of which the last is minutes later, it is of nothing of ours.
_LOOKS = 6
# These say whose conversation they are about, not which message.
_OF_PEOPLE = ("echo", "seen", "moved")


def handle_receipts(*, now: datetime) -> float | None:
    """All that are due; in how many seconds to come back for those whose message is not there yet."""
    while _batch(now):
        pass
    left = InboundEvent.objects.filter(conversation__isnull=True, handled_at__isnull=True, retry_at__isnull=False)
    first = left.order_by("retry_at").values_list("retry_at", flat=True).first()
    return max((first - now).total_seconds(), 0.1) if first else None


@transaction.atomic
def handle_receipts_of(token: str, *, account_id: int, number_id: int, peer: str, now: datetime) -> None:
    """Those of one message of ours, waiting for whoever handles them at this moment."""
    # Echoes of Instagram have no token: those to the same person may be it.
    about = Q(payload__token=token) | Q(kind="echo", number_id=number_id, payload__sender=peer)
    mine = InboundEvent.objects.filter(about, conversation__isnull=True, account_id=account_id)
    # Not only those that are still to be handled: one that somebody holds must be waited for.
    recent = mine.filter(received_at__gt=now - timedelta(days=2)).order_by("id")
    _apply_all([event for event in recent.select_for_update() if event.handled_at is None], now)


@transaction.atomic
def _batch(now: datetime) -> int:
    due = InboundEvent.objects.filter(conversation__isnull=True, handled_at__isnull=True)
    due = due.filter(Q(retry_at__isnull=True) | Q(retry_at__lte=now)).order_by("id")
    events = list(due.select_for_update(skip_locked=True)[:_BATCH])
    _apply_all(events, now)
    return len(events)


def _hold_conversations(events: list[InboundEvent]) -> None:
    """Before any of their messages is touched, and in one order: so does everybody else (leases.py)."""
    bodies = [event.payload for event in events]
    tokens = {pk for body in bodies if (pk := _id_of(str(body.get("token", "")))) is not None}
    external_ids = {str(body.get("message", "")) for body in bodies} - {""}
    people = {(event.number_id, str(event.payload.get("sender", ""))) for event in events if event.kind in _OF_PEOPLE}
    ids: set[int] = set()
    if tokens:
        ids.update(Message.objects.filter(pk__in=tokens).values_list("conversation_id", flat=True))
    if external_ids:
        # Said in the index's own words: it has no messages without an id.
        named = Message.objects.filter(~Q(external_id=""), external_id__in=external_ids)
        ids.update(named.values_list("conversation_id", flat=True))
    if people:
        either = Q()
        for number_id, peer in people:
            either |= Q(number_id=number_id, peer=peer)
        ids.update(Conversation.objects.filter(either).values_list("pk", flat=True))
    held = Conversation.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    list(held.values_list("pk", flat=True))


def _apply_all(events: list[InboundEvent], now: datetime) -> None:
    if not events:
        return
    _hold_conversations(events)
    for event in events:
        if _apply(event, now):
            event.handled_at = now
        else:
            event.attempts += 1
            event.retry_at = now + timedelta(seconds=2**event.attempts)
            if event.attempts >= _LOOKS:
                event.handled_at, event.problem = now, "about a message that is not ours"
                log.info("receipt of an unknown message", inbound=event.external_id, kind=event.kind)
        if event.handled_at is not None:
            # It said whom it was about. What stays is that it came, so that it counts once.
            event.payload = {}
    InboundEvent.objects.bulk_update(events, ["handled_at", "attempts", "retry_at", "problem", "payload"])


def _apply(event: InboundEvent, now: datetime) -> bool:
    """False if what it is about is not there (yet)."""
    body = event.payload
    match event.kind:
        case "status":
            return _status(event, str(body.get("message", "")), str(body.get("token", "")), str(body.get("state", "")))
        case "echo":
            return _echo(event)
        case "seen":
            return _seen(event)
        case "deletion":
            return bool(_of(event).update(deleted_at=now))
        case "edit":
            return bool(_of(event).update(text=str(body.get("text", ""))[:TEXT_CHARS]))
        case "reaction":
            message = _of(event).first()
            if message is not None:
                who = "reaction" if str(body.get("by", "them")) == "them" else "own_reaction"
                message.details = {**message.details, who: str(body.get("emoji", ""))[:32]}
                message.save(update_fields=["details"])
            return message is not None
        case "moved":
            _moved(event, now)
    return True


def _of(event: InboundEvent, external_id: str = "") -> QuerySet[Message]:
    external_id = external_id or str(event.payload.get("message", ""))
    if not external_id:
        return Message.objects.none()
    return Message.objects.filter(conversation__number__account_id=event.account_id, external_id=external_id)


def _status(event: InboundEvent, external_id: str, token: str, state: str) -> bool:
    found = _by_token(event, token) or (_of(event, external_id).order_by("id").first() if external_id else None)
    if found is None:
        return False
    if external_id and not found.external_id:
        Message.objects.filter(pk=found.pk, external_id="").update(external_id=external_id)
    error = str(event.payload.get("error", ""))[:300]
    _raise_state(found.pk, state, error, event.occurred_at)
    return True


def _raise_state(message_id: int, state: str, error: str, at: datetime) -> None:
    if state not in _BEFORE:
        return
    before = Message.objects.filter(pk=message_id, state__in=_BEFORE[State(state)])
    changed = before.update(state=state, error=error, retry_at=None)
    if changed and state != State.FAILED:
        Message.objects.filter(pk=message_id, sent_at__isnull=True).update(sent_at=at)
    if changed and state == State.FAILED:
        log.warning("message not delivered", message=message_id, why=error)


def _by_token(event: InboundEvent, token: str) -> Message | None:
    """Our own name of the message, which the provider gave back."""
    pk = _id_of(token)
    if pk is None:
        return None
    ours = Message.objects.filter(conversation__number__account_id=event.account_id, direction=Message.Direction.OUT)
    return ours.filter(pk=pk).first()


def _id_of(token: str) -> int | None:
    is_ours = token[:1] == "m" and token[1:].isascii() and token[1:].isdigit() and len(token) < 20
    return int(token[1:]) if is_ours else None


def _echo(event: InboundEvent) -> bool:
    """A message of ours, told back; or one that somebody wrote in the provider's own inbox."""
    body = event.payload
    external_id = str(body.get("message", ""))
    conversation = Conversation.objects.filter(number_id=event.number_id, peer=body.get("sender", "")).first()
    leaving: list[Message] = []
    if conversation is not None:
        # Before the look at ids: what is sent in between has its id by then, and is not taken for somebody else's.
        rows = Message.objects.filter(conversation=conversation, state=State.SENDING, external_id="")
        leaving = list(rows.order_by("id"))
    if _by_token(event, str(body.get("token", ""))) is not None or _of(event).exists():
        return _status(event, external_id, str(body.get("token", "")), State.SENT)
    if conversation is None:
        return False
    text = str(body.get("text", ""))
    if ours := next((one for one in leaving if text and text in {one.text, numbered(one.text, one.choices)}), None):
        Message.objects.filter(pk=ours.pk, external_id="").update(external_id=external_id)
        _raise_state(ours.pk, State.SENT, "", event.occurred_at)
        return True
    if event.attempts < 2 and leaving:
        return False  # perhaps that one, whose id we do not know yet
    Message.objects.create(
        conversation=conversation,
        contact_id=conversation.contact_id,
        direction=Message.Direction.OUT,
        kind=str(body.get("type", "text"))[:16],
        text=str(body.get("text", "")),
        media=body.get("media", []),
        details={"written_elsewhere": True},
        external_id=external_id,
        state=State.SENT,
        occurred_at=event.occurred_at,
        sent_at=event.occurred_at,
    )
    return True


def _moved(event: InboundEvent, now: datetime) -> None:
    """They have another number, or another id: whoever they are, they still are."""
    channel, peer, to = (str(event.payload.get(name, "")) for name in ("channel", "sender", "to"))
    before, after = identity_of(channel, peer), identity_of(channel, to)
    customer = find_customer(kind=before[0], value=before[1]) if before else None
    if customer and after:
        learn_identity(customer_id=customer.id, kind=after[0], value=after[1])
    if is_stopped(channel, peer) and not is_stopped(channel, to):
        stop(channel=channel, peer=to, word="STOP", now=now)
    ours = Conversation.objects.filter(number_id=event.number_id)
    ours.filter(alias=peer).exclude(alias="").update(alias=to[:_PEER_CHARS])
    conversation = ours.filter(peer=peer).first()
    if conversation is None or not to or len(to) > _PEER_CHARS:
        return
    Message.objects.create(
        conversation=conversation,
        contact_id=conversation.contact_id,
        direction=Message.Direction.IN,
        kind="moved",
        details={"moved_from": peer, "moved_to": to},
        external_id=event.external_id,
        state=State.RECEIVED,
        occurred_at=event.occurred_at,
    )
    if not ours.filter(Q(peer=to) | Q(alias=to)).exists():
        # What they write from there goes on here. The old number may be somebody else's tomorrow: it is no second name.
        try:
            with transaction.atomic():
                ours.filter(pk=conversation.pk).update(peer=to)
        except IntegrityError:
            log.info("they wrote from their new number at this very moment", conversation=conversation.pk)


def _seen(event: InboundEvent) -> bool:
    """Up to a moment, or up to a message, everything of ours was delivered or read."""
    body = event.payload
    state = State(body["state"]) if body.get("state") in {State.DELIVERED, State.READ} else State.READ
    conversation = Conversation.objects.filter(number_id=event.number_id, peer=body.get("sender", "")).first()
    if conversation is None:
        return False
    until = event.occurred_at
    if body.get("message"):
        last = _of(event).values_list("sent_at", flat=True).first()
        if last is None:
            return False
        until = last
    ours = Message.objects.filter(conversation=conversation, direction=Message.Direction.OUT, sent_at__lte=until)
    ours.filter(state__in=(State.SENT, *((State.DELIVERED,) if state == State.READ else ()))).update(state=state)
    return True
