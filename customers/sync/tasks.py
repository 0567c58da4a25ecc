"""What workers do for syncs, on a queue of their own that no caller waits behind."""

from __future__ import annotations

import time
from uuid import UUID

import structlog
from celery import shared_task
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone

from customers.sync import runs

log = structlog.get_logger()
# Several streams take turns: after so long the next one's turn comes.
_TURN_S = 20.0
_TRIES = 3
_LONGEST_PAUSE_S = 10.0


@shared_task(name="customers.sync.tasks.work", ignore_result=True)
def work(run_id: str) -> None:
    """Does chunks of a run. May be started any number of times, and end at any moment: `sweep` starts it again."""
    until, failed, pause_s = time.monotonic() + _TURN_S, 0, 0.5
    while time.monotonic() < until:
        try:
            if not runs.take_step(run_id=UUID(run_id), now=timezone.now()):
                return
            failed, pause_s = 0, 0.5
        except (OperationalError, InterfaceError) as problem:
            # The database is away, or restarts: the chunk was rolled back, and is done when it is there again.
            log.warning("a sync waits for the database", run=run_id, cause=repr(problem)[:200])
            close_old_connections()
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        except Exception as problem:
            failed += 1
            log.exception("a chunk of a sync failed", run=run_id, attempt=failed)
            if failed == _TRIES:
                runs.stop_run(run_id=UUID(run_id), why=repr(problem)[:500], now=timezone.now())
                return
    work.delay(run_id)


@shared_task(name="customers.sync.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Starts the runs again that nobody works at."""
    for run_id in runs.lost_runs(now=timezone.now()):
        work.delay(str(run_id))


@shared_task(name="customers.sync.tasks.prune", ignore_result=True)
def prune() -> None:
    """Forgets old reports and tombstones."""
    runs.prune(now=timezone.now())
