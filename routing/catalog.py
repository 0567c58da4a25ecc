"""What a flow may refer to at this moment: queues, opening hours, data sources, and published flows with their versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from customers.enrichment.models import DataSource
from queues.selectors import read_directory
from routing.engine.definition import Definition, read_definition
from routing.engine.faults import DefinitionInvalid
from routing.engine.plan import plan_steps
from routing.engine.validation import Catalog
from routing.models import Flow


@dataclass(frozen=True, slots=True)
class LiveFlow:
    """The published state of a flow, as other flows would walk through it."""

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


def catalog(live: Mapping[str, LiveFlow] | None = None) -> Catalog:
    """For the validator and for the choices of the editor. `live` saves reading the flows twice."""
    flows = live_flows() if live is None else live
    directory = read_directory()
    return Catalog(
        queues={queue.key: queue.name for queue in directory.queues},
        sources=dict(DataSource.objects.filter(is_active=True).order_by("key").values_list("key", "name")),
        hours={hours.key: hours.name for hours in directory.hours},
        flows={key: flow.definition for key, flow in flows.items()},
        flow_names={key: flow.name for key, flow in flows.items()},
    )


def subflow_keys(definition: Definition) -> list[str]:
    """Keys of the flows that this one walks through itself, each once. `definition` has passed the validator."""
    references = (reference for planned in plan_steps(definition).values() for reference in planned.step.references())
    return list(dict.fromkeys(reference.key for reference in references if reference.kind == "flow"))
