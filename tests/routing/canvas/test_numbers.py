"""The numbers of a flow on its canvas: which start it, and choosing one without leaving it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from channels.models import Account, Number
from queues.models import Queue
from routing.models import Flow
from routing.services import create_flow

pytestmark = pytest.mark.django_db
DEFINITION = {"steps": [{"id": "call", "type": "call"}]}


@pytest.fixture
def flow() -> Flow:
    return create_flow(key="line", name="Line", definition=DEFINITION, by=None, now=timezone.now())


@pytest.fixture
def other() -> Flow:
    return create_flow(key="other", name="Other", definition=DEFINITION, by=None, now=timezone.now())


@pytest.fixture
def number(other: Flow) -> Number:
    queue = Queue.objects.create(key="all", name="All")
    account = Account.objects.create(name="Carrier", provider="twilio", external_id="AC1", secret="s")
    return Number.objects.create(account=account, address="+4930123456", flow=other, fallback_queue=queue)


def post(client: Client, at: Flow, /, **body: Any) -> Any:
    return client.post(f"/admin/routing/flow/{at.pk}/canvas/numbers/", json.dumps(body), "application/json")


def test_a_number_is_chosen_and_given_back(admin_client: Client, flow: Flow, other: Flow, number: Number) -> None:
    (found,) = admin_client.get(f"/admin/routing/flow/{flow.pk}/canvas/numbers/").json()["numbers"]
    assert (found["address"], found["flow"]) == ("+4930123456", {"id": other.pk, "name": "Other"})
    answer = post(admin_client, flow, number=number.pk, seen=other.pk, flow=flow.pk)
    assert [one["address"] for one in answer.json()["mine"]] == ["+4930123456"]
    number.refresh_from_db()
    assert number.flow_id == flow.pk
    assert LogEntry.objects.get_for_object(number).filter(changes__has_key="flow").exists()
    assert answer.json()["left"] == {str(number.pk): {"id": other.pk, "name": "Other"}}
    answer = post(admin_client, flow, number=number.pk, seen=flow.pk, flow=other.pk)
    assert answer.json()["mine"] == []


def test_a_number_that_somebody_else_chose_meanwhile_is_left_to_them(
    admin_client: Client, flow: Flow, other: Flow, number: Number
) -> None:
    answer = post(admin_client, flow, number=number.pk, seen=None, flow=flow.pk)
    assert (answer.status_code, "meanwhile" in answer.json()["error"]) == (409, True)
    number.refresh_from_db()
    assert number.flow_id == other.pk


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": "1", "seen": None},
        {"number": 10**9, "seen": None},
        {"number": 1, "seen": None, "flow": None},
        {"number": 1, "seen": "x"},
    ],
)
def test_nonsense_gets_a_sentence(admin_client: Client, flow: Flow, body: dict[str, Any]) -> None:
    answer = post(admin_client, flow, **{"flow": flow.pk, **body})
    assert answer.status_code in {400, 404}
    assert answer.json()["error"]


def test_who_may_not_change_numbers_sees_only_those_of_the_flow(client: Client, flow: Flow, number: Number) -> None:
    user = User.objects.create_user("drawer", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["change_flow", "publish_flow"]))
    client.force_login(user)
    assert client.get(f"/admin/routing/flow/{flow.pk}/canvas/numbers/").json() == {
        "numbers": [],
        "mine": [],
        "left": {},
    }
    assert post(client, flow, number=number.pk, seen=number.flow_id, flow=flow.pk).status_code == 403
    document = client.get(f"/admin/routing/flow/{flow.pk}/canvas/document/").json()
    assert document["may"]["choose_numbers"] is False
