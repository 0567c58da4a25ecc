"""Tells somebody that what they wrote was read, and that an answer is being written, where the channel can show it."""

from __future__ import annotations

import structlog

from channels.messaging.consent import is_stopped
from channels.messaging.models import Conversation
from channels.messaging.sending import account_of
from channels.provider import providers

log = structlog.get_logger(__name__)


def show_read(conversation_id: int, external_id: str, *, typing: bool) -> None:
    """Once, and never again: whoever misses it misses a blue tick."""
    related = Conversation.objects.select_related("number__account")
    conversation = related.filter(pk=conversation_id).first()
    if conversation is None or is_stopped(conversation.channel, conversation.peer):
        return
    account = account_of(conversation.number)
    if account is None:
        return
    provider = providers()[conversation.number.account.provider]
    try:
        provider.show_read(
            channel=conversation.channel,
            sender=conversation.number.address,
            recipient=conversation.peer,
            external_id=external_id,
            typing=typing,
            account=account,
        )
    except Exception as error:  # noqa: BLE001  nothing hangs on it
        log.info("not shown as read", conversation=conversation_id, why=type(error).__name__)
