"""Asks the caller to press keys or to speak."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal
from unicodedata import normalize

from pydantic import BaseModel, ConfigDict, Field

from routing.engine import effects, limits
from routing.engine.events import DigitsPressed, Event, MessageReceived, WordsSpoken
from routing.engine.prompts import Prompt
from routing.engine.steps.step import About, Exit, Kind, Leave, Move, Path, Step, Visit, Wait, in_words
from routing.engine.values import show


class Choice(BaseModel):
    """One key or some words, and the exit they lead to."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"noun": "choice"})

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        title="Exit",
        description="A short name, such as sales.",
        json_schema_extra={"exit": "name"},
    )
    label: str = Field(
        default="",
        max_length=limits.NAME_CHARS,
        title="Label",
        description="As people read it.",
        json_schema_extra={"exit": "label"},
    )
    key: str = Field(
        default="",
        pattern=r"^[0-9*]{0,4}$",
        title="Key",
        description="The digits that choose it.",
        json_schema_extra={"main": True, "counts": True},
    )
    words: tuple[str, ...] = Field(
        default=(),
        max_length=20,
        title="Words",
        description="Any of these, spoken, chooses it.",
        json_schema_extra={"main": True},
    )


def _label(choice: Choice) -> str:
    label = choice.label or in_words(choice.name)
    return f"{choice.key}: {label}" if choice.key else label


class Gather(Step):
    """Asks the caller to press keys or to speak. Each choice has an exit; without choices, any entry leaves by “Entered”."""

    type: ClassVar[str] = "gather"
    kind: ClassVar[Kind] = "ask"
    title: ClassVar[str] = "Ask for keys or speech"
    asks: ClassVar[bool] = True
    written: ClassVar[str] = (
        "The question is sent as a message, and the reply is read: a number counts as the key, anything "
        "else as what was said. There is an hour to answer. “Ask with choices” shows buttons where "
        "the channel has them."
    )
    sample: ClassVar[dict[str, Any]] = {
        "prompt": {"text": {"en": "For sales press 1 or say sales."}},
        "choices": [{"name": "sales", "key": "1", "words": ["sales"]}],
        "speech": True,
    }

    prompt: Prompt = Field(title="Question", description="What the caller hears before the answer.")
    again: Prompt = Field(
        default_factory=Prompt, title="When asked again", description="Said before the question is repeated."
    )
    choices: tuple[Choice, ...] = Field(
        default=(),
        max_length=20,
        title="Choices",
        description="Leave them out where any entry will do, such as a customer number.",
        json_schema_extra={"main": True},
    )
    keys: bool = Field(
        default=True,
        title="Listen to keys",
        description="What callers press on their telephone.",
        json_schema_extra={"main": True},
    )
    speech: bool = Field(
        default=False,
        title="Listen to speech",
        description="What callers say; the carrier turns it into text.",
        json_schema_extra={"main": True},
    )
    digits: int | None = Field(
        default=None, ge=1, le=32, title="Number of digits", description="Empty: until # or a pause."
    )
    exact: bool = Field(
        default=True, title="Exactly so many", description="Otherwise fewer digits and a pause will do, too."
    )
    finish_on_key: Literal["", "#", "*", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] = Field(
        default="#",
        title="Key that ends the entry",
        description="None: only a pause or the number of digits ends it.",
        json_schema_extra={"labels": {"": "None"}},
    )
    apart: bool = Field(
        default=False,
        title="Own exit for speech",
        description="Without choices: whatever is said leaves by an exit of its own.",
    )
    language: str = Field(
        default="",
        max_length=20,
        title="Language of the speech",
        description="Such as de-DE. Empty: the contact's.",
    )
    hints: tuple[str, ...] = Field(
        default=(), max_length=100, title="Likely words", description="Help to understand what is said."
    )
    times: int = Field(
        default=1,
        ge=1,
        le=10,
        title="Say it",
        description="How often the question is said before the answer is waited for.",
        json_schema_extra={"unit": "times"},
    )
    timeout_s: int = Field(
        default=5,
        ge=1,
        le=60,
        title="Wait for",
        description="So long after the question before it counts as no answer.",
        json_schema_extra={"unit": "seconds"},
    )
    retries: int = Field(
        default=1,
        ge=0,
        le=5,
        title="Ask again",
        description="So many times after silence or a wrong entry.",
        json_schema_extra={"unit": "times"},
    )

    def exits(self) -> tuple[Exit, ...]:
        chosen = (
            tuple(Exit(choice.name, _label(choice)) for choice in self.choices)
            if self.choices
            else (Exit("entered", "Entered"), *((Exit("spoken", "Said", otherwise="entered"),) if self._apart else ()))
        )
        return (*chosen, Exit("invalid", "Wrong entry", otherwise="timed_out"), Exit("timed_out", "No answer"))

    def enter(self, visit: Visit) -> Wait:
        visit.memory["asked"] = 1
        return self._ask(visit)

    def resume(self, visit: Visit, event: Event) -> Move:
        match event:
            case DigitsPressed(digits=digits) if digits:
                heard, leave = digits, self._by_key(digits)
            case WordsSpoken(text=text) if text.strip():
                heard, leave = text, self._by_words(text)
            case MessageReceived(text=text) if text.strip():
                heard = text.strip()
                # Keyboards of East Asia write digits in full width.
                leave = self._by_key(normalize("NFKC", heard)) or self._by_words(heard) or self._by_label(heard)
            case _:
                heard, leave = "", None
        visit.saw.append({"what": "input", "seen": show(heard) if heard else "nothing"})
        if leave is not None:
            # Both, so that nothing stays from when the contact was here before.
            pressed = isinstance(event, DigitsPressed) or (isinstance(event, MessageReceived) and heard.isdecimal())
            visit.remember({"digits": heard if pressed else "", "speech": "" if pressed else heard, "choice": leave})
            return Leave(leave)
        if visit.memory.get("asked", 1) <= self.retries:
            visit.memory["asked"] = visit.memory.get("asked", 1) + 1
            visit.order(*visit.speak(self.again))
            return self._ask(visit)
        return Leave("invalid" if heard else "timed_out")

    def _ask(self, visit: Visit) -> Wait:
        if visit.is_written:
            visit.order(*visit.speak(self.prompt), effects.AwaitReply(max(self.timeout_s, limits.REPLY_SECONDS)))
            return Wait("input")
        visit.order(
            effects.Gather(
                prompts=visit.speak(self.prompt) * self.times,
                keys=self.keys,
                speech=self.speech,
                language=self.language or visit.language,
                timeout_s=self.timeout_s,
                digits=self.digits or self._key_length(),
                finish_on_key=self.finish_on_key,
                hints=(*self.hints, *(word for choice in self.choices for word in choice.words)),
            )
        )
        return Wait("input")

    @property
    def _apart(self) -> bool:
        return self.apart and self.keys and self.speech and not self.choices

    def _key_length(self) -> int | None:
        """Keys of one length need no # behind them."""
        lengths = {len(choice.key) for choice in self.choices if choice.key}
        return lengths.pop() if len(lengths) == 1 else None

    def _by_key(self, digits: str) -> str | None:
        if not self.choices:
            return "entered" if not self.exact or self.digits in (None, len(digits)) else None
        return next((choice.name for choice in self.choices if choice.key == digits), None)

    def _by_words(self, text: str) -> str | None:
        if not self.choices:
            return "spoken" if self._apart else "entered"
        # Padded, so that “no” is not heard in “now”.
        spoken = f" {''.join(c if c.isalnum() else ' ' for c in text.casefold())} "
        spoken = f" {' '.join(spoken.split())} "
        for choice in self.choices:
            if any(f" {' '.join(word.casefold().split())} " in spoken for word in choice.words if word.strip()):
                return choice.name
        return None

    def _by_label(self, text: str) -> str | None:
        """Whoever writes types what they were told, which mostly is what the choice is called."""
        written = " ".join(text.casefold().split()).strip(" .!?\"“”'")
        called = ((choice.name, choice.label or in_words(choice.name)) for choice in self.choices)
        return next((name for name, label in called if " ".join(label.casefold().split()) == written), None)

    def gist(self) -> str:
        if not self.choices:
            return f"“{self.prompt.gist()}”"
        return ", ".join(
            f"{choice.key or '/'.join(choice.words)} → {choice.label or in_words(choice.name)}"
            for choice in self.choices
        )

    def variables(self) -> frozenset[str]:
        return self.prompt.variables() | self.again.variables()

    def provides(self) -> tuple[str, ...]:
        return ("digits", "speech", "choice")

    def gives(self, exit_name: str) -> tuple[str, ...]:
        if exit_name in {"invalid", "timed_out"}:
            return ()
        # A carrier may hear words where keys were asked for and the other way round; the choice is certain.
        return ("choice",)

    def about(self, path: str) -> About:
        match path:
            case "digits":
                keys = tuple(choice.key for choice in self.choices if choice.key)
                return About("text", keys[0] if keys else "1234567890"[: self.digits or 5], keys)
            case "speech":
                words = tuple(word for choice in self.choices for word in choice.words)
                return About("text", words[0] if words else "I have a question", words)
            case _:
                names = tuple(choice.name for choice in self.choices) or ("entered",)
                return About("text", names[0], names)

    def cautions(self) -> Iterator[tuple[Path, str]]:
        if not any(text.strip() for text in (*self.prompt.text.values(), *self.prompt.audio.values())):
            yield ("prompt", "text"), "Nothing is asked here: callers hear silence until they press or say something."

    def faults(self) -> Iterator[tuple[Path, str]]:
        for name in ("prompt", "again"):
            for where, message in getattr(self, name).faults(required=False):
                yield (name, *where), message
        if not (self.keys or self.speech):
            yield ("keys",), "Listen to keys, to speech or to both; otherwise nobody can answer."
        seen_names: set[str] = set()
        seen_keys: set[str] = set()
        for index, choice in enumerate(self.choices):
            if choice.name in seen_names or choice.name in {"invalid", "timed_out"}:
                yield ("choices", index, "name"), f"There is an exit “{choice.name}” already."
            if choice.key and choice.key in seen_keys:
                yield ("choices", index, "key"), f"The key {choice.key} chooses something else already."
            if not choice.key and not choice.words:
                yield ("choices", index), "Give a key, or words to say."
            if choice.words and not self.speech and not choice.key:
                yield ("choices", index, "words"), "Words are heard only where the step listens to speech."
            seen_names.add(choice.name)
            seen_keys.add(choice.key)
