"""Ends the flow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from routing.engine.effects import Hangup
from routing.engine.prompts import Prompt
from routing.engine.steps.step import Exit, Finish, Kind, Path, Step, Visit, in_words


class End(Step):
    """Says good-bye and ends. In a sub-flow it goes back to the flow around it, unless that is not wanted."""

    type: ClassVar[str] = "end"
    kind: ClassVar[Kind] = "end"
    title: ClassVar[str] = "End"
    written: ClassVar[str] = "The last words are sent as a message."
    sample: ClassVar[dict[str, Any]] = {"prompt": {"text": {"en": "Good-bye."}}}

    prompt: Prompt = Field(
        default_factory=Prompt,
        title="Last words",
        description="Empty: it ends without a word.",
        json_schema_extra={"main": True},
    )
    result: str = Field(
        default="",
        pattern=r"^([a-z][a-z0-9_]{0,39})?$",
        title="Result",
        description="In a sub-flow: the exit by which the flow around it goes on.",
    )
    hang_up: bool = Field(
        default=False,
        title="Hang up in sub-flows too",
        description="Otherwise a sub-flow goes on in the flow around it.",
    )
    reject: Literal["", "busy", "rejected"] = Field(
        default="",
        title="Refuse the call",
        description="Only before anything was said: the caller hears a busy tone.",
        json_schema_extra={"labels": {"": "No", "busy": "As busy", "rejected": "As rejected"}},
    )

    def exits(self) -> tuple[Exit, ...]:
        return ()

    def enter(self, visit: Visit) -> Finish:
        visit.order(*visit.speak(self.prompt))
        if self.reject and not visit.effects:
            visit.order(Hangup(reject=self.reject))
        return Finish(result=self.result, hang_up=self.hang_up or bool(self.reject))

    def gist(self) -> str:
        if self.prompt:
            return f"“{self.prompt.gist()}”"
        if self.hang_up or self.reject:
            return "Hang up, in sub-flows too"
        return f"End with “{in_words(self.result)}”" if self.result else "The flow ends here"

    def variables(self) -> frozenset[str]:
        return self.prompt.variables()

    def faults(self) -> Iterator[tuple[Path, str]]:
        for where, message in self.prompt.faults(required=False):
            yield ("prompt", *where), message
