"""The carriers that speak as Twilio does: one file each, and what they share."""

from __future__ import annotations

from channels.providers.twilio.carriers.carrier import Carrier
from channels.providers.twilio.carriers.signalwire import SIGNALWIRE
from channels.providers.twilio.carriers.somleng import SOMLENG
from channels.providers.twilio.carriers.telnyx import TELNYX
from channels.providers.twilio.carriers.twilio import TWILIO

__all__ = ["CARRIERS", "Carrier", "carrier_of"]

# By the account's column; Twilio itself is the empty name.
CARRIERS: dict[str, Carrier] = {carrier.key: carrier for carrier in (TWILIO, SIGNALWIRE, SOMLENG, TELNYX)}


def carrier_of(key: str) -> Carrier:
    """A name that nobody knows any more counts as Twilio."""
    return CARRIERS.get(key, TWILIO)
