"""Contacts that fell silent are closed, old ones are deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from routing import history, tasks
from routing.history import close_lost_contacts, prune_contacts
from routing.models import Contact, Turn

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_numbers = count()

pytestmark = pytest.mark.django_db


def contact(*, began: timedelta, heard: timedelta | None = None, **values: Any) -> Contact:
    number = next(_numbers)
    heard_at = NOW - (began if heard is None else heard)
    ended = {"ended_at": heard_at} if values.get("state") == "ended" else {}
    made = Contact.objects.create(
        reference=f"R{number}",
        origin="test",
        external_id=str(number),
        channel="voice",
        sender="+4915100000001",
        recipient="+49309018200",
        started_at=NOW - began,
        last_event_at=heard_at,
        **ended,
        **values,
    )
    Turn.objects.create(contact=made, number=0, event={}, effects=[], trace=[], at=NOW, took_ms=1)
    return made


def test_a_contact_that_fell_silent_is_lost_and_ends_when_it_was_last_heard() -> None:
    silent = contact(began=timedelta(hours=7))
    assert close_lost_contacts(now=NOW) == 1
    silent.refresh_from_db()
    assert (silent.state, silent.outcome, silent.ended_at) == ("ended", "lost", NOW - timedelta(hours=7))
    assert close_lost_contacts(now=NOW) == 0


def test_an_outcome_that_is_known_stays() -> None:
    put_through = contact(began=timedelta(hours=7), state="handed_over", outcome="transferred")
    close_lost_contacts(now=NOW)
    put_through.refresh_from_db()
    assert (put_through.state, put_through.outcome) == ("ended", "transferred")


def test_a_contact_that_was_heard_of_or_is_over_is_left_alone() -> None:
    lively = contact(began=timedelta(hours=9), heard=timedelta(hours=5))
    over = contact(began=timedelta(hours=9), state="ended", outcome="completed")
    assert close_lost_contacts(now=NOW) == 0
    lively.refresh_from_db()
    over.refresh_from_db()
    assert (lively.state, over.outcome) == ("in_flow", "completed")


def test_only_ended_contacts_older_than_the_retention_are_deleted_with_their_turns() -> None:
    contact(began=timedelta(days=31), state="ended")
    young = contact(began=timedelta(days=29), state="ended")
    open_ = contact(began=timedelta(days=31))
    assert prune_contacts(now=NOW, keep_days=30) == 1
    assert set(Contact.objects.all()) == {young, open_}
    assert Turn.objects.count() == 2
    assert prune_contacts(now=NOW, keep_days=30) == 0


def test_a_retention_of_no_days_keeps_everything() -> None:
    contact(began=timedelta(days=4000), state="ended")
    assert prune_contacts(now=NOW, keep_days=0) == 0
    assert Contact.objects.count() == 1


def test_more_than_one_batch_is_worked_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BATCH", 2)
    for _ in range(5):
        contact(began=timedelta(days=50))
    assert close_lost_contacts(now=NOW) == 5
    assert prune_contacts(now=NOW, keep_days=30) == 5


def test_the_tasks_that_the_scheduler_names_do_the_work(settings: Any) -> None:
    now = datetime.now(UTC)
    contact(began=NOW - now + timedelta(days=500))
    settings.CONTACT_RETENTION_DAYS = 400
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} >= {
        tasks.prune_contacts.name,
        tasks.close_lost_contacts.name,
    }
    tasks.close_lost_contacts()
    tasks.prune_contacts()
    assert not Contact.objects.exists()
