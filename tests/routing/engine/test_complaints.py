"""What is wrong with a definition is said once, where it is, in words."""

from __future__ import annotations

from typing import Any

import pytest

from routing.engine.checks.validation import Catalog, validate


def _branch(**condition: Any) -> dict[str, Any]:
    rule = {"name": "rich", "when": {"conditions": [{"variable": "customer.tier", "operator": "equals", **condition}]}}
    return {"type": "branch", "settings": {"rules": [rule]}, "exits": {"rich": "bye", "otherwise": "bye"}}


@pytest.mark.parametrize(
    ("step", "path", "words"),
    [
        (
            _branch(operator="isnt", value="gold"),
            "steps[1].settings.rules[0].when.conditions[0].operator",
            "“isnt” is not possible here. Choose one of 'equals'",
        ),
        (
            _branch(value={"a": 1}),
            "steps[1].settings.rules[0].when.conditions[0].value",
            "cannot be a value here: write a text",
        ),
        (_branch(valeu="gold"), "steps[1].settings.rules[0].when.conditions[0].valeu", "“valeu” is not known here."),
        ({"type": "branch", "settings": {"rules": []}}, "steps[1].settings.rules", "“Cases” is missing."),
        ({"type": "branch"}, "steps[1].settings.rules", "“Cases” is missing."),
        (
            {"type": "branch", "settings": {"rules": [{"name": "Rich!"}]}},
            "steps[1].settings.rules[0].name",
            "“Rich!” has signs that cannot stand here.",
        ),
        ({"type": "queue", "settings": {"queue": 3}}, "steps[1].settings.queue", "This must be a text in quotation"),
        ({"type": "queue", "settings": {"queue": "x" * 51}}, "steps[1].settings.queue", "too long: at most 50."),
        ({"type": "queue", "setings": {}}, "steps[1].setings", "“setings” is not known here."),
        ({"type": "queue", "settings": []}, "steps[1].settings", "This must be an object in braces."),
        (
            {"type": "fetch", "settings": {"source": "s", "save_as": "a", "patience_s": 99}},
            "steps[1].settings.patience_s",
            "This is too much: at most 60.",
        ),
        (
            {"type": "fetch", "settings": {"source": "s", "save_as": "a", "patience_s": 0}},
            "steps[1].settings.patience_s",
            "This is too little: at least 0.5.",
        ),
        (
            {"type": "fetch", "settings": {"source": "s", "save_as": "a", "early": "maybe"}},
            "steps[1].settings.early",
            "This must be true or false.",
        ),
        (
            {"type": "gather", "settings": {"prompt": {"text": {"en": "?"}}, "choices": {}}},
            "steps[1].settings.choices",
            "This must be a list in square brackets.",
        ),
        (
            {"type": "gather", "settings": {"prompt": {"text": {"en": "?"}}, "retries": 1.5}},
            "steps[1].settings.retries",
            "This must be a whole number.",
        ),
        (
            {"type": "end", "settings": {"reject": "rude"}},
            "steps[1].settings.reject",
            "“rude” is not possible here. Choose one of",
        ),
    ],
)
def test_each_mistake_is_one_fault_with_its_path_and_a_sentence(step: dict[str, Any], path: str, words: str) -> None:
    steps = [
        {"id": "call", "type": "call", "exits": {"started": "it"}},
        {"id": "it", **step},
        {"id": "bye", "type": "end"},
    ]
    (fault,) = [one for one in validate({"format": 1, "steps": steps}, Catalog()) if one.level == "error"]
    assert fault.path == path
    assert words in fault.message
    assert fault.step == "it"


def test_a_group_within_a_group_is_complained_of_as_a_group() -> None:
    definition = {
        "format": 1,
        "steps": [
            {"id": "call", "type": "call", "exits": {"started": "it"}},
            {
                "id": "it",
                "type": "branch",
                "settings": {
                    "rules": [{"name": "a", "when": {"conditions": [{"match": "some", "conditions": []}]}}],
                },
            },
        ],
    }
    (fault,) = [one for one in validate(definition, Catalog()) if one.level == "error"]
    assert fault.path == "steps[1].settings.rules[0].when.conditions[0].match"
    assert "“some” is not possible here. Choose one of 'all' or 'any'." in fault.message
