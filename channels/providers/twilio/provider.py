"""Twilio, and the carriers that sign and speak as it does (SignalWire, Somleng)."""

from __future__ import annotations

from collections.abc import Sequence

from channels.provider import Request
from channels.providers.twilio.render import render
from channels.providers.twilio.signature import signed_url
from routing.engine.effects import Effect


class Twilio:
    """Fulfils `channels.provider.Provider`."""

    key = "twilio"
    name = "Twilio"
    urls = "channels.providers.twilio.urls"

    def verify(self, request: Request, secret: str) -> bool:
        """True only if the request was signed with `secret`."""
        return signed_url(request, secret) is not None

    def render(self, effects: Sequence[Effect], *, action_url: str) -> bytes:
        """TwiML."""
        return render(effects, action_url=action_url)
