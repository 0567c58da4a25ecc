"""What a flow may refer to at this moment, and what is known of it: for the validator and the editor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from routing.engine.checks.scope import Outside
from routing.engine.definition import Definition

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Catalog:
    """Key to name of each kind, the definitions of flows that may be sub-flows, and what contacts can be known by."""

    queues: Mapping[str, str] = field(default_factory=lambda: _NONE)
    sources: Mapping[str, str] = field(default_factory=lambda: _NONE)
    hours: Mapping[str, str] = field(default_factory=lambda: _NONE)
    flows: Mapping[str, Definition] = field(default_factory=lambda: MappingProxyType({}))
    flow_names: Mapping[str, str] = field(default_factory=lambda: _NONE)
    unpublished: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """Flows that exist and have no live version."""
    silent_queues: frozenset[str] = frozenset()
    """Queues where nothing rings: neither they nor their overflow have a SIP address."""
    overflows: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """Queue to the queue whose telephones ring when its own were not answered."""
    for_everybody: tuple[str, ...] = ()
    """Queues, those first that jump ahead least: whoever nobody knows anything of belongs there."""
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """What the placeholders of each data source are called."""
    outside: Outside | None = None
    """None: what customers and data sources hold is not known, so no variable is called unknown for it."""

    def rung_with(self, queue: str) -> list[str]:
        """The queue, and those that it overflows into, in the order in which they ring."""
        found: list[str] = []
        while queue and queue not in found:
            found.append(queue)
            queue = self.overflows.get(queue, "")
        return found

    def ordinary(self, queue: str) -> int:
        """Where it stands among the queues, the one for everybody first."""
        return self.for_everybody.index(queue) if queue in self.for_everybody else len(self.for_everybody)

    def name_of(self, kind: str, key: str) -> str:
        """What people call it; the key, if it is not there."""
        names = {"queue": self.queues, "source": self.sources, "hours": self.hours, "flow": self.flow_names}
        return names[kind].get(key, key)

    def keys(self, kind: str) -> Mapping[str, object]:
        found: Mapping[str, object] = {
            "queue": self.queues,
            "source": self.sources,
            "hours": self.hours,
            "flow": self.flows,
        }[kind]
        return found
