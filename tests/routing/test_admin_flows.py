"""A manager edits, checks, publishes, rolls back and moves flows in the admin."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from queues.models import Queue, SipAddress
from routing.models import Flow, FlowVersion
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


def _address(flow: Flow, view: str = "change", *more: object) -> str:
    return reverse(f"admin:routing_flow_{view}", args=[flow.pk, *more])


def _form(flow: Flow, text: str | dict[str, Any], **more: str) -> dict[str, str]:
    return {
        "name": flow.name,
        "key": flow.key,
        "description": flow.description,
        "text": text if isinstance(text, str) else json.dumps(text, indent=2),
        "revision": str(flow.draft_revision),
        **more,
    }


def _page(response: Any) -> str:
    text: str = response.content.decode()
    return text.replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&")


def test_saving_a_draft_keeps_it_and_leaves_the_live_version_alone(admin_client: Client, flow: Flow) -> None:
    publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    response = admin_client.post(_address(flow), _form(flow, definition(title="New"), _save="1"), follow=True)
    flow.refresh_from_db()
    assert flow.draft["steps"][0]["title"] == "New"
    assert flow.live is not None
    assert flow.live.definition["steps"][0]["title"] == "Call"
    assert "The draft is saved" in _page(response)
    assert "changed since it was published" in _page(response)


def test_the_name_is_saved_with_the_draft_and_the_key_never_changes(admin_client: Client, flow: Flow) -> None:
    admin_client.post(_address(flow), _form(flow, definition(), _save="1") | {"name": "Hotline", "key": "other"})
    flow.refresh_from_db()
    assert (flow.name, flow.key) == ("Hotline", "line")


def test_text_that_is_no_json_is_refused_with_its_line_and_stays_in_the_form(admin_client: Client, flow: Flow) -> None:
    text = '{\n  "format": 1\n  "steps": []\n}'
    page = _page(admin_client.post(_address(flow), _form(flow, text, _save="1")))
    assert "Line 3, column 3: a comma is missing before this" in page
    assert '"format": 1\n  "steps": []' in page
    flow.refresh_from_db()
    assert flow.draft == definition()


def test_a_name_that_is_there_twice_is_refused(admin_client: Client, flow: Flow) -> None:
    page = _page(admin_client.post(_address(flow), _form(flow, '{"format": 1, "steps": [], "steps": []}', _save="1")))
    assert "“steps” is there twice" in page


def test_a_check_lists_each_fault_with_its_step_and_line_and_saves_nothing(admin_client: Client, flow: Flow) -> None:
    page = _page(admin_client.post(_address(flow), _form(flow, definition("nowhere"), _check="1")))
    assert "1 fault keeps this draft from being published" in page
    assert "There is no queue “nowhere”. There are: “VIP”." in page
    assert "steps[1].settings.queue" in page
    assert 'data-line="13"' in page
    assert '"nowhere"' in page
    flow.refresh_from_db()
    assert flow.draft == definition()


def test_a_check_without_faults_says_so(admin_client: Client, flow: Flow) -> None:
    page = _page(admin_client.post(_address(flow), _form(flow, definition(title="Fine"), _check="1")))
    assert "Checked: no faults. Nothing was saved yet." in page
    flow.refresh_from_db()
    assert flow.draft == definition()


def test_publishing_saves_the_draft_and_makes_it_live_with_its_note(admin_client: Client, flow: Flow) -> None:
    form = _form(flow, definition(title="Gold first"), _publish="1", note="Gold skips the menu")
    page = _page(admin_client.post(_address(flow), form, follow=True))
    version = FlowVersion.objects.get(flow=flow)
    assert version.definition["steps"][0]["title"] == "Gold first"
    assert version.note == "Gold skips the menu"
    assert version.published_by is not None
    assert "Version 1 of “Line” is live" in page
    assert "Gold skips the menu" in page


def test_publishing_what_has_faults_publishes_and_saves_nothing_and_loses_nothing(
    admin_client: Client, flow: Flow
) -> None:
    page = _page(admin_client.post(_address(flow), _form(flow, definition("nowhere"), _publish="1", note="Hurry")))
    assert "There is no queue “nowhere”" in page
    assert "Nothing was published or saved" in page
    assert "Hurry" in page
    assert '"queue": "nowhere"' in page
    flow.refresh_from_db()
    assert flow.draft == definition()
    assert not FlowVersion.objects.exists()


def test_a_stale_form_is_refused_by_name_and_what_was_typed_stays(
    admin_client: Client, admin_user: User, flow: Flow
) -> None:
    form = _form(flow, definition(title="Mine"), _save="1")
    anna = User.objects.create_user("anna")
    save_draft(flow_id=flow.pk, definition=definition(title="Anna's"), revision=1, by=anna, now=timezone.now())
    page = _page(admin_client.post(_address(flow), form))
    assert "anna saved this draft" in page
    assert '"title": "Mine"' in page
    flow.refresh_from_db()
    assert flow.draft["steps"][0]["title"] == "Anna's"

    again = _page(admin_client.post(_address(flow), form))
    assert "anna saved this draft" in again


def test_whoever_was_refused_may_save_over_what_they_saw_but_not_over_more(admin_client: Client, flow: Flow) -> None:
    form = _form(flow, definition(title="Mine"))
    save_draft(flow_id=flow.pk, definition=definition(title="2nd"), revision=1, by=None, now=timezone.now())
    page = _page(admin_client.post(_address(flow), {**form, "_save": "1"}))
    assert 'name="_overwrite" value="2"' in page
    save_draft(flow_id=flow.pk, definition=definition(title="3rd"), revision=2, by=None, now=timezone.now())
    refused = _page(admin_client.post(_address(flow), {**form, "_overwrite": "2"}))
    assert 'name="_overwrite" value="3"' in refused
    admin_client.post(_address(flow), {**form, "_overwrite": "3"})
    flow.refresh_from_db()
    assert flow.draft["steps"][0]["title"] == "Mine"


def test_a_new_flow_begins_with_a_draft_that_can_be_published(admin_client: Client, queue: Queue) -> None:
    add = reverse("admin:routing_flow_add") + "?text=1"
    text = admin_client.get(add).context["adminform"].form["text"].value()
    page = _page(admin_client.post(add, {"name": "New", "key": "new", "text": text, "_publish": "1"}, follow=True))
    assert "Version 1 of “New” is live" in page


def test_a_draft_that_is_no_flow_at_all_is_refused_with_its_faults(admin_client: Client, flow: Flow) -> None:
    page = _page(admin_client.post(_address(flow), _form(flow, {"format": 1, "stepz": []}, _save="1")))
    assert "stepz" in page
    flow.refresh_from_db()
    assert flow.draft == definition()


def test_going_back_publishes_the_old_version_under_a_new_number(admin_client: Client, flow: Flow) -> None:
    first = publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    save_draft(flow_id=flow.pk, definition=definition(title="Worse"), revision=1, by=None, now=timezone.now())
    publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    address = _address(flow, "roll_back", first.pk)
    assert "Go back to version 1" in _page(admin_client.get(address))
    assert FlowVersion.objects.count() == 2
    page = _page(admin_client.post(address, {"note": "It was better"}, follow=True))
    flow.refresh_from_db()
    assert flow.live is not None
    assert (flow.live.number, flow.live.note) == (3, "It was better")
    assert flow.live.definition == first.definition
    assert "Version 3 is live" in page


def test_going_back_to_what_refers_to_something_gone_says_what(admin_client: Client, flow: Flow, queue: Queue) -> None:
    first = publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    queue.key = "renamed"
    queue.save()
    page = _page(admin_client.post(_address(flow, "roll_back", first.pk)))
    assert "There is no queue “vip”" in page


def test_an_exported_flow_is_imported_again(admin_client: Client, flow: Flow) -> None:
    file = admin_client.get(_address(flow, "export"))
    assert file.headers["Content-Disposition"] == 'attachment; filename="line.json"'
    data = json.loads(file.content)
    data["definition"]["steps"][0]["title"] = "From the file"
    upload = SimpleUploadedFile("line.json", json.dumps(data).encode())
    page = _page(
        admin_client.post(
            reverse("admin:routing_flow_import"), {"file": upload, "publish": "on", "_confirm": "1"}, follow=True
        )
    )
    flow.refresh_from_db()
    assert flow.draft["steps"][0]["title"] == "From the file"
    assert flow.live is not None
    assert "The draft of “Line” is now the file's. Version 1 is live." in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Choose a file, or paste its text."),
        ("{", "This is no JSON"),
        ('{"pareto_flow": 1, "key": "x", "name": "X", "definition": {"format": 1, "steps": []}}', "add a trigger"),
    ],
)
def test_a_bad_file_is_refused_with_its_faults(admin_client: Client, text: str, words: str) -> None:
    page = _page(admin_client.post(reverse("admin:routing_flow_import"), {"text": text}))
    assert words in page
    assert not Flow.objects.exists()


def test_the_list_says_what_is_live_what_differs_and_which_numbers_use_it(admin_client: Client, flow: Flow) -> None:
    address = reverse("admin:routing_flow_changelist")
    assert "not published" in _page(admin_client.get(address))
    publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    page = _page(admin_client.get(address))
    assert "version 1" in page
    assert "as published" in page
    save_draft(flow_id=flow.pk, definition=definition(title="New"), revision=1, by=None, now=timezone.now())
    assert "changed since" in _page(admin_client.get(address))


def test_a_published_flow_cannot_be_deleted(admin_client: Client, flow: Flow) -> None:
    publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    assert admin_client.post(_address(flow, "delete"), {"post": "yes"}).status_code == 403
    assert Flow.objects.filter(pk=flow.pk).exists()


class TestWhoMay:
    @pytest.fixture
    def editor(self, client: Client) -> Client:
        user = User.objects.create_user("editor", is_staff=True)
        names = ("view_flow", "change_flow", "add_flow")
        user.user_permissions.add(*Permission.objects.filter(codename__in=names))
        client.force_login(user)
        return client

    @pytest.fixture
    def reader(self, client: Client) -> Client:
        user = User.objects.create_user("reader", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_flow"))
        client.force_login(user)
        return client

    def test_an_editor_saves_but_neither_publishes_nor_goes_back(self, editor: Client, flow: Flow) -> None:
        version = publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
        page = _page(editor.get(_address(flow) + "?text=1"))
        assert "Save draft" in page
        assert "Save and publish" not in page
        assert editor.post(_address(flow), _form(flow, definition(), _publish="1")).status_code == 403
        assert editor.post(_address(flow, "roll_back", version.pk)).status_code == 403

    def test_an_editor_imports_but_publishes_nothing_by_it(self, editor: Client, queue: Queue) -> None:
        file = {"pareto_flow": 1, "key": "x", "name": "X", "definition": definition()}
        editor.post(reverse("admin:routing_flow_import"), {"text": json.dumps(file), "publish": "on", "_confirm": "1"})
        assert Flow.objects.get(key="x").live is None

    def test_a_reader_reads_and_changes_nothing(self, reader: Client, flow: Flow) -> None:
        page = _page(reader.get(_address(flow) + "?text=1"))
        assert '"type": "queue"' in page
        assert "Save draft" not in page
        assert reader.post(_address(flow), _form(flow, definition(title="No"), _save="1")).status_code == 403
        assert reader.get(reverse("admin:routing_flow_import")).status_code == 403
        assert reader.get(_address(flow, "export")).status_code == 200

    def test_a_stranger_is_sent_to_sign_in(self, client: Client, flow: Flow) -> None:
        for view in ("change", "export"):
            assert "/login/" in client.get(_address(flow, view)).headers["Location"]
