"""Where contacts come in."""

from __future__ import annotations

from typing import Any, ClassVar

from routing.engine.steps.step import Exit, Kind, Leave, Step, Visit


class _Trigger(Step):
    kind: ClassVar[Kind] = "trigger"
    sample: ClassVar[dict[str, Any]] = {}

    def exits(self) -> tuple[Exit, ...]:
        return (Exit("started", "When it starts"),)

    def enter(self, visit: Visit) -> Leave:  # noqa: ARG002
        return Leave("started")

    def provides(self) -> tuple[str, ...]:
        return ("contact.from", "contact.to", "contact.channel", "contact.reference", "contact.started_at")


class CallTrigger(_Trigger):
    """Begins with a call on one of the numbers that use this flow."""

    type: ClassVar[str] = "call"
    title: ClassVar[str] = "Incoming call"


class MessageTrigger(_Trigger):
    """Begins with a message: SMS, WhatsApp, Messenger or Instagram."""

    type: ClassVar[str] = "message"
    title: ClassVar[str] = "Incoming message"
