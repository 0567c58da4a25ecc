"""What the variable picker and the “Listen” button are told: every kind of variable, and nobody's real values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from customers.attributes import attributes
from customers.enrichment.models import DataSource
from customers.models import Attribute, Customer, Tier
from routing.models import Flow
from routing.services import create_flow

pytestmark = pytest.mark.django_db

DEFINITION: dict[str, Any] = {
    "format": 1,
    "steps": [
        {"id": "call", "type": "call", "exits": {"started": "ask"}},
        {
            "id": "ask",
            "type": "fetch",
            "title": "Ask the loyalty API",
            "settings": {"source": "loyalty", "save_as": "loyalty"},
            "exits": {"found": "hello", "failed": "hello"},
        },
        {"id": "hello", "type": "say", "settings": {"prompt": {"text": {"en": "Hello"}}}},
    ],
}


@pytest.fixture
def flow() -> Flow:
    for rank, key in enumerate(("gold", "silver"), start=1):
        Tier.objects.create(key=key, name=key.capitalize(), rank=rank)
    DataSource.objects.create(
        key="loyalty",
        name="Loyalty API",
        url="https://crm.example.com/?phone={{ phone }}",
        secret="very-secret",
        mapping=[
            {"name": "loyalty_status", "path": "customer.status", "type": "text"},
            {"name": "orders", "path": "customer.orders", "type": "number", "default": 7},
        ],
    )
    return create_flow(key="line", name="Line", definition=DEFINITION, by=None, now=timezone.now())


def ask(client: Client, flow: Flow, view: str, **body: Any) -> Any:
    return client.post(
        f"/admin/routing/flow/{flow.pk}/canvas/{view}/",
        json.dumps({"definition": DEFINITION, **body}),
        content_type="application/json",
    )


def variables(client: Client, flow: Flow, step: str = "hello") -> dict[str, dict[str, Any]]:
    answer = ask(client, flow, "scope", step=step)
    assert answer.status_code == 200, answer.content
    return {one["path"]: one for one in answer.json()["variables"]}


def test_the_picker_is_told_in_words_where_a_variable_comes_from(admin_client: Client, flow: Flow) -> None:
    found = variables(admin_client, flow)
    assert found["loyalty.loyalty_status"] == {
        "path": "loyalty.loyalty_status",
        "label": "loyalty status",
        "type": "text",
        "sample": "gold",
        "group": "Fetched by “Ask the loyalty API”",
        "from_step": "ask",
        "from_title": "Ask the loyalty API",
        "maybe": True,
        "suggestions": ["gold", "silver"],
    }
    assert found["loyalty.orders"]["sample"] == 7
    assert found["customer.tier"]["suggestions"] == ["gold", "silver"]
    assert found["contact.from"]["label"] == "caller or sender"
    assert found["now"]["type"] == "datetime"
    assert "loyalty.loyalty_status" not in variables(admin_client, flow, "ask")


def test_what_the_crm_syncs_is_offered_by_name_and_kind_but_never_as_somebodys_value(
    admin_client: Client, flow: Flow
) -> None:
    for number in range(6):
        Customer.objects.create(
            external_id=f"C{number}",
            attributes={
                "plan": "premium" if number < 5 else "rare",
                "iban": f"DE{number}",
                "visits": number,
                "vip": True,
            },
        )
    found = variables(admin_client, flow)
    assert found["customer.plan"]["suggestions"] == ["premium"]
    assert found["customer.visits"]["type"] == "number"
    assert found["customer.vip"]["type"] == "boolean"
    assert found["customer.iban"]["suggestions"] == []
    text = json.dumps(list(found.values()))
    assert "DE3" not in text
    assert "rare" not in text
    assert "very-secret" not in text
    assert found["customer.plan"]["group"] == "Customer, further values from the CRM"


def test_a_declared_field_is_offered_by_its_label_and_kind_also_before_anybody_has_it(
    admin_client: Client, flow: Flow
) -> None:
    Attribute.objects.create(name="renewal", label="Renewal of the contract", kind="date")
    Attribute.objects.create(name="plan", label="Care plan", kind="text")
    for number in range(5):
        Customer.objects.create(external_id=f"C{number}", attributes={"plan": "premium"})
    found = variables(admin_client, flow)
    assert (found["customer.renewal"]["label"], found["customer.renewal"]["type"]) == (
        "Renewal of the contract",
        "date",
    )
    assert (found["customer.plan"]["label"], found["customer.plan"]["suggestions"]) == ("Care plan", ["premium"])


def test_attributes_that_are_no_object_are_passed_over() -> None:
    Customer.objects.create(external_id="C1", attributes=[])
    Customer.objects.create(external_id="C2", attributes={"nothing": None})
    assert [(one.name, one.kind, one.shared) for one in attributes()] == [("nothing", "string", ())]


def test_listening_fills_in_the_samples(admin_client: Client, flow: Flow) -> None:
    text = "Hello {{ customer.name }}, you are {{ loyalty.loyalty_status | upcase }} {{ vars.mood }}"
    answer = ask(admin_client, flow, "listen", step="hello", text=text)
    assert answer.json() == {"text": "Hello Anna Example, you are GOLD", "unknown": ["vars.mood"]}


@pytest.mark.parametrize("text", ["{{ customer.name", "{% for i in (1..100000) %}x{% endfor %}", "{{ a | nonsense }}"])
def test_what_cannot_be_spoken_is_said_in_a_sentence(admin_client: Client, flow: Flow, text: str) -> None:
    answer = ask(admin_client, flow, "listen", step="hello", text=text)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize(
    "body",
    [{}, {"step": 3}, {"step": "hello", "definition": []}, {"step": "x" * 200}, {"definition": None}],
    ids=["nothing", "step", "definition", "long", "none"],
)
def test_bad_questions_are_refused_with_a_sentence(admin_client: Client, flow: Flow, body: dict[str, Any]) -> None:
    for view in ("scope", "listen"):
        answer = ask(admin_client, flow, view, **body)
        assert answer.status_code == 400
        assert answer.json()["error"]


def test_whoever_may_only_look_may_ask_too_and_whoever_may_not_is_told(client: Client, flow: Flow) -> None:
    user = User.objects.create_user("somebody", is_staff=True)
    client.force_login(user)
    assert ask(client, flow, "scope", step="hello").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_flow"))
    assert ask(client, flow, "scope", step="hello").status_code == 200
    assert ask(client, flow, "listen", step="hello", text="Hi").json()["text"] == "Hi"


def test_asking_takes_few_queries(admin_client: Client, flow: Flow, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(9):
        ask(admin_client, flow, "scope", step="hello")
