"""Twilio, and the carriers that sign and speak as it does (SignalWire, Somleng)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.checks import Tags, register

from channels.provider import Request
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

    def register_checks(self) -> None:
        from channels.providers.twilio import checks  # noqa: PLC0415  it reads models, which name their providers

        register(checks.check_public_url, deploy=True)
        register(checks.check_numbers, Tags.database)

    def file_readers(self) -> Sequence[Reader]:
        """Flows drawn in Twilio Studio."""
        from channels.providers.twilio.studio.reader import StudioReader  # noqa: PLC0415  it reads models, too

        return [StudioReader()]

    def verify(self, request: Request, secret: str) -> bool:
        """True only if the request was signed with `secret`."""
        return signed_url(request, secret) is not None

    def render(self, effects: Sequence[Effect], *, action_url: str) -> bytes:
        """TwiML."""
        return render(effects, action_url=action_url)
