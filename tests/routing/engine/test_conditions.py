"""Conditions: each operator by table, their pairs by property, and what is said about them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from routing.engine import limits
from routing.engine.conditions import (
    NEGATION,
    PHRASES,
    Condition,
    Group,
    Operator,
    evaluate,
    faults,
    label,
    variables,
    words,
)
from routing.engine.conditions.operators import PLAIN, TESTS

NOW = datetime(2026, 5, 5, 12, 30, tzinfo=UTC)
ABSENT = object()


def one(variable: str, operator: str, value: Any = None) -> Group:
    return Group.model_validate({"conditions": [{"variable": variable, "operator": operator, "value": value}]})


def held(seen: Any, operator: str, value: Any = None, *, zone: str | None = None, **scope: Any) -> bool | None:
    """True or false as the pair of operators says; None where neither holds. Both must never hold."""
    scope |= {} if seen is ABSENT else {"x": seen}
    if zone:
        scope["contact"] = {"time_zone": zone}
    plain = evaluate(one("x", operator, value), scope, NOW)
    negated = evaluate(one("x", NEGATION[Operator(operator)], value), scope, NOW)
    assert not (plain.matched and negated.matched)
    for verdict in (plain, negated):
        (comparison,) = verdict.comparisons
        assert comparison.held is verdict.matched
        assert bool(comparison.note) is not (plain.matched or negated.matched)
    return True if plain.matched else False if negated.matched else None


TABLE: list[tuple[Any, str, Any, bool | None]] = [
    # text
    (" Gold ", "equals", "gold", True),
    ("STRASSE", "equals", "straße", True),
    ("Ange\u0301lique", "equals", "ANG\u00c9LIQUE", True),
    ("gold", "equals", "silver", False),
    ("gold", "equals", ["gold"], None),
    ("007", "equals", "7", False),
    ("007", "greater_than", 6, True),
    ("05", "less_than", "12", True),
    ("0", "less_than", 1, True),
    ("00.5", "less_than", 1, True),
    ("+49301", "equals", "49301", False),
    # numbers
    (5, "equals", "5.00", True),
    ("5.0", "equals", 5, True),
    (1.1, "equals", "1.1", True),
    (5, "equals", 6, False),
    (5, "equals", "gold", None),
    ("gold", "equals", 5, None),
    # truths
    (True, "equals", "yes", True),
    ("no", "equals", False, True),
    (True, "equals", 1, True),
    (True, "equals", "gold", None),
    ("gold", "equals", True, None),
    # neither
    ({"a": 1}, "equals", "gold", None),
    ([1], "equals", 1, None),
    # several
    ("Platinum", "is_one_of", ["gold", "platinum"], True),
    ("platinum", "is_one_of", "gold, platinum", True),
    ("silver", "is_one_of", ["gold", "platinum"], False),
    (3, "is_one_of", ["1", 3.0], True),
    (3, "is_one_of", ["gold", "4"], False),
    (3, "is_one_of", ["gold", "silver"], None),
    ("gold", "in_list", ["Gold"], True),
    # within
    ("Frankfurt am Main", "contains", "AM MAIN", True),
    ("Frankfurt", "contains", "main", False),
    (["VIP", "press"], "contains", "vip", True),
    (["press"], "contains", "vip", False),
    ([], "contains", "vip", False),
    ([{"a": 1}], "contains", "vip", None),
    ({"vip": 1}, "contains", "vip", None),
    (True, "contains", "rue", None),
    (4915, "begins_with", "49", True),
    ("+4915", "begins_with", "+49", True),
    ("+4315", "begins_with", "+49", False),
    ("a@Example.com ", "ends_with", "@example.com", True),
    ("a@example.org", "ends_with", "@example.com", False),
    ("AB-123", "matches", r"^ab-\d{3}$", True),
    ("xAB-123", "matches", r"^ab-\d{3}$", False),
    ("\ud800", "matches", r"^.$", True),
    ("x", "matches", "(", None),
    (["x"], "matches", "x", None),
    # size
    (10, "greater_than", "9.99", True),
    ("10", "greater_than", 10, False),
    ("ten", "greater_than", 9, None),
    (True, "greater_than", 0, None),
    (10, "at_least", 10, True),
    (9, "at_least", 10, False),
    (5, "between", [1, "5"], True),
    (6, "between", [1, 5], False),
    (5, "between", ["a", 5], None),
    (5, "between", 5, None),
    ("2026-05-05", "between", ["2026-05-01", "today"], True),
    ("2026-05-06", "between", ["2026-05-01", "today"], False),
    ("soon", "between", ["2026-05-01", "today"], None),
    # dates
    ("2026-05-05T12:29:59Z", "before", "now", True),
    ("2026-05-05T12:30:00Z", "before", "now", False),
    ("2026-05-05T14:29:00+02:00", "before", "2026-05-05T12:30:00Z", True),
    ("2026-05-04", "before", "2026-05-05", True),
    ("2026-05-05", "before", "today", False),
    ("2026-04-04", "after", "-30 days", False),
    ("2026-04-06", "after", "-30 days", True),
    ("2026-05-05T10:30:01Z", "after", "-2 hours", True),
    ("2026-04-05", "after", "today -1 month", False),
    ("2026-04-06", "after", "Today - 1 Month", True),
    ("2026-05-06", "after", "now", True),
    ("yesterday", "after", "now", None),
    (20260505, "after", "now", None),
    ("2026-05-05", "after", "soon", None),
    ("2026-05-05", "after", "+99999 years", None),
    # time of day
    ("09:30", "is_before_time", "10:00", True),
    ("2026-05-05T10:00:00Z", "is_before_time", "10:00", False),
    ("10:00", "is_after_time", "09:59", True),
    ("10:00", "is_after_time", "10:00", False),
    ("noon", "is_after_time", "10:00", None),
    ("10:00", "is_after_time", "noon", None),
    # truths of their own
    ("On", "is_true", None, True),
    (0, "is_true", None, False),
    ("gold", "is_true", None, None),
    # blank
    (" ", "is_blank", None, True),
    ([], "is_blank", None, True),
    (None, "is_blank", None, True),
    (ABSENT, "is_blank", None, True),
    (0, "is_blank", None, False),
    (False, "is_blank", None, False),
]


@pytest.mark.parametrize(("seen", "operator", "value", "expected"), TABLE)
def test_each_operator_answers_as_the_table_says(seen: Any, operator: str, value: Any, expected: bool | None) -> None:
    assert held(seen, operator, value) is expected


def test_the_table_holds_each_plain_operator_with_true_and_false() -> None:
    for operator in TESTS:
        answers = {expected for _, name, _, expected in TABLE if name == operator}
        assert {True, False} <= answers or operator is Operator.IN_LIST


@pytest.mark.parametrize("operator", sorted(set(TESTS) - {Operator.IS_BLANK}))
@pytest.mark.parametrize("seen", [ABSENT, None, "", "  "])
def test_a_missing_value_holds_neither_for_an_operator_nor_for_its_opposite(operator: Operator, seen: Any) -> None:
    values = {Operator.BETWEEN: [1, 5], Operator.IS_ONE_OF: ["a"], Operator.IN_LIST: ["a"], Operator.IS_TRUE: None}
    assert held(seen, operator, values.get(operator, "1")) is None


@pytest.mark.parametrize("operator", sorted(set(TESTS) - {Operator.IS_BLANK, Operator.IS_TRUE}))
def test_a_missing_right_hand_side_holds_for_neither(operator: Operator) -> None:
    for value in (None, "", " ", "{{ nobody.knows }}", "{% if false %}x{% endif %}"):
        if operator is not Operator.MATCHES or not str(value).startswith("{"):
            assert held("gold", operator, value) is None, value


def test_every_operator_has_a_test_an_opposite_and_a_phrase() -> None:
    for operator in Operator:
        assert NEGATION[NEGATION[operator]] is operator
        assert NEGATION[operator] is not operator
        assert PLAIN[operator] in TESTS
        assert operator in PHRASES


json_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        [
            "gold",
            "5",
            "5.0",
            "2026-05-05",
            "2026-05-05T12:00:00Z",
            "10:00",
            "now",
            "-30 days",
            "yes",
            "{{ y }}",
            "{{ y",
            "{% for %}",
        ]
    )
)
anything = st.recursive(
    json_scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
right = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | json_scalars.filter(lambda v: not isinstance(v, float))
    | st.lists(st.text(max_size=5) | st.integers() | st.sampled_from(["{{ y }}", "now"]), max_size=4)
)


@settings(deadline=None)
@given(anything, anything, st.sampled_from(sorted(TESTS)), right)
def test_never_both_of_a_pair_hold_and_nothing_raises(seen: Any, other: Any, operator: Operator, value: Any) -> None:
    answer = held(seen, operator, value, y=other)
    if operator is Operator.IS_BLANK:
        assert answer is not None


@given(
    st.text(min_size=1).filter(lambda text: bool(text.strip())),
    st.text(min_size=1).filter(lambda t: bool(t.strip()) and "{" not in t),
)
def test_two_texts_can_always_be_compared(seen: str, value: str) -> None:
    for operator in ("equals", "contains", "begins_with", "ends_with"):
        assert held(seen, operator, value) is not None


@given(
    st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    st.integers() | st.floats(allow_nan=False, allow_infinity=False),
)
def test_two_numbers_can_always_be_compared(seen: float, value: float) -> None:
    assert held(seen, "equals", value) is (seen == value)
    assert held(seen, "greater_than", value) is (seen > value)
    assert held(seen, "at_least", value) is (seen >= value)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_two_instants_are_always_before_or_not(seen: datetime, value: datetime) -> None:
    assert held(seen.isoformat(), "before", value.isoformat()) is (seen < value)
    assert held(seen.isoformat(), "after", value.isoformat()) is (seen > value)


@given(anything, st.sampled_from(["a.b", "x", "x.0", "x.a"]), st.lists(st.sampled_from(sorted(Operator)), max_size=3))
def test_words_faults_and_variables_never_fail(value: Any, path: str, operators: list[Operator]) -> None:
    group = Group(conditions=tuple(Condition(variable=path, operator=op, value="{{ y }}") for op in operators))
    assert words(group)
    faults(group)
    variables(group)
    evaluate(group, {"x": value}, NOW)


def test_days_are_those_of_the_contacts_clock() -> None:
    late = "2026-04-30T23:30:00Z"
    assert held(late, "before", "2026-05-01") is True
    assert held(late, "before", "2026-05-01", zone="Europe/Berlin") is False
    assert held(late, "is_after_time", "01:00", zone="Europe/Berlin") is True
    assert held(late, "before", "2026-05-01", zone="No/Where") is True


def test_the_variable_now_is_the_moment_of_the_run_unless_the_flow_has_its_own() -> None:
    assert evaluate(one("now", "is_before_time", "12:31"), {}, NOW).matched
    assert evaluate(one("now", "before", "+1 minute"), {}, NOW).matched
    assert not evaluate(one("now", "is_before_time", "12:31"), {"now": "13:00"}, NOW).matched


def test_months_are_counted_by_the_calendar() -> None:
    at = datetime(2027, 3, 31, tzinfo=UTC)
    for text, day in (
        ("today -1 month", "2027-02-28"),
        ("today -1 year", "2026-03-31"),
        ("today +11 months", "2028-02-29"),
    ):
        assert evaluate(one("x", "between", [text, text]), {"x": day}, at).matched, text


def test_a_template_alone_keeps_the_kind_of_its_value() -> None:
    scope: dict[str, Any] = {"lists": {"vip": ["+491", "+492"]}, "bounds": {"low": 10, "csv": "gold, platinum"}}
    assert held("+491", "is_one_of", ["{{ lists.vip }}"], **scope) is True
    assert held("+493", "in_list", "lists.vip", **scope) is False
    assert held("+492", "in_list", "{{ lists.vip }}", **scope) is True
    assert held("Gold", "is_one_of", "{{ bounds.csv }}", **scope) is True
    assert held(11, "greater_than", "{{ bounds.low }}", **scope) is True
    assert held("level 10", "equals", "level {{ bounds.low }}", **scope) is True


def test_a_list_that_is_not_there_holds_for_neither() -> None:
    assert held("gold", "in_list", "lists.nobody") is None
    assert held("gold", "in_list", "{{ lists.nobody }}") is None
    assert held("gold", "in_list", "customer", customer={"tier": "gold"}) is None


def test_groups_stop_as_soon_as_the_answer_is_clear_and_say_what_they_looked_at() -> None:
    yes = {"variable": "x", "operator": "equals", "value": "gold"}
    no = {"variable": "x", "operator": "equals", "value": "silver"}
    for match, parts, matched, looked in (
        ("all", [yes, no, yes], False, 2),
        ("any", [no, yes, no], True, 2),
        ("all", [yes, yes], True, 2),
        ("any", [no, no], False, 2),
        ("all", [yes, {"match": "any", "conditions": [no, yes]}], True, 3),
        ("all", [], False, 0),
        ("any", [], False, 0),
        ("all", [{"conditions": []}], False, 0),
    ):
        verdict = evaluate(Group.model_validate({"match": match, "conditions": parts}), {"x": "gold"}, NOW)
        assert (verdict.matched, len(verdict.comparisons)) == (matched, looked)


def test_a_comparison_says_what_was_seen_and_wanted() -> None:
    (comparison,) = evaluate(
        one("loyalty.status", "is_one_of", ["gold"]), {"loyalty": {"status": "Gold"}}, NOW
    ).comparisons
    assert json.loads(json.dumps(comparison.as_json())) == {
        "variable": "loyalty.status",
        "seen": "“Gold”",
        "operator": "is_one_of",
        "wanted": "[“gold”]",
        "held": True,
        "note": "",
    }


def test_a_template_beyond_its_limits_holds_for_neither_and_says_so() -> None:
    verdict = evaluate(one("x", "does_not_equal", "{% for i in (1..99999999) %}a{% endfor %}"), {"x": "gold"}, NOW)
    assert not verdict.matched
    assert "rounds" in verdict.comparisons[0].note


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){25}", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_no_pattern_takes_more_than_linear_time(pattern: str) -> None:
    group = one("x", "matches", pattern)
    began = time.perf_counter()
    evaluate(group, {"x": "a" * limits.VALUE_CHARS + "!"}, NOW)
    assert time.perf_counter() - began < 0.5


def test_a_pattern_that_would_fill_the_memory_is_a_fault() -> None:
    began = time.perf_counter()
    ((place, sentence),) = faults(one("x", "matches", r"((\pL{1,100}){1,100}){1,10}"))
    assert time.perf_counter() - began < 0.5
    assert place == ("conditions", 0, "value")
    assert "pattern" in sentence


def test_evaluating_costs_microseconds() -> None:
    group = one("loyalty.loyalty_status", "is_one_of", ["gold", "platinum"])
    scope = {"loyalty": {"loyalty_status": "platinum"}}
    evaluate(group, scope, NOW)
    best = min(_timed(group, scope) for _ in range(20))
    assert best < 100e-6


def _timed(group: Group, scope: Mapping[str, Any]) -> float:
    began = time.perf_counter()
    evaluate(group, scope, NOW)
    return time.perf_counter() - began


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (("loyalty.loyalty_status", "is_one_of", ["gold", "platinum"]), "loyalty status is gold or platinum"),
        (
            ("loyalty.loyalty_status", "is_not_one_of", ["gold", "platinum"]),
            "loyalty status is neither gold nor platinum",
        ),
        (("customer.tier", "is_not_one_of", ["gold"]), "tier is not gold"),
        (("customer.tier", "is_one_of", "a, b,c"), "tier is a, b or c"),
        (("contact.from", "in_list", "lists.vip_numbers"), "contact from is in the list vip numbers"),
        (("orders.0.total", "at_least", 500), "orders 0 total is at least 500"),
        (
            ("customer.lifetimeValue", "greater_than", "{{ bounds.gold_limit }}"),
            "lifetime value is greater than gold limit",
        ),
        (("customer.orders", "between", [1, 5]), "orders is between 1 and 5"),
        (("customer.signed_up_on", "after", "-30 days"), "signed up on is after -30 days"),
        (("customer.email", "is_not_blank", None), "email is not blank"),
    ],
)
def test_a_condition_reads_as_a_manager_would_say_it(condition: tuple[str, str, Any], text: str) -> None:
    assert words(one(*condition)) == text


def test_inner_groups_stand_in_brackets() -> None:
    tier = {"variable": "tier", "operator": "equals", "value": "gold"}
    total = {"variable": "orders_total", "operator": "greater_than", "value": 5}
    group = Group.model_validate({"match": "any", "conditions": [tier, {"conditions": [tier, total]}]})
    assert words(group) == "tier is gold or (tier is gold and orders total is greater than 5)"
    assert words(Group()) == "no condition"
    assert label("") == ""


@pytest.mark.parametrize(
    ("operator", "value", "words_of_fault"),
    [
        ("equals", None, "missing"),
        ("equals", "  ", "missing"),
        ("equals", ["a"], "one value"),
        ("equals", "{{ x", "cannot be read"),
        ("equals", "{{ x | nope }}", "no filter"),
        ("is_one_of", [], "missing"),
        ("is_one_of", " , ", "empty"),
        ("is_one_of", ["a", " "], "blank"),
        ("is_one_of", ["{{ x"], "cannot be read"),
        ("matches", "(", "pattern"),
        ("matches", 5, "text"),
        ("greater_than", "many", "no number"),
        ("at_most", "1,5", "no number"),
        ("between", [1], "two values"),
        ("between", [5, 1], "first"),
        ("between", [1, "today"], "both"),
        ("before", "soon", "no date"),
        ("not_after", 5, "no date"),
        ("is_before_time", "9 am", "no time"),
        ("is_blank", "x", "no value"),
    ],
)
def test_a_value_that_does_not_fit_its_operator_is_a_fault(operator: str, value: Any, words_of_fault: str) -> None:
    ((place, sentence),) = faults(one("customer.tier", operator, value))
    assert place == ("conditions", 0, "value")
    assert words_of_fault in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("variable", ["customer..tier", "a.", "{{ a | upcase }}", "a{b", ".a", "orders[0].total"])
def test_what_is_no_path_is_a_fault(variable: str) -> None:
    ((place, _),) = faults(one(variable, "is_blank"))
    assert place == ("conditions", 0, "variable")


def test_sound_conditions_have_no_faults() -> None:
    for value in TABLE:
        _, operator, right_side, expected = value
        if expected is not None and not isinstance(right_side, dict):
            assert faults(one("customer.Account Tier", operator, right_side)) == [], value
    assert faults(one("x", "between", ["{{ low }}", 5])) == []
    assert faults(one("x", "greater_than", "{{ low }}")) == []


def test_the_place_of_a_fault_leads_through_the_groups() -> None:
    group = Group.model_validate(
        {"conditions": [{"conditions": [{"variable": "x", "operator": "equals"}]}, {"conditions": []}]}
    )
    assert [place for place, _ in faults(group)] == [
        ("conditions", 0, "conditions", 0, "value"),
        ("conditions", 1, "conditions"),
    ]


def test_variables_are_those_of_both_sides() -> None:
    group = Group.model_validate(
        {
            "conditions": [
                {"variable": "{{ customer.tier }}", "operator": "equals", "value": "{{ flow.tier | upcase }}"},
                {"conditions": [{"variable": "contact.from", "operator": "in_list", "value": "lists.vip"}]},
                {"variable": "code", "operator": "matches", "value": "{{ not.me }}"},
            ]
        }
    )
    assert variables(group) == {"customer.tier", "flow.tier", "contact.from", "lists.vip", "code"}


def test_depth_and_number_of_conditions_are_limited() -> None:
    leaf: dict[str, Any] = {"variable": "x", "operator": "is_blank"}
    nested: dict[str, Any] = {"conditions": [leaf]}
    for _ in range(limits.GROUP_DEPTH - 1):
        nested = {"conditions": [nested]}
    Group.model_validate(nested)
    with pytest.raises(ValidationError, match="nested"):
        Group.model_validate({"conditions": [nested]})
    half = {"conditions": [leaf] * (limits.CONDITIONS_A_RULE // 2)}
    Group.model_validate({"conditions": [half, half]})
    with pytest.raises(ValidationError, match="more than"):
        Group.model_validate({"conditions": [half, half, leaf]})
    with pytest.raises(ValidationError):
        Group.model_validate({"conditions": [leaf] * (limits.CONDITIONS_A_RULE + 1)})
    very_deep = nested
    for _ in range(3000):
        very_deep = {"conditions": [very_deep]}
    with pytest.raises(ValidationError):
        Group.model_validate(very_deep)


def test_definitions_are_strict_frozen_and_survive_json() -> None:
    with pytest.raises(ValidationError):
        Condition.model_validate({"variable": "x", "operator": "is", "value": 1})
    with pytest.raises(ValidationError):
        Condition.model_validate({"variable": "x", "operator": "equals", "value": 1, "colour": 1})
    with pytest.raises(ValidationError):
        Condition.model_validate({"variable": "x", "operator": "equals", "value": float("nan")})
    group = Group.model_validate({"conditions": [{"variable": "x", "operator": "between", "value": [1, "5"]}]})
    evaluate(group, {"x": 3}, NOW)
    again = Group.model_validate_json(group.model_dump_json())
    assert again == group
    assert again.conditions[0].value == (1, "5")  # type: ignore[union-attr]
    with pytest.raises(ValidationError):
        group.match = "any"  # type: ignore[misc]


def test_values_keep_their_kind_through_the_model() -> None:
    for value in (True, 1, 1.5, "1", "true"):
        kept = Condition.model_validate({"variable": "x", "operator": "equals", "value": value}).value
        assert kept == value
        assert type(kept) is type(value)


def test_offsets_go_both_ways() -> None:
    soon = (NOW + timedelta(minutes=30)).isoformat()
    assert held(soon, "before", "+1 hour") is True
    assert held(soon, "before", "+29 minutes") is False
    assert held(soon, "before", "now + 1 week") is True
