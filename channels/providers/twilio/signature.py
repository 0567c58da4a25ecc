"""The signature of Twilio-style webhooks: https://www.twilio.com/docs/usage/security."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

from channels.provider import Request

HEADER = "X-Twilio-Signature"
# Since 2026 a webhook may be signed with SHA-256: `key=<id>,algorithm=HMAC_SHA256`. Absent: SHA-1.
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
_ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_DEFAULT_PORTS = {"https": 443, "http": 80}


def sign(secret: str, url: str, form: Mapping[str, Sequence[str]], algorithm: str = "sha1") -> str:
    """What the header holds: names sorted, each distinct value of a name once, values sorted too."""
    parts = [url]
    for name in sorted(form):
        values = form[name]
        if len(values) == 1:
            parts += (name, values[0])
        else:
            for value in sorted(set(values)):
                parts += (name, value)
    text = "".join(parts).encode("utf-8", "surrogatepass")
    return b64encode(hmac.digest(secret.encode(), text, algorithm)).decode()


def signed_url(request: Request, secret: str, header: str = HEADER) -> str | None:
    """The one of `request.urls` that was signed with `secret`; None if none was. Never raises."""
    given = request.headers.get(header, "").encode("utf-8", "surrogatepass")
    algorithm = _algorithm(request.headers.get(SETTINGS_HEADER, ""))
    if not given or algorithm is None or not _body_is_covered(request):
        return None
    for url in request.urls:
        for form_of_url in _with_and_without_port(url):
            if hmac.compare_digest(sign(secret, form_of_url, request.form, algorithm).encode(), given):
                return url
    return None


def _algorithm(header: str) -> str | None:
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return _ALGORITHMS.get(value.strip().upper())
    return "sha1"


def _body_is_covered(request: Request) -> bool:
    """A form is part of the signed text. Any other body is covered by its hash in the signed query, or not at all."""
    if request.form or not request.body:
        return True
    digests = parse_qs(urlsplit(request.urls[0]).query).get("bodySHA256", []) if request.urls else []
    digest = hashlib.sha256(request.body).hexdigest()
    return len(digests) == 1 and hmac.compare_digest(digests[0].lower().encode(), digest.encode())


def _with_and_without_port(url: str) -> Iterator[str]:
    """Carriers sign the default port, or leave it out, however the address was configured."""
    yield url
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    # Not rebuilt from its parts: an empty query or path must stay as it was sent.
    head, rest = f"{parts.scheme}://{parts.netloc}", url[len(parts.scheme) + 3 + len(parts.netloc) :]
    if not url.startswith(head):
        return
    if port is None:
        yield f"{parts.scheme}://{host}:{_DEFAULT_PORTS.get(parts.scheme, 80)}{rest}"
    else:
        yield f"{parts.scheme}://{host}{rest}"
