"""Reading values out of JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine import limits
from routing.engine.values import (
    MISSING,
    as_date,
    as_instant,
    as_number,
    as_text,
    as_time,
    as_truth,
    is_blank,
    look_up,
    show,
)

SCOPE = {
    "customer": {"tier": "gold", "none": None, "0": "zero"},
    "orders": [{"total": 10}, {"total": 20}],
    "n": 5,
}
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("n", 5),
        ("customer.tier", "gold"),
        ("customer.none", None),
        ("customer.0", "zero"),
        ("orders.1.total", 20),
        ("orders.2.total", MISSING),
        ("orders.-1.total", MISSING),
        ("orders.first", MISSING),
        ("orders.²", MISSING),
        ("customer.tier.upper", MISSING),
        ("customer.keys", MISSING),
        ("n.real", MISSING),
        ("nobody", MISSING),
        ("nobody.tier", MISSING),
        ("", MISSING),
        (".", MISSING),
        ("customer..tier", MISSING),
    ],
)
def test_a_path_goes_through_keys_and_indexes_only(path: str, value: Any) -> None:
    assert look_up(SCOPE, path) == value


@given(anything, st.text(alphabet="a.0-1²٣ ", max_size=12))
def test_looking_up_never_raises(value: Any, path: str) -> None:
    look_up({"a": value, "": value}, path)


@pytest.mark.parametrize("value", [MISSING, None, "", " \t\n", [], {}, ()])
def test_what_holds_nothing_is_blank(value: Any) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, 0.0, False, "0", "x", [None], {"a": None}])
def test_nought_and_no_are_not_blank(value: Any) -> None:
    assert not is_blank(value)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, "5"),
        (1.1, "1.1"),
        (Decimal("2.50"), "2.5"),
        (" 1234.50 ", "1234.5"),
        ("-3", "-3"),
        ("0", "0"),
        ("0.5", "0.5"),
    ],
)
def test_plain_numbers_are_numbers(value: Any, number: str) -> None:
    assert as_number(value) == Decimal(number)


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        None,
        MISSING,
        "",
        "1,234.50",
        "+49301234",
        "007",
        "12e4",
        "1.",
        ".5",
        "٣",
        "0x1F",
        "NaN",
        "Infinity",
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        [1],
        {"a": 1},
        "9" * 100,
    ],
)
def test_codes_booleans_and_what_is_not_finite_are_no_numbers(value: Any) -> None:
    assert as_number(value) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, ""),
        (MISSING, ""),
        (True, "true"),
        (5.0, "5"),
        (100, "100"),
        (1200.0, "1200"),
        (1.5, "1.5"),
        (Decimal("10.00"), "10"),
        (1e300, "1e+300"),
        ([1, "b", None], "1, b, "),
        ({"a": 1}, '{"a": 1}'),
        (date(2026, 5, 1), "2026-05-01"),
    ],
)
def test_values_are_written_as_a_person_would(value: Any, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "truth"),
    [("YES ", True), ("off", False), (1, True), (0.0, False), ("gold", None), (2, None), (None, None), ([], None)],
)
def test_truth_is_read_as_apis_write_it(value: Any, truth: bool | None) -> None:
    assert as_truth(value) is truth


def test_instants_are_aware_and_bare_dates_are_none() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert as_instant("2026-05-01T12:00:00Z") == noon
    assert as_instant("2026-05-01 14:00+02:00") == noon
    assert as_instant("2026-05-01T12:00") == noon
    assert as_instant(datetime(2026, 5, 1, 12)) == noon  # noqa: DTZ001 -- a naive one is the case
    for text in ("2026-05-01", "20260501T120000", "2026-05-01Tnoon", "2026-13-01T12:00", "12:00", 1777636800, None):
        assert as_instant(text) is None


def test_dates_and_times_of_day_are_extended_iso_only() -> None:
    assert as_date(" 2026-05-01 ") == date(2026, 5, 1)
    assert as_time("09:30") == time(9, 30)
    assert as_time("09:30:15") == time(9, 30, 15)
    for text in ("20260501", "2026-02-30", "01.05.2026", "2026-W01-1", datetime(2026, 5, 1, tzinfo=UTC), 20260501):
        assert as_date(text) is None
    for text in ("9:30", "0930", "25:00", "24:00", "09:30+02:00", 9):
        assert as_time(text) is None


@given(anything)
def test_no_value_can_break_the_readers(value: Any) -> None:
    for reader in (is_blank, as_text, as_number, as_truth, as_instant, as_date, as_time):
        reader(value)


@given(anything | st.text(alphabet=st.characters(), min_size=1).map(lambda text: [text] * 40))
def test_what_a_trace_shows_is_short_and_can_be_stored(value: Any) -> None:
    shown = show(value)
    assert len(shown) <= limits.SEEN_CHARS
    assert "\x00" not in shown
    json.dumps(shown).encode()
    shown.encode()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("gold", "“gold”"),
        (MISSING, "nothing"),
        (None, "nothing"),
        (5.0, "5"),
        ([1, "a"], "[1, “a”]"),
        (True, "true"),
        ("\ud800\x00", "“\ufffd\ufffd”"),
    ],
)
def test_a_trace_shows_values_in_a_readable_way(value: Any, shown: str) -> None:
    assert show(value) == shown


def test_deep_values_are_shown_without_running_out_of_stack() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert len(show(deep)) <= limits.SEEN_CHARS
    assert len(show({"a": deep})) <= limits.SEEN_CHARS
    as_text(deep)


def test_a_number_of_thousands_of_digits_is_not_written_out() -> None:
    assert show(10**5000) == "a very long number"
    assert show({"a": 10**5000}) == "{a: a very long number}"
