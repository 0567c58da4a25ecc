"""How contacts and their turns are read and written: one statement each, no transaction held open."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from pydantic_core import to_json

# A repeated first webhook finds the contact there already and inserts nothing. At the same moment, the
# second waits here until the first is committed.
_INSERT = """
WITH contact AS (
  INSERT INTO routing_contact (reference, origin, external_id, channel, sender, recipient, customer_id, tier_id,
      version_id, state, outcome, queue_id, fell_back, why, run, next_turn, started_at, last_event_at, ended_at)
  VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s, %s, %s)
  ON CONFLICT DO NOTHING
  RETURNING id)
INSERT INTO routing_turn (contact_id, number, event, effects, trace, at, took_ms)
SELECT id, 0, %s::jsonb, %s::jsonb, %s::jsonb, %s::timestamptz, %s::float8 FROM contact RETURNING contact_id
"""

_LOAD = """
SELECT c.id, c.reference, c.version_id, c.state, c.outcome, c.queue_id, c.fell_back, c.why, c.run, c.next_turn,
       (SELECT jsonb_agg(t.trace ORDER BY t.number) FROM routing_turn t WHERE t.contact_id = c.id),
       (SELECT t.effects FROM routing_turn t WHERE t.contact_id = c.id AND t.number = %s),
       (SELECT number FROM queues_revision)
  FROM routing_contact c WHERE c.origin = %s AND c.external_id = %s
"""

# Succeeds only for the first who saves this turn; everybody else gets that one's answer.
_SAVE = """
WITH contact AS (
  UPDATE routing_contact SET state = %s, outcome = %s, queue_id = %s, fell_back = %s, why = %s, run = %s,
         next_turn = next_turn + 1, last_event_at = %s, ended_at = %s
   WHERE id = %s AND next_turn = %s
  RETURNING id)
INSERT INTO routing_turn (contact_id, number, event, effects, trace, at, took_ms)
SELECT id, %s::int, %s::jsonb, %s::jsonb, %s::jsonb, %s::timestamptz, %s::float8 FROM contact RETURNING contact_id
"""

_AMEND = "UPDATE routing_contact SET outcome = %s WHERE id = %s AND outcome = %s"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a contact stands after a turn: the columns that lists and reports read."""

    state: str
    outcome: str
    queue_id: int | None
    fell_back: bool
    why: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One event and its answer, as JSON."""

    event: dict[str, Any]
    effects: list[dict[str, Any]]
    trace: list[dict[str, Any]]
    at: datetime
    took_ms: float


@dataclass(frozen=True, slots=True)
class NewContact:
    """Who it is and where from; fixed for the life of the contact."""

    reference: str
    origin: str
    external_id: str
    channel: str
    sender: str
    recipient: str
    customer_id: int | None
    tier_id: int | None
    version_id: int | None


@dataclass(frozen=True, slots=True)
class StoredContact:
    """A contact under way."""

    id: int
    reference: str
    version_id: int | None
    standing: Standing
    run: dict[str, Any]
    next_turn: int
    trace: tuple[dict[str, Any], ...]
    answer: list[dict[str, Any]] | None
    """What was answered to the turn that was asked for, if it was handled before."""
    queues_revision: int


def insert_contact(new: NewContact, standing: Standing, run: dict[str, Any], turn: TurnRecord) -> int | None:
    """Its id; None if the contact is there already."""
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            (
                new.reference,
                new.origin,
                new.external_id,
                new.channel,
                new.sender,
                new.recipient,
                new.customer_id,
                new.tier_id,
                new.version_id,
                standing.state,
                standing.outcome,
                standing.queue_id,
                standing.fell_back,
                standing.why,
                _dump(run),
                turn.at,
                turn.at,
                standing.ended_at,
                *_turn(turn),
            ),
        )
        row = cursor.fetchone()
    return row[0] if row else None


def load_contact(*, origin: str, external_id: str, turn: int) -> StoredContact | None:
    """The contact, its whole trace, and the stored answer to `turn`. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LOAD, (turn, origin, external_id))
        row = cursor.fetchone()
    if row is None:
        return None
    run = _parse(row[8])
    return StoredContact(
        id=row[0],
        reference=row[1],
        version_id=row[2],
        standing=Standing(row[3], row[4], row[5], row[6], row[7], None),
        run=run,
        next_turn=row[9],
        trace=tuple(entry for turn_trace in _parse(row[10]) or () for entry in turn_trace),
        answer=_parse(row[11]),
        queues_revision=row[12] or 0,
    )


def save_turn(contact: StoredContact, standing: Standing, run: dict[str, Any], turn: TurnRecord) -> bool:
    """False if somebody else saved this turn meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SAVE,
            (
                standing.state,
                standing.outcome,
                standing.queue_id,
                standing.fell_back,
                standing.why,
                _dump(run),
                turn.at,
                standing.ended_at,
                contact.id,
                contact.next_turn,
                contact.next_turn,
                *_turn(turn),
            ),
        )
        return cursor.fetchone() is not None


def amend_outcome(contact: StoredContact, *, was: str, outcome: str) -> None:
    """What a late callback says of a contact that is over."""
    with connection.cursor() as cursor:
        cursor.execute(_AMEND, (outcome, contact.id, was))


def _turn(turn: TurnRecord) -> tuple[str | datetime | float, ...]:
    return (_dump(turn.event), _dump(turn.effects), _dump(turn.trace), turn.at, turn.took_ms)


def _dump(value: object) -> str:
    # NUL cannot be kept in jsonb, and nobody misses it. pydantic's writer takes a fifth of the time of json's.
    return to_json(value, fallback=str).decode().replace("\\u0000", "")


def _parse(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
