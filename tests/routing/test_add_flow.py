"""Adding a flow: its name, and what it starts from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from routing.admin import flows
from routing.catalog import catalog
from routing.engine.checks.validation import validate
from routing.models import Flow
from routing.services import create_flow, export_flow
from routing.starters import starters

pytestmark = pytest.mark.django_db

DEFINITION = {"format": 1, "steps": [{"id": "call", "type": "call", "exits": {}}]}


@pytest.fixture(autouse=True)
def _built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "editor_is_built", lambda: True)


def _add(client: Client, start: str, **more: Any) -> Any:
    form = {"name": "New", "key": "new", "description": "", "start": start, **more}
    return client.post(reverse("admin:routing_flow_add"), form)


def _old() -> Flow:
    return create_flow(key="old", name="Old", definition=DEFINITION, by=None, now=timezone.now())


def test_an_empty_flow_opens_on_the_canvas(admin_client: Client) -> None:
    response = _add(admin_client, "empty")
    flow = Flow.objects.get(key="new")
    assert response.url == reverse("admin:routing_flow_change", args=[flow.pk])
    assert flow.draft == {"format": 1, "steps": []}


def test_a_copy_has_the_steps_of_the_other_flow(admin_client: Client) -> None:
    old = _old()
    _add(admin_client, "copy", copy_of=old.pk)
    assert Flow.objects.get(key="new").draft == DEFINITION


def test_a_file_is_read_under_the_new_name(admin_client: Client) -> None:
    file = SimpleUploadedFile("old.json", export_flow(flow=_old()).encode())
    _add(admin_client, "file", file=file)
    new = Flow.objects.get(key="new")
    assert new.name == "New"
    assert new.draft["steps"][0]["id"] == "call"


def test_every_starter_becomes_a_flow_whose_only_faults_are_what_the_house_lacks(admin_client: Client) -> None:
    assert starters()
    for starter in starters():
        _add(admin_client, f"starter:{starter.key}", key=f"new-{starter.key}", name=starter.name)
        draft = Flow.objects.get(key=f"new-{starter.key}").draft
        errors = [fault for fault in validate(draft, catalog()) if fault.level == "error"]
        assert all("There is no" in fault.message for fault in errors)


@pytest.mark.parametrize(
    ("start", "more", "sentence"),
    [
        ("copy", {}, "Choose the flow to copy."),
        ("file", {}, "Choose the file."),
        ("file", {"file": SimpleUploadedFile("a.json", b"{")}, "line 1"),
        ("file", {"file": SimpleUploadedFile("a.json", b"\xff\xfe\x00")}, "no text in UTF-8"),
        ("nonsense", {}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_started_from_is_said_on_the_page(
    admin_client: Client, start: str, more: dict[str, Any], sentence: str
) -> None:
    _old()
    response = _add(admin_client, start, **more)
    assert sentence in response.content.decode()
    assert not Flow.objects.filter(key="new").exists()


def test_without_the_canvas_a_flow_is_added_as_text(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "editor_is_built", lambda: False)
    assert 'id="id_text"' in admin_client.get(reverse("admin:routing_flow_add")).content.decode()
    old = _old()
    assert 'id="id_text"' in admin_client.get(reverse("admin:routing_flow_change", args=[old.pk])).content.decode()


def test_the_page_of_a_flow_is_the_canvas_and_its_text_is_a_link_away(admin_client: Client) -> None:
    address = reverse("admin:routing_flow_change", args=[_old().pk])
    assert (
        f'data-document="{address.removesuffix("change/")}canvas/document/"'
        in admin_client.get(address).content.decode()
    )
    text = admin_client.get(f"{address}?text=1").content.decode()
    assert json.dumps("call") in text.replace("&quot;", '"')
