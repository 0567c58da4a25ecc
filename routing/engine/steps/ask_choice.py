"""Asks a question with a few answers to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar
from unicodedata import normalize

from pydantic import BaseModel, ConfigDict, Field

from routing.engine import effects
from routing.engine.events import DigitsPressed, Event, MessageReceived, WordsSpoken
from routing.engine.prompts import Prompt, choose_language
from routing.engine.steps.step import About, Exit, Kind, Leave, Move, Path, Step, Visit, Wait
from routing.engine.templates import template_fault, template_variables
from routing.engine.values import show

_PRESS = {"en": "For {label} press {number}.", "de": "Für {label} drücken Sie die {number}."}
_PAYLOAD = "choice:"


class Answer(BaseModel):
    """One answer on offer, and the exit it leads to."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"noun": "choice"})

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        title="Exit",
        description="A short name, such as sales.",
        json_schema_extra={"exit": "name"},
    )
    label: str = Field(
        min_length=1,
        max_length=100,
        title="Label",
        description="What the button says; up to 20 characters fit everywhere.",
        json_schema_extra={"exit": "label"},
    )
    translations: dict[str, str] = Field(
        default_factory=dict, max_length=50, title="In other languages", description="By language: de, fr-FR …"
    )
    words: tuple[str, ...] = Field(
        default=(), max_length=20, title="Words", description="Any of these, written or said, chooses it too."
    )


class AskChoice(Step):
    """Asks with answers to choose from: as buttons where the channel has them, else by number. On a call by keys or speech."""

    type: ClassVar[str] = "ask_choice"
    kind: ClassVar[Kind] = "ask"
    title: ClassVar[str] = "Ask with choices"
    asks: ClassVar[bool] = True
    sample: ClassVar[dict[str, Any]] = {
        "question": {"text": {"en": "What is it about?"}},
        "choices": [{"name": "order", "label": "My order"}, {"name": "other", "label": "Something else"}],
    }

    question: Prompt = Field(
        title="Question", description="What the contact reads above the choices, or hears on a call."
    )
    again: Prompt = Field(
        default_factory=Prompt, title="When asked again", description="Said before the choices are offered again."
    )
    choices: tuple[Answer, ...] = Field(
        min_length=1, max_length=10, title="Choices", description="In this order; each has an exit."
    )
    timeout_min: int = Field(
        default=60,
        ge=1,
        le=7 * 24 * 60,
        title="Wait for",
        description="After that it counts as no answer.",
        json_schema_extra={"unit": "minutes"},
    )
    retries: int = Field(
        default=1,
        ge=0,
        le=5,
        title="Ask again",
        json_schema_extra={"unit": "times"},
        description="So many times after silence or another answer.",
    )

    def exits(self) -> tuple[Exit, ...]:
        chosen = tuple(Exit(choice.name, choice.label) for choice in self.choices)
        return (*chosen, Exit("invalid", "Another answer", otherwise="timed_out"), Exit("timed_out", "No answer"))

    def enter(self, visit: Visit) -> Wait:
        visit.memory["asked"] = 1
        return self._ask(visit, self.question)

    def resume(self, visit: Visit, event: Event) -> Move:
        match event:
            case MessageReceived(text=text, payload=payload):
                heard = text.strip() or payload
                chosen = self._by_payload(payload) or self._by_number(heard) or self._by_words(visit, heard)
            case DigitsPressed(digits=heard):
                chosen = self._by_number(heard)
            case WordsSpoken(text=heard):
                chosen = self._by_number(heard) or self._by_words(visit, heard)
            case _:
                heard, chosen = "", None
        visit.saw.append({"what": "input", "seen": show(heard) if heard else "nothing"})
        if chosen is not None:
            visit.remember({"choice": chosen.name, "label": self._label(visit, chosen)})
            return Leave(chosen.name)
        if visit.memory.get("asked", 1) <= self.retries:
            visit.memory["asked"] = visit.memory.get("asked", 1) + 1
            return self._ask(visit, self.again or self.question)
        return Leave("invalid" if heard else "timed_out")

    def _ask(self, visit: Visit, prompt: Prompt) -> Wait:
        said = visit.speak(prompt)
        labels = [(choice, self._label(visit, choice)) for choice in self.choices]
        if not visit.is_written:
            language = said[0].language if said and isinstance(said[0], effects.Say) else visit.language
            words = _PRESS[choose_language(_PRESS, language, "en")]
            offered = " ".join(words.format(label=label, number=n) for n, (_, label) in enumerate(labels, start=1))
            hints = tuple(word for choice, label in labels for word in (label, *choice.words))
            prompts = (*said, effects.Say(text=offered, language=language))
            digits = 1 if len(labels) < 10 else None
            visit.order(effects.Gather(prompts=prompts, speech=True, language=language, digits=digits, hints=hints))
            return Wait("input")
        text = next((one.text for one in said if isinstance(one, effects.Say)), "")
        visit.order(
            effects.SendMessage(
                text=text,
                language=next((one.language for one in said if isinstance(one, effects.Say)), visit.language),
                media=tuple(one.url for one in said if isinstance(one, effects.Play)),
                choices=tuple((_PAYLOAD + choice.name, label) for choice, label in labels),
            ),
            effects.AwaitReply(self.timeout_min * 60),
        )
        return Wait("input")

    def _label(self, visit: Visit, choice: Answer) -> str:
        labels = {"": choice.label, **choice.translations}
        language = visit.language
        own = choose_language(choice.translations, language, "") if choice.translations and language else ""
        # The label itself is in the language of everybody else.
        fits = own.split("-")[0].lower() == language.split("-")[0].lower()
        return visit.text(labels[own] if fits else choice.label).strip() or choice.name

    def _by_payload(self, payload: str) -> Answer | None:
        return next((choice for choice in self.choices if payload == _PAYLOAD + choice.name), None)

    def _by_number(self, text: str) -> Answer | None:
        # Keyboards of East Asia write digits in full width.
        number = normalize("NFKC", text).strip(" .)#")
        if not (number.isascii() and number.isdigit() and len(number) < 3):
            return None
        return self.choices[int(number) - 1] if 0 < int(number) <= len(self.choices) else None

    def _by_words(self, visit: Visit, text: str) -> Answer | None:
        """The whole label first, then a word of it that stands in the text as a whole."""
        written = _plain(text)
        if not written:
            return None
        for choice in self.choices:
            labels = (
                self._label(visit, choice),
                choice.label,
                *choice.translations.values(),
                choice.name,
                *choice.words,
            )
            if any(written == _plain(label) for label in labels):
                return choice
        for choice in self.choices:
            phrases = (self._label(visit, choice), *choice.words)
            if any(_plain(phrase) and f" {_plain(phrase)} " in f" {written} " for phrase in phrases):
                return choice
        return None

    def gist(self) -> str:
        return ", ".join(choice.label for choice in self.choices)

    def variables(self) -> frozenset[str]:
        labels = (text for choice in self.choices for text in (choice.label, *choice.translations.values()))
        return (self.question.variables() | self.again.variables()).union(*(template_variables(one) for one in labels))

    def provides(self) -> tuple[str, ...]:
        return ("choice", "label")

    def gives(self, exit_name: str) -> tuple[str, ...]:
        return () if exit_name in {"invalid", "timed_out"} else self.provides()

    def about(self, path: str) -> About:
        names = tuple(choice.name if path == "choice" else choice.label for choice in self.choices)
        return About("text", names[0] if names else None, names)

    def faults(self) -> Iterator[tuple[Path, str]]:
        for name, required in (("question", True), ("again", False)):
            for where, message in getattr(self, name).faults(required=required):
                yield (name, *where), message
        seen: set[str] = set()
        for index, choice in enumerate(self.choices):
            if choice.name in seen or choice.name in {"invalid", "timed_out"}:
                yield ("choices", index, "name"), f"There is an exit “{choice.name}” already."
            seen.add(choice.name)
            for where, text in (("label", choice.label), *choice.translations.items()):
                if fault := template_fault(text):
                    place = ("label",) if where == "label" else ("translations", where)
                    yield ("choices", index, *place), fault


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
