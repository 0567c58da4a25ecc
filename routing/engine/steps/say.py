"""Says a text or plays a sound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from routing.engine.prompts import Prompt
from routing.engine.steps.step import Kind, Leave, Path, Step, Visit


class SayPrompt(Step):
    """Says a text in the contact's language, or plays a sound. Then it goes on at once."""

    type: ClassVar[str] = "say"
    kind: ClassVar[Kind] = "say"
    title: ClassVar[str] = "Say or play"
    written: ClassVar[str] = "The text is sent as a message. A sound is sent as a file where there is no text."
    sample: ClassVar[dict[str, Any]] = {
        "prompt": {"text": {"en": "Hello {{ customer.name | default: 'and welcome' }}."}}
    }

    prompt: Prompt = Field(title="What to say", description="One text for each language that your customers speak.")
    times: int = Field(
        default=1,
        ge=1,
        le=10,
        title="How often",
        description="More than once for music or a long wait.",
        json_schema_extra={"unit": "times"},
    )

    def enter(self, visit: Visit) -> Leave:
        visit.order(*visit.speak(self.prompt) * (1 if visit.is_written else self.times))
        return Leave("done")

    def gist(self) -> str:
        return f"“{self.prompt.gist()}”"

    def variables(self) -> frozenset[str]:
        return self.prompt.variables()

    def faults(self) -> Iterator[tuple[Path, str]]:
        for where, message in self.prompt.faults(required=True):
            yield ("prompt", *where), message
