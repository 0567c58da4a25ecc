"""What schemas tell the form: every operator, every hint that the form knows, and nothing that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from routing.engine.conditions.hints import FITS, LABELS, operator_hints
from routing.engine.conditions.operators import Operator
from routing.engine.steps import STEP_TYPES
from routing.engine.steps.step import Step

# What routing/editor/src/forms reads.
HINTS = {
    "choices",
    "counts",
    "deepest",
    "either",
    "exit",
    "fits",
    "key_title",
    "keys",
    "labels",
    "main",
    "most",
    "multiline",
}
HINTS |= {"noun", "rest", "template", "unit", "values", "widget"}
STANDARD = {"$defs", "$ref", "additionalProperties", "anyOf", "default", "description", "enum", "exclusiveMinimum"}
STANDARD |= {
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
}
HINTS |= {"titled", "follows", "written"}
STANDARD |= {"properties", "required", "title", "type", "const", "oneOf", "prefixItems", "format"}


def schemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema and all inside it."""
    yield schema
    for name in ("properties", "$defs"):
        for inner in schema.get(name, {}).values():
            yield from schemas(inner)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from schemas(schema[name])
    for name in ("anyOf", "oneOf"):
        for inner in schema.get(name, ()):
            yield from schemas(inner)


@pytest.mark.parametrize("step_type", STEP_TYPES, ids=lambda step: step.type)
def test_a_schema_holds_no_hint_that_the_form_does_not_know(step_type: type[Step]) -> None:
    for schema in schemas(step_type.model_json_schema()):
        assert schema.keys() <= HINTS | STANDARD


@pytest.mark.parametrize("step_type", STEP_TYPES, ids=lambda step: step.type)
def test_every_setting_has_a_title_that_speaks_to_people(step_type: type[Step]) -> None:
    for name, field in step_type.model_fields.items():
        assert field.title, name
        assert "_" not in field.title


def test_every_operator_has_words_of_its_own_and_a_kind_of_value() -> None:
    hints = operator_hints()
    assert LABELS.keys() == set(Operator) == {Operator(name) for name in hints["values"]}
    assert len(set(LABELS.values())) == len(LABELS)


def test_what_fits_a_type_are_operators_each_once() -> None:
    for operators in FITS.values():
        assert len(set(operators)) == len(operators)
        assert {Operator(name) for name in operators}


@pytest.mark.parametrize("step_type", STEP_TYPES, ids=lambda step: step.type)
def test_every_setting_says_in_a_sentence_what_it_is_for(step_type: type[Step]) -> None:
    for name, field in step_type.model_fields.items():
        assert field.description, name


@pytest.mark.parametrize("step_type", STEP_TYPES, ids=lambda step: step.type)
def test_the_help_of_a_step_has_nothing_that_only_programmers_read(step_type: type[Step]) -> None:
    doc = step_type.__doc__ or ""
    assert not {"<", "`<", "API", "JSON", "regex"} & set(doc.split())


def test_what_only_callers_can_do_says_what_becomes_of_a_message() -> None:
    assert [step.type for step in STEP_TYPES if step.calls_only and not step.written] == []
    shown = {step.type: step.model_json_schema().get("written") for step in STEP_TYPES}
    assert {"say", "gather", "queue", "voicemail"} <= {name for name, text in shown.items() if text}
