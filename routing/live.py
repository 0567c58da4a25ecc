"""Published flows, as other flows would walk through them."""

from __future__ import annotations

from dataclasses import dataclass

from routing.engine.definition import Definition, read_definition
from routing.engine.faults import DefinitionInvalid
from routing.models import Flow


@dataclass(frozen=True, slots=True)
class LiveFlow:
    """The published state of a flow."""

    version_id: int
    definition: Definition
    name: str = ""


def live_flows() -> dict[str, LiveFlow]:
    """Every published flow by its key. One that this release cannot read any more is left out."""
    found: dict[str, LiveFlow] = {}
    rows = Flow.objects.filter(live__isnull=False).order_by("key")
    for key, name, version_id, data in rows.values_list("key", "name", "live_id", "live__definition"):
        try:
            definition = read_definition(data)
        except DefinitionInvalid:
            continue
        found[key] = LiveFlow(int(version_id or 0), definition, name)
    return found
