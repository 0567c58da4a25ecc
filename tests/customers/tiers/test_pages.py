"""A manager changes who is in which tier, and sees what that does before it is done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from customers.models import Customer, Tier
from customers.tiers import pages
from customers.tiers.models import Policy, Preview, Run
from customers.tiers.previewing import carry_on_preview
from tests.customers.tiers.conftest import NOW, carry_out

pytestmark = pytest.mark.django_db
HOME = "/admin/customers/tier/policy/"
EDIT = f"{HOME}edit/"
RULE = {"tier": "gold", "rows": [{"field": "orders", "op": "gte", "number": "10"}]}


def _send(client: Client, **spec: Any) -> Any:
    return client.post(EDIT, {"spec": json.dumps(spec), "note": "More for those who order"})


def test_before_anybody_decides_the_page_says_that_the_crm_does(admin_client: Client, tiers: dict[str, Tier]) -> None:
    page = admin_client.get(HOME).content.decode()
    assert "The tier that the CRM gives." in page
    assert "nobody has changed it yet" in page


def test_a_policy_is_looked_at_and_then_put_in_force(
    admin_client: Client, tiers: dict[str, Tier], add: Callable[..., Customer]
) -> None:
    add(orders=20, name="Ada", revenue=900)
    add(orders=1)
    answer = _send(admin_client, order=["rule", "crm"], rules=[RULE])
    page = admin_client.get(answer.url).content.decode()
    assert "1 of 2 customers would move." in page
    assert ">Ada</a>" in page
    assert "Gold, if orders is at least 10." in page
    assert not Policy.objects.exists()
    assert Customer.objects.filter(tier=None).count() == 2
    after = admin_client.post(answer.url, follow=True).content.decode()
    assert "Version 1 is in force" in after
    assert "More for those who order" in after
    carry_out(Run.objects.get())
    assert Customer.objects.get(orders=20).tier == tiers["gold"]


def test_an_older_version_is_looked_at_before_it_is_in_force_again(
    admin_client: Client, tiers: dict[str, Tier], decide: Callable[..., Policy], add: Callable[..., Customer]
) -> None:
    add(orders=20)
    decide(order=["rule"], rules=[RULE])
    decide(order=["crm"])
    answer: Any = admin_client.post(f"{HOME}versions/1/")
    assert "1 of 1 customers would move." in admin_client.get(answer.url).content.decode()
    admin_client.post(answer.url)
    assert Policy.objects.get(is_active=True).spec["rules"][0]["tier"] == "gold"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"order": []}, "Somebody has to decide"),
        ({"order": ["rule"], "rules": []}, "there is none yet"),
        ({"order": ["rule"], "rules": [{**RULE, "tier": "bronze"}]}, "Rule 1: choose a tier."),
        (
            {"order": ["rule"], "rules": [{"tier": "gold", "rows": [{"field": "orders", "op": "gte"}]}]},
            "needs a number",
        ),
        (
            {"order": ["rule"], "rules": [{"tier": "gold", "rows": [{"field": "gone", "op": "is"}]}]},
            "there is no field",
        ),
        (
            {"order": ["rule"], "rules": [{"tier": "gold", "rows": [{"field": "", "op": ""}]}]},
            "Rule 1: choose what to look at.",
        ),
        (
            {
                "order": ["rule"],
                "rules": [{"tier": "gold", "rows": [{"field": "orders", "op": "lt", "number": "abc"}]}],
            },
            "Rule 1: write a number",
        ),
        ({"order": ["rule"], "rules": [{"tier": "gold", "rows": []}]}, "Rule 1: add a condition."),
        ({"order": ["share"], "cuts": [{"tier": "gold", "percent": "180"}]}, "Cut 1: at most 100."),
        (
            {"order": ["share"], "cuts": [{"tier": "gold", "percent": 80}, {"tier": "silver", "percent": 50}]},
            "further on than the one before",
        ),
    ],
)
def test_a_policy_that_cannot_be_is_refused_in_words_and_kept_in_the_form(
    admin_client: Client, tiers: dict[str, Tier], spec: dict[str, Any], words: str
) -> None:
    answer = _send(admin_client, **spec)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert words in page
    assert "Input should" not in page
    assert not Preview.objects.exists()


def test_what_was_looked_at_can_be_changed_further(admin_client: Client, tiers: dict[str, Tier]) -> None:
    preview = admin_client.get(_send(admin_client, order=["rule", "crm"], rules=[RULE]).url).content.decode()
    further = re.search(r'href="([^"]*policy/edit/[^"]*)"', preview)
    assert further
    page = admin_client.get(further[1]).content.decode()
    assert "More for those who order" in page
    held = re.search(r'<script id="policy-data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert held
    assert json.loads(held[1])["spec"]["rules"][0]["tier"] == "gold"
    assert admin_client.get(f"{EDIT}?preview=none").status_code == 200


def test_many_customers_are_counted_by_a_worker_and_the_page_shows_how_far_it_is(
    admin_client: Client, tiers: dict[str, Tier], add: Callable[..., Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_COUNTED_AT_ONCE", 0)
    add(orders=20)
    address = _send(admin_client, order=["rule"], rules=[RULE]).url
    assert "data-progress" in admin_client.get(address).content.decode()
    assert admin_client.get(f"{address}state/").json()["state"] == "waiting"
    # What is not counted cannot be put in force.
    admin_client.post(address)
    assert not Policy.objects.exists()
    while carry_on_preview(preview_id=Preview.objects.get().pk, now=NOW):
        pass
    assert admin_client.get(f"{address}state/").json() == {
        "state": "done",
        "percent": 100,
        "looked_at": 1,
        "total": 1,
        "moved": 1,
    }
    assert "1 of 1 customers would move." in admin_client.get(address).content.decode()


def test_what_was_counted_before_another_version_is_not_put_in_force(
    admin_client: Client, tiers: dict[str, Tier], decide: Callable[..., Policy]
) -> None:
    address = _send(admin_client, order=["rule"], rules=[RULE]).url
    decide(order=["crm"])
    page = admin_client.post(address, follow=True).content.decode()
    assert "Somebody put another version in force meanwhile" in page
    assert Policy.objects.get(is_active=True).spec["order"] == ["crm"]


def test_readers_see_the_policy_and_change_nothing(client: Client, tiers: dict[str, Tier]) -> None:
    reader = User.objects.create_user("reader", password="reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_tier"))
    client.force_login(reader)
    page = client.get(HOME)
    assert page.status_code == 200
    assert "Change it" not in page.content.decode()
    assert client.get(EDIT).status_code == 403
    assert client.post(f"{HOME}run/").status_code == 403


def test_the_pages_of_the_policy_ask_the_database_little(
    admin_client: Client, decide: Callable[..., Policy], django_assert_max_num_queries: Any
) -> None:
    for percent in (30, 40, 50):
        decide(order=["share"], cuts=[{"tier": "gold", "percent": percent}])
    admin_client.get(HOME)
    with django_assert_max_num_queries(9):
        admin_client.get(HOME)


def test_each_number_of_the_table_leads_to_who_that_is_and_all_of_them_to_a_file(
    admin_client: Client, add: Callable[..., Customer], tiers: dict[str, Tier]
) -> None:
    for number in range(70):
        add(1000 - number, name=f"Person {number}", tier=tiers["silver"] if number % 7 else None)
    spec = {"order": ["share"], "metric": "revenue_12m", "cuts": [{"tier": "gold", "percent": 100}], "rest": "silver"}
    answer: Any = admin_client.post("/admin/customers/tier/policy/edit/", {"spec": json.dumps(spec), "note": ""})
    assert answer.status_code == 302, re.findall(r"<li>(.*?)</li>", answer.content.decode())
    page = admin_client.get(answer.url).content.decode()
    links = re.findall(r'href="\?(from=[^"#]*)#who-title"', page)
    assert [link.replace("&amp;", "&") for link in links] == ["from=silver&to=gold", "from=&to=gold"]
    one = admin_client.get(f"{answer.url}?from=&to=gold").content.decode()
    assert "Who goes from no tier to Gold" in one
    assert ("Person 7<" in one, "Person 8<" in one) == (True, False)
    whole = b"".join(admin_client.get(f"{answer.url}moves.csv")).decode("utf-8-sig").splitlines()
    assert whole[0].startswith("Customer number,Name,From,To,")
    assert len(whole) == 71
    some = b"".join(admin_client.get(f"{answer.url}moves.csv?from=&to=gold")).decode("utf-8-sig").splitlines()
    assert [line.split(",")[:4] for line in some[1:3]] == [
        ["C-1", "Person 0", "", "gold"],
        ["C-8", "Person 7", "", "gold"],
    ]
    assert len(some) == 11
    assert admin_client.get(f"{answer.url}moves.exe").status_code == 404


def test_who_moves_as_a_file_is_for_those_who_may_export(
    client: Client, tiers: dict[str, Tier], add: Callable[..., Customer]
) -> None:
    user = User.objects.create_user("tuner", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_tier", "change_tier", "view_customer"]))
    client.force_login(user)
    add(5)
    spec = {"order": ["share"], "metric": "revenue_12m", "cuts": [{"tier": "gold", "percent": 100}], "rest": "silver"}
    answer: Any = client.post("/admin/customers/tier/policy/edit/", {"spec": json.dumps(spec), "note": ""})
    assert "moves.csv" not in client.get(answer.url).content.decode()
    assert client.get(f"{answer.url}moves.csv").status_code == 403
