"""Expressions (CEL): what they see, what they say when they cannot answer, and their bounds."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine import limits
from routing.engine.expressions import (
    ExpressionFailed,
    compile_expression,
    evaluate_expression,
    expression_fault,
    expression_variables,
)

NOW = datetime(2026, 5, 5, 12, 30, tzinfo=UTC)
SCOPE: dict[str, Any] = {
    "customer": {"tier": "gold", "orders": 7, "value": 1234.5, "vip": True, "none": None, "address": {"city": "Bonn"}},
    "orders": [{"sku": "A-1", "total": 10, "items": [1, 2]}, {"sku": "B-2", "total": 20, "items": [3]}],
    "tags": ["vip", "press"],
}


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        ("true", True),
        ("customer.tier == 'gold'", True),
        ("customer.tier in ['gold', 'platinum'] && customer.orders > 5", True),
        ("customer['tier'] == 'gold'", True),
        ("customer.address.city == 'Bonn' && customer.tier == 'silver'", False),
        ("customer.vip && !(customer.value < 1000.0)", True),
        ("customer.value > 1000", True),
        ("customer.none == null", True),
        ("'vip' in tags", True),
        ("size(tags) == 2 && tags[1] == 'press'", True),
        ("orders.exists(o, o.total > 15)", True),
        ("orders.all(o, o.total > 15)", False),
        ("orders.exists(o, o.items.exists(i, i == 3))", True),
        ("orders.map(o, o.sku).exists(s, s == 'B-2')", True),
        ("orders.exists(o, o.sku.matches('^A-[0-9]+$'))", True),
        ("customer.tier.matches(r'^GOLD$')", False),
        ('customer.tier.matches("ol")', True),
        ("matches(customer.tier, 'x')", False),
        ("customer.tier.upperAscii() == 'GOLD' && ' x '.trim() == 'x'", True),
        ("customer.tier.startsWith('go') // a remark", True),
        ("has(customer.tier) && !has(customer.age)", True),
        ("!has(loyalty.status)", True),
        ("!has(loyalty.deep.status)", True),
        ("now > timestamp('2026-05-01T00:00:00Z')", True),
        ("now - duration('24h') > timestamp('2026-05-05T00:00:00Z')", False),
        ("now.getHours() == 12", True),
        ("'customer.age' == 'customer.age'", True),
    ],
)
def test_an_expression_is_true_or_false(text: str, matched: bool) -> None:
    judgement = evaluate_expression(text, SCOPE, NOW)
    if text.startswith("matches("):  # only the method's form can be read for its pattern
        assert expression_fault(text) is not None
        return
    assert (judgement.matched, judgement.note) == (matched, "")
    assert expression_fault(text) is None


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("loyalty.status == 'gold'", "loyalty.status is missing"),
        ("loyalty.status != 'gold'", "loyalty.status is missing"),
        ("!(loyalty.status == 'gold')", "loyalty.status is missing"),
        ("nobody", "nobody is missing"),
        ("customer.age > 5", "customer.age is missing"),
        ("customer.tier > 5", "unlike kinds"),
        ("customer.value + customer.orders > 5.0", "unlike kinds"),
        ("customer.tier", "neither true nor false"),
        ("customer.orders", "neither true nor false"),
        ("null", "neither true nor false"),
        ("tags[9] == 'x'", "fewer items"),
        ("customer.orders / 0 == 1", "divided by zero"),
        ("9223372036854775807 + customer.orders > 0", "verflow"),
        ("timestamp(customer.tier) < now", ""),
        ("int(customer.tier) == 1", ""),
        ("customer.tier ==", "cannot be read"),
    ],
)
def test_what_cannot_be_answered_is_false_with_a_note(text: str, note: str) -> None:
    judgement = evaluate_expression(text, SCOPE, NOW)
    assert not judgement.matched
    assert judgement.note
    assert note in judgement.note


def test_the_values_seen_are_told() -> None:
    judgement = evaluate_expression("customer.tier == 'gold' || loyalty.x == 1", SCOPE, NOW)
    assert judgement.as_json() == {
        "matched": True,
        "note": "",
        "seen": {"customer.tier": "“gold”", "loyalty.x": "nothing"},
    }


def test_a_variable_called_now_is_the_flows_own() -> None:
    assert evaluate_expression("now == 'later'", {"now": "later"}, NOW).matched


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "1 +",
        "customer.tier = 'gold'",
        "'open",
        "nosuch(customer.tier)",
        "customer.tier.lower()",
        "customer.tier.matches('(')",
        "customer.tier.matches(customer.pattern)",
        "a.b" * limits.EXPRESSION_CHARS,
        "(" * 30 + "true" + ")" * 30,
        "[" * 300 + "1" + "]" * 300,
        "a.exists(x, x) || a.exists(x, x) || a.exists(x, x)",
        "a.all(x, a.all(y, a.all(z, true)))",
        "x ? 1 : " * 110 + "1",
        "\x00",
        "a == '\ud800'",
    ],
)
def test_a_faulty_expression_is_found_before_anybody_calls(text: str) -> None:
    fault = expression_fault(text)
    assert fault is not None
    assert fault.endswith(".")
    assert "\n" not in fault
    assert len(fault) < 400
    assert not evaluate_expression(text, SCOPE, NOW).matched
    with pytest.raises(ExpressionFailed):
        compile_expression(text)


LONG: dict[str, Any] = {
    "l": list(range(limits.EXPRESSION_LIST_ITEMS)),
    "s": "x" * limits.VALUE_CHARS,
    "m": {str(n): n for n in range(1000)},
    "deep": [[[n] * 9] * 9 for n in range(9)],
}


@pytest.mark.parametrize(
    "text",
    [
        "l.exists(a, l.exists(b, a + b < 0))",
        "l.map(a, l.map(b, a)).size() > 0",
        "l.map(x, s+s+s+s+s+s+s+s+s+s).size() > 0",
        "l.exists(x, size(l+l+l+l+l+l+l+l+l+l) == 1)",
        "(" + "+".join(["l"] * 300) + ").size() == 0",
        "(" + "+".join(["s"] * 300) + ") == ''",
        "l.map(x, l).exists(y, y == [])",
        "l.map(x, x).size() > 0 && l.filter(x, x > 0).size() > 0",
        "l.exists(x, s.matches('(x+)+y'))",
        "l.exists(x, s.matches('(x|xx)*y') || s.matches('x{1,50}y'))",
        "l.exists(x, m == {})",
        "m.map(x, l) == l",
        "m.map(x, s).size() == 0",
        "s.matches('((a{1,100}){1,100}){1,100}')",
        "[" + "1," * 400 + "1].exists(a, [" + "1," * 30 + "1].exists(b, a + b < 0))",
        "deep.exists(a, deep.exists(b, a == b && a != b))",
        "(l + l + l + l).exists(x, x < 0)",
    ],
)
def test_no_expression_burns_seconds(text: str) -> None:
    began = time.perf_counter()
    evaluate_expression(text, LONG, NOW)
    assert time.perf_counter() - began < 1


def test_lists_beyond_the_limit_are_not_searched() -> None:
    items = {"l": list(range(limits.EXPRESSION_LIST_ITEMS + 1))}
    assert "too long" in evaluate_expression("l.exists(x, x == 1)", items, NOW).note
    assert evaluate_expression("l[5] == 5 && size(l) > 1000", items, NOW).matched
    assert evaluate_expression("l.exists(x, x == 999)", LONG, NOW).matched


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("customer.tier == 'a.b'", {"customer.tier"}),
        ("orders.exists(o, o.total > limit.low)", {"orders", "limit.low"}),
        ("customer . tier . size() == 1", {"customer.tier"}),
        ("now > timestamp(customer.since)", {"customer.since"}),
        ("customer['tier'] == a[0].b.c", {"customer", "a"}),
        ("tags[0].startsWith(x) // y.z", {"tags", "x"}),
        ('r"a\\" == b', {"b"}),
        ("true && !false && null == null", set()),
        ("1 +", set()),
    ],
)
def test_variables_are_those_read_from_outside(text: str, paths: set[str]) -> None:
    assert expression_variables(text) == paths


pieces = st.sampled_from(
    [
        "customer",
        ".tier",
        "orders",
        ".exists(o,",
        ".all(x,",
        "o.total",
        "(",
        ")",
        "[",
        "]",
        "==",
        "&&",
        "||",
        "!",
        ">",
        "+",
        "-",
        "/",
        "1",
        "2.5",
        "'a'",
        '"b"',
        "null",
        "true",
        "has(",
        ".matches('a')",
        "size(",
        "now",
        "?",
        ":",
        "in",
        "{",
        "}",
        ",",
        "tags",
        "[0]",
        "int(",
        "9223372036854775807",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("tier"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=400, deadline=1000)
@given(st.lists(pieces, max_size=14).map(" ".join) | st.text(), values)
def test_whatever_is_written_is_answered(text: str, value: Any) -> None:
    scope = {"customer": value, "orders": [value], "tags": value}
    judgement = evaluate_expression(text, scope, NOW)
    fault = expression_fault(text)
    assert judgement.matched is False or (fault is None and judgement.note == "")
    if fault is None:
        expression_variables(text)


@given(values)
def test_arbitrary_values_are_handed_over_without_harm(value: Any) -> None:
    for text in ("v == v", "v.tier == 'x'", "v > 1", "size(v) == 1", "v.exists(x, x == 1)", "v[0] == 1", "has(v.tier)"):
        evaluate_expression(text, {"v": value}, NOW)


def test_an_expression_costs_microseconds_even_on_a_large_customer() -> None:
    scope = {"customer": {"tier": "gold", **{f"field_{n}": {"a": n, "b": [n] * 5} for n in range(200)}}}
    best = 1.0
    for _ in range(20):
        began = time.perf_counter()
        assert evaluate_expression("customer.tier == 'gold'", scope, NOW).matched
        best = min(best, time.perf_counter() - began)
    assert best < 80e-6


def test_ordinary_data_is_well_within_the_bounds() -> None:
    order = {"sku": "A-1", "total": 10.5, "tax": 2.0, "items": [{"sku": "x", "price": 1}] * 5, "note": "n" * 200}
    scope = {"orders": [order] * 20, "customer": SCOPE["customer"]}
    for text in (
        "orders.exists(o, o.total + o.tax > 12.0)",
        "orders.exists(o, o.items.exists(i, i.sku == 'x'))",
        "orders.filter(o, o.total > 5.0).size() == 20",
        "'A-1' in orders.map(o, o.sku)",
    ):
        judgement = evaluate_expression(text, scope, NOW)
        assert (judgement.matched, judgement.note) == (True, "")
