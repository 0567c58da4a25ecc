"""Finds what was left: events and messages whose worker died, whose nudge was lost, or whose time has come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from channels.messaging.models import Conversation, EmulatedSend, InboundEvent, Message
from channels.nudges import nudge_conversation, nudge_receipts, nudge_sending

# What is due sooner than the sweep comes by twice, a worker holds itself.
SOON_S = 12.0
_MOST = 500
# What has a place in a number's rate leaves then, not when the sweep comes by next: a worker holds it for the rest.
_AHEAD = timedelta(seconds=6)
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
_TO_SEND = """
SELECT c.id FROM channels_conversation c
 WHERE (c.sending_until IS NULL OR c.sending_until < clock_timestamp())
   AND c.id IN (
     SELECT conversation_id FROM (
       SELECT DISTINCT ON (conversation_id) conversation_id, retry_at FROM channels_message
        WHERE state IN ('queued', 'sending') ORDER BY conversation_id, id) AS first
      WHERE retry_at IS NULL OR retry_at <= %s)
 ORDER BY c.id LIMIT %s
"""


def sweep(*, now: datetime) -> int:
    """Nudges whoever is due; how many. Comes by every few seconds."""
    handle, send = _ids(_TO_HANDLE, (now, now, _MOST)), _ids(_TO_SEND, (now + _AHEAD, _MOST))
    for conversation_id in handle:
        nudge_conversation(conversation_id)
    for conversation_id in send:
        nudge_sending(conversation_id)
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


def _ids(query: str, values: tuple[Any, ...]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [row[0] for row in cursor.fetchall()]
