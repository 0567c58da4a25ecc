"""Two states of a flow side by side: what came, went and changed, in words."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.checks.catalog import Catalog
from routing.engine.drawing.comparison import Comparison, StepChange, compare

CATALOG = Catalog(queues={"vip": "VIP", "gold": "Gold team"}, sources={"loyalty": "Loyalty API"})
A: dict[str, Any] = {
    "format": 1,
    "steps": [
        {"id": "call", "type": "call", "exits": {"started": "which"}},
        {
            "id": "which",
            "type": "branch",
            "title": "Which tier?",
            "settings": {
                "rules": [
                    {
                        "name": "gold",
                        "label": "Valuable",
                        "when": {
                            "match": "all",
                            "conditions": [{"variable": "customer.tier", "operator": "equals", "value": "gold"}],
                        },
                    },
                    {"name": "new", "expression": "customer.orders == 0"},
                ]
            },
            "exits": {"gold": "team", "otherwise": "team"},
        },
        {"id": "team", "type": "queue", "title": "Team", "settings": {"queue": "vip"}, "exits": {"unanswered": "bye"}},
        {"id": "bye", "type": "end", "settings": {"prompt": {"text": {"en": "Bye.", "de": "Tschüss."}}}},
    ],
    "notes": [{"text": "Ask Anna"}],
    "layout": {"call": [0, 0], "team": [0, 300]},
}


def changed(**steps: Any) -> dict[str, Any]:
    """A, with steps changed by what is called with them."""
    data = copy.deepcopy(A)
    for node in data["steps"]:
        if node["id"] in steps:
            steps[node["id"]](node)
    return data


def only(found: Comparison) -> StepChange:
    (change,) = found.changes
    return change


def told(change: StepChange) -> list[tuple[str, str, str]]:
    return [(field.label, field.before, field.after) for field in change.fields]


def test_the_same_twice_has_no_changes() -> None:
    found = compare(A, copy.deepcopy(A), CATALOG)
    assert (found.changes, found.other, found.same) == ((), (), True)


def test_a_setting_is_told_by_its_title_and_a_key_by_its_name() -> None:
    found = compare(A, changed(team=lambda node: node["settings"].update(queue="gold")), CATALOG)
    assert told(only(found)) == [("Queue", "VIP", "Gold team")]
    assert only(found).title == "Team"


def test_a_condition_is_told_in_words_under_the_label_of_its_rule() -> None:
    def widen(node: dict[str, Any]) -> None:
        node["settings"]["rules"][0]["when"]["conditions"][0] |= {
            "operator": "is_one_of",
            "value": ["gold", "platinum"],
        }

    ((label, before, after),) = told(only(compare(A, changed(which=widen), CATALOG)))
    assert label.startswith("Cases · “Valuable” · ")
    assert (before, after) == ("tier is gold", "tier is gold or platinum")


def test_rules_are_known_by_name_wherever_they_stand() -> None:
    found = compare(A, changed(which=lambda node: node["settings"]["rules"].reverse()), CATALOG)
    assert told(only(found)) == [("Cases · order", "gold, new", "new, gold")]


def test_a_rule_that_came_and_one_that_went_are_told_whole() -> None:
    def swap(node: dict[str, Any]) -> None:
        node["settings"]["rules"][1] = {"name": "big", "label": "Big", "expression": "customer.orders > 9"}

    found = told(only(compare(A, changed(which=swap), CATALOG)))
    assert ("Cases · “Big”", "", "Big: customer.orders > 9") in found
    assert ("Cases · “new”", "new: customer.orders == 0", "") in found


def test_a_text_is_told_by_its_language() -> None:
    found = compare(A, changed(bye=lambda node: node["settings"]["prompt"]["text"].update(de="Auf bald.")), CATALOG)
    assert told(only(found)) == [("Last words · Text · de", "Tschüss.", "Auf bald.")]


def test_an_exit_is_told_by_its_label_and_by_the_titles_of_steps() -> None:
    found = only(compare(A, changed(which=lambda node: node["exits"].update(gold="bye", new="team")), CATALOG))
    assert [(one.label, one.before, one.after) for one in found.exits] == [
        ("Valuable", "Team", "End"),
        ("New", "", "Team"),
    ]


def test_a_default_that_is_written_out_is_no_change() -> None:
    assert compare(A, changed(bye=lambda node: node["settings"].update(hang_up=False, result="")), CATALOG).same


def test_a_step_that_only_moved_is_told_so_and_contacts_notice_nothing() -> None:
    data = copy.deepcopy(A)
    data["layout"]["team"] = [50, 300]
    found = compare(A, data, CATALOG)
    assert [(change.step, change.kind) for change in found.changes] == [("team", "moved")]
    assert found.same


def test_a_removed_step_stays_in_the_picture_with_the_lines_that_led_there() -> None:
    data = copy.deepcopy(A)
    data["steps"] = [node for node in data["steps"] if node["id"] != "team"]
    data["steps"][1]["exits"] = {"gold": "bye"}
    data["layout"] = {"call": [9, 9]}
    found = compare(A, data, CATALOG)
    assert [(change.step, change.kind) for change in found.changes] == [
        ("call", "moved"),
        ("which", "changed"),
        ("team", "removed"),
    ]
    assert [node["id"] for node in found.union["steps"]] == ["call", "which", "bye", "team"]
    assert found.union["steps"][1]["exits"] == {"gold": "bye", "otherwise": "team"}
    assert found.union["layout"] == {"team": [0, 300], "call": [9, 9]}


def test_notes_are_told_in_sentences() -> None:
    data = {**A, "notes": [{"text": "Ask Bert"}]}
    assert compare(A, data, CATALOG).other == ("Note added: “Ask Bert”", "Note removed: “Ask Anna”")


def test_a_step_of_another_kind_is_told() -> None:
    found = only(compare(A, changed(bye=lambda node: node.update(type="say")), CATALOG))
    assert ("Kind of step", "End", "Say or play") in told(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "rules", "when", "conditions", "prompt", "text", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)
NODES = st.fixed_dictionaries(
    {"id": st.sampled_from("abc"), "type": st.sampled_from(["branch", "say", "queue", "gather", "nope"])},
    optional={"settings": JSON, "exits": JSON, "title": JSON},
)


@settings(max_examples=150, deadline=None)
@given(st.lists(NODES, max_size=3), st.lists(NODES, max_size=3))
def test_whatever_two_drafts_hold_they_can_be_compared(before: list[Any], after: list[Any]) -> None:
    a, b = {"steps": before}, {"steps": after}
    found = compare(a, b, CATALOG)
    assert {change.step for change in found.changes} <= {node["id"] for node in (*before, *after)}
    assert compare(a, a, CATALOG).same
    for change in found.changes:
        assert change.kind in {"added", "removed", "moved"} or change.fields or change.exits
