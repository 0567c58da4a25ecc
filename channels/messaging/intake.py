"""Keeps what was posted: one statement, however many events; then a worker is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import connection
from prometheus_client import Counter
from pydantic_core import to_json

from channels.messaging.inbound import Incoming
from channels.nudges import nudge_conversation, nudge_receipts

log = structlog.get_logger(__name__)

RECEIVED = Counter("pareto_message_events", "Events of messages that were kept", ["provider", "kind"])

# By hand, for it is on the way of every webhook. Conversations and events are taken in one order, so that two requests
# about the same wait for each other instead of forever: the conversations that there are by their number, as everybody
# else does (leases.py), then new ones. The second of two identical requests finds its events there. Events are numbered
# as they came.
_KEEP = """
WITH incoming AS (
  SELECT * FROM jsonb_to_recordset(%s::jsonb) AS x(position int, number_id bigint, account_id bigint, channel text,
      peer text, alias text, name text, external_id text, kind text, payload jsonb, occurred_at timestamptz)),
-- Who is called by two names, or by the other one from now on, goes on in the conversation that there is.
told AS (
  SELECT i.*, known.id AS known, coalesce(known.peer, i.peer) AS talk
    FROM incoming i LEFT JOIN LATERAL (
      SELECT 1 AS place, c.id, c.peer FROM channels_conversation c WHERE c.number_id = i.number_id AND c.peer = i.peer
      UNION ALL
      SELECT 2, c.id, c.peer FROM channels_conversation c
       WHERE c.number_id = i.number_id AND c.alias = i.peer AND c.alias <> '' AND i.kind = 'message'
      UNION ALL
      SELECT 3, c.id, c.peer FROM channels_conversation c WHERE c.number_id = i.number_id AND c.peer = i.alias
      ORDER BY place LIMIT 1) known ON true),
conversation AS (
  INSERT INTO channels_conversation (number_id, channel, peer, alias, name, created_at, handling_by, sending_by)
  SELECT number_id, channel, talk, CASE WHEN alias = talk THEN peer ELSE alias END, name, %s::timestamptz, '', ''
    FROM (SELECT DISTINCT ON (number_id, talk) * FROM told WHERE kind = 'message'
           ORDER BY number_id, talk, position DESC) AS latest
   ORDER BY known NULLS LAST, number_id, talk
  ON CONFLICT (number_id, peer) DO UPDATE SET
    name = CASE WHEN EXCLUDED.name = '' THEN channels_conversation.name ELSE EXCLUDED.name END,
    alias = CASE WHEN EXCLUDED.alias = '' THEN channels_conversation.alias ELSE EXCLUDED.alias END
  RETURNING id, number_id, peer),
numbered AS MATERIALIZED (
  SELECT nextval(pg_get_serial_sequence('channels_inboundevent', 'id')) AS id, i.*
    FROM (SELECT * FROM told ORDER BY position) AS i)
INSERT INTO channels_inboundevent (id, account_id, external_id, conversation_id, number_id, kind, payload, occurred_at,
    received_at, attempts, problem)
SELECT i.id, i.account_id, i.external_id, CASE WHEN i.kind = 'message' THEN c.id END, i.number_id, i.kind, i.payload,
       i.occurred_at, %s::timestamptz, 0, ''
  FROM numbered i LEFT JOIN conversation c ON c.number_id = i.number_id AND c.peer = i.talk
 ORDER BY i.account_id, i.external_id
ON CONFLICT (account_id, external_id) DO NOTHING
RETURNING conversation_id
"""


@dataclass(frozen=True, slots=True)
class Addressee:
    """A number of ours, as far as keeping an event needs it."""

    number_id: int
    account_id: int


def _alias(event: Incoming) -> str:
    """What else the provider calls the sender on this channel; empty if nothing."""
    others = (f"{event.channel}:{value}" for kind, value in event.body.get("identities", ()) if kind == event.channel)
    return next((one[:160] for one in others if one != event.sender), "")


def keep(provider: str, events: Sequence[tuple[Addressee, Incoming]], now: datetime) -> int:
    """All of them or, if the database fails, none; how many were new. Tells workers afterwards."""
    if not events:
        return 0
    rows = [
        {
            "position": position,
            "number_id": to.number_id,
            "account_id": to.account_id,
            "channel": event.channel,
            "peer": event.sender,
            "alias": _alias(event),
            "name": str(event.body.get("name", ""))[:200],
            "external_id": event.external_id,
            "kind": event.kind,
            "payload": {**event.body, "sender": event.sender},
            "occurred_at": event.occurred_at,
        }
        for position, (to, event) in enumerate(events)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, (to_json(rows).decode().replace("\\u0000", ""), now, now))
        found = [row[0] for row in cursor.fetchall()]
    for _, event in events:
        RECEIVED.labels(provider, event.kind).inc()
    for conversation_id in sorted({one for one in found if one is not None}):
        nudge_conversation(conversation_id)
    if None in found:
        nudge_receipts()
    return len(found)
