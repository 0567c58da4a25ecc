"""What the engine orders: plain, frozen, and the same for every provider.

An answer is the ordered list of those that a contact hears or reads. `dump` and `load` turn them
into JSON and back, so that a repeated webhook gets the first answer again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Say:
    """Text spoken (or sent) in a BCP 47 language; `voice` is the carrier's name for one, if any."""

    text: str
    language: str = "en-US"
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Play:
    """Sound from an address."""

    url: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Gather:
    """Waits for keys or words while the prompts play. Nothing said or pressed comes back as `InputTimedOut`."""

    prompts: tuple[Say | Play, ...]
    keys: bool = True
    speech: bool = False
    language: str = "en-US"
    timeout_s: int = 5
    digits: int | None = None
    """Ends after so many keys; None: ends with the finishing key or the time-out."""
    finish_on_key: str = "#"
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetch:
    """Asks a data source. `question` names the answer; asking the same twice is harmless."""

    question: str
    source: str
    inputs: dict[str, str]
    patience_s: float
    """From now on, how long anybody waits for it."""


@dataclass(frozen=True, slots=True)
class ComeBack:
    """Nothing to say yet: come back after a pause."""

    pause_s: int = 1


@dataclass(frozen=True, slots=True)
class Dial:
    """Puts the caller through to one SIP address or number. Its end comes back as `TransferEnded`."""

    to: str
    """`sip:user@host` or a number in E.164."""
    ring_s: int = 30
    headers: dict[str, str] = field(default_factory=dict)
    """For SIP: names begin with `X-`, values are plain text."""
    queue: str = ""
    """Key of the queue whose address this is, if any."""
    caller_id: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Records a message after a beep. Comes back as `MessageRecorded`, or `InputTimedOut` when nothing was said."""

    max_s: int = 120
    timeout_s: int = 5
    finish_on_key: str = "#"


@dataclass(frozen=True, slots=True)
class Hangup:
    """Ends the contact."""

    reject: Literal["", "busy", "rejected"] = ""
    """Refuses the call before it is answered, where the channel can."""


@dataclass(frozen=True, slots=True)
class SendMessage:
    """A written message, where the channel is one that is read. How choices look there is the channel's affair."""

    text: str
    language: str = "en-US"
    media: tuple[str, ...] = ()
    """Addresses of pictures, sounds and files."""
    choices: tuple[tuple[str, str], ...] = ()
    """Name and label of each answer on offer."""
    template: str = ""
    """Name of an approved template, sent instead of the text where the channel allows no free text any more."""
    template_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AwaitReply:
    """Waits for a written reply. Comes back as `MessageReceived`, or as `InputTimedOut` after so many seconds."""

    timeout_s: int


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Puts a conversation into a queue, where people take it. Comes back as `TransferEnded` when they are done."""

    queue: str


Effect: TypeAlias = Say | Play | Gather | Fetch | ComeBack | Dial | Record | Hangup | SendMessage | AwaitReply | Enqueue

_TYPES: dict[str, type[Any]] = {
    "say": Say,
    "play": Play,
    "gather": Gather,
    "fetch": Fetch,
    "come_back": ComeBack,
    "dial": Dial,
    "record": Record,
    "hangup": Hangup,
    "send_message": SendMessage,
    "await_reply": AwaitReply,
    "enqueue": Enqueue,
}
_NAMES = {cls: name for name, cls in _TYPES.items()}


def dump(effect: Effect) -> dict[str, Any]:
    """As JSON: the fields and, as `do`, which effect it is."""
    # Not dataclasses.asdict: it copies deeply what nobody changes, and every webhook comes through here.
    data: dict[str, Any] = {"do": _NAMES[type(effect)]}
    for name in effect.__slots__:
        data[name] = getattr(effect, name)
    if isinstance(effect, Gather):
        data["prompts"] = [dump(prompt) for prompt in effect.prompts]
    return data


def load(data: dict[str, Any]) -> Effect:
    """The effect that `dump` wrote."""
    fields = {key: value for key, value in data.items() if key != "do"}
    if data["do"] == "gather":
        fields["prompts"] = tuple(load(prompt) for prompt in fields["prompts"])
        fields["hints"] = tuple(fields["hints"])
    if data["do"] == "send_message":
        fields["media"], fields["template_values"] = tuple(fields["media"]), tuple(fields["template_values"])
        fields["choices"] = tuple((name, label) for name, label in fields["choices"])
    effect: Effect = _TYPES[data["do"]](**fields)
    return effect
