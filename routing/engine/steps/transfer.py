"""Puts the contact through to a number or a SIP address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from routing.engine.effects import Dial
from routing.engine.events import Event, TransferEnded
from routing.engine.prompts import readable
from routing.engine.steps.step import About, Exit, Kind, Leave, Move, Path, Step, Visit, Wait
from routing.engine.templates import template_fault, template_variables
from routing.engine.values import show

_REACHABLE = re.compile(r"\+[1-9][0-9]{4,14}|sips?:[^\s?<>\"@]{1,64}@[^\s?<>\"@]{1,160}")


class Transfer(Step):
    """Puts the contact through to a telephone number or a SIP address, such as the account manager's."""

    type: ClassVar[str] = "transfer"
    kind: ClassVar[Kind] = "hand_over"
    title: ClassVar[str] = "Transfer to a number"
    asks: ClassVar[bool] = True
    calls_only: ClassVar[bool] = True
    written: ClassVar[str] = "A message cannot be put through to a telephone: such contacts leave by “Nobody answered”."
    sample: ClassVar[dict[str, Any]] = {"to": "+4930901820"}
    begins_with: ClassVar[dict[str, Any] | None] = {}  # callers would be put through to strangers

    to: str = Field(
        min_length=1,
        max_length=300,
        title="Number or SIP address",
        description="+4930901820, sip:anna@pbx.example.com, or {{ customer.account_manager_phone }}.",
        json_schema_extra={"template": True},
    )
    ring_s: int = Field(
        default=30,
        ge=5,
        le=600,
        title="Ring for",
        description="After that it counts as “Nobody answered”.",
        json_schema_extra={"unit": "seconds"},
    )

    def exits(self) -> tuple[Exit, ...]:
        return (Exit("answered", "After the conversation", optional=True), Exit("unanswered", "Nobody answered"))

    def enter(self, visit: Visit) -> Move:
        if visit.is_written:
            visit.saw.append({"what": "transfer", "seen": "a message cannot be put through to a telephone"})
            return Leave("unanswered")
        to = visit.text(self.to).strip()
        if not _REACHABLE.fullmatch(to):
            visit.saw.append({"what": "transfer", "seen": f"{show(to)} is neither a number nor a SIP address"})
            return Leave("unanswered")
        headers = {"X-Contact": str((visit.scope.get("contact") or {}).get("reference", ""))}
        visit.order(Dial(to=to, ring_s=self.ring_s, headers=headers if to.startswith("sip") else {}))
        visit.memory["to"] = to
        visit.did.append(f"Dialled {to}.")
        return Wait("transfer")

    def resume(self, visit: Visit, event: Event) -> Move:
        match event:
            case TransferEnded(status=("completed" | "canceled") as status):
                visit.remember({"status": status})
                if status == "completed":
                    visit.saw.append({"what": "conversation", "queue": visit.memory.get("to", "")})
                return Leave("answered")
            case TransferEnded(status=status):
                visit.remember({"status": status})
                visit.saw.append(
                    {"what": "transfer", "queue": visit.memory.get("to", ""), "seen": status.replace("_", " ")}
                )
                return Leave("unanswered")
            case _:
                return self.enter(visit)

    def gist(self) -> str:
        return readable(self.to)

    def variables(self) -> frozenset[str]:
        return template_variables(self.to)

    def leads_by(self) -> frozenset[str]:
        return template_variables(self.to)

    def provides(self) -> tuple[str, ...]:
        return ("status",)

    def gives(self, exit_name: str) -> tuple[str, ...]:
        # Where nothing could be dialled there is none.
        return self.provides() if exit_name == "answered" else ()

    def about(self, path: str) -> About:  # noqa: ARG002  there is one
        return About("text", "completed", ("completed", "busy", "no_answer", "failed", "canceled"))

    def faults(self) -> Iterator[tuple[Path, str]]:
        if fault := template_fault(self.to):
            yield ("to",), fault
        elif "{" not in self.to and not _REACHABLE.fullmatch(self.to.strip()):
            yield ("to",), "Neither a number with its country (+49…) nor a SIP address (sip:user@host)."
