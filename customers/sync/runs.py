"""Streams from their first byte to their report: put aside while they come, done chunk by chunk, each in one transaction."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Tombstone
from customers.sealing import SEALED
from customers.sync.models import SyncChunk, SyncFault, SyncRun
from customers.sync.services import Options, sync_customers
from customers.sync.state import FAILED, RESULTS

log = structlog.get_logger()
ACTIVE = (SyncRun.State.RECEIVING, SyncRun.State.WAITING, SyncRun.State.RUNNING)
# A stream that gives no sign of life for so long has broken off; a worker that takes no step has died.
BROKEN_OFF_AFTER = timedelta(minutes=2)
DIED_AFTER = timedelta(seconds=15)
KEEP_RUNS = timedelta(days=30)
# Whoever asks what changed less often than that has to read everybody anew.
KEEP_TOMBSTONES = timedelta(days=400)
_STORED_DETAIL = 20


def open_run(*, by: str, options: Options, idempotency_key: str, is_end_proved: bool, now: datetime) -> SyncRun:
    """A run that is about to be received. Raises IntegrityError if another one has the key."""
    return SyncRun.objects.create(
        by=by,
        options=options.as_json(),
        idempotency_key=idempotency_key,
        is_end_proved=is_end_proved,
        started_at=now,
        touched_at=now,
    )


def take_place(*, run: SyncRun, shorter: SyncRun) -> bool:
    """`run` is the whole of what `shorter` was only the beginning of, and has its key from now on. False if another was
    faster.
    """
    with transaction.atomic():
        name = SyncRun.objects.select_for_update().get(pk=shorter.pk).idempotency_key
        SyncRun.objects.filter(pk=shorter.pk).update(idempotency_key="")
        SyncRun.objects.filter(pk=run.pk).update(idempotency_key=name)
    return bool(name)


def forget_run(*, run_id: UUID) -> None:
    """One that was received, and is another one once more."""
    SyncRun.objects.filter(pk=run_id, state=SyncRun.State.RECEIVING).delete()


def close_received(*, run_id: UUID, now: datetime) -> bool:
    """Everything is there, a worker may begin. False if the run was ended meanwhile."""
    rows = SyncRun.objects.filter(pk=run_id, state=SyncRun.State.RECEIVING)
    return bool(rows.update(state=SyncRun.State.WAITING, touched_at=now))


def break_off(*, run_id: UUID, why: str, now: datetime) -> None:
    """The stream did not come whole: nothing of it is done."""
    with transaction.atomic():
        rows = SyncRun.objects.filter(pk=run_id, state=SyncRun.State.RECEIVING)
        if rows.update(state=SyncRun.State.INCOMPLETE, error=why, finished_at=now, touched_at=now):
            SyncChunk.objects.filter(run_id=run_id).delete()


def cancel_run(*, run_id: UUID, now: datetime) -> bool:
    """Nothing more of it is done; what is done stays. False if it was over already. Waits for a chunk under way."""
    with transaction.atomic():
        rows = SyncRun.objects.filter(pk=run_id, state__in=ACTIVE)
        is_canceled = rows.update(state=SyncRun.State.CANCELED, finished_at=now, touched_at=now)
        SyncChunk.objects.filter(run_id=run_id, run__state=SyncRun.State.CANCELED).delete()
    return bool(is_canceled)


def take_step(*, run_id: UUID, now: datetime) -> bool:
    """Does the next chunk; its customers, its faults and the progress are one transaction. False if nothing is left.

    Whoever comes while another worker is at it finds nothing to do.
    """
    with transaction.atomic():
        rows = SyncRun.objects.select_for_update(skip_locked=True)
        run = rows.filter(pk=run_id, state__in=(SyncRun.State.WAITING, SyncRun.State.RUNNING)).first()
        if run is None:
            return False
        chunk = run.chunks.order_by("first_line").first()
        if chunk is None:
            run.state, run.finished_at, run.touched_at = SyncRun.State.DONE, now, now
            run.save(update_fields=["state", "finished_at", "touched_at"])
            return False
        _do(run, chunk, now)
        chunk.delete()
    return True


def stop_run(*, run_id: UUID, why: str, now: datetime) -> None:
    """A fault of ours: what is done stays, and the report says where it stopped."""
    rows = SyncRun.objects.filter(pk=run_id, state__in=ACTIVE)
    rows.update(state=SyncRun.State.FAILED, error=why, finished_at=now, touched_at=now)


def lost_runs(*, now: datetime) -> list[UUID]:
    """Runs whose worker died; and those that broke off while they were sent are closed."""
    for run_id in SyncRun.objects.filter(
        state=SyncRun.State.RECEIVING, touched_at__lt=now - BROKEN_OFF_AFTER
    ).values_list("pk", flat=True):
        break_off(run_id=run_id, why=_("The stream broke off. Send it again."), now=now)
    active = (SyncRun.State.WAITING, SyncRun.State.RUNNING)
    lost = SyncRun.objects.filter(state__in=active, touched_at__lt=now - DIED_AFTER)
    with transaction.atomic():
        ids = list(lost.select_for_update(skip_locked=True).values_list("pk", flat=True))
        SyncRun.objects.filter(pk__in=ids).update(touched_at=now)  # not found again by the next sweep
    return ids


def prune(*, now: datetime) -> None:
    """Forgets old reports, and those who were deleted long ago."""
    SyncRun.objects.filter(started_at__lt=now - KEEP_RUNS).exclude(state__in=ACTIVE).delete()
    rows = Tombstone.objects.filter(at__lt=now - KEEP_TOMBSTONES).exclude(external_id__startswith=SEALED)
    rows._raw_delete(rows.db)  # noqa: SLF001  there may be very many, and nothing points at them


def _do(run: SyncRun, chunk: SyncChunk, now: datetime) -> None:
    raw, lines, faults = _parse(chunk)
    report = sync_customers(raw=raw, options=Options(**run.options), by=run.by, now=now)
    for outcome in report.outcomes:
        if outcome.result == FAILED:
            errors = [fault.as_json() for fault in outcome.faults[:_STORED_DETAIL]]
            faults.append(
                SyncFault(run=run, line=lines[outcome.index], external_id=_kept(outcome.external_id), errors=errors)
            )
    SyncFault.objects.bulk_create(faults, batch_size=1_000)
    counts = Counter(run.counts) + Counter(report.counts)
    counts[FAILED] += len(faults) - report.counts[FAILED]
    run.counts = {result: counts[result] for result in RESULTS}
    run.declared |= report.declared
    run.done += len(faults) + len(raw) - report.counts[FAILED]
    run.state, run.touched_at = SyncRun.State.RUNNING, now
    run.save(update_fields=["counts", "declared", "done", "state", "touched_at"])


def _parse(chunk: SyncChunk) -> tuple[list[Any], list[int], list[SyncFault]]:
    """The records of a chunk, the line of each, and what of it is no JSON."""
    raw, lines, faults = [], [], []
    for number, text in enumerate(zlib.decompress(bytes(chunk.body)).split(b"\n"), chunk.first_line):
        if not text.strip():
            continue
        try:
            raw.append(json.loads(text))
            lines.append(number)
        except (ValueError, RecursionError):
            errors = [{"field": "", "code": "invalid_json", "detail": _("The line is no JSON in UTF-8.")}]
            faults.append(SyncFault(run_id=chunk.run_id, line=number, errors=errors))
    return raw, lines, faults


def _kept(number: str) -> str:
    return number.replace("\x00", "").encode("utf-8", "replace").decode()[:100]
