"""A canvas that saves itself writes one line of the log for each person in ten minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User

from queues.models import Queue
from routing.models import Flow
from routing.selectors import last_writer
from routing.services import create_flow, publish_flow, save_draft

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def definition(title: str) -> dict[str, Any]:
    return {
        "steps": [
            {"id": "call", "type": "call", "title": title, "exits": {"started": "team"}},
            {"id": "team", "type": "queue", "settings": {"queue": "vip"}},
        ]
    }


@pytest.fixture
def flow() -> Flow:
    Queue.objects.create(key="vip", name="VIP")
    return create_flow(key="line", name="Line", definition=definition("0"), by=None, now=NOW)


def lines(flow: Flow) -> list[tuple[str, Any]]:
    """The log after the flow was made, oldest first: who, and what became of the draft or of what is live."""
    entries = LogEntry.objects.get_for_object(flow).order_by("timestamp", "id")[1:]
    return [(str(entry.actor or ""), entry.changes.get("draft") or "published") for entry in entries]


def save(flow: Flow, by: User | None, at: datetime, times: int = 1) -> None:
    for count in range(times):
        flow.refresh_from_db()
        revision = flow.draft_revision
        save_draft(
            flow_id=flow.pk,
            definition=definition(f"{revision}"),
            revision=revision,
            by=by,
            now=at + timedelta(seconds=count),
        )


def test_saving_every_second_is_one_line_that_grows(flow: Flow) -> None:
    anna = User.objects.create_user("anna")
    save(flow, anna, NOW, times=20)
    assert lines(flow) == [("anna", ["revision 1", "revision 21"])]
    assert last_writer(flow) == "anna"


def test_after_ten_minutes_another_line_begins(flow: Flow) -> None:
    anna = User.objects.create_user("anna")
    for minute in (0, 4, 8, 12, 16):
        save(flow, anna, NOW + timedelta(minutes=minute))
    assert lines(flow) == [("anna", ["revision 1", "revision 4"]), ("anna", ["revision 4", "revision 6"])]


def test_two_people_who_save_in_turn_have_a_line_each_and_the_last_is_known(flow: Flow) -> None:
    anna, bert = User.objects.create_user("anna"), User.objects.create_user("bert")
    for second in range(0, 60, 10):
        save(flow, anna, NOW + timedelta(seconds=second))
        save(flow, bert, NOW + timedelta(seconds=second + 5))
    assert [who for who, _ in lines(flow)] == ["anna", "bert"]
    assert last_writer(flow) == "bert"
    save(flow, anna, NOW + timedelta(seconds=70))
    assert last_writer(flow) == "anna"


def test_publishing_is_always_a_line_of_its_own_and_saves_after_it_begin_anew(flow: Flow) -> None:
    anna = User.objects.create_user("anna")
    save(flow, anna, NOW, times=3)
    publish_flow(flow_id=flow.pk, by=anna, now=NOW + timedelta(seconds=10))
    save(flow, anna, NOW + timedelta(seconds=20), times=3)
    publish_flow(flow_id=flow.pk, by=anna, now=NOW + timedelta(seconds=30))
    assert lines(flow) == [
        ("anna", ["revision 1", "revision 4"]),
        ("anna", "published"),
        ("anna", ["revision 4", "revision 7"]),
        ("anna", "published"),
    ]
