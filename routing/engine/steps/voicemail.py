"""Takes a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from routing.engine import limits
from routing.engine.effects import AwaitReply, Record
from routing.engine.events import Event, MessageReceived, MessageRecorded
from routing.engine.prompts import Prompt
from routing.engine.steps.step import About, Exit, Kind, Leave, Move, Path, Step, Visit, Wait
from routing.engine.values import show


class Voicemail(Step):
    """Records what the caller says after a beep. The recording stands in the contact; later steps can send its address."""

    type: ClassVar[str] = "voicemail"
    kind: ClassVar[Kind] = "hand_over"
    title: ClassVar[str] = "Voicemail"
    asks: ClassVar[bool] = True
    calls_only: ClassVar[bool] = True
    written: ClassVar[str] = "There is no beep: the text is sent, and the next message counts as the one that was left."
    sample: ClassVar[dict[str, Any]] = {"prompt": {"text": {"en": "Please leave a message after the tone."}}}

    prompt: Prompt = Field(title="What to say before the beep", description="Tell callers that they may speak now.")
    max_s: int = Field(
        default=120,
        ge=5,
        le=3600,
        title="Longest message",
        description="The recording ends by itself after that.",
        json_schema_extra={"unit": "seconds"},
    )

    timeout_s: int = Field(
        default=5,
        ge=1,
        le=60,
        title="Ends after silence of",
        description="Callers who fall silent need not press a key.",
        json_schema_extra={"unit": "seconds"},
    )
    finish_on_key: Literal["#", "*", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] = Field(
        default="#", title="Key that ends the message", description="Tell callers of it, if they should know."
    )

    def exits(self) -> tuple[Exit, ...]:
        return (Exit("recorded", "Recorded", optional=True), Exit("nothing_said", "Nothing said", optional=True))

    def enter(self, visit: Visit) -> Move:
        # Whoever writes leaves the message in writing.
        how = Record(self.max_s, self.timeout_s, self.finish_on_key)
        visit.order(*visit.speak(self.prompt), AwaitReply(limits.REPLY_SECONDS) if visit.is_written else how)
        return Wait("recording")

    def resume(self, visit: Visit, event: Event) -> Move:
        match event:
            case MessageRecorded(url=url, seconds=seconds):
                visit.remember({"recording_url": url, "seconds": seconds})
                visit.saw.append({"what": "recording", "seen": f"{seconds} seconds", "url": url})
                return Leave("recorded")
            case MessageReceived(text=text, media=media):
                visit.remember({"recording_url": media[0] if media else "", "seconds": 0})
                visit.saw.append({"what": "recording", "seen": show(text)})
                return Leave("recorded")
            case _:
                return Leave("nothing_said")

    def gist(self) -> str:
        return f"“{self.prompt.gist()}”" if self.prompt else "A beep, and nothing said before"

    def variables(self) -> frozenset[str]:
        return self.prompt.variables()

    def provides(self) -> tuple[str, ...]:
        return ("recording_url", "seconds")

    def gives(self, exit_name: str) -> tuple[str, ...]:
        return self.provides() if exit_name == "recorded" else ()

    def about(self, path: str) -> About:
        if path == "seconds":
            return About("number", 42)
        return About("text", "https://recordings.example.com/1.mp3")

    def cautions(self) -> Iterator[tuple[Path, str]]:
        if not any(text.strip() for text in (*self.prompt.text.values(), *self.prompt.audio.values())):
            yield ("prompt", "text"), "Nothing is said here before the beep: callers should have been told to speak."

    def faults(self) -> Iterator[tuple[Path, str]]:
        for where, message in self.prompt.faults(required=False):
            yield ("prompt", *where), message
