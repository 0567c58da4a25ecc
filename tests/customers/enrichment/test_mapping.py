"""From an API's JSON to typed variables."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.enrichment.mapping import TYPES, Row, compile_path, compile_rows, faults, take

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
MISSING = object()


def one(raw: Any, kind: str, default: Any = None) -> Any:
    values, _notes = take({"a": raw}, [Row("v", compile_path("a"), kind, default)])
    return values.get("v", MISSING)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("text", "gold", "gold"),
        ("text", 7, "7"),
        ("text", True, "true"),
        ("text", "a\x00b\ud800", "a\ufffdb\ufffd"),
        ("text", {"a": 1}, MISSING),
        ("number", 7, 7),
        ("number", 12.5, 12.5),
        ("number", " 1204.30 ", 1204.3),
        ("number", "-3", -3),
        ("number", "1.204,30", MISSING),
        ("number", "1e999", MISSING),
        ("number", "٣", MISSING),
        ("number", True, MISSING),
        ("number", "gold", MISSING),
        ("number", 10**40, MISSING),
        ("boolean", True, True),
        ("boolean", "Yes", True),
        ("boolean", 0, False),
        ("boolean", "perhaps", MISSING),
        ("boolean", 2, MISSING),
        ("date", "2026-11-23", "2026-11-23"),
        ("date", "2026-11-23T10:00:00Z", "2026-11-23"),
        ("date", "23.11.2026", MISSING),
        ("datetime", "2026-11-23T10:00:00+02:00", "2026-11-23T08:00:00+00:00"),
        ("datetime", "2026-11-23T10:00:00", "2026-11-23T10:00:00+00:00"),
        ("datetime", 1_763_892_000, "2025-11-23T10:00:00+00:00"),
        ("datetime", 1_763_892_000_000, "2025-11-23T10:00:00+00:00"),
        ("datetime", 1e300, MISSING),
        ("list", ["a", 1, None, {"x": 1}, True], ["a", 1, True]),
        ("list", "a", ["a"]),
        ("list", [], []),
        ("list", [{"x": 1}], MISSING),
    ],
)
def test_a_value_is_of_its_kind_or_missing(kind: str, raw: Any, value: Any) -> None:
    assert one(raw, kind) == value


@given(ANYTHING, st.sampled_from(TYPES))
def test_whatever_an_api_sends_ends_as_plain_json_or_missing(raw: Any, kind: str) -> None:
    value = one(raw, kind)
    if value is not MISSING:
        assert json.loads(json.dumps(value, allow_nan=False).encode()) == value


@given(ANYTHING, st.text(max_size=20))
def test_no_path_breaks_on_any_answer(answer: Any, path: str) -> None:
    try:
        row = Row("v", compile_path(path), "text")
    except ValueError:
        return
    take(answer, [row])


def test_a_default_steps_in_for_what_is_missing_or_of_another_kind() -> None:
    assert one("lots", "number", 3) == 3
    assert one(None, "number", "3") == 3
    assert one(None, "number") is MISSING


def test_a_note_says_what_is_odd() -> None:
    rows = compile_rows([{"name": "n", "path": "n", "type": "number"}, {"name": "m", "path": "m", "type": "text"}])
    assert take({"n": "x"}, rows) == ({}, ["n is no number in the answer.", "m is not in the answer."])


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({}, "The values are a list of rows."),
        (["x"], "Row 1: This is no row with name, path and type."),
        ([{"name": "1x", "path": "a"}], "Row 1: A name is made of letters"),
        ([{"name": "x", "path": "a"}, {"name": "x", "path": "b"}], "Row 2: The name “x” is there twice."),
        ([{"name": "x", "path": "a["}], "Row 1: The path “a[” is not right."),
        ([{"name": "x"}], "Row 1: The path is missing."),
        ([{"name": "x", "path": "a", "type": "money"}], "Row 1: The type is one of"),
        (
            [{"name": "x", "path": "a", "type": "number", "default": "none"}],
            "Row 1: What stands for a missing value is no number.",
        ),
        ([{"name": "x", "path": "a", "typo": 1}], "Row 1: Unknown: typo."),
        ([{"name": "x", "path": "a" * 400}], "Row 1: The path “aaa"),
        ([{"name": f"x{n}", "path": "a"} for n in range(101)], "At most 100 values."),
    ],
)
def test_a_mapping_that_is_not_right_is_explained(mapping: Any, said: str) -> None:
    assert any(fault.message.startswith(said) for fault in faults(mapping))


@given(ANYTHING)
def test_no_mapping_breaks_the_check(mapping: Any) -> None:
    if not faults(mapping):
        compile_rows(mapping)
