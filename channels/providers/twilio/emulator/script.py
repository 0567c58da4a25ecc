"""A caller who follows a script: which keys, which words, when to hang up, and how whoever is dialled answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast, get_args

from channels.providers.twilio.emulator.call import Call, Carrier, LegEnd

MESSAGE_S = 5


class BadScript(ValueError):
    """The script cannot be followed; the sentence says what is wrong."""


@dataclass(slots=True)
class Script:
    """Inputs are used up one a question; when none is left, the caller is silent."""

    inputs: list[tuple[str, str]] = field(default_factory=list)
    """`("keys", "1")` or `("words", "sales please")`."""
    legs: list[LegEnd] = field(default_factory=list)
    """How whoever is dialled first, second … answers; beyond the list as `otherwise`, by address before both."""
    by_address: dict[str, LegEnd] = field(default_factory=dict)
    otherwise: LegEnd = "completed"
    hangup_after: int | None = None
    """After so many documents the caller hangs up, wherever that is."""
    message_s: int = MESSAGE_S

    def follow(self, carrier: Carrier, call: Call) -> None:
        """Until the call is over."""
        inputs, legs = list(self.inputs), list(self.legs)
        while not call.is_over:
            self._next(carrier, call, inputs, legs)

    def _next(self, carrier: Carrier, call: Call, inputs: list[tuple[str, str]], legs: list[LegEnd]) -> None:
        carrier.step(call)
        if self.hangup_after is not None and call.documents >= self.hangup_after:
            carrier.hang_up(call)
            return
        match call.waits_for:
            case "keys or words":
                self._enter(carrier, call, inputs)
            case "other side":
                uri = call.dialled[-1].uri
                carrier.end_leg(call, self.by_address.get(uri) or (legs.pop(0) if legs else self.otherwise))
            case "message":
                carrier.leave_message(call, self.message_s)

    def _enter(self, carrier: Carrier, call: Call, inputs: list[tuple[str, str]]) -> None:
        kind, what = inputs.pop(0) if inputs else ("", "")
        before = call.verb
        if kind == "keys":
            carrier.press(call, what)
        elif kind == "words":
            carrier.speak(call, what)
        if call.waits_for == "keys or words" and call.verb is before:
            carrier.wait(call)


def read_legs(values: Sequence[str]) -> tuple[list[LegEnd], dict[str, LegEnd]]:
    """`busy`, `busy,completed`, or for one address `sip:vip@pbx.example.com=busy`. Raises BadScript."""
    legs: list[LegEnd] = []
    by_address: dict[str, LegEnd] = {}
    for value in ",".join(values).split(","):
        address, equals, how = value.strip().rpartition("=")
        if how not in get_args(LegEnd):
            raise BadScript(
                f"“{how}” is no way in which a dialled call ends. Take one of: {', '.join(get_args(LegEnd))}."
            )
        if equals:
            by_address[address] = cast(LegEnd, how)
        else:
            legs.append(cast(LegEnd, how))
    return legs, by_address
