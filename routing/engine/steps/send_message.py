"""Sends a written message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from routing.engine import effects
from routing.engine.prompts import Prompt
from routing.engine.steps.step import Kind, Leave, Path, Step, Visit
from routing.engine.templates import template_fault, template_variables

_NO_ADDRESS = "An address that begins with https://, or a {{ variable }} that holds one."


class SendMessage(Step):
    """Sends a text, with pictures or files where there are some. On a call the text is said."""

    type: ClassVar[str] = "send_message"
    kind: ClassVar[Kind] = "say"
    title: ClassVar[str] = "Send a message"
    sample: ClassVar[dict[str, Any]] = {"message": {"text": {"en": "Thank you. We will answer as soon as we can."}}}

    message: Prompt = Field(title="Message", description="One text for each language that your customers speak.")
    media: tuple[str, ...] = Field(
        default=(), max_length=5, title="Pictures and files", description="Their addresses; may hold {{ variables }}."
    )
    template: str = Field(
        default="",
        max_length=200,
        title="Approved template",
        description="Sent instead of the text when the customer's last message is older than 24 hours: its name at "
        "Meta, or its id (HX…) at Twilio.",
    )
    template_values: tuple[str, ...] = Field(
        default=(), max_length=20, title="Values of the template", description="In order; may hold {{ variables }}."
    )

    def enter(self, visit: Visit) -> Leave:
        said = visit.speak(self.message)
        if not visit.is_written:
            visit.order(*said)
            return Leave("done")
        text = next((one.text for one in said if isinstance(one, effects.Say)), "")
        sound = [one.url for one in said if isinstance(one, effects.Play)]
        media = [*sound, *(url for url in (visit.text(template).strip() for template in self.media) if url)]
        if text or media:
            visit.order(
                effects.SendMessage(
                    text=text,
                    language=next((one.language for one in said if isinstance(one, effects.Say)), visit.language),
                    media=tuple(media),
                    template=self.template,
                    template_values=tuple(visit.text(template) for template in self.template_values),
                )
            )
        return Leave("done")

    def gist(self) -> str:
        return f"“{self.message.gist()}”" if self.message else ", ".join(self.media)[:80] or self.title

    def variables(self) -> frozenset[str]:
        templates = (*self.media, *self.template_values)
        return self.message.variables().union(*(template_variables(template) for template in templates))

    def faults(self) -> Iterator[tuple[Path, str]]:
        for where, message in self.message.faults(required=not self.media):
            yield ("message", *where), message
        for index, template in enumerate(self.media):
            if fault := template_fault(template):
                yield ("media", index), fault
            elif not template.startswith(("https://", "http://", "{{")):
                yield ("media", index), _NO_ADDRESS
        for index, template in enumerate(self.template_values):
            if fault := template_fault(template):
                yield ("template_values", index), fault
