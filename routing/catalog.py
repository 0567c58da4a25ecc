"""What a flow may refer to at this moment: queues, opening hours, data sources, and published flows with their versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from customers.enrichment.models import DataSource
from queues.selectors import QueueFacts, read_directory
from routing.engine.checks.catalog import Catalog
from routing.engine.definition import Definition
from routing.engine.plan import plan_steps
from routing.live import LiveFlow, live_flows
from routing.models import Flow
from routing.vocabulary import outside

_PLACEHOLDER = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)")


def catalog(live: Mapping[str, LiveFlow] | None = None) -> Catalog:
    """For the validator and for the choices of the editor. `live` saves reading the flows twice."""
    flows = live_flows() if live is None else live
    directory = read_directory()
    sources = list(DataSource.objects.filter(is_active=True).order_by("key"))
    return Catalog(
        queues={queue.key: queue.name for queue in directory.queues},
        sources={source.key: source.name for source in sources},
        hours={hours.key: hours.name for hours in directory.hours},
        flows={key: flow.definition for key, flow in flows.items()},
        flow_names={key: flow.name for key, flow in flows.items()},
        unpublished=dict(Flow.objects.filter(live__isnull=True).order_by("key").values_list("key", "name")),
        silent_queues=_silent(directory.queues),
        overflows={queue.key: queue.overflow for queue in directory.queues if queue.overflow},
        for_everybody=tuple(queue.key for queue in sorted(directory.queues, key=lambda queue: queue.head_start_s)),
        inputs={source.key: inputs_of(source) for source in sources},
        outside=outside(flows=flows, sources={source.key: source.mapping for source in sources}),
    )


def inputs_of(source: DataSource) -> tuple[str, ...]:
    """What the placeholders of a data source are called, in the order in which they stand."""
    headers: Any = source.headers
    templates = [source.url, source.body, *(map(str, headers.values()) if isinstance(headers, dict) else ())]
    return tuple(dict.fromkeys(name for template in templates for name in _PLACEHOLDER.findall(template)))


def _silent(queues: tuple[QueueFacts, ...]) -> frozenset[str]:
    """Queues without a SIP address of their own or of those that they overflow into."""
    by_key = {queue.key: queue for queue in queues}

    def rings(queue: QueueFacts, seen: frozenset[str]) -> bool:
        if queue.addresses:
            return True
        following = by_key.get(queue.overflow)
        return following is not None and following.key not in seen and rings(following, seen | {following.key})

    return frozenset(queue.key for queue in queues if not rings(queue, frozenset({queue.key})))


def subflow_keys(definition: Definition) -> list[str]:
    """Keys of the flows that this one walks through itself, each once. `definition` has passed the validator."""
    references = (reference for planned in plan_steps(definition).values() for reference in planned.step.references())
    return list(dict.fromkeys(reference.key for reference in references if reference.kind == "flow"))
