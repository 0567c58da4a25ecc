"""The protocol that every provider fulfils, and the register of those that the settings name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from routing.engine.effects import Effect

if TYPE_CHECKING:
    from channels.numbers.shop import Customer, Shop
    from routing.files.foreign import Reader


@dataclass(frozen=True, slots=True)
class Request:
    """What a provider may look at: the raw request, never Django's."""

    urls: tuple[str, ...]
    """The public URL, query included, in each form that the sender may have signed."""
    headers: Mapping[str, str]
    body: bytes
    form: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class AccountField:
    """One thing that an account of a kind needs; `name` is the account's column."""

    name: str
    label: Any
    help_text: Any = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class AccountKind:
    """What somebody who adds an account chooses from, and is then asked for."""

    carrier: str
    """Which of a provider's carriers; empty: the provider itself."""
    name: str
    about: Any
    fields: tuple[AccountField, ...]
    sells_numbers: bool = False
    has_messages: bool = True
    """Else its numbers take calls only."""


class Provider(Protocol):
    """One vendor: how its webhooks are verified and answered. Lives in `channels/providers/<key>/`."""

    key: str
    name: str
    urls: str
    """Dotted path of its URL patterns; they stand under `/webhooks/<key>/`."""
    emulator_urls: str
    """Dotted path of the patterns of its own interface, as this server plays it; empty if it does not."""

    def register_checks(self) -> None:
        """Registers its system checks. Called once, when all models are there."""

    def file_readers(self) -> Sequence[Reader]:
        """Readers of the files in which flows of the vendor's own builder are kept; none if it has none."""

    def account_kinds(self) -> Sequence[AccountKind]:
        """The kinds of accounts that speak as this vendor does; the first is the usual one."""

    def account_problem(self, carrier: str, values: Mapping[str, str]) -> tuple[str, str] | None:
        """What is wrong with what somebody typed, as the column and a sentence; None if nothing is seen."""

    def shop(self, customer: Customer) -> Shop | None:
        """Where the account's numbers come from; None if numbers are not bought there."""

    def verify(self, request: Request, secret: str) -> bool:
        """True only if the request was signed with `secret`. Constant time; never raises."""

    def render(self, effects: Sequence[Effect], *, action_url: str) -> bytes:
        """The vendor's markup for `effects`. Every way on goes through `action_url`."""

    # What providers of messages do besides is `channels.messaging.delivery.Messenger`.


@cache
def providers() -> dict[str, Any]:
    """Registered providers by key."""
    found = [import_string(path)() for path in settings.PROVIDERS]
    return {provider.key: provider for provider in found}


def account_kind(provider: str, carrier: str) -> AccountKind | None:
    """None where the settings do not name the provider any more."""
    found = providers().get(provider)
    kinds: Sequence[AccountKind] = found.account_kinds() if found else ()
    return next((kind for kind in kinds if kind.carrier == carrier), None)


def provider_choices() -> list[tuple[str, str]]:
    """For the field of an account."""
    return [(provider.key, provider.name) for provider in providers().values()]
