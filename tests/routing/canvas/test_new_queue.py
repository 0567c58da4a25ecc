"""A queue is made on the canvas by whoever may make queues, with the rules that the admin has."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from queues.models import Queue
from routing.models import Flow
from routing.services import create_flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow() -> Flow:
    return create_flow(key="line", name="Line", definition={"format": 1, "steps": []}, by=None, now=timezone.now())


def post(client: Client, flow: Flow, **body: Any) -> Any:
    url = reverse("admin:routing_flow_canvas_new_queue", args=[flow.pk])
    return client.post(url, body, content_type="application/json")


def test_a_queue_is_made_with_its_address_and_can_be_chosen(admin_client: Client, flow: Flow) -> None:
    answer = post(admin_client, flow, name="Key accounts", address="key@pbx.example.com").json()
    assert answer["queue"]["key"] == "key-accounts"
    assert not answer["silent"]
    queue = Queue.objects.get(key="key-accounts")
    assert [address.uri for address in queue.sip_addresses.all()] == ["sip:key@pbx.example.com"]
    document = admin_client.get(reverse("admin:routing_flow_canvas_document", args=[flow.pk])).json()
    assert answer["queue"] in document["catalog"]["queue"]
    assert document["urls"]["new_queue"].endswith("/canvas/new-queue/")


def test_an_address_may_come_later_and_a_taken_key_gets_a_number(admin_client: Client, flow: Flow) -> None:
    Queue.objects.create(key="vip", name="Very important")
    answer = post(admin_client, flow, name="VIP", address="").json()
    assert (answer["queue"]["key"], answer["silent"]) == ("vip-2", True)


@pytest.mark.parametrize(
    ("name", "address", "words"),
    [
        ("", "sip:a@b.example", "Give the queue a name"),
        ("Gold", "sip:nobody at all", "SIP"),
        ("silver", "sip:a@b.example", "There is a queue “silver” already"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(
    admin_client: Client, flow: Flow, name: str, address: str, words: str
) -> None:
    Queue.objects.create(key="silver", name="Silver")
    answer = post(admin_client, flow, name=name, address=address)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert Queue.objects.count() == 1


def test_who_may_draw_but_not_make_queues_is_refused_and_not_tempted(client: Client, flow: Flow) -> None:
    user = User.objects.create_user("anna", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_flow", "change_flow"]))
    client.force_login(user)
    assert post(client, flow, name="Gold").status_code == 403
    assert not Queue.objects.exists()
    document = client.get(reverse("admin:routing_flow_canvas_document", args=[flow.pk])).json()
    assert "new_queue" not in document["urls"]
