"""Plans, compiled once a process and version."""

from __future__ import annotations

from functools import lru_cache

from routing.engine.definition import Definition, read_definition
from routing.engine.plan import Plan, compile_plan
from routing.models import FlowVersion

APOLOGY = {
    "en": "We are sorry, nobody can take your call at the moment. Please try again later.",
    "de": "Leider kann Ihren Anruf gerade niemand annehmen. Bitte versuchen Sie es später noch einmal.",
}


# Versions never change, so neither do their plans; the size bounds memory, not correctness.
@lru_cache(maxsize=256)
def plan_for(version_id: int) -> Plan:
    """The plan of a published version. Raises FlowVersion.DoesNotExist, DefinitionInvalid."""
    version = FlowVersion.objects.select_related("flow").get(pk=version_id)
    pinned = FlowVersion.objects.in_bulk(version.subflows.values()) if version.subflows else {}
    return compile_plan(
        read_definition(version.definition),
        key=version.flow.key,
        name=version.flow.name,
        version=version.number,
        subflows={key: read_definition(pinned[pk].definition) for key, pk in version.subflows.items() if pk in pinned},
    )


@lru_cache(maxsize=256)
def fallback_plan(queue: str) -> Plan:
    """What happens when a flow cannot: straight to the queue, and an apology if nobody is there."""
    return compile_plan(_straight_to(queue))


def _straight_to(queue: str) -> Definition:
    return read_definition(
        {
            "steps": [
                {"id": "call", "type": "call", "exits": {"started": "fallback"}},
                {"id": "message", "type": "message", "exits": {"started": "fallback"}},
                {
                    "id": "fallback",
                    "type": "queue",
                    "title": "Fallback queue",
                    "settings": {"queue": queue},
                    "exits": {"unanswered": "sorry"},
                },
                {"id": "sorry", "type": "end", "settings": {"prompt": {"text": APOLOGY}}},
            ]
        }
    )
