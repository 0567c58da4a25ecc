"""What the engine may know of the house at this moment: queues and opening hours, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from routing.engine.hours import Hours


@dataclass(frozen=True, slots=True)
class Address:
    """One SIP address of a queue and how long it rings, in seconds."""

    uri: str
    ring_s: int = 30


@dataclass(frozen=True, slots=True)
class QueueInfo:
    """A queue as flows see it. Addresses are in the order in which they are tried."""

    key: str
    name: str
    addresses: tuple[Address, ...] = ()
    overflow: str = ""
    """Key of the queue that is tried when no address answers."""
    hours: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """A snapshot; the same for live contacts, the simulator and a backtest."""

    queues: Mapping[str, QueueInfo] = field(default_factory=lambda: MappingProxyType({}))
    hours: Mapping[str, Hours] = field(default_factory=lambda: MappingProxyType({}))


NOWHERE = World()
