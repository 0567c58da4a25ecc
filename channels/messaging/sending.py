"""Empties the outbox of a conversation: each message once, in order, again later where that may help.

A message goes from `queued` to `sending` in a transaction of its own before the provider is asked, and the provider gets
our token with it, which comes back in all that it tells us of the message. So after a lost answer, or a killed worker,
the message is `sending`, and is left alone for a while: what the provider tells meanwhile settles it (receipts.py).
Only if nothing is told is it sent again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import QuerySet
from prometheus_client import Counter

from channels.messaging.consent import is_stopped
from channels.messaging.delivery import Account, Delivery, Later, Outgoing, Refused, Sent, Unsure
from channels.messaging.leases import Lease, LeaseLost, lease
from channels.messaging.models import Conversation, Message
from channels.messaging.pace import NAP_S, place_in_line
from channels.messaging.receipts import handle_receipts_of
from channels.models import Account as AccountRow
from channels.models import Number
from channels.provider import providers

log = structlog.get_logger(__name__)

WAITED = Counter("pareto_messages_paced", "Messages that waited for the provider's rate", ["provider", "channel"])
SENT = Counter("pareto_messages_out", "Messages that were handed to a provider", ["provider", "channel", "outcome"])

ATTEMPTS = 8
_FIRST_WAIT_S, _LONGEST_WAIT_S = 2.0, 600.0
State = Message.State
_OPEN = (State.QUEUED, State.SENDING)
# What nearly always happens, in one statement. A receipt may have come first, and knows more than “sent”.
_SENT = """
UPDATE channels_message m
   SET external_id = CASE WHEN m.external_id = '' THEN %s ELSE m.external_id END,
       sent_at = CASE WHEN m.state = 'sending' THEN %s ELSE m.sent_at END,
       retry_at = CASE WHEN m.state = 'sending' THEN NULL ELSE m.retry_at END,
       error = CASE WHEN m.state = 'sending' THEN '' ELSE m.error END,
       state = CASE WHEN m.state = 'sending' THEN 'sent' ELSE m.state END
  FROM (SELECT 1 FROM channels_conversation WHERE id = %s AND sending_by = %s FOR NO KEY UPDATE) AS held
 WHERE m.id = %s
"""


def send_conversation(conversation_id: int, *, clock: Callable[[], datetime]) -> float | None:
    """Sends what may be sent now; in how many seconds to come back for the rest, or None."""
    while True:
        with lease(conversation_id, "sending") as mine:
            if mine is None:
                return None
            try:
                wait_s = _empty(mine, clock)
            except LeaseLost:
                log.warning("another worker took over", conversation=conversation_id, work="sending")
                return None
        # Whoever put a message there meanwhile found us at work and went away.
        if wait_s is not None or not _open(conversation_id).exists():
            return wait_s


def _head(conversation_id: int) -> Message | None:
    return _open(conversation_id).order_by("id").first()


def _open(conversation_id: int) -> QuerySet[Message]:
    return Message.objects.filter(conversation_id=conversation_id, state__in=_OPEN)


def _empty(mine: Lease, clock: Callable[[], datetime]) -> float | None:
    related = ("number__account",)
    conversation = Conversation.objects.select_related(*related).get(pk=mine.conversation_id)
    while (message := _head(conversation.pk)) is not None:
        now = clock()
        if message.retry_at and message.retry_at > now:
            return (message.retry_at - now).total_seconds()
        if pause_s := _pause_s(conversation.number_id, now):
            return pause_s
        if message.state == State.SENDING:
            # What the provider told of it may lie there, not looked at yet: the worker that should have is dead, too.
            number = conversation.number
            handle_receipts_of(
                token_of(message), account_id=number.account_id, number_id=number.pk, peer=conversation.peer, now=now
            )
            if not Message.objects.filter(pk=message.pk, state=State.SENDING).exists():
                continue
        if message.slot_at is None and (wait_s := _wait_in_line(conversation, message, now)):
            return wait_s
        outgoing = _claim(mine, conversation, message, now)
        if outgoing is None:
            continue
        mine.renew()
        delivery = _deliver(conversation.number, outgoing)
        _settle(mine, conversation, message, delivery, clock())
    return None


def _wait_in_line(conversation: Conversation, message: Message, now: datetime) -> float:
    """The message's place in the number's rate: waits for one that is near; else writes it down, and in how many seconds it is."""
    per_s = rate_of(conversation.number, conversation.channel, with_media=bool(message.media))
    if per_s is None:
        return 0.0
    wait_s = place_in_line(conversation.number_id, per_s=per_s, messages=message.segments)
    if wait_s <= NAP_S:
        time.sleep(wait_s)
        return 0.0
    slot_at = now + timedelta(seconds=wait_s)
    Message.objects.filter(pk=message.pk, state__in=_OPEN).update(slot_at=slot_at, retry_at=slot_at)
    WAITED.labels(conversation.number.account.provider, conversation.channel).inc()
    return wait_s


def rate_of(number: Number, channel: str, *, with_media: bool = False) -> float | None:
    """Messages a second; None where nobody counts."""
    documented = documented_rate(number, channel, with_media=with_media)
    if number.messages_per_s is None:
        return documented
    own = float(number.messages_per_s)
    # What is asked for more may well be granted, but not for pictures and films.
    return min(own, documented) if with_media and documented else own


def documented_rate(number: Number, channel: str = "", *, with_media: bool = False) -> float | None:
    """What the provider says of it."""
    if not channel:
        channel = number.address.partition(":")[0] if ":" in number.address else "sms"
    found: float | None = providers()[number.account.provider].per_second(
        carrier=number.account.carrier, channel=channel, address=number.address, with_media=with_media
    )
    return found


def _claim(mine: Lease, conversation: Conversation, message: Message, now: datetime) -> Outgoing | None:
    """Marks it as being sent; None if it must not be sent at all."""
    with transaction.atomic():
        mine.check()
        if is_stopped(conversation.channel, conversation.peer):
            _end(message, State.BLOCKED, "")
            return None
        if message.attempts >= ATTEMPTS:
            _end(message, State.FAILED, message.error or "given up")
            return None
        template = ""
        if not _window_is_open(conversation, now):
            template = str(message.details.get("template", ""))
            if not template:
                why = "The customer's last message is older than {hours} hours: only an approved template may be sent."
                _end(message, State.FAILED, why.format(hours=_window_h(conversation)))
                return None
        message.state, message.attempts = State.SENDING, message.attempts + 1
        # Until then nobody else sends it: long enough for the provider to tell what became of it.
        message.retry_at = now + timedelta(seconds=settings.OUTBOX_UNSURE_S)
        changed = Message.objects.filter(pk=message.pk, state__in=_OPEN)
        values = {"state": message.state, "attempts": message.attempts, "retry_at": message.retry_at, "slot_at": None}
        if not changed.update(**values):
            return None
    return Outgoing(
        token=token_of(message),
        channel=conversation.channel,
        sender=conversation.number.address,
        recipient=conversation.peer,
        text=message.text,
        media=tuple(one["url"] for one in message.media if one.get("url")),
        choices=tuple((name, label) for name, label in message.choices),
        template=template,
        template_values=tuple(message.details.get("template_values", ())) if template else (),
        template_names=tuple(message.details.get("template_names", ())) if template else (),
        language=str(message.details.get("language", "")),
    )


def token_of(message: Message) -> str:
    """What the provider gives back; short, and no secret."""
    return f"m{message.pk}"


def _end(message: Message, state: str, error: str) -> None:
    Message.objects.filter(pk=message.pk, state__in=_OPEN).update(state=state, error=error[:300], retry_at=None)
    log.warning("message not sent", message=message.pk, state=state, why=error)


def _window_h(conversation: Conversation) -> int | None:
    hours: int | None = providers()[conversation.number.account.provider].window_h(conversation.channel)
    return hours


def _window_is_open(conversation: Conversation, now: datetime) -> bool:
    hours = _window_h(conversation)
    if hours is None:
        return True
    last = Conversation.objects.values_list("last_inbound_at", flat=True).get(pk=conversation.pk)
    return last is not None and now - last < timedelta(hours=hours)


def account_of(number: Number) -> Account | None:
    """As whom to send; None where nothing may leave, because nobody said so and there is no emulator."""
    return as_whom(number.account, access_token=number.access_token or "")


def as_whom(account: AccountRow, *, access_token: str = "", is_asking: bool = False) -> Account | None:
    """`access_token`: of a page that has its own. None where nothing may leave, unless it only asks for something."""
    is_real = account.sends_to == AccountRow.Sending.CARRIER
    if not is_real and not settings.EMULATOR_URL and not is_asking:
        return None
    return Account(
        external_id=account.external_id,
        secret=account.secret,
        access_token=access_token or account.access_token or "",
        api="" if is_real or not settings.EMULATOR_URL else f"{settings.EMULATOR_URL}/{account.provider}",
        callbacks=settings.PUBLIC_URL or f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}",
        carrier=account.carrier,
        api_url=account.api_url,
        business_id=account.business_id,
    )


def _deliver(number: Number, outgoing: Outgoing) -> Delivery:
    account = account_of(number)
    if account is None:
        return Refused("Sending is switched off: choose in the account where its messages go to.")
    provider = providers()[number.account.provider]
    try:
        delivery: Delivery = provider.deliver(outgoing, account)
    except Exception as error:
        log.exception("message could not be handed over", message=outgoing.token, provider=provider.key)
        delivery = Unsure(type(error).__name__)
    SENT.labels(provider.key, outgoing.channel, type(delivery).__name__.lower()).inc()
    return delivery


def _settle(mine: Lease, conversation: Conversation, message: Message, delivery: Delivery, now: datetime) -> None:
    if isinstance(delivery, Sent):
        _settle_sent(mine, message, delivery, now)
        return
    waiting = Message.objects.filter(pk=message.pk, state=State.SENDING)
    with transaction.atomic():
        mine.check()
        match delivery:
            case Refused(why=why):
                waiting.update(state=State.FAILED, error=why[:300], retry_at=None)
                log.warning("message refused", message=message.pk, why=why)
            case Later(why=why, after_s=after_s, whole_number=whole_number):
                wait_s = after_s if after_s is not None else _backoff_s(message.attempts)
                if whole_number:
                    _pause(conversation.number_id, now, wait_s)
                retry_at = now + timedelta(seconds=wait_s)
                waiting.update(state=State.QUEUED, error=why[:300], retry_at=retry_at)
                log.warning("message waits", message=message.pk, why=why, wait_s=wait_s)
            case Unsure(why=why):
                retry_at = now + timedelta(seconds=settings.OUTBOX_UNSURE_S)
                waiting.update(error=why[:300], retry_at=retry_at)
                log.warning("nobody knows whether a message was sent", message=message.pk, why=why)


def _settle_sent(mine: Lease, message: Message, delivery: Sent, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SENT, (delivery.external_id, now, mine.conversation_id, mine.token, message.pk))
        if not cursor.rowcount:
            raise LeaseLost


def _backoff_s(attempts: int) -> float:
    return float(min(_FIRST_WAIT_S * 2 ** (attempts - 1), _LONGEST_WAIT_S))


def _pause(number_id: int, now: datetime, seconds: float) -> None:
    """A provider that said "too much" meant the number, not the message."""
    try:
        cache.set(f"outbox:pause:{number_id}", (now + timedelta(seconds=seconds)).timestamp(), int(seconds) + 1)
    except Exception as error:  # noqa: BLE001  then each message learns it by itself
        log.warning("pause not kept", why=type(error).__name__)


def _pause_s(number_id: int, now: datetime) -> float:
    try:
        until = cache.get(f"outbox:pause:{number_id}")
    except Exception:  # noqa: BLE001
        return 0.0
    return max(float(until) - now.timestamp(), 0.0) if until else 0.0
