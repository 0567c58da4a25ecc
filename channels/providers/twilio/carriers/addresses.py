"""Addresses of carriers' servers as people type them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_HOST = re.compile(r"(?i)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?")


def origin_of(text: str) -> str:
    """`example.signalwire.com` is `https://example.signalwire.com`; empty if it is no address of a server."""
    typed = text.strip().rstrip("/")
    if not typed:
        return ""
    parts = urlsplit(typed if "//" in typed else f"https://{typed}")
    usable = parts.scheme in {"http", "https"} and _HOST.fullmatch(parts.netloc) and not parts.query
    return f"{parts.scheme}://{parts.netloc}" if usable and parts.path in {"", "/"} else ""
