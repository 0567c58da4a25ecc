"""Meta: WhatsApp Cloud, Messenger and Instagram behind one webhook and one interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from channels.messaging.delivery import Account, Approved, Delivery, Outgoing, Posted
from channels.messaging.media import MediaSource
from channels.provider import AccountKind, Request
from channels.providers.meta.kind import KIND
from channels.providers.meta.media import media_source
from channels.providers.meta.sending import TEXT_CHARS, WINDOW_H, deliver, per_second, show_read
from channels.providers.meta.signature import HEADER, is_signed
from channels.providers.meta.templates import templates
from routing.engine.effects import Effect

if TYPE_CHECKING:
    from channels.numbers.shop import Customer
    from routing.files.foreign import Reader


class Meta:
    """Fulfils `channels.provider.Provider` and `channels.messaging.delivery.Messenger`."""

    key = "meta"
    name = "Meta (WhatsApp, Messenger, Instagram)"
    urls = "channels.providers.meta.urls"
    emulator_urls = "channels.providers.meta.emulator.urls"

    def register_checks(self) -> None:
        """None: what may be wrong with a number of its own shows in the admin."""

    def file_readers(self) -> Sequence[Reader]:
        """None: Meta has no flows of its own that people bring along."""
        return ()

    def account_kinds(self) -> Sequence[AccountKind]:
        return (KIND,)

    def account_problem(self, carrier: str, values: Mapping[str, str]) -> tuple[str, str] | None:  # noqa: ARG002
        """None that could be seen."""
        return None

    def shop(self, customer: Customer) -> None:
        """Numbers are registered in Meta's own manager."""

    def verify(self, request: Request, secret: str) -> bool:
        """True only if the body was signed with the app's secret."""
        return is_signed(secret, request.body, request.headers.get(HEADER, ""))

    def render(self, effects: Sequence[Effect], *, action_url: str) -> bytes:  # noqa: ARG002  the protocol's
        """Webhooks are answered with nothing: whatever is said leaves by the outbox."""
        return b""

    def deliver(self, message: Outgoing, account: Account) -> Delivery:
        """By the Graph API."""
        return deliver(message, account)

    def text_chars(self, channel: str) -> int:
        return TEXT_CHARS.get(channel, 1_000)

    def window_h(self, channel: str) -> int | None:  # noqa: ARG002  the same on all of them
        return WINDOW_H

    def per_second(self, *, carrier: str, channel: str, address: str, with_media: bool) -> float:  # noqa: ARG002
        """The same for all numbers of a channel."""
        return per_second(channel, with_media=with_media)

    def shows_read(self, channel: str) -> bool:  # noqa: ARG002  all of them can
        return True

    def show_read(
        self, *, channel: str, sender: str, recipient: str, external_id: str, typing: bool, account: Account
    ) -> None:
        """By the Graph API."""
        show_read(channel, sender, recipient, external_id, account, typing=typing)

    def media_source(
        self, *, media: Mapping[str, str], channel: str, sender: str, account: Account
    ) -> MediaSource | None:
        return media_source(media, channel, sender, account)

    def has_templates(self, carrier: str) -> bool:  # noqa: ARG002  there is but one
        return True

    def templates(self, account: Account) -> Sequence[Approved]:
        """Of the WhatsApp Business account: the other channels have none."""
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
        """As Meta would post what somebody wrote."""
        del url  # not part of what is signed
        from channels.providers.meta.emulator.posts import post_of  # noqa: PLC0415  only whoever plays needs it

        return post_of(account=account, channel=channel, sender=sender, recipient=recipient, text=text, extra=extra)
