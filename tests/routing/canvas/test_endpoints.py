"""Every address of the canvas: what it answers, whom it lets in, and what bad input gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from queues.models import Queue, SipAddress
from routing.models import Flow
from routing.services import create_flow, publish_flow, save_draft

pytestmark = pytest.mark.django_db


def definition(queue: str = "vip", title: str = "Call") -> dict[str, Any]:
    return {
        "format": 1,
        "steps": [
            {"id": "call", "type": "call", "title": title, "exits": {"started": "team"}},
            {"id": "team", "type": "queue", "settings": {"queue": queue}, "exits": {"unanswered": "bye"}},
            {"id": "bye", "type": "end"},
        ],
    }


@pytest.fixture
def queue() -> Queue:
    queue = Queue.objects.create(key="vip", name="VIP")
    SipAddress.objects.create(queue=queue, uri="sip:vip@pbx.example.com")
    return queue


@pytest.fixture
def flow(queue: Queue) -> Flow:
    return create_flow(key="line", name="Line", definition=definition(), by=None, now=timezone.now())


def address(flow: Flow, view: str) -> str:
    return f"/admin/routing/flow/{flow.pk}/canvas/{view}/"


def post(client: Client, flow: Flow, view: str, body: Any) -> Any:
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(address(flow, view), data, content_type="application/json")


def test_the_document_has_all_that_the_canvas_opens_with(admin_client: Client, flow: Flow) -> None:
    found = admin_client.get(address(flow, "document")).json()
    assert found["flow"]["name"] == "Line"
    assert found["flow"]["differs_from_live"] is True
    assert found["definition"] == definition()
    assert found["analysis"]["faults"] == []
    assert found["analysis"]["steps"]["team"]["gist"] == "VIP"
    assert [exit_["name"] for exit_ in found["analysis"]["steps"]["team"]["exits"]] == ["answered", "unanswered"]
    assert "queue" in {entry["type"] for entry in found["palette"]}
    assert found["catalog"]["queue"][0]["key"] == "vip"
    assert found["may"] == {"edit": True, "publish": True, "view_contacts": True, "choose_numbers": True}
    assert found["urls"]["document"] == address(flow, "document")
    assert found["urls"]["roll_back"] == address(flow, "roll-back")


def test_a_draft_is_kept_with_its_analysis(admin_client: Client, flow: Flow) -> None:
    answer = post(admin_client, flow, "draft", {"revision": 1, "definition": definition("gone"), "session": "a"})
    assert answer.status_code == 200
    assert answer.json()["revision"] == 2
    assert answer.json()["analysis"]["faults"][0]["step"] == "team"
    flow.refresh_from_db()
    assert flow.draft == definition("gone")


def test_a_stale_tab_is_told_by_whom_and_gets_what_is_there(admin_client: Client, flow: Flow) -> None:
    anna = User.objects.create_user("anna")
    save_draft(flow_id=flow.pk, definition=definition(title="Hers"), revision=1, by=anna, now=timezone.now())
    answer = post(admin_client, flow, "draft", {"revision": 1, "definition": definition(title="Mine")})
    assert answer.status_code == 409
    found = answer.json()
    assert (found["by"], found["revision"]) == ("anna", 2)
    assert found["definition"]["steps"][0]["title"] == "Hers"
    assert "anna saved this draft" in found["error"]
    flow.refresh_from_db()
    assert flow.draft == definition(title="Hers")


def test_a_draft_is_published_with_its_note_and_listed(admin_client: Client, admin_user: User, flow: Flow) -> None:
    answer = post(admin_client, flow, "publish", {"revision": 1, "note": "First", "despite_cases": False})
    assert answer.status_code == 200
    assert answer.json()["version"]["number"] == 1
    assert answer.json()["differs_from_live"] is False
    (version,) = admin_client.get(address(flow, "versions")).json()
    assert (version["number"], version["by"], version["note"], version["live"]) == (1, str(admin_user), "First", True)
    looked = admin_client.get(address(flow, f"versions/{version['id']}")).json()
    assert looked["title"] == "Version 1"
    assert looked["definition"] == definition()


def test_a_revision_that_is_not_there_yet_is_no_stale_tab(admin_client: Client, flow: Flow) -> None:
    answer = post(admin_client, flow, "draft", {"revision": 7, "definition": definition(title="Mine")})
    assert answer.status_code == 409
    assert answer.json()["error"].startswith("This draft is at revision 1, so nobody can have opened revision 7.")
    flow.refresh_from_db()
    assert flow.draft == definition()


def test_a_request_without_its_token_is_refused_in_json(admin_user: User, flow: Flow) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    sent = {"revision": 1, "definition": definition(title="Mine")}
    answer = client.post(address(flow, "draft"), sent, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (403, ["error"])
    assert "CSRF" in client.post("/admin/routing/flow/import/", {"text": "{}"}).content.decode()
    flow.refresh_from_db()
    assert flow.draft == definition()


def test_faults_keep_a_draft_from_being_published_and_are_all_told(admin_client: Client, flow: Flow) -> None:
    save_draft(flow_id=flow.pk, definition=definition("gone"), revision=1, by=None, now=timezone.now())
    answer = post(admin_client, flow, "publish", {"revision": 2, "note": ""})
    assert answer.status_code == 422
    assert answer.json()["analysis"]["faults"][0]["step"] == "team"
    assert post(admin_client, flow, "publish", {"revision": 1, "note": ""}).status_code == 409


def test_going_back_publishes_the_old_version_and_makes_it_the_draft(admin_client: Client, flow: Flow) -> None:
    first = publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    save_draft(flow_id=flow.pk, definition=definition(title="2nd"), revision=1, by=None, now=timezone.now())
    second = publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    found = post(admin_client, flow, "roll-back", {"version": first.pk}).json()
    assert found["version"]["number"] == 3
    assert found["previous"] == second.pk
    assert found["definition"] == definition()


@pytest.fixture
def reader(client: Client) -> Client:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_flow"))
    client.force_login(user)
    return client


def test_a_reader_reads_and_changes_nothing(reader: Client, flow: Flow) -> None:
    version = publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    assert reader.get(address(flow, "document")).json()["may"]["edit"] is False
    for view, body in (
        ("draft", {"revision": 1, "definition": definition(title="No")}),
        ("publish", {"revision": 1, "note": ""}),
        ("roll-back", {"version": version.pk}),
    ):
        answer = post(reader, flow, view, body)
        assert answer.status_code == 403
        assert answer.json()["error"]


def test_a_draft_is_compared_with_what_is_live_in_words(admin_client: Client, flow: Flow) -> None:
    Queue.objects.create(key="gold", name="Gold team")
    publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    changed = definition("gold", title="Hotline")
    changed["steps"][1]["exits"] = {"unanswered": "more"}
    changed["steps"][2] = {"id": "more", "type": "end", "settings": {"prompt": {"text": {"en": "Bye."}}}}
    save_draft(flow_id=flow.pk, definition=changed, revision=1, by=None, now=timezone.now())
    found = admin_client.get(address(flow, "compare"), {"a": "live", "b": "draft"}).json()
    assert (found["a"]["title"], found["b"]["title"]) == ("Version 1 (live)", "Draft")
    changes = {change["step"]: change for change in found["changes"]}
    assert {name: change["kind"] for name, change in changes.items()} == {
        "call": "changed",
        "team": "changed",
        "more": "added",
        "bye": "removed",
    }
    assert changes["call"]["fields"] == [
        {"label": "Name", "path": ["title"], "before": "Call", "after": "Hotline"},
    ]
    assert changes["team"]["fields"] == [
        {"label": "Queue", "path": ["settings", "queue"], "before": "VIP", "after": "Gold team"},
    ]
    assert changes["team"]["exits"] == [
        {"name": "unanswered", "label": "Nobody answered", "before": "End", "after": "End"},
    ]
    assert {step["id"] for step in found["definition"]["steps"]} == {"call", "team", "more", "bye"}
    assert set(found["analysis"]["steps"]) == {"call", "team", "more", "bye"}


def test_what_two_people_made_of_a_draft_is_compared_in_the_words_of_the_forms(reader: Client, flow: Flow) -> None:
    mine = definition("gone")
    mine["steps"][2]["settings"] = {"prompt": {"text": {"de-DE": "Auf Wiederhören.", "tlh": "Qapla'"}}}
    found = post(reader, flow, "compare", {"a": definition(), "b": mine}).json()
    changes = {change["step"]: change["fields"] for change in found["changes"]}
    assert [field["label"] for field in changes["team"]] == ["Queue"]
    labels = [field["label"] for field in changes["bye"]]
    assert "German (DE)" in labels[0]
    assert not any("de-DE" in label or "›" in label for label in labels)
    assert post(reader, flow, "compare", {"a": definition()}).status_code == 400


@pytest.mark.parametrize("which", ["999999", "nonsense", "-1", "9" * 30, ""])
def test_a_version_that_is_not_there_is_not_compared(admin_client: Client, flow: Flow, which: str) -> None:
    answer = admin_client.get(address(flow, "compare"), {"a": which, "b": "draft"})
    assert answer.status_code == 404
    assert "no such version" in answer.json()["error"]


def test_two_people_on_one_draft_see_each_other_and_that_one_saved(
    admin_client: Client, reader: Client, flow: Flow
) -> None:
    body = {"session": "tab-a", "step": "team"}
    assert post(admin_client, flow, "presence", body).json()["others"] == []
    (other,) = post(reader, flow, "presence", {"session": "tab-b", "step": ""}).json()["others"]
    assert (other["name"], other["step"], other["own"]) == ("admin", "team", False)
    post(admin_client, flow, "draft", {"revision": 1, "definition": definition(title="New")})
    seen = post(reader, flow, "presence", {"session": "tab-b", "step": ""}).json()
    assert (seen["revision"], seen["updated_by"]) == (2, "admin")
    post(admin_client, flow, "presence", {**body, "gone": True})
    assert post(reader, flow, "presence", {"session": "tab-b", "step": ""}).json()["others"] == []


def test_steps_become_a_flow_of_their_own(admin_client: Client, flow: Flow) -> None:
    body = {"revision": 1, "steps": ["team", "bye"], "name": "The team", "key": "", "publish": True}
    found = post(admin_client, flow, "subflow", body).json()
    assert found["flow"]["published"] is True
    new = Flow.objects.get(key="the-team")
    assert [step["id"] for step in new.draft["steps"]] == ["call", "team", "bye", "over"]
    answer = post(admin_client, flow, "draft", {"revision": 1, "definition": found["definition"]})
    assert [fault for fault in answer.json()["analysis"]["faults"] if fault["level"] == "error"] == []
    again = post(admin_client, flow, "subflow", {**body, "revision": 2, "definition": definition()})
    assert again.status_code == 400
    assert "already" in again.json()["error"]


def test_steps_with_errors_become_no_flow_that_nobody_could_publish(admin_client: Client, flow: Flow) -> None:
    sent = {"revision": 1, "steps": ["team", "bye"], "name": "The team", "key": "", "publish": True}
    answer = post(admin_client, flow, "subflow", {**sent, "definition": definition("gone")})
    assert answer.status_code == 400
    assert "Mend this first" in answer.json()["error"]
    assert not Flow.objects.filter(key="the-team").exists()


def test_a_subflow_that_was_published_anew_is_a_change_to_be_published(admin_client: Client, flow: Flow) -> None:
    publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    outer = {
        "steps": [
            {"id": "call", "type": "call", "exits": {"started": "in"}},
            {"id": "in", "type": "subflow", "settings": {"flow": "line"}, "exits": {"done": "bye"}},
            {"id": "bye", "type": "end"},
        ]
    }
    around = create_flow(key="around", name="Around", definition=outer, by=None, now=timezone.now())
    publish_flow(flow_id=around.pk, by=None, now=timezone.now())
    assert admin_client.get(address(around, "compare"), {"a": "live", "b": "draft"}).json()["same"] is True
    save_draft(flow_id=flow.pk, definition=definition(title="New"), revision=1, by=None, now=timezone.now())
    publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    found = admin_client.get(address(around, "compare"), {"a": "live", "b": "draft"}).json()
    assert found["same"] is False
    assert found["other"] == ["The flow “Line” was published anew: version 2 is walked through from now on."]
    assert (
        post(admin_client, around, "publish", {"revision": 1, "note": "Take it over"}).json()["version"]["number"] == 2
    )


def test_a_window_learns_who_went_back_to_which_version_and_how_the_draft_stands(
    admin_client: Client, reader: Client, flow: Flow
) -> None:
    first = publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    save_draft(flow_id=flow.pk, definition=definition(title="2nd"), revision=1, by=None, now=timezone.now())
    second = publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    seen = post(reader, flow, "presence", {"session": "tab-b", "step": "", "live": second.pk}).json()
    assert seen["went_live"] is None
    assert seen["flow"]["differs_from_live"] is False
    answer = post(admin_client, flow, "roll-back", {"version": first.pk, "keep_draft": True}).json()
    assert answer["differs_from_live"] is True
    seen = post(reader, flow, "presence", {"session": "tab-b", "step": "", "live": second.pk}).json()
    assert (seen["went_live"]["by"], seen["went_live"]["back_to"]) == ("admin", 1)
    assert seen["flow"]["live"] == answer["version"]
    assert (seen["revision"], seen["flow"]["differs_from_live"]) == (2, True)


def test_a_draft_that_somebody_saved_meanwhile_is_not_replaced_by_going_back(admin_client: Client, flow: Flow) -> None:
    first = publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    save_draft(flow_id=flow.pk, definition=definition(title="Hers"), revision=1, by=None, now=timezone.now())
    answer = post(admin_client, flow, "roll-back", {"version": first.pk, "revision": 1})
    assert answer.status_code == 409
    assert answer.json()["definition"] == definition(title="Hers")


def test_a_flow_is_renamed_on_its_canvas(admin_client: Client, reader: Client, flow: Flow) -> None:
    create_flow(key="other", name="Other", definition=definition(), by=None, now=timezone.now())
    body = {"name": " Hotline ", "description": "For gold customers."}
    assert post(reader, flow, "naming", body).status_code == 403
    assert post(admin_client, flow, "naming", body).json() == {"name": "Hotline", "description": "For gold customers."}
    taken = post(admin_client, flow, "naming", {**body, "name": "Other"})
    assert (taken.status_code, taken.json()["error"]) == (400, "Another flow is called “Other” already.")
    assert post(admin_client, flow, "naming", {**body, "name": " "}).status_code == 400
    assert post(admin_client, flow, "naming", {**body, "name": "x" * 101}).status_code == 400
    flow.refresh_from_db()
    assert (flow.name, flow.draft_revision) == ("Hotline", 1)
