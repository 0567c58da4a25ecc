"""A manager keeps customers and tiers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers import listing
from customers.admin import CustomerAdmin
from customers.models import Attribute, Customer, CustomerChange, Identity, Tier
from customers.tiers import counting
from customers.tiers.tasks import sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Customer:
    tier = Tier.objects.create(key="gold", name="Gold", rank=2, head_start_s=180, color="#d97706")
    customer = Customer.objects.create(external_id="C-1", name="Jonas Feldmann", tier=tier, attributes={"plan": "plus"})
    Identity.objects.create(customer=customer, value="+4915100000002")
    return customer


def _form(**more: str) -> dict[str, str]:
    return {
        "name": "Ada",
        "external_id": "C-2",
        "currency": "EUR",
        "attributes": "{}",
        "identities-TOTAL_FORMS": "0",
        "identities-INITIAL_FORMS": "0",
        "consents-TOTAL_FORMS": "0",
        "consents-INITIAL_FORMS": "0",
        **more,
    }


@pytest.mark.parametrize(
    "term",
    [
        "feldmann",
        "C-1",
        "+4915100000002",
        "+49 151 0000-0002",
        "0049 151 00000002",
        "0151 00000002",
        "0151/000",
        "49151000",
    ],
)
def test_a_customer_is_found_as_people_search(admin_client: Client, customer: Customer, term: str) -> None:
    page = admin_client.get(reverse("admin:customers_customer_changelist"), {"q": term}).content.decode()
    assert "Jonas Feldmann" in page


def test_the_tier_narrows_the_list(admin_client: Client, customer: Customer) -> None:
    other = Tier.objects.create(key="silver", name="Silver", rank=3)
    address = reverse("admin:customers_customer_changelist")
    assert "Jonas Feldmann" not in admin_client.get(address, {"tier__id__exact": str(other.pk)}).content.decode()
    assert "Jonas Feldmann" in admin_client.get(address, {"tier__id__exact": str(customer.tier_id)}).content.decode()


def _with_phone(value: str, **more: str) -> dict[str, str]:
    return _form(**more) | {
        "identities-TOTAL_FORMS": "1",
        "identities-0-kind": "phone",
        "identities-0-value": value,
    }


def test_a_telephone_number_that_is_none_is_refused_in_words(admin_client: Client) -> None:
    page = admin_client.post(reverse("admin:customers_customer_add"), _with_phone("12")).content.decode()
    assert "telephone number" in page
    assert not Customer.objects.exists()


@pytest.mark.parametrize(("country", "number"), [("", "+4915123456789"), ("AT", "+4315123456789")])
def test_a_telephone_number_as_at_home_gets_its_country(admin_client: Client, country: str, number: str) -> None:
    data = _with_phone("0151 234 567-89", country=country)
    assert admin_client.post(reverse("admin:customers_customer_add"), data).status_code == 302
    assert Identity.objects.get().value == number


def test_declared_values_have_fields_of_their_kind_and_others_stay(admin_client: Client, customer: Customer) -> None:
    for name, kind in (("points", "number"), ("vip", "boolean"), ("since", "date"), ("tags", "list"), ("plan", "text")):
        Attribute.objects.create(name=name, label=name.title(), kind=kind)
    Attribute.objects.create(name="address", label="Address", kind=Attribute.Kind.OBJECT)
    Customer.objects.update(attributes={"points": 3, "plan": "plus", "secret": {"a": 1}})
    address = reverse("admin:customers_customer_change", args=[customer.pk])
    page = admin_client.get(address).content.decode()
    assert 'name="attribute_points"' in page
    assert ">null<" not in "".join(page.split())
    data = _form(
        external_id="C-1",
        attributes='{"secret": {"a": 1}}',
        attribute_points="4.5",
        attribute_vip="true",
        attribute_since="2026-01-02",
        attribute_tags="a\n b \n\n",
        attribute_plan="",
    )
    assert admin_client.post(address, data).status_code == 302
    customer.refresh_from_db()
    assert customer.attributes == {
        "secret": {"a": 1},
        "points": 4.5,
        "vip": True,
        "since": "2026-01-02",
        "tags": ["a", "b"],
    }
    line = CustomerChange.objects.get(via="admin")
    assert line.changes["attributes.points"] == [3, 4.5]
    assert line.by == "admin"
    page = admin_client.get(address).content.decode()
    assert "Points" in page
    assert "4.5" in page


def test_a_tier_by_hand_counts_at_once_and_the_page_says_who_decided(admin_client: Client, customer: Customer) -> None:
    silver = Tier.objects.create(key="silver", name="Silver", rank=3)
    address = reverse("admin:customers_customer_change", args=[customer.pk])
    data = _form(external_id="C-1", manual_tier=str(silver.pk))
    assert admin_client.post(address, data).status_code == 302
    customer.refresh_from_db()
    assert (customer.tier, customer.tier_by) == (silver, "hand")
    assert "decided by a person" in admin_client.get(address).content.decode()
    data = _form(external_id="C-1", manual_tier_until_0="2030-01-01", manual_tier_until_1="00:00")
    assert "Choose the tier that holds until then." in admin_client.post(address, data).content.decode()


def test_the_list_asks_as_often_with_many_customers_as_with_one(
    admin_client: Client, customer: Customer, django_assert_num_queries: Any
) -> None:
    address = reverse("admin:customers_customer_changelist")
    admin_client.get(address)
    for number in range(30):
        Identity.objects.create(
            customer=Customer.objects.create(external_id=f"N-{number}", name="Jonas"), value=f"+491520000{number:04d}"
        )
    # Session, user, count, page, addresses, and the tiers of the filter.
    with django_assert_num_queries(6):
        admin_client.get(address)
    with django_assert_num_queries(7):
        admin_client.get(address, {"q": "jonas"})


def test_a_list_that_is_too_long_to_count_says_about_how_long_it_is(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "COUNTED", 5)
    monkeypatch.setattr(listing, "_estimate", lambda: 1_043_211)
    for number in range(7):
        Customer.objects.create(external_id=f"N-{number}", name="Jonas")
    address = reverse("admin:customers_customer_changelist")
    assert "about 1,000,000" in admin_client.get(address).content.decode()
    assert "more than 5" in admin_client.get(address, {"q": "jonas"}).content.decode()


@pytest.mark.parametrize("term", ["%", "_", "\\", "a" * 500, "Jo", "x" * 3, "'"])
def test_whatever_is_searched_for_finds_a_page(admin_client: Client, customer: Customer, term: str) -> None:
    page = admin_client.get(reverse("admin:customers_customer_changelist"), {"q": term})
    assert page.status_code == 200
    assert "Jonas Feldmann" not in page.content.decode()


@pytest.mark.parametrize(
    ("typed", "words"), [("[1]", "Write names with values in braces"), ("{plan: plus}", "Enter a valid JSON")]
)
def test_further_values_that_are_no_object_are_refused(admin_client: Client, typed: str, words: str) -> None:
    page = admin_client.post(reverse("admin:customers_customer_add"), _form(attributes=typed)).content.decode()
    assert words in page
    assert not Customer.objects.exists()


def test_further_values_may_be_left_empty(admin_client: Client) -> None:
    admin_client.post(reverse("admin:customers_customer_add"), _form(attributes=""))
    assert Customer.objects.get().attributes == {}


def test_tiers_are_listed_with_their_color_and_how_far_they_jump(admin_client: Client, customer: Customer) -> None:
    page = admin_client.get(reverse("admin:customers_tier_changelist")).content.decode().replace("\xa0", " ")
    assert 'data-color="#d97706"' in page
    assert "jumps 3 minutes ahead" in page


def test_a_tier_by_hand_that_is_over_already_is_refused(admin_client: Client, customer: Customer) -> None:
    until = {"manual_tier": str(customer.tier_id), "manual_tier_until_0": "2020-01-01", "manual_tier_until_1": "10:00"}
    answer = admin_client.post(reverse("admin:customers_customer_add"), _form(**until))
    assert "That is over already" in answer.content.decode()
    assert not Customer.objects.filter(external_id="C-2").exists()


def test_a_customers_page_leads_to_their_contacts_and_conversations(admin_client: Client, customer: Customer) -> None:
    page = admin_client.get(reverse("admin:customers_customer_change", args=[customer.pk])).content.decode()
    for name in ("routing_contact", "channels_conversation"):
        address = f"{reverse(f'admin:{name}_changelist')}?customer__id__exact={customer.pk}"
        assert address in page
        assert admin_client.get(address).status_code == 200


@pytest.mark.parametrize("way", ["", "-"])
@pytest.mark.parametrize("column", ["revenue", "value", "order_count", "ordered"])
def test_who_brings_most_is_a_stretch_of_an_index(admin_client: Client, column: str, way: str) -> None:
    for number in range(6):
        worth = number % 3 * 100 if number else None
        when = datetime(2026, 11, 1 + number % 3, tzinfo=UTC) if number else None
        Customer.objects.create(
            external_id=f"N-{number}", lifetime_value=worth, revenue_12m=worth, orders=worth, last_order_at=when
        )
    columns = ["", *CustomerAdmin.list_display]
    page = admin_client.get(reverse("admin:customers_customer_changelist"), {"o": f"{way}{columns.index(column)}"})
    shown = [row.external_id for row in page.context["cl"].result_list]
    rising = ["N-0", "N-3", "N-1", "N-4", "N-2", "N-5"]
    assert shown == (rising[::-1] if way else rising)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        plan = page.context["cl"].queryset[:100].explain()
    assert "Sort" not in plan
    assert "customer_by_" in plan


def test_a_tier_of_very_many_is_not_counted_for_each_who_looks(
    admin_client: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    address = reverse("admin:customers_tier_changelist")

    def told() -> int:
        return int(admin_client.get(address).context["cl"].result_list[0].customer_count)

    assert told() == 1
    Customer.objects.create(external_id="C-8", tier=customer.tier)
    assert told() == 2  # few are counted anew each time
    monkeypatch.setattr(counting, "_MANY", 2)
    with CaptureQueriesContext(connection) as first:
        assert told() == 2
    with django_assert_num_queries(len(first) - 1):
        assert told() == 2
    Customer.objects.create(external_id="C-9", tier=customer.tier)
    assert told() == 2
    sweep()
    assert told() == 3
    cache.delete(counting._NAME)
    sweep()  # before anybody looks, too
    Customer.objects.create(external_id="C-10", tier=customer.tier)
    assert told() == 3
    cache.delete(counting._NAME)


def test_a_telephone_has_the_columns_to_sort_by_as_links(admin_client: Client, customer: Customer) -> None:
    address = reverse("admin:customers_customer_changelist")

    def links(query: str) -> dict[str, tuple[str, str]]:
        page = admin_client.get(address + query)
        assert "Sort by" in page.content.decode()
        return {label: (to, way) for label, to, way in page.context["cl"].sort_links}

    first = links("?tier__id__exact=" + str(customer.tier_id))
    assert len(first) == 5
    to, way = first["revenue, 12 months"]
    assert way == ""
    assert "tier__id__exact" in to
    back, way = links(to)["revenue, 12 months"]
    assert way == "desc"
    assert links(back)["revenue, 12 months"][1] == "asc"


def test_from_one_customer_the_other_is_looked_for_and_they_become_one(admin_client: Client) -> None:
    mia = Customer.objects.create(external_id="M-1", name="Mia One")
    other = Customer.objects.create(external_id="X-2", name="Maria Two", orders=3)
    Identity.objects.create(customer=other, kind=Identity.Kind.PHONE, value="+4915188000001")
    base = f"/admin/customers/customer/{mia.pk}/merge/"
    assert f'href="{base}"' in admin_client.get(f"/admin/customers/customer/{mia.pk}/change/").content.decode()
    assert "Nobody else is found by “Mia”" in admin_client.get(base, {"q": "Mia"}).content.decode()
    assert f'href="?with={other.pk}"' in admin_client.get(base, {"q": "+4915188"}).content.decode()
    page = admin_client.get(base, {"with": other.pk}).content.decode()
    assert "Which one stays?" in page
    assert 'action="/admin/customers/customer/"' in page
    assert Customer.objects.count() == 2
    data = {"action": "merge", "_selected_action": [mia.pk, other.pk], "keep": mia.pk}
    assert admin_client.post("/admin/customers/customer/", data).status_code == 302
    kept = Customer.objects.get()
    assert (kept.pk, kept.orders, kept.identities.count()) == (mia.pk, 3, 1)
    assert admin_client.get(base, {"with": other.pk}).status_code == 404
    assert "Which one stays?" not in admin_client.get(base, {"with": str(mia.pk)}).content.decode()


def test_only_who_may_change_and_delete_customers_merges_them(client: Client, django_user_model: Any) -> None:
    mia = Customer.objects.create(external_id="M-1", name="Mia One")
    user = django_user_model.objects.create_user("clerk", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_customer", "change_customer"]))
    client.force_login(user)
    assert client.get(f"/admin/customers/customer/{mia.pk}/merge/").status_code == 403
    assert "/merge/" not in client.get(f"/admin/customers/customer/{mia.pk}/change/").content.decode()
