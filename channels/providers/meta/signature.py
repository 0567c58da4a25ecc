"""The signature of webhooks: https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads."""

from __future__ import annotations

import hmac

HEADER = "X-Hub-Signature-256"


def sign(secret: str, body: bytes) -> str:
    """What the header holds: it covers the body as it was sent, byte by byte."""
    return f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"


def is_signed(secret: str, body: bytes, given: str) -> bool:
    """Constant time; never raises."""
    return hmac.compare_digest(sign(secret, body).encode(), given.strip().encode("utf-8", "surrogatepass"))
