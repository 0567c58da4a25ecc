"""The published schema of flows."""

import json
from pathlib import Path

import jsonschema
import pytest
from django.test import Client

from routing.engine.checks.validation import Catalog, validate
from routing.engine.conditions import Operator
from routing.engine.steps import STEP_TYPES

FLOWS = sorted(Path(__file__).parents[2].glob("demo/flows/*.json"))


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_the_flows_of_the_demo_world_fit_the_published_schema(client: Client, path: Path) -> None:
    schema = client.get("/schemas/flow.json").json()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(path.read_text())["definition"], schema)


def test_a_wrong_setting_does_not_fit_the_published_schema(client: Client) -> None:
    schema = client.get("/schemas/flow.json").json()
    wrong = {"format": 1, "steps": [{"id": "q", "type": "queue", "settings": {"quue": "vip"}}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


def test_the_documentation_names_every_step_type_and_operator_and_its_example_is_a_flow() -> None:
    text = (Path(__file__).parents[2] / "docs/flows.md").read_text()
    assert [step.type for step in STEP_TYPES if f"| `{step.type}` |" not in text] == []
    assert [operator.value for operator in Operator if f"`{operator.value}`" not in text] == []
    example = json.loads(text.split("```json")[1].split("```")[0])
    known = Catalog(queues={"vip": "VIP", "standard": "Standard"}, sources={"loyalty": "Loyalty"})
    assert [fault for fault in validate(example["definition"], known) if fault.level == "error"] == []
