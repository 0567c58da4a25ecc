"""Asks a question and waits for the reply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from routing.engine import effects, limits
from routing.engine.events import DigitsPressed, Event, MessageReceived, WordsSpoken
from routing.engine.prompts import Prompt
from routing.engine.steps.step import About, Exit, Kind, Leave, Move, Path, Step, Visit, Wait
from routing.engine.values import show


class Ask(Step):
    """Asks in writing and waits for the reply, whatever it is; later steps can read it. On a call it asks aloud and listens."""

    type: ClassVar[str] = "ask"
    kind: ClassVar[Kind] = "ask"
    title: ClassVar[str] = "Ask and wait for a reply"
    asks: ClassVar[bool] = True
    sample: ClassVar[dict[str, Any]] = {"question": {"text": {"en": "What is your order number?"}}}

    question: Prompt = Field(title="Question", description="What the contact reads, or hears on a call.")
    again: Prompt = Field(
        default_factory=Prompt, title="When asked again", description="Empty: the question itself is repeated."
    )
    timeout_min: int = Field(
        default=60,
        ge=1,
        le=7 * 24 * 60,
        title="Wait for",
        description="After that it counts as no reply.",
        json_schema_extra={"unit": "minutes"},
    )
    retries: int = Field(
        default=1,
        ge=0,
        le=5,
        title="Ask again",
        json_schema_extra={"unit": "times"},
        description="So many times when nothing comes back.",
    )

    def exits(self) -> tuple[Exit, ...]:
        return (Exit("replied", "Replied"), Exit("timed_out", "No reply"))

    def enter(self, visit: Visit) -> Wait:
        visit.memory["asked"] = 1
        return self._ask(visit, self.question)

    def resume(self, visit: Visit, event: Event) -> Move:
        media: tuple[str, ...] = ()
        match event:
            case MessageReceived(text=text, media=media):
                reply = text.strip()
            case WordsSpoken(text=reply) | DigitsPressed(digits=reply):
                pass
            case _:
                reply = ""
        visit.saw.append({"what": "input", "seen": show(reply or list(media)) if reply or media else "nothing"})
        if reply or media:
            visit.remember({"reply": reply[: limits.VALUE_CHARS], "media": list(media)})
            return Leave("replied")
        if visit.memory.get("asked", 1) <= self.retries:
            visit.memory["asked"] = visit.memory.get("asked", 1) + 1
            return self._ask(visit, self.again or self.question)
        return Leave("timed_out")

    def _ask(self, visit: Visit, prompt: Prompt) -> Wait:
        said = visit.speak(prompt)
        if visit.is_written:
            visit.order(*said, effects.AwaitReply(self.timeout_min * 60))
        else:
            visit.order(effects.Gather(prompts=said, speech=True, language=visit.language))
        return Wait("input")

    def gist(self) -> str:
        return f"“{self.question.gist()}”"

    def variables(self) -> frozenset[str]:
        return self.question.variables() | self.again.variables()

    def provides(self) -> tuple[str, ...]:
        return ("reply", "media")

    def gives(self, exit_name: str) -> tuple[str, ...]:
        return self.provides() if exit_name == "replied" else ()

    def about(self, path: str) -> About:
        return About("list", ["https://media.example.com/1.jpg"]) if path == "media" else About("text", "A-2001")

    def faults(self) -> Iterator[tuple[Path, str]]:
        for name, required in (("question", True), ("again", False)):
            for where, message in getattr(self, name).faults(required=required):
                yield (name, *where), message
