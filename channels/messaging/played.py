"""Plays a provider towards us: posts its webhooks, one after the other, without holding up whoever asked."""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Sequence

import requests
import structlog

from channels.messaging.delivery import Posted

log = structlog.get_logger(__name__)


def picture(width: int = 320, height: int = 200) -> bytes:
    """A PNG, which stands for whatever somebody sent."""
    rows = b"".join(
        b"\0" + b"".join(bytes((90 + x * 120 // width, 110 + y * 100 // height, 200)) for x in range(width))
        for y in range(height)
    )
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows))]
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in [*parts, (b"IEND", b"")]
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def post_soon(origin: str, posts: Sequence[Posted]) -> None:
    """From a thread, for the answer to the request comes first. A webhook that fails is not repeated."""
    threading.Thread(target=_post, args=(origin, posts), daemon=True).start()


def _post(origin: str, posts: Sequence[Posted]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for one in posts:
            try:
                session.post(origin + one.path, data=one.body, headers=dict(one.headers), timeout=10)
            except requests.RequestException as error:
                log.warning("emulated webhook lost", why=type(error).__name__)
