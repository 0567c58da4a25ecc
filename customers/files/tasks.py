"""What workers do with files."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils.timezone import now

from customers.files import services, undoing
from customers.files.models import Import, Piece

_SILENT = timedelta(minutes=2)
_KEPT = timedelta(days=30)


@shared_task(ignore_result=True)
def look_through(file_id: int) -> None:
    services.look_through(file_id=file_id, now=now)


@shared_task(ignore_result=True)
def bring_in(file_id: int) -> None:
    services.bring_in(file_id=file_id, now=now)


@shared_task(ignore_result=True)
def take_back(file_id: int) -> None:
    undoing.carry_on(file_id=file_id, now=now)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Goes on with what was left behind, and forgets files that nobody needs any more."""
    silent = Import.objects.filter(beat_at__lt=now() - _SILENT)
    for pk in silent.filter(state=Import.State.RUNNING).values_list("pk", flat=True):
        bring_in.delay(pk)
    for pk in silent.filter(state=Import.State.CHECKING).values_list("pk", flat=True):
        look_through.delay(pk)
    for pk in silent.filter(state=Import.State.UNDOING).values_list("pk", flat=True):
        take_back.delay(pk)
    # They hold the addresses of customers: not longer than somebody may want to look at the report.
    Piece.objects.filter(file__created_at__lt=now() - timedelta(days=2)).exclude(
        file__state=Import.State.RUNNING
    ).delete()
    Import.objects.filter(created_at__lt=now() - _KEPT).delete()
