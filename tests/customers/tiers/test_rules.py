"""A rule says the same of many customers at once, in SQL, as of each of them, in Python."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Attribute, Customer, Tier
from customers.tiers.compiling import condition
from customers.tiers.fields import OPERATORS, OPERATORS_OF, Field, catalog
from customers.tiers.matching import Ground, matches
from customers.tiers.models import Rate
from customers.tiers.selectors import ground, in_sentences
from customers.tiers.spec import Row, Rule, Spec

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

_KINDS = {"plan": "text", "score": "number", "vip": "boolean", "signed": "date", "seen": "datetime", "tags": "list"}
_TEXTS = st.sampled_from(["", " ", "gold", "GOLD ", "Ärzte", "ärzte", "a%b_c", "'; --", "İ", "ß", "x" * 40, "go"])
_NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.sampled_from([Decimal("0.1"), Decimal("99999.99"), Decimal("0.10"), Decimal(-3)]),
)
_INSTANTS = st.integers(-13 * 86_400, 3 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds))
_DAYS = st.dates(date(2026, 11, 10), date(2026, 11, 26))
_JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([0.1, 1e3, -2.5]),
    _TEXTS,
    _DAYS.map(date.isoformat),
    _INSTANTS.map(datetime.isoformat),
    st.sampled_from(["2026-02-31", "2026-11-20 08:00:00", "20261120"]),
    st.lists(_TEXTS, max_size=3),
    st.just({"a": 1}),
)


@pytest.fixture
def facts() -> Ground:
    for name, kind in _KINDS.items():
        Attribute.objects.create(name=name, label=name, kind=kind)
    Tier.objects.create(key="gold", name="Gold", rank=1)
    Tier.objects.create(key="silver", name="Silver", rank=2)
    Rate.objects.create(currency="USD", worth=Decimal("0.9"))
    return ground(currency="EUR", now=NOW)


def _customers(tiers: dict[str, int]) -> st.SearchStrategy[dict[str, Any]]:
    money = st.one_of(st.none(), st.integers(-3, 6).map(Decimal), st.just(Decimal("99999.99")))
    return st.fixed_dictionaries(
        {
            "lifetime_value": money,
            "revenue_12m": money,
            "orders": st.one_of(st.none(), st.integers(0, 5)),
            "last_order_at": st.one_of(st.none(), _INSTANTS),
            "customer_since": st.one_of(st.none(), _DAYS),
            "subscription_plan": _TEXTS,
            "account_manager": _TEXTS,
            "country": st.sampled_from(["", "DE", "US"]),
            "currency": st.sampled_from(["EUR", "USD", "CHF"]),
            "crm_tier_id": st.sampled_from([None, *tiers.values()]),
            "attributes": st.dictionaries(st.sampled_from(sorted(_KINDS)), _JSON, max_size=6),
        }
    )


@st.composite
def _rows(draw: st.DrawFn, fields: list[Field]) -> Row:
    field = draw(st.sampled_from(fields))
    op = draw(st.sampled_from(OPERATORS_OF[field.kind]))
    values: dict[str, Any] = {}
    match OPERATORS[op][1]:
        case "number":
            values = {"number": draw(_NUMBERS)}
        case "two numbers":
            low, high = sorted((Decimal(draw(_NUMBERS)), Decimal(draw(_NUMBERS))))
            values = {"number": low, "upto": high}
        case "text":
            values = {"text": draw(_TEXTS)}
        case "texts":
            values = {"texts": tuple(draw(st.lists(_TEXTS, min_size=1, max_size=3)))}
        case "days":
            values = {"days": draw(st.integers(0, 12))}
        case "date":
            values = {"day": draw(_DAYS)}
    return Row(field=field.name, op=op, **values)


def test_sql_and_python_agree_about_every_rule_and_every_customer(facts: Ground) -> None:
    keys = {pk: key for key, pk in facts.tiers.items()}
    fields = list(facts.fields.values())

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        people=st.lists(_customers(dict(facts.tiers)), min_size=1, max_size=8),
        rule=st.builds(
            Rule,
            tier=st.just("gold"),
            match=st.sampled_from(["all", "any"]),
            rows=st.lists(_rows(fields), min_size=1, max_size=4).map(tuple),
        ),
    )
    def check(people: list[dict[str, Any]], rule: Rule) -> None:
        Customer.objects.all().delete()
        rows = Customer.objects.bulk_create(Customer(external_id=str(n), **one) for n, one in enumerate(people))
        found = condition(rule, facts)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT c.id, {found.text} FROM customers_customer c ORDER BY c.id", found.params)
            by_sql = dict(cursor.fetchall())
        by_python = {
            row.pk: matches(rule, {**one, "crm_tier": keys.get(one["crm_tier_id"])}, facts)
            for row, one in zip(rows, people, strict=True)
        }
        assert by_sql == by_python, rule

    check()


def _one(facts: Ground, row: Row, **values: Any) -> bool:
    Customer.objects.create(external_id="C-1", **values)
    found = condition(Rule(tier="gold", rows=(row,)), facts)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {found.text} FROM customers_customer c", found.params)
        return bool(cursor.fetchone()[0])


def test_small_and_capital_letters_are_one(facts: Ground) -> None:
    assert _one(
        facts, Row(field="subscription_plan", op="is", text="pREMIUM ärzte"), subscription_plan="Premium ÄRZTE "
    )


def test_amounts_are_compared_in_the_policys_currency(facts: Ground) -> None:
    assert not _one(
        facts, Row(field="lifetime_value", op="gte", number=Decimal(95)), lifetime_value=Decimal(100), currency="USD"
    )


def test_an_amount_in_a_currency_without_a_rate_counts_as_missing(facts: Ground) -> None:
    assert _one(facts, Row(field="lifetime_value", op="empty"), lifetime_value=Decimal(100), currency="CHF")


def test_the_last_days_end_now(facts: Ground) -> None:
    row = Row(field="last_order_at", op="within_days", days=30)
    assert not _one(facts, row, last_order_at=NOW + timedelta(days=1))


def test_what_is_typed_never_becomes_sql(facts: Ground) -> None:
    evil = "x'; DROP TABLE customers_customer; --"
    assert _one(facts, Row(field="attributes.plan", op="is", text=evil), attributes={"plan": evil})


def test_fields_that_nobody_can_compare_are_not_offered() -> None:
    Attribute.objects.create(name="anything", label="Anything", kind="object")
    assert "attributes.anything" not in catalog()


def test_who_never_decides_is_told() -> None:
    cuts = [{"tier": "gold", "percent": "80"}]
    said = "what follows never decides"

    def told(**values: Any) -> str:
        spec = Spec.model_validate({"cuts": cuts, **values})
        return " ".join(in_sentences(spec, fields={}, tiers={"gold": "Gold", "silver": "Silver"}))

    assert said in told(order=["share", "crm"], rest="silver")
    assert said not in told(order=["share", "crm"])
    assert said not in told(order=["crm", "share"], rest="silver")


@pytest.mark.parametrize("values", [{}, {"plan": None}, {"plan": ""}, {"plan": 7}])
def test_nothing_but_empty_is_true_of_what_is_missing(facts: Ground, values: dict[str, Any]) -> None:
    def holds(**row: Any) -> bool:
        rule = Rule.model_validate({"tier": "gold", "rows": [{"field": "attributes.plan", **row}]})
        return matches(rule, {"attributes": values}, facts)

    assert not holds(op="is", text="gold")
    assert not holds(op="is_not", text="gold")
    assert not holds(op="none_of", texts=["gold"])
    assert holds(op="empty")
    assert not holds(op="filled")
