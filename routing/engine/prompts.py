"""What a caller hears or a sender reads, in as many languages as the manager gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from routing.engine import limits
from routing.engine.effects import Play, Say
from routing.engine.templates import render, template_fault, template_variables


class Prompt(BaseModel):
    """Text per language, and sound instead of it where there is some."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"widget": "prompt"})

    text: dict[str, str] = Field(
        default_factory=dict,
        max_length=50,
        title="Text",
        description="By language: en, de-DE … May hold {{ variables }}.",
        json_schema_extra={"template": True, "multiline": True},
    )
    audio: dict[str, str] = Field(
        default_factory=dict,
        max_length=50,
        title="Sound",
        description="Addresses of sound files by language; played instead of the text.",
        json_schema_extra={"template": True},
    )
    voice: str = Field(
        default="", max_length=60, title="Voice", description="A name of the carrier's voices. Empty: its usual one."
    )
    fallback: str = Field(
        default="",
        max_length=20,
        title="Language for everybody else",
        description="One of the languages above. Empty: English if there is any.",
    )

    def __bool__(self) -> bool:
        return bool(self.text or self.audio)

    def speak(self, scope: Mapping[str, Any], language: str, *, written: bool = False) -> tuple[Say | Play, ...]:
        """The prompt for someone who understands `language`; nothing if it renders to nothing.

        `written`: it will be read, so text is taken where there is any.
        """
        if written and self.text:
            chosen = choose_language(self.text, language, self.fallback)
        else:
            chosen = choose_language({**self.text, **self.audio}, language, self.fallback)
        if not (written and self.text) and (url := self.audio.get(chosen)):
            return (Play(url=render(url, scope)),)
        text = render(self.text.get(chosen, ""), scope).strip()
        return (Say(text=text, language=chosen, voice=self.voice),) if text else ()

    def gist(self) -> str:
        """What everybody else hears, cut short."""
        both = {**self.audio, **self.text}
        text = readable(both.get(choose_language(both, "", self.fallback), ""))
        return text if len(text) <= 80 else f"{text[:79]}…"

    def variables(self) -> frozenset[str]:
        return frozenset().union(*(template_variables(text) for text in (*self.text.values(), *self.audio.values())))

    def faults(self, *, required: bool) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Path inside the prompt, and what is wrong there."""
        if required and not any(text.strip() for text in (*self.text.values(), *self.audio.values())):
            yield ("text",), "Nothing to say: write a text in at least one language."
        if self.fallback and self.fallback not in {**self.text, **self.audio}:
            yield ("fallback",), f"There is no text or sound in “{self.fallback}”."
        for field in ("text", "audio"):
            for language, text in getattr(self, field).items():
                if len(text) > limits.TEXT_CHARS:
                    yield (field, language), f"Longer than {limits.TEXT_CHARS} characters."
                elif fault := template_fault(text):
                    yield (field, language), fault
                if field == "audio" and not text.startswith(("https://", "http://")):
                    yield (field, language), "A sound needs a full address that begins with https://."


_TAG = re.compile(r"\{%-?.*?-?%\}\s*", re.DOTALL)
_OUTPUT = re.compile(r"\{\{-?\s*([A-Za-z_][\w.]*)?.*?-?\}\}", re.DOTALL)


def readable(text: str) -> str:
    """Names of variables in brackets where templates stand: “Hello [customer name].”"""
    return _OUTPUT.sub(lambda found: f"[{_name(found[1] or '…')}]", _TAG.sub("", text))


def _name(path: str) -> str:
    first, _, rest = path.partition(".")
    name = (rest or first).replace(".", " ").replace("_", " ")
    return name if first in name or first in {"vars", "steps", "contact", "now"} else f"{first} {name}"


def choose_language(by_language: Mapping[str, str], language: str, fallback: str) -> str:
    """`de-AT` takes `de-AT`, else any `de…`, else the fallback.

    Never the order in which the languages are written: PostgreSQL, and many a tool for JSON, do not keep it.
    """
    for wanted in (language, fallback, "en"):
        if wanted in by_language:
            return wanted
        if base := wanted.split("-")[0].lower():
            for candidate in sorted(by_language):
                if candidate.split("-")[0].lower() == base:
                    return candidate
    return min(by_language, default="en")
