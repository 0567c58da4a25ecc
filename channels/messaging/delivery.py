"""What leaves the house: a message as providers are handed it, and what came of handing it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from channels.messaging.media import MediaSource


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, ready to go."""

    token: str
    """Ours; the provider gives it back in everything that it tells us about the message."""
    channel: str
    sender: str
    """Address of our number."""
    recipient: str
    text: str
    media: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    template: str = ""
    """Approved; sent instead of all of the above."""
    template_values: tuple[str, ...] = ()
    template_names: tuple[str, ...] = ()
    """Of the values, where the template names them; else they are numbered."""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """As whom to send."""

    external_id: str
    secret: str
    access_token: str
    api: str
    """Where the provider's interface is, if not at its own address: the emulator."""
    callbacks: str
    """Our public address."""
    carrier: str = ""
    """Which of the provider's carriers; empty: the provider itself."""
    api_url: str = ""
    """The account's own server, for carriers where each has one."""
    business_id: str = ""
    """Whose message templates are used, where that is not the account itself."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Later:
    """It certainly did not take it, and may be asked again; after so many seconds, if it said so."""

    why: str
    after_s: float | None = None
    whole_number: bool = False
    """The number has sent too much, whoever it was for."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """Nobody knows whether it took it: the answer was lost."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never take it."""

    why: str


Delivery: TypeAlias = Sent | Later | Unsure | Refused


@dataclass(frozen=True, slots=True)
class Approved:
    """A message template as the provider has it."""

    external_id: str
    """What it is sent by."""
    name: str
    language: str
    text: str
    """What is filled in stands in double braces."""
    state: str
    """approved, waiting or refused; `elsewhere` if more than its text has to be filled in."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A webhook as the provider would post it, for whoever plays the customer."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    external_id: str


class Messenger(Protocol):
    """What a provider of messages can do beside `channels.provider.Provider`."""

    key: str

    def deliver(self, message: Outgoing, account: Account) -> Delivery:
        """Hands it over; blocks for as long as the provider takes, at most `http.ANSWER_S`. Never raises."""

    def text_chars(self, channel: str) -> int:
        """How long a message may be there."""

    def window_h(self, channel: str) -> int | None:
        """For how many hours after the customer's last message free text is allowed; None: always."""

    def per_second(self, *, carrier: str, channel: str, address: str, with_media: bool) -> float | None:
        """How many messages the provider lets leave from `address` in a second; of SMS, how many segments."""

    def shows_read(self, channel: str) -> bool:
        """Whether the channel can show people that they were read."""

    def show_read(
        self, *, channel: str, sender: str, recipient: str, external_id: str, typing: bool, account: Account
    ) -> None:
        """Shows it; `typing`: an answer is being written, too. What fails is let be."""

    def media_source(
        self, *, media: Mapping[str, str], channel: str, sender: str, account: Account
    ) -> MediaSource | None:
        """Where an attachment is fetched that came to our number `sender`; None if it does not lie with the provider."""

    def has_templates(self, carrier: str) -> bool:
        """Whether they can be fetched from there."""

    def templates(self, account: Account) -> Sequence[Approved]:
        """Those of the account, all of them. Raises channels.numbers.shop.ShopFault."""

    def post_of(
        self,
        *,
        account: Account,
        channel: str,
        sender: str,
        recipient: str,
        text: str,
        extra: Mapping[str, Any],
        url: str,
    ) -> Posted:
        """The signed webhook for a text that a customer wrote. `extra`: payload, external_id, name."""


def sentence(parts: Sequence[object]) -> str:
    """What the provider said, in one line that may be kept."""
    return " ".join(str(part) for part in parts if part).replace("\x00", "")[:300]
