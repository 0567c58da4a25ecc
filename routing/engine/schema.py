"""The published JSON Schema of flows, made from the step types."""

from __future__ import annotations

from typing import Any

from routing.engine.definition import Definition
from routing.engine.steps import STEP_TYPES


def json_schema() -> dict[str, Any]:
    """JSON Schema of a whole flow, with the settings of each step type."""
    schema = Definition.model_json_schema()
    settings: dict[str, Any] = {}
    cases = []
    for step in STEP_TYPES:
        own = step.model_json_schema(ref_template=f"#/$defs/{step.type}.{{model}}")
        settings |= {f"{step.type}.{name}": part for name, part in own.pop("$defs", {}).items()}
        settings[f"{step.type}_settings"] = own
        cases.append(
            {
                "if": {"properties": {"type": {"const": step.type}}},
                "then": {"properties": {"settings": {"$ref": f"#/$defs/{step.type}_settings"}}},
            }
        )
    node = schema["$defs"]["Node"]
    node["properties"]["type"]["enum"] = [step.type for step in STEP_TYPES]
    node["allOf"] = cases
    schema["$defs"] |= settings
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema
