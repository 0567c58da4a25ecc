"""Where a request came from, and whether that is an allowed place."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


def validate_network(text: str) -> None:
    """Raises ValidationError unless it is an address or a network in CIDR notation."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValidationError(
            _("“%(text)s” is no address or network, such as 203.0.113.7 or 10.0.0.0/8."), params={"text": text}
        ) from None


def client_address(request: HttpRequest) -> str:
    """The address of whoever asked, as far as it can be trusted; empty if it is none.

    Each trusted proxy (PROXY_HOPS) appends the address it was asked from to X-Forwarded-For, so what counts is the
    entry that many places from the end. Whatever stands before it anybody may have written.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if settings.PROXY_HOPS:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        text = hops[-settings.PROXY_HOPS] if len(hops) >= settings.PROXY_HOPS else ""
    if text.startswith("["):  # [2001:db8::1]:443
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # 192.0.2.1:443
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether the address lies in one of the networks. An unknown address lies in none."""
    if not address:
        return False
    found = ipaddress.ip_address(address)
    return any(found in ipaddress.ip_network(network, strict=False) for network in networks)
