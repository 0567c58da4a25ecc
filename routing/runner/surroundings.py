"""The engine's world: queues and opening hours, kept in memory until their revision changes."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from queues.selectors import Directory, read_directory
from routing.engine.hours import Hours
from routing.engine.world import NOWHERE, Address, QueueInfo, World


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A world, and what only the shell needs of it."""

    revision: int
    world: World
    queue_ids: MappingProxyType[str, int]


_latest = Surroundings(-1, NOWHERE, MappingProxyType({}))


def surroundings(revision: int | None) -> Surroundings:
    """As of `revision`, read anew only if the copy in memory is older. None: whatever is in memory."""
    global _latest  # noqa: PLW0603  one immutable snapshot, replaced as a whole
    if revision is not None and revision != _latest.revision:
        _latest = _build(read_directory())
    return _latest


def surroundings_now() -> Surroundings:
    """Read anew, for whoever is in no hurry and leaves the copy in memory alone."""
    return _build(read_directory())


def _build(directory: Directory) -> Surroundings:
    queues = {
        facts.key: QueueInfo(
            key=facts.key,
            name=facts.name,
            addresses=tuple(Address(uri, ring_s) for uri, ring_s in facts.addresses),
            overflow=facts.overflow,
            hours=facts.hours,
        )
        for facts in directory.queues
    }
    hours = {
        facts.key: Hours(facts.key, facts.name, facts.time_zone, facts.weekly, MappingProxyType(dict(facts.special)))
        for facts in directory.hours
    }
    return Surroundings(
        directory.revision,
        World(MappingProxyType(queues), MappingProxyType(hours)),
        MappingProxyType({facts.key: facts.id for facts in directory.queues}),
    )
