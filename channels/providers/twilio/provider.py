"""Twilio, and the carriers that speak as it does (SignalWire, Somleng, Telnyx TeXML)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.core.checks import Tags, register

from channels.messaging.delivery import Account, Approved, Delivery, Outgoing, Posted
from channels.messaging.media import MediaSource
from channels.numbers.shop import Customer, Shop
from channels.provider import AccountKind, Request
from channels.providers.twilio.carriers import CARRIERS, carrier_of
from channels.providers.twilio.messaging.media import media_source
from channels.providers.twilio.messaging.sending import TEXT_CHARS, deliver, per_second, show_typing, window_h
from channels.providers.twilio.messaging.templates import templates
from channels.providers.twilio.render import render
from channels.providers.twilio.signature import signed_url
from routing.engine.effects import Effect

if TYPE_CHECKING:
    from routing.files.foreign import Reader


class Twilio:
    """Fulfils `channels.provider.Provider`."""

    key = "twilio"
    name = "Twilio"
    urls = "channels.providers.twilio.urls"
    emulator_urls = "channels.providers.twilio.emulator.urls"

    def register_checks(self) -> None:
        from channels.providers.twilio import checks  # noqa: PLC0415  it reads models, which name their providers

        register(checks.check_public_url, deploy=True)
        register(checks.check_numbers, Tags.database)

    def file_readers(self) -> Sequence[Reader]:
        """Flows drawn in Twilio Studio."""
        from channels.providers.twilio.studio.reader import StudioReader  # noqa: PLC0415  it reads models, too

        return [StudioReader()]

    def account_kinds(self) -> Sequence[AccountKind]:
        """Twilio first, then those that copied it."""
        return [carrier.kind for carrier in CARRIERS.values()]

    def account_problem(self, carrier: str, values: Mapping[str, str]) -> tuple[str, str] | None:
        return carrier_of(carrier).problem(values)

    def shop(self, customer: Customer) -> Shop:
        return carrier_of(customer.carrier).shop(customer)

    def verify(self, request: Request, secret: str) -> bool:
        """True only if the request was signed with `secret`."""
        return signed_url(request, secret) is not None

    def render(self, effects: Sequence[Effect], *, action_url: str) -> bytes:
        """TwiML."""
        return render(effects, action_url=action_url)

    def deliver(self, message: Outgoing, account: Account) -> Delivery:
        """By its interface for messages."""
        return deliver(message, account)

    def text_chars(self, channel: str) -> int:  # noqa: ARG002  one length for all of them
        return TEXT_CHARS

    def window_h(self, channel: str) -> int | None:
        return window_h(channel)

    def per_second(self, *, carrier: str, channel: str, address: str, with_media: bool) -> float:  # noqa: ARG002
        """Pictures are counted as texts are."""
        return per_second(carrier, channel, address)

    def shows_read(self, channel: str) -> bool:
        return channel == "whatsapp"

    def show_read(
        self, *, channel: str, sender: str, recipient: str, external_id: str, typing: bool, account: Account
    ) -> None:
        """By Twilio's own interface alone: those that copied it have none."""
        del channel, sender, recipient
        if typing and not account.api and not account.carrier:
            show_typing(external_id, account)

    def media_source(
        self, *, media: Mapping[str, str], channel: str, sender: str, account: Account
    ) -> MediaSource | None:
        """The same on all channels."""
        del channel, sender
        return media_source(media, account)

    def has_templates(self, carrier: str) -> bool:
        """Those that copied Twilio have none that could be listed."""
        return not carrier

    def templates(self, account: Account) -> Sequence[Approved]:
        return templates(account)

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
        """As the carrier would post what somebody wrote."""
        from channels.providers.twilio.emulator.messaging import post_of  # noqa: PLC0415  only whoever plays needs it

        return post_of(
            account=account, channel=channel, sender=sender, recipient=recipient, text=text, extra=extra, url=url
        )
