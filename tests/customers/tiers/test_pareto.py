"""The Pareto page shows who brings the revenue, whatever the revenue is like."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import transaction
from django.test import Client

from customers.models import Customer, Tier
from customers.tiers.drawing import place_of
from customers.tiers.models import Policy, Preview, Rate, Snapshot
from customers.tiers.selectors import ground
from customers.tiers.shares import levels_of
from customers.tiers.snapshots import take_snapshot
from customers.tiers.spec import Cut, Spec
from tests.customers.tiers.conftest import NOW

pytestmark = pytest.mark.django_db
PAGE = "/admin/customers/tier/pareto/"


def _page(client: Client, **query: str) -> str:
    return " ".join(client.get(PAGE, query).content.decode().split())


def _cells(page: str, key: str) -> list[str]:
    row = page.split(f'<tr data-row="{key}">')[1].split("</tr>", maxsplit=1)[0]
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?>(.*?)</td>", row)]


def test_before_anything_is_counted_the_page_says_how_to(admin_client: Client, tiers: dict[str, Tier]) -> None:
    assert "Nothing counted yet" in _page(admin_client)


def test_counting_anew_shows_the_curve_and_the_numbers(
    admin_client: Client, add: Callable[..., Customer], tiers: dict[str, Tier]
) -> None:
    for revenue in (80, 10, 5, 5, 0):
        add(revenue)
    page = " ".join(admin_client.post(f"{PAGE}refresh/", follow=True).content.decode().split())
    assert "20.0 % of the customers bring 80.0 % of the revenue of the last 12 months." in page
    # Platinum up to 50 % and gold up to 80 %: the first customer alone brings both.
    assert _cells(page, "platinum")[2:] == ["1", "20.0 %", "80 EUR", "80.0 %", "80.00 EUR"]
    assert _cells(page, "gold")[2:4] == ["0", "0.0 %"]
    assert _cells(page, "")[2:6] == ["4", "80.0 %", "20 EUR", "20.0 %"]
    assert "1 customers bring nothing" in page


def test_other_cuts_may_be_named_in_the_address(
    admin_client: Client, add: Callable[..., Customer], tiers: dict[str, Tier]
) -> None:
    for revenue in (80, 10, 5, 5):
        add(revenue)
    take_snapshot(metric="revenue_12m", now=NOW)
    page = _page(admin_client, **{"cut-gold": "85", "cut-silver": "oops"})
    assert _cells(page, "gold")[2] == "2"


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        ([], "None of the 0 customers has any"),
        ([0, 0, None], "None of the 3 customers has any"),
        ([-5, -10], "2 customers have less than nothing (refunds, -15 EUR in all)"),
        ([7], "100.0 % of the customers bring 100.0 %"),
        ([5, 5, 5, 5], "100.0 % of the customers bring 100.0 %"),
    ],
)
def test_every_kind_of_revenue_is_shown(
    admin_client: Client, add: Callable[..., Customer], amounts: list[int | None], words: str
) -> None:
    for revenue in amounts:
        add(revenue)
    take_snapshot(metric="revenue_12m", now=NOW)
    assert words in _page(admin_client)


def test_currencies_count_by_their_rate_and_those_without_are_named(
    admin_client: Client, add: Callable[..., Customer]
) -> None:
    Rate.objects.create(currency="USD", worth=Decimal("0.5"))
    add(100, currency="USD")
    add(50)
    add(10, currency="CHF")
    snapshot = take_snapshot(metric="revenue_12m", now=NOW)
    assert snapshot.revenue == 100
    assert "1 customers have amounts in CHF" in _page(admin_client)


@pytest.mark.parametrize("percent", [0, 1, 10, 33, 50, 80, 99, 100])
def test_the_page_cuts_where_the_policy_cuts(add: Callable[..., Customer], percent: int) -> None:
    for number in range(60):
        add(Decimal(1000) / (number // 2 + 1))
    snapshot = take_snapshot(metric="revenue_12m", now=NOW)
    spec = Spec(order=("share",), cuts=(Cut(tier="gold", percent=Decimal(percent)),))
    enter = levels_of(spec, ground(currency="EUR", now=NOW)).enter[0]
    taken = Customer.objects.filter(revenue_12m__gte=enter).count() if enter is not None else 0
    assert place_of(Decimal(percent), snapshot.points).customers == taken


def test_a_large_curve_has_about_a_thousand_points_and_says_that_it_is_close_between_them(
    admin_client: Client, add: Callable[..., Customer]
) -> None:
    add(1)
    take_snapshot(metric="revenue_12m", now=NOW)
    page = f"{PAGE}?metric=revenue_12m"
    assert "the curve has a thousand points" not in admin_client.get(page).content.decode()
    Customer.objects.bulk_create(
        Customer(external_id=f"B-{number}", revenue_12m=Decimal(1_000_000) / (number + 1)) for number in range(5_000)
    )
    snapshot = take_snapshot(metric="revenue_12m", now=NOW)
    assert 400 <= len(snapshot.points) <= 1_001
    assert "the curve has a thousand points" in admin_client.get(page).content.decode()
    assert snapshot.points[-1][0] == 5_001
    spec = Spec(order=("share",), cuts=(Cut(tier="gold", percent=Decimal(90)),))
    enter = levels_of(spec, ground(currency="EUR", now=NOW)).enter[0]
    taken = Customer.objects.filter(revenue_12m__gte=enter).count()
    assert abs(place_of(Decimal(90), snapshot.points).customers - taken) <= 6


def test_these_cuts_lead_to_the_preview_with_the_rest_of_the_policy_as_it_is(
    admin_client: Client, add: Callable[..., Customer], decide: Callable[..., Policy]
) -> None:
    add(10)
    rules = [{"tier": "platinum", "rows": [{"field": "orders", "op": "gte", "number": 5}]}]
    decide(order=["rule", "crm"], rules=rules)
    answer: Any = admin_client.post(
        f"{PAGE}use/", {"metric": "lifetime_value", "cut-platinum": "40", "cut-gold": "70.5"}
    )
    assert "/policy/previews/" in answer.url
    spec = Preview.objects.get().spec
    assert spec["order"] == ["rule", "share", "crm"]
    assert [(cut["tier"], cut["percent"]) for cut in spec["cuts"]] == [("platinum", "40.00"), ("gold", "70.50")]
    assert (spec["metric"], spec["rest"], len(spec["rules"])) == ("lifetime_value", "silver", 1)


def test_the_table_and_the_customers_come_as_files(
    admin_client: Client, add: Callable[..., Customer], tiers: dict[str, Tier]
) -> None:
    add(80, name="=cmd()", tier=tiers["silver"])
    add(20, name="Ada")
    take_snapshot(metric="revenue_12m", now=NOW)
    query = {"cut-gold": "50", "format": "csv"}
    text = b"".join(admin_client.get(f"{PAGE}customers/", query)).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[1:] == [
        ["C-1", "'=cmd()", "80.00", "Silver", "Gold"],
        ["C-2", "Ada", "20.00", "", ""],
    ]
    book = openpyxl.load_workbook(
        io.BytesIO(b"".join(admin_client.get(f"{PAGE}table/", {**query, "format": "xlsx"}))), read_only=True
    )
    assert [row[:3] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)] == [
        ("Gold", 50, 1),
        ("Everybody else", None, 1),
    ]


def test_the_page_asks_the_database_little_and_never_for_customers(
    admin_client: Client, add: Callable[..., Customer], django_assert_max_num_queries: Any
) -> None:
    add(10)
    take_snapshot(metric="revenue_12m", now=NOW)
    with django_assert_max_num_queries(8) as queries:
        admin_client.get(PAGE)
    # But for the look whether it is behind, which ends after a few thousand.
    asked = [one["sql"] for one in queries.captured_queries if "customers_customer" in one["sql"]]
    assert [sql for sql in asked if "change >=" not in sql] == []


def test_a_second_count_takes_the_place_of_the_first(add: Callable[..., Customer]) -> None:
    add(10)
    take_snapshot(metric="revenue_12m", now=NOW)
    add(20)
    take_snapshot(metric="revenue_12m", now=NOW)
    assert Snapshot.objects.get().paying == 2


def test_cuts_that_cross_are_not_used(admin_client: Client, tiers: dict[str, Tier]) -> None:
    crossed = {"metric": "lifetime_value", "cut-platinum": "50", "cut-gold": "10"}
    answer = admin_client.post(f"{PAGE}use/", crossed, follow=True)
    assert "Each cut must lie further on than the one before" in answer.content.decode()
    assert not Preview.objects.exists()
    # What was asked for is still there to be mended.
    assert "cut-gold=10" in answer.redirect_chain[-1][0]


@pytest.mark.django_db(transaction=True)
def test_the_page_says_how_many_came_or_changed_since_it_counted(admin_client: Client) -> None:
    Tier.objects.create(key="gold", name="Gold", rank=1)
    with transaction.atomic():
        Customer.objects.bulk_create([Customer(external_id=f"C-{n}", revenue_12m=n) for n in range(5)])
        take_snapshot(metric="revenue_12m", now=NOW)
    assert "changed since" not in _page(admin_client)
    Customer.objects.filter(external_id__in=["C-1", "C-2"]).update(revenue_12m=7)
    Customer.objects.create(external_id="C-9")
    assert "3 customers came or changed since" in _page(admin_client)
    admin_client.post(f"{PAGE}refresh/")
    assert "changed since" not in _page(admin_client)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("customers.tiers.snapshots.BEHIND", 2)
        patch.setattr("customers.tiers.pareto.BEHIND", 2)
        Customer.objects.update(name="Ada")
        assert "More than 2 customers came or changed since" in _page(admin_client)
