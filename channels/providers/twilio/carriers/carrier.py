"""What one of the carriers is: how it signs, what its account needs, where its numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from channels.numbers.shop import Customer, Shop
from channels.provider import AccountKind, Request
from channels.providers.twilio.render import TWIML, Dialect
from channels.providers.twilio.signature import HEADER, SETTINGS_HEADER, sign, signed_url


class Carrier(Protocol):
    """One carrier. Stateless: what differs from account to account is handed in."""

    @property
    def key(self) -> str:
        """In the account's column; empty for Twilio itself."""

    @property
    def kind(self) -> AccountKind:
        """What the admin asks for."""

    @property
    def headers(self) -> tuple[str, ...]:
        """All headers that say something of the signature."""

    @property
    def dialect(self) -> Dialect:
        """How its markup differs."""

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        """Whether there is a signature at all, right or wrong."""

    def signed_url(self, request: Request, secret: str, now: float) -> str | None:
        """The one of `request.urls` that was signed; None if none was. `now` in seconds since 1970. Never raises."""

    def sign(self, url: str, form: Mapping[str, str], body: bytes, secret: str, now: float) -> dict[str, str]:
        """The headers with which the carrier would post this; for whoever plays it."""

    def problem(self, values: Mapping[str, str]) -> tuple[str, str] | None:
        """A column and what is wrong with what was typed there."""

    def shop(self, customer: Customer) -> Shop:
        """Where its numbers come from."""

    def messages(self, customer: Customer) -> tuple[str, str] | None:
        """Where Twilio's interface for messages is there, and its password; None if it has another one."""


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """Signing as Twilio does; the first of `names` that is there counts."""

    names: tuple[str, ...] = (HEADER,)
    dialect: Dialect = TWIML

    @property
    def headers(self) -> tuple[str, ...]:
        return (*self.names, SETTINGS_HEADER)

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        return any(headers.get(name) for name in self.names)

    def signed_url(self, request: Request, secret: str, now: float) -> str | None:  # noqa: ARG002  it has no time
        name = next((name for name in self.names if request.headers.get(name)), None)
        return signed_url(request, secret, name) if name else None

    def sign(
        self,
        url: str,
        form: Mapping[str, str],
        body: bytes,  # noqa: ARG002  its fields are signed
        secret: str,
        now: float,  # noqa: ARG002
    ) -> dict[str, str]:
        return {self.names[0]: sign(secret, url, {name: [value] for name, value in form.items()})}
