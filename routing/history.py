"""What time does to contacts: those that fell silent are closed, those that are old are deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from routing.models import Contact

# The engine gives a contact up after four hours in the flow; nothing more comes of one that was silent for longer.
SILENT_FOR = timedelta(hours=6)
# Whoever writes may answer days later, and a conversation that waits in a queue is somebody's to end.
SILENT_FOR_WRITTEN = timedelta(days=15)
# Few enough that a batch is done before a webhook that waits for one of its rows loses patience.
BATCH = 500


def close_lost_contacts(*, now: datetime) -> int:
    """Ends the contacts of which nothing was heard for `SILENT_FOR`; how many. An outcome that is known stays."""
    return _in_batches(lambda: _close(now))


def prune_contacts(*, now: datetime, keep_days: int) -> int:
    """Deletes ended contacts, with their turns, that began more than `keep_days` ago; how many. 0 keeps all."""
    if keep_days <= 0:
        return 0
    return _in_batches(lambda: _delete(now - timedelta(days=keep_days)))


def _in_batches(work: Callable[[], int]) -> int:
    """Each batch is a transaction of its own, so that locks are short and what is done stays done."""
    total = 0
    while done := work():
        total += done
    return total


@transaction.atomic
def _close(now: datetime) -> int:
    too_long = Q(channel=Contact.Channel.VOICE, last_event_at__lt=now - SILENT_FOR) | Q(
        last_event_at__lt=now - SILENT_FOR_WRITTEN
    )
    silent = too_long & ~Q(state=Contact.State.ENDED)
    # A contact that a webhook holds at this moment is not silent.
    ids = Contact.objects.filter(silent).order_by("last_event_at").select_for_update(skip_locked=True)[:BATCH]
    return Contact.objects.filter(pk__in=list(ids.values_list("pk", flat=True))).update(
        state=Contact.State.ENDED,
        ended_at=F("last_event_at"),
        outcome=Case(When(outcome="", then=Value(Contact.Outcome.LOST)), default=F("outcome")),
    )


@transaction.atomic
def _delete(before: datetime) -> int:
    old = Contact.objects.filter(started_at__lt=before, state=Contact.State.ENDED).order_by("started_at", "id")
    ids = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
    Contact.objects.filter(pk__in=ids).delete()
    return len(ids)
