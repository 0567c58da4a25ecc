"""Which addresses may be told anything: the same as data sources may ask."""

from __future__ import annotations

from concurrent.futures import TimeoutError as LookupTimeout
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.enrichment import guard

_LOOKUP_S = 1.0


def validate_address(text: str) -> None:
    """Raises ValidationError for what cannot be posted to, and for internal addresses that nobody allowed."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    is_plain = text.isascii() and text.isprintable() and " " not in text
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None or not is_plain:
        raise ValidationError(_("An address begins with https:// or http:// and a host, and has no user in it."))
    try:
        guard.reachable(parts.hostname, port or (443 if parts.scheme == "https" else 80), _LOOKUP_S)
    except guard.AddressRefused:
        raise ValidationError(
            _("%(host)s is an internal address. The operator has to name it in ENRICHMENT_ALLOWED_HOSTS first."),
            params={"host": parts.hostname},
        ) from None
    except (OSError, UnicodeError, LookupTimeout):
        return  # perhaps not there yet; the log of deliveries will say
