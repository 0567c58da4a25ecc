"""Drafts, publishing, and rolling back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from queues.models import Queue
from routing.engine.faults import DefinitionInvalid
from routing.models import Flow, FlowVersion
from routing.selectors import GoingLive, going_live
from routing.services import (
    DraftIsStale,
    FlowHasNoSuchVersion,
    FlowNameIsTaken,
    create_flow,
    publish_flow,
    rename_flow,
    roll_back,
    save_draft,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create(username="ada")


@pytest.fixture
def queue() -> Queue:
    return Queue.objects.create(key="vip", name="VIP")


def to_queue(key: str = "vip", *, title: str = "") -> dict[str, Any]:
    return {
        "format": 1,
        "steps": [
            {"id": "call", "type": "call", "exits": {"started": "team"}},
            {"id": "team", "type": "queue", "title": title, "settings": {"queue": key}},
        ],
    }


def through(*keys: str) -> dict[str, Any]:
    """A flow that walks through others, one after the other, and ends."""
    steps: list[dict[str, Any]] = [{"id": "call", "type": "call", "exits": {"started": "s0"}}]
    for index, key in enumerate(keys):
        follows = {"id": f"s{index}", "type": "subflow", "settings": {"flow": key}, "exits": {"done": f"s{index + 1}"}}
        steps.append(follows)
    return {"format": 1, "steps": [*steps, {"id": f"s{len(keys)}", "type": "end"}]}


def make(key: str, definition: dict[str, Any], *, publish: bool = False) -> Flow:
    flow = create_flow(key=key, name=key.capitalize(), definition=definition, by=None, now=NOW)
    if publish:
        publish_flow(flow_id=flow.pk, by=None, now=NOW)
        flow.refresh_from_db()
    return flow


def test_a_saved_draft_is_kept_and_counted(ada: User) -> None:
    flow = make("line", to_queue())
    saved = save_draft(flow_id=flow.pk, definition=to_queue(title="Team"), revision=1, by=ada, now=NOW)
    assert saved.draft_revision == 2
    flow.refresh_from_db()
    assert flow.draft == to_queue(title="Team")
    assert flow.live is None


def test_a_stale_draft_is_refused_and_says_who_saved_it_and_when(ada: User) -> None:
    flow = make("line", to_queue())
    save_draft(flow_id=flow.pk, definition=to_queue(title="Ada's"), revision=1, by=ada, now=LATER)
    with pytest.raises(DraftIsStale) as stale:
        save_draft(flow_id=flow.pk, definition=to_queue(title="Bob's"), revision=1, by=None, now=LATER)
    flow.refresh_from_db()
    assert (stale.value.by, stale.value.at, stale.value.revision) == ("ada", flow.updated_at, 2)
    assert flow.draft == to_queue(title="Ada's")


def test_saving_what_is_there_already_makes_nobody_elses_tab_stale() -> None:
    flow = make("line", to_queue())
    assert save_draft(flow_id=flow.pk, definition=to_queue(), revision=1, by=None, now=NOW).draft_revision == 1


def test_an_unfinished_flow_may_be_a_draft() -> None:
    flow = make("line", to_queue())
    unfinished = {"format": 1, "steps": [{"id": "call", "type": "call"}, {"id": "team", "type": "queue"}]}
    save_draft(flow_id=flow.pk, definition=unfinished, revision=1, by=None, now=NOW)
    flow.refresh_from_db()
    assert flow.draft == unfinished


@pytest.mark.parametrize(
    "definition",
    [
        {"steps": "none"},
        {"format": 99, "steps": []},
        {"steps": [{"id": "Not An Id", "type": "call"}]},
        {"steps": [{"id": "call", "type": "call", "title": "a\x00b"}]},
        {"steps": [{"id": "call", "type": "call", "settings": {"prompt": ["\ud800"]}}]},
    ],
)
def test_what_is_no_flow_at_all_is_not_saved(definition: dict[str, Any]) -> None:
    flow = make("line", to_queue())
    with pytest.raises(DefinitionInvalid):
        save_draft(flow_id=flow.pk, definition=definition, revision=1, by=None, now=NOW)
    flow.refresh_from_db()
    assert (flow.draft, flow.draft_revision) == (to_queue(), 1)


def test_publishing_numbers_the_versions_and_makes_the_last_one_live(ada: User, queue: Queue) -> None:
    flow = make("line", to_queue())
    first = publish_flow(flow_id=flow.pk, by=ada, note="First", now=NOW)
    save_draft(flow_id=flow.pk, definition=to_queue(title="Team"), revision=1, by=ada, now=NOW)
    second = publish_flow(flow_id=flow.pk, by=ada, now=LATER)
    flow.refresh_from_db()
    assert [first.number, second.number] == [1, 2]
    assert flow.live == second
    assert (first.definition, first.note, first.published_by, first.published_at) == (to_queue(), "First", ada, NOW)
    assert second.definition == to_queue(title="Team")


def test_publishing_what_is_live_already_makes_no_version(queue: Queue) -> None:
    flow = make("line", to_queue())
    assert publish_flow(flow_id=flow.pk, by=None, now=NOW) == publish_flow(flow_id=flow.pk, by=None, now=LATER)
    assert FlowVersion.objects.count() == 1


def test_a_flow_with_an_error_is_not_published_and_says_where_each_one_is(queue: Queue) -> None:
    flow = make("line", to_queue("nobody"))
    with pytest.raises(DefinitionInvalid) as invalid:
        publish_flow(flow_id=flow.pk, by=None, now=NOW)
    errors = [fault for fault in invalid.value.faults if fault.level == "error"]
    assert [(fault.path, fault.step) for fault in errors] == [("steps[1].settings.queue", "team")]
    assert not FlowVersion.objects.exists()


def test_warnings_do_not_keep_a_flow_from_being_published(queue: Queue) -> None:
    lonely = to_queue()
    lonely["steps"].append({"id": "never", "type": "end"})
    flow = make("line", lonely)
    assert publish_flow(flow_id=flow.pk, by=None, now=NOW).number == 1


def test_a_version_pins_its_subflows_and_theirs(queue: Queue) -> None:
    inner = make("inner", to_queue(), publish=True)
    middle = make("middle", through("inner"), publish=True)
    outer = make("outer", through("middle", "inner"), publish=True)
    assert outer.live
    assert outer.live.subflows == {"inner": inner.live_id, "middle": middle.live_id}


def test_a_subflow_that_was_published_anew_is_taken_over_by_publishing_again(queue: Queue) -> None:
    inner = make("inner", to_queue(), publish=True)
    outer = make("outer", through("inner"), publish=True)
    old = outer.live
    assert old
    save_draft(flow_id=inner.pk, definition=to_queue(title="Team"), revision=1, by=None, now=NOW)
    newer = publish_flow(flow_id=inner.pk, by=None, now=NOW)
    again = publish_flow(flow_id=outer.pk, by=None, now=NOW)
    assert (again.number, again.subflows) == (2, {"inner": newer.pk})
    old.refresh_from_db()
    assert old.subflows != again.subflows


def test_flows_that_walk_through_each_other_are_refused(queue: Queue) -> None:
    first = make("first", to_queue(), publish=True)
    make("second", through("first"), publish=True)
    save_draft(flow_id=first.pk, definition=through("second"), revision=1, by=None, now=NOW)
    with pytest.raises(DefinitionInvalid):
        publish_flow(flow_id=first.pk, by=None, now=NOW)
    save_draft(flow_id=first.pk, definition=through("first"), revision=2, by=None, now=NOW)
    with pytest.raises(DefinitionInvalid):
        publish_flow(flow_id=first.pk, by=None, now=NOW)


def test_rolling_back_publishes_the_old_definition_as_a_new_version_and_as_the_draft(ada: User, queue: Queue) -> None:
    flow = make("line", to_queue(), publish=True)
    old = flow.live
    assert old
    save_draft(flow_id=flow.pk, definition=to_queue(title="Team"), revision=1, by=None, now=NOW)
    publish_flow(flow_id=flow.pk, by=None, now=NOW)
    back = roll_back(flow_id=flow.pk, version_id=old.pk, by=ada, now=LATER)
    flow.refresh_from_db()
    assert (back.number, back.definition, back.note) == (3, to_queue(), "Back to version 1")
    assert (flow.live, flow.draft, flow.draft_revision) == (back, to_queue(), 3)


def test_rolling_back_to_what_can_no_longer_run_changes_nothing(queue: Queue) -> None:
    Queue.objects.create(key="gone", name="Gone")
    flow = make("line", to_queue("gone"), publish=True)
    old = flow.live
    assert old
    save_draft(flow_id=flow.pk, definition=to_queue(), revision=1, by=None, now=NOW)
    live = publish_flow(flow_id=flow.pk, by=None, now=NOW)
    Queue.objects.get(key="gone").delete()
    with pytest.raises(DefinitionInvalid):
        roll_back(flow_id=flow.pk, version_id=old.pk, by=None, now=NOW)
    flow.refresh_from_db()
    assert (flow.live, flow.draft, flow.draft_revision) == (live, to_queue(), 2)


def test_rolling_back_to_a_version_of_another_flow_is_refused(queue: Queue) -> None:
    flow, other = make("line", to_queue(), publish=True), make("other", to_queue(), publish=True)
    with pytest.raises(FlowHasNoSuchVersion):
        roll_back(flow_id=flow.pk, version_id=other.live_id or 0, by=None, now=NOW)


def test_the_database_refuses_to_change_a_published_version(queue: Queue) -> None:
    flow = make("line", to_queue(), publish=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        FlowVersion.objects.filter(flow=flow).update(definition={})


def test_the_log_of_changes_says_who_drew_and_who_published(ada: User, queue: Queue) -> None:
    flow = create_flow(key="line", name="Line", definition=to_queue(), by=ada, now=NOW)
    save_draft(flow_id=flow.pk, definition=to_queue(title="Team"), revision=1, by=ada, now=NOW)
    version = publish_flow(flow_id=flow.pk, by=ada, now=LATER)
    entries = LogEntry.objects.get_for_object(flow).order_by("id")
    assert [(entry.actor, entry.changes) for entry in entries] == [
        (ada, {"key": ["", "line"], "name": ["", "Line"], "draft": ["", "revision 1"]}),
        (ada, {"draft": ["revision 1", "revision 2"]}),
        (ada, {"live": ["", str(version.pk)]}),
    ]


def test_publishing_asks_the_database_a_bounded_number_of_times(
    queue: Queue, django_assert_max_num_queries: Any
) -> None:
    for index in range(12):
        make(f"inner-{index}", to_queue(title=str(index)), publish=True)
    flow = make("outer", through(*(f"inner-{index}" for index in range(12))))
    with django_assert_max_num_queries(22):
        publish_flow(flow_id=flow.pk, by=None, now=NOW)


def test_going_back_can_leave_the_draft_as_it_is(queue: Queue, ada: User) -> None:
    flow = make("line", to_queue(), publish=True)
    old = flow.live
    assert old is not None
    save_draft(flow_id=flow.pk, definition=to_queue(title="New"), revision=1, by=ada, now=NOW)
    publish_flow(flow_id=flow.pk, by=ada, now=NOW)
    save_draft(flow_id=flow.pk, definition=to_queue(title="Half done"), revision=2, by=ada, now=NOW)
    back = roll_back(flow_id=flow.pk, version_id=old.pk, by=ada, now=LATER, keep_draft=True)
    flow.refresh_from_db()
    assert (flow.live_id, back.definition) == (back.pk, to_queue())
    assert (flow.draft, flow.draft_revision) == (to_queue(title="Half done"), 3)


def test_going_back_never_replaces_a_draft_that_nobody_saw(queue: Queue, ada: User) -> None:
    flow = make("line", to_queue(), publish=True)
    save_draft(flow_id=flow.pk, definition=to_queue(title="Hers"), revision=1, by=ada, now=NOW)
    publish_flow(flow_id=flow.pk, by=ada, now=NOW)
    with pytest.raises(DraftIsStale):
        roll_back(flow_id=flow.pk, version_id=flow.live_id or 0, by=None, now=LATER, revision=1)
    flow.refresh_from_db()
    assert flow.draft == to_queue(title="Hers")


def test_it_is_known_who_went_back_to_which_version(queue: Queue, ada: User) -> None:
    flow = make("line", to_queue(), publish=True)
    first = flow.live_id or 0
    save_draft(flow_id=flow.pk, definition=to_queue(title="New"), revision=1, by=None, now=NOW)
    publish_flow(flow_id=flow.pk, by=None, now=NOW, note="Second")
    flow.refresh_from_db()
    assert going_live(flow) == GoingLive(by="", at=NOW, note="Second", back_to=None)
    roll_back(flow_id=flow.pk, version_id=first, by=ada, now=LATER)
    flow.refresh_from_db()
    assert going_live(flow) == GoingLive(by="ada", at=LATER, note="Back to version 1", back_to=1)


def test_a_flow_is_renamed_in_one_line_of_the_log_and_never_to_a_name_that_is_taken(ada: User) -> None:
    flow, other = make("line", to_queue()), make("other", to_queue())
    renamed = rename_flow(flow_id=flow.pk, name="Hotline", description="For gold.", by=ada, now=LATER)
    assert (renamed.name, renamed.draft_revision) == ("Hotline", 1)
    (entry, *_) = LogEntry.objects.get_for_object(flow).order_by("-id")
    assert entry.changes == {"name": ["Line", "Hotline"], "description": ["", "For gold."]}
    assert entry.actor == ada
    with pytest.raises(FlowNameIsTaken):
        rename_flow(flow_id=flow.pk, name=other.name, description="", by=ada, now=LATER)
