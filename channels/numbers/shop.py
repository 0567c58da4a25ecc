"""What a carrier's shop of numbers can do, in words that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Customer:
    """As whom to ask."""

    carrier: str
    """Which of the provider's carriers; empty: the provider itself."""
    external_id: str
    secret: str
    access_token: str
    api_url: str
    """Where the account's own server is, for carriers with one each."""
    emulator: str
    """Where the emulator plays the carrier; empty: the carrier itself is asked."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which numbers are wanted."""

    country: str
    kind: str
    """local, mobile or toll_free."""
    area: str = ""
    contains: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A number that can be bought."""

    address: str
    region: str = ""
    capabilities: tuple[str, ...] = ()
    price: str = ""
    """What it costs a month, with its currency, as the carrier says it; empty if it does not."""
    needs: str = ""
    """What the law of the country wants first, such as an address."""


@dataclass(frozen=True, slots=True)
class Owned:
    """A number of the account."""

    external_id: str
    address: str
    name: str = ""
    voice_url: str = ""
    capabilities: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    """Settings of the carrier's that would win over our webhooks, by its own names."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Where the carrier shall call us."""

    voice: str
    voice_status: str
    message: str


class ShopFault(Exception):
    """Something did not work. Its text says what, and what to do, in a sentence for the manager."""


class Refused(ShopFault):
    """The carrier will not do it, however often it is asked."""


class Away(ShopFault):
    """It certainly did nothing, and may be asked again; after so many seconds, if it said so."""

    def __init__(self, sentence: str, after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.after_s = after_s


class AnswerLost(ShopFault):
    """Nobody knows whether it did it."""


class StillWaiting(ShopFault):
    """It took the order and is not done with it."""


class Shop(Protocol):
    """One account at one carrier. Every method blocks while the carrier answers, and raises ShopFault."""

    def check(self) -> str:
        """What the carrier says of the account, such as its name; proves that the credentials are right."""

    def search(self, query: Query) -> Sequence[Offer]:
        """Numbers that can be bought, at most a page of them."""

    def find(self, address: str) -> Owned | None:
        """The number, if the account owns it."""

    def owned(self) -> Sequence[Owned]:
        """All numbers of the account."""

    def buy(self, address: str, reference: str) -> Owned:
        """Buys it. `reference` is ours: what was ordered with it once is not ordered again."""

    def connect(self, number: Owned, webhooks: Webhooks) -> None:
        """Points its calls and messages at us. Doing it twice is the same as once."""

    def release(self, number: Owned) -> None:
        """Gives it back."""
