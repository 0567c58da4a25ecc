"""Walks through another flow and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from routing.engine.steps.step import Exit, GoInto, Kind, Path, Reference, Step, Visit, in_words


class Subflow(Step):
    """Walks through another flow, and goes on here when that one ends: by the exit that its end names, else by “Then”."""

    type: ClassVar[str] = "subflow"
    kind: ClassVar[Kind] = "decide"
    title: ClassVar[str] = "Sub-flow"
    # It may: what lies behind it does not start with the call.
    asks: ClassVar[bool] = True
    sample: ClassVar[dict[str, Any]] = {"flow": "identify"}

    flow: str = Field(
        min_length=1,
        max_length=50,
        title="Flow",
        description="A flow that is published. Contacts take the version that was live when this flow was published.",
        json_schema_extra={"choices": "flow", "titled": "{name}"},
    )
    results: tuple[str, ...] = Field(
        default=(),
        max_length=20,
        title="Results",
        description="What the ends of the other flow name as their result: each is an exit here.",
        json_schema_extra={"exit": "name", "keys": {"field": "flow", "list": "results"}},
    )

    def exits(self) -> tuple[Exit, ...]:
        return (*(Exit(result, in_words(result), otherwise="done") for result in self.results), Exit("done", "Then"))

    def enter(self, visit: Visit) -> GoInto:  # noqa: ARG002
        return GoInto(self.flow)

    def gist(self) -> str:
        return self.flow

    def references(self) -> Iterator[Reference]:
        yield Reference("flow", self.flow, ("flow",))

    def faults(self) -> Iterator[tuple[Path, str]]:
        for index, result in enumerate(self.results):
            if result in self.results[:index] or result == "done":
                yield ("results", index), f"There is an exit “{result}” already."
