"""What workers do for tiers: each goes on where it was left, whoever was killed."""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from celery import shared_task
from django.utils.timezone import now

from customers.tiers import services
from customers.tiers.counting import count_again
from customers.tiers.models import Preview, Run, State
from customers.tiers.previewing import carry_on_preview
from customers.tiers.selectors import policy_in_force
from customers.tiers.snapshots import take_snapshots

log = structlog.get_logger()
# Who gave no sign of life for so long is dead; the next sweep goes on in their place.
_SILENT = timedelta(seconds=60)
# Others wait for the same worker: after so long the next one's turn comes.
_TURN_S = 20.0


@shared_task(ignore_result=True)
def carry_out(run_id: int) -> None:
    """Everybody into their tier, chunk by chunk."""
    if not services.begin_run(run_id=run_id, now=now()):
        return
    until = time.monotonic() + _TURN_S
    while services.carry_on_run(run_id=run_id, now=now()):
        if time.monotonic() > until:
            carry_out.delay(run_id)
            return
    run = Run.objects.get(pk=run_id)
    log.info("tiers are recomputed", run=run_id, state=run.state, customers=run.looked_at, moved=run.moved)
    if run.state == State.DONE:
        take_snapshots(now=now())


@shared_task(ignore_result=True)
def look_ahead(preview_id: int) -> None:
    """Counts who would move."""
    until = time.monotonic() + _TURN_S
    while carry_on_preview(preview_id=preview_id, now=now()):
        if time.monotonic() > until:
            look_ahead.delay(preview_id)
            return


@shared_task(ignore_result=True)
def recompute() -> None:
    """On schedule: revenue moves, days pass, and choices by hand expire."""
    services.start_run(policy=policy_in_force(), by="", now=now())


@shared_task(ignore_result=True)
def snapshot() -> None:
    take_snapshots(now=now())


@shared_task(ignore_result=True)
def sweep() -> None:
    """Choices by hand that are over, counts that are kept, and work that was left behind."""
    services.expire_by_hand(now=now())
    count_again()
    silent = {"state__in": [State.WAITING, State.RUNNING], "beat_at__lt": now() - _SILENT}
    for run_id in Run.objects.filter(**silent).values_list("pk", flat=True):
        carry_out.delay(run_id)
    Preview.objects.filter(state=State.WAITING, created_at__lt=now() - timedelta(days=1)).update(state=State.STOPPED)
    for preview_id in Preview.objects.filter(**silent).values_list("pk", flat=True):
        look_ahead.delay(preview_id)
