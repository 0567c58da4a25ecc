"""A manager keeps customers and tiers."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import Customer, Identity, Tier

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
        **more,
    }


@pytest.mark.parametrize("term", ["feldmann", "C-1", "+4915100000002", "+49 151 0000-0002", "0049 151 00000002"])
def test_a_customer_is_found_as_people_search(admin_client: Client, customer: Customer, term: str) -> None:
    page = admin_client.get(reverse("admin:customers_customer_changelist"), {"q": term}).content.decode()
    assert "Jonas Feldmann" in page


def test_the_tier_narrows_the_list(admin_client: Client, customer: Customer) -> None:
    other = Tier.objects.create(key="silver", name="Silver", rank=3)
    address = reverse("admin:customers_customer_changelist")
    assert "Jonas Feldmann" not in admin_client.get(address, {"tier__id__exact": str(other.pk)}).content.decode()
    assert "Jonas Feldmann" in admin_client.get(address, {"tier__id__exact": str(customer.tier_id)}).content.decode()


def test_a_telephone_number_without_its_country_is_refused_in_words(admin_client: Client) -> None:
    data = _form() | {
        "identities-TOTAL_FORMS": "1",
        "identities-0-kind": "phone",
        "identities-0-value": "0151 23456",
    }
    page = admin_client.post(reverse("admin:customers_customer_add"), data).content.decode()
    assert "A telephone number with its country, such as +4915100000001." in page
    assert not Customer.objects.exists()


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
