"""What becomes of a contact whose flow cannot go on: the number's fallback queue, for live contacts as in the simulator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from routing.engine.effects import Hangup, Say
from routing.engine.events import ContactStarted
from routing.engine.run import advance
from routing.engine.world import World
from routing.runner.plans import APOLOGY, fallback_plan
from routing.runner.play import Played


def fall_back(
    queue: str, event: ContactStarted, *, now: datetime, world: World, trace: Sequence[dict[str, Any]]
) -> Played:
    """Straight to the queue, behind the `trace` of the flow; an apology where not even that has an address."""
    step = advance(fallback_plan(queue), None, event, now, world)
    played = Played({}, [], [*trace, *of_the_fallback(step.trace)], "waiting")
    played.take(replace(step, trace=()))
    if played.status == "stranded":
        # The last thing left is to say so.
        played.effects = [Say(text=APOLOGY["en"], language="en"), Hangup()]
    played.state["fell_back"] = True
    return played


def of_the_fallback(trace: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The way through the fallback's own plan, marked: its steps have names that the flow may have, too."""
    return [{**entry, "fallback": True} for entry in trace]
