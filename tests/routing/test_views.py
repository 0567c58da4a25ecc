"""The published schema of flows."""

import json
from pathlib import Path

import jsonschema
import pytest
from django.test import Client

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
