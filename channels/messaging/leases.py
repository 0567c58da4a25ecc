"""One worker at a time for each conversation, however many run: a lease in the conversation's row.

Taken by one statement that succeeds for one worker only, and written by name into the row. Whatever a holder saves
is saved together with a look at that name, so that one who was given up for dead, and was not, saves nothing.

Rows are locked in one order everywhere, so that nobody waits in a ring: contact, conversation, message. Never stronger
than FOR NO KEY UPDATE: whoever only refers to a conversation, as a new message does, need not wait.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from django.db import connection

# Long enough for anything that is done under it between two renewals; short enough to wait for after a kill.
LEASE_S = 20
# Whoever took it this long ago renews it before going on.
_STALE_S = 3.0

Work = Literal["handling", "sending"]

# The database's clock: those of several machines differ.
_TAKE = {
    work: f"""UPDATE channels_conversation SET {work}_by = %s, {work}_until = clock_timestamp() + %s * interval '1 second'
 WHERE id = %s AND ({work}_until IS NULL OR {work}_until < clock_timestamp() OR {work}_by = %s)"""  # noqa: S608
    for work in ("handling", "sending")
}
_RELEASE = {
    work: f"UPDATE channels_conversation SET {work}_by = '', {work}_until = NULL WHERE id = %s AND {work}_by = %s"  # noqa: S608
    for work in ("handling", "sending")
}
_HOLDS = {
    work: f"SELECT 1 FROM channels_conversation WHERE id = %s AND {work}_by = %s FOR NO KEY UPDATE"  # noqa: S608
    for work in ("handling", "sending")
}


class LeaseLost(Exception):
    """Another worker took over; nothing more may be saved."""


class Lease:
    """The right to work on a conversation."""

    def __init__(self, conversation_id: int, work: Work) -> None:
        self.conversation_id, self.work = conversation_id, work
        self.token = secrets.token_hex(16)
        self._taken = -LEASE_S * 1.0

    def take(self) -> bool:
        """Also renews: whoever holds it may take it again."""
        with connection.cursor() as cursor:
            cursor.execute(_TAKE[self.work], (self.token, LEASE_S, self.conversation_id, self.token))
            taken = bool(cursor.rowcount)
        if taken:
            self._taken = time.monotonic()
        return taken

    def renew(self) -> None:
        """Asks the database where most of the time is still left to nobody. Raises LeaseLost."""
        if time.monotonic() - self._taken > _STALE_S and not self.take():
            raise LeaseLost

    def check(self) -> None:
        """Inside a transaction: holds the row until its end. Raises LeaseLost."""
        with connection.cursor() as cursor:
            cursor.execute(_HOLDS[self.work], (self.conversation_id, self.token))
            if cursor.fetchone() is None:
                raise LeaseLost

    def release(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_RELEASE[self.work], (self.conversation_id, self.token))


@contextmanager
def lease(conversation_id: int, work: Work) -> Iterator[Lease | None]:
    """None if somebody else has it."""
    mine = Lease(conversation_id, work)
    if not mine.take():
        yield None
        return
    try:
        yield mine
    finally:
        mine.release()
