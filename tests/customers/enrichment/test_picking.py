"""Values are picked out of an answer without knowing how paths are written."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from customers.enrichment.mapping import compile_path, faults, look_up
from customers.enrichment.picking import leaves

_KEYS = st.text(min_size=1, max_size=8)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)


def test_each_value_has_its_path_a_name_and_its_kind() -> None:
    answer = {
        "customer": {"loyaltyStatus": "gold", "since": "2020-01-02", "tags": ["a", "b"], "vip": True},
        "orders": [{"id": 7, "total": 3.5}, {"id": 8}],
        "odd key": "2024-05-01T10:00:00Z",
        "number": "20240501",
    }
    assert [(leaf.path, leaf.name, leaf.type, leaf.sample) for leaf in leaves(answer)] == [
        ("customer.loyaltyStatus", "loyalty_status", "text", "gold"),
        ("customer.since", "since", "date", "2020-01-02"),
        ("customer.tags", "tags", "list", "a, b"),
        ("customer.vip", "vip", "boolean", "yes"),
        ("length(orders)", "orders_count", "number", "2"),
        ("orders[0].id", "id", "number", "7"),
        ("orders[0].total", "total", "number", "3.5"),
        ('"odd key"', "odd_key", "datetime", "2024-05-01T10:00:00Z"),
        ("number", "number", "text", "20240501"),
    ]


@given(_JSON)
def test_whatever_is_offered_can_be_taken_and_finds_what_was_shown(answer: Any) -> None:
    offered = leaves(answer)
    assert faults([{"name": leaf.name, "path": leaf.path, "type": leaf.type} for leaf in offered]) == []
    for leaf in offered:
        found = look_up(compile_path(leaf.path), answer)
        if isinstance(found, str) and len(found) < 80:
            assert leaf.sample == found
