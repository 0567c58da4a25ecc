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
    from routing.files.foreign import Reader


@dataclass(frozen=True, slots=True)
class Request:
    """What a provider may look at: the raw request, never Django's."""

    urls: tuple[str, ...]
    """The public URL, query included, in each form that the sender may have signed."""
    headers: Mapping[str, str]
    body: bytes
    form: Mapping[str, Sequence[str]]


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


def provider_choices() -> list[tuple[str, str]]:
    """For the field of an account."""
    return [(provider.key, provider.name) for provider in providers().values()]
