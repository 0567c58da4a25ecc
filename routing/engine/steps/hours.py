"""Asks whether somebody is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from routing.engine.hours import is_open
from routing.engine.steps.step import Exit, Kind, Leave, Reference, Step, Visit


class CheckHours(Step):
    """Goes one way while the opening hours last, and another outside of them."""

    type: ClassVar[str] = "hours"
    kind: ClassVar[Kind] = "decide"
    title: ClassVar[str] = "Opening hours"
    sample: ClassVar[dict[str, Any]] = {"hours": "support"}

    hours: str = Field(
        min_length=1,
        max_length=50,
        title="Opening hours",
        description="Holidays and other special days are in them.",
        json_schema_extra={"choices": "hours", "titled": "Open: {name}?"},
    )

    def exits(self) -> tuple[Exit, ...]:
        return (Exit("open", "Open"), Exit("closed", "Closed"))

    def enter(self, visit: Visit) -> Leave:
        hours = visit.world.hours.get(self.hours)
        if hours is None:
            # Somebody may be there: a wrong “closed” turns customers away, a wrong “open” rings.
            visit.saw.append(
                {"what": "hours", "name": self.hours, "open": True, "note": "These hours no longer exist."}
            )
            return Leave("open")
        opening = is_open(hours, visit.now)
        visit.saw.append({"what": "hours", "name": hours.name, "open": opening.open, "note": opening.because})
        return Leave("open" if opening.open else "closed")

    def gist(self) -> str:
        return self.hours

    def references(self) -> Iterator[Reference]:
        yield Reference("hours", self.hours, ("hours",))
