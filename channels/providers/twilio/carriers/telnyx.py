"""Telnyx TeXML.

Its webhooks carry Twilio's form and are signed with Ed25519 over `timestamp|body`, Base64, in `telnyx-signature-ed25519`
and `telnyx-timestamp` (seconds); the account's public key is Base64, and Telnyx's own libraries allow five minutes
(https://developers.telnyx.com/api-reference/callbacks/texml-call-initiated, webhook_verification.rb of its Ruby library).
The address is not signed: only the body is. AccountSid is a UUID, a CallSid begins with `v3:`. `<Dial>` rings 5 to 120 s,
`<Gather>` waits 1 to 120 s, and of `actionOnEmptyResult` its pages say nothing
(https://developers.telnyx.com/docs/voice/programmable-voice/texml-verbs/dial and …/gather).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.numbers.shop import Customer, Shop
from channels.provider import AccountField, AccountKind, Request
from channels.providers.twilio.carriers.telnyx_shop import TelnyxShop
from channels.providers.twilio.render import Dialect

SIGNATURE, TIMESTAMP = "telnyx-signature-ed25519", "telnyx-timestamp"
TOLERANCE_S = 300
API = "https://api.telnyx.com"

_DIALECT = Dialect(ring_s=120, gather_s=120, tells_silence=False)
_KIND = AccountKind(
    carrier="telnyx",
    name="Telnyx",
    about=gettext_lazy("Calls, by Telnyx TeXML."),
    sells_numbers=True,
    has_messages=False,
    fields=(
        AccountField(
            "external_id",
            gettext_lazy("Account SID"),
            gettext_lazy("In Telnyx's Mission Control under Account, Organization ID. Telnyx sends it as AccountSid."),
        ),
        AccountField(
            "secret",
            gettext_lazy("Public key"),
            gettext_lazy("In Mission Control under Keys & Credentials, Public Key. Webhooks are verified with it."),
        ),
        AccountField(
            "access_token",
            gettext_lazy("API key"),
            gettext_lazy(
                "In Mission Control under Keys & Credentials, API Keys. Begins with KEY. Numbers are bought with it."
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class _Telnyx:
    key: str = "telnyx"
    headers: tuple[str, ...] = (SIGNATURE, TIMESTAMP)
    dialect: Dialect = _DIALECT
    kind: AccountKind = _KIND

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        return bool(headers.get(SIGNATURE))

    def signed_url(self, request: Request, secret: str, now: float) -> str | None:
        """The first address, since Telnyx signs none."""
        given, timestamp = request.headers.get(SIGNATURE, ""), request.headers.get(TIMESTAMP, "")
        key = _public_key(secret)
        if key is None or not request.urls or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            return None
        # Somebody who has got hold of an old one must not play it again.
        if abs(now - int(timestamp)) > TOLERANCE_S:
            return None
        try:
            key.verify(base64.b64decode(given, validate=True), timestamp.encode() + b"|" + request.body)
        except (InvalidSignature, ValueError):
            return None
        return request.urls[0]

    def sign(
        self,
        url: str,  # noqa: ARG002  not signed
        form: Mapping[str, str],  # noqa: ARG002  the body is
        body: bytes,
        secret: str,
        now: float,
    ) -> dict[str, str]:
        """`secret` is the private key here, 32 bytes in Base64, which only whoever plays Telnyx has."""
        timestamp = str(int(now))
        key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret))
        signature = key.sign(timestamp.encode() + b"|" + body)
        return {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: timestamp}

    def problem(self, values: Mapping[str, str]) -> tuple[str, str] | None:
        typed = values.get("secret", "")
        if typed and _public_key(typed) is None:
            return "secret", _("This is no public key: it is 44 characters long and ends with “=”.")
        return None

    def shop(self, customer: Customer) -> Shop:
        return TelnyxShop(api=customer.emulator or API, api_key=customer.access_token)

    def messages(self, customer: Customer) -> None:
        """Its messages are JSON of another shape."""


# One an account.
@lru_cache(maxsize=256)
def _public_key(text: str) -> Ed25519PublicKey | None:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except (ValueError, binascii.Error):
        return None


TELNYX = _Telnyx()
