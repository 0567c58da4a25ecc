"""Finds what was left: events and messages whose worker died, whose nudge was lost, or whose time has come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from channels.messaging.models import Conversation, EmulatedSend, InboundEvent, Message
from channels.nudges import nudge_conversation, nudge_receipts, nudge_sending

# What a conversation waits for is held by its worker, if it comes sooner than the sweep comes by twice.
SOON_S = 12.0
# What has a place in a number's rate leaves then, not when the sweep comes by next: a worker has it this long before.
AHEAD_S = 6.0
_AHEAD = timedelta(seconds=AHEAD_S)
_MOST = 500
# Who is so late is held by nobody any more.
_LATE = timedelta(seconds=1)
# A provider tells the same for up to a week.
_KEEP_EVENTS = timedelta(days=60)
_BATCH = 2_000

_TO_HANDLE = """
SELECT c.id FROM channels_conversation c
 WHERE (c.handling_until IS NULL OR c.handling_until < clock_timestamp())
   AND (c.wake_at <= %s OR c.id IN (
     SELECT conversation_id FROM channels_inboundevent
      WHERE handled_at IS NULL AND conversation_id IS NOT NULL AND (retry_at IS NULL OR retry_at <= %s)))
 ORDER BY c.id LIMIT %s
"""
# Whose message was written less than `_AHEAD` before it is due is held by the worker that looked at it then.
_TO_SEND = """
SELECT c.id, first.retry_at FROM channels_conversation c JOIN (
       SELECT DISTINCT ON (conversation_id) conversation_id, retry_at, occurred_at FROM channels_message
        WHERE state IN ('queued', 'sending') ORDER BY conversation_id, id) AS first ON first.conversation_id = c.id
 WHERE (c.sending_until IS NULL OR c.sending_until < clock_timestamp())
   AND (first.retry_at IS NULL OR first.retry_at <= %(late)s
        OR first.retry_at <= %(ahead)s AND first.occurred_at <= first.retry_at - %(held)s)
 ORDER BY c.id LIMIT %(most)s
"""


def sweep(*, now: datetime) -> int:
    """Nudges whoever is due; how many. Comes by every few seconds."""
    handle = _rows(_TO_HANDLE, (now, now, _MOST))
    send = _rows(_TO_SEND, {"late": now - _LATE, "ahead": now + _AHEAD, "held": _AHEAD, "most": _MOST})
    for (conversation_id,) in handle:
        nudge_conversation(conversation_id)
    for conversation_id, retry_at in send:
        nudge_sending(conversation_id, in_s=(retry_at - now).total_seconds() if retry_at else 0.0)
    if InboundEvent.objects.filter(conversation__isnull=True, handled_at__isnull=True).exists():
        nudge_receipts()
    return len(handle) + len(send)


def prune(*, now: datetime) -> int:
    """Deletes handled events that no provider tells again, and messages as old as contacts may become; how many."""
    total = _prune_messages(now) if settings.CONTACT_RETENTION_DAYS > 0 else 0
    old = InboundEvent.objects.filter(received_at__lt=now - _KEEP_EVENTS, handled_at__isnull=False)
    while ids := list(old.values_list("pk", flat=True)[:_BATCH]):
        total += InboundEvent.objects.filter(pk__in=ids).delete()[0]
    if settings.EMULATOR_URL:
        EmulatedSend.objects.filter(at__lt=now - timedelta(days=7)).delete()
    return total


def _prune_messages(now: datetime) -> int:
    total = 0
    old = now - timedelta(days=settings.CONTACT_RETENTION_DAYS)
    messages = Message.objects.filter(occurred_at__lt=old)
    while ids := list(messages.values_list("pk", flat=True)[:_BATCH]):
        total += Message.objects.filter(pk__in=ids).delete()[0]
    silent = Conversation.objects.filter(last_message_at__lt=old, messages__isnull=True, events__isnull=True)
    while ids := list(silent.values_list("pk", flat=True)[:_BATCH]):
        total += Conversation.objects.filter(pk__in=ids).delete()[0]
    return total


def _rows(query: str, values: tuple[Any, ...] | dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
