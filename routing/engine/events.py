"""What happens to a contact: past facts that the engine is told of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

JSON: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class ContactStarted:
    """Someone calls or writes. `contact` and `customer` become variables of those names."""

    trigger: Literal["call", "message"]
    contact: dict[str, JSON]
    customer: dict[str, JSON] | None = None


@dataclass(frozen=True, slots=True)
class DigitsPressed:
    """Keys pressed, without the finishing key."""

    digits: str


@dataclass(frozen=True, slots=True)
class WordsSpoken:
    """What the carrier's speech recognition understood."""

    text: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class InputTimedOut:
    """The caller did nothing for as long as the step waits."""


@dataclass(frozen=True, slots=True)
class FetchAnswered:
    """A data source answered, or failed. May come before the step that wants it is reached."""

    question: str
    """Id of the question, as the effect `Fetch` had it."""
    status: Literal["found", "not_found", "failed"]
    values: dict[str, JSON] = field(default_factory=dict)
    rung: Literal["fresh", "cached", "last_known", "none"] = "fresh"
    ms: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class CameBack:
    """The contact was asked to come back, and did; nothing else is new."""


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """The other leg is over. `answered` says whether anybody spoke."""

    status: Literal["completed", "busy", "no_answer", "failed", "canceled"]
    sip_code: int | None = None
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class MessageRecorded:
    """The caller left a message; `url` is where the carrier keeps it."""

    url: str
    seconds: int


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """The contact wrote."""

    text: str
    payload: str = ""
    """What we hid behind the button that was pressed, if one was."""
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PutElsewhere:
    """Somebody put a contact that waits in a queue into another one."""

    queue: str
    """Its key."""
    by: str
    """Who did, as people know them."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The contact is over for the other side."""


Event: TypeAlias = (
    ContactStarted
    | DigitsPressed
    | WordsSpoken
    | InputTimedOut
    | FetchAnswered
    | CameBack
    | TransferEnded
    | MessageRecorded
    | MessageReceived
    | PutElsewhere
    | HungUp
)
