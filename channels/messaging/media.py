"""What people sent beside words, fetched from where the provider keeps it whenever somebody wants to see it.

Nothing is kept here: it goes to whoever asks, and is gone at the provider when the provider says so. The addresses came
from outside, so only the provider's own hosts are asked, on the internet, and only some of them as the account.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

import structlog
import urllib3
from django.utils.translation import gettext as _

from channels.numbers.http import PlainPool, SecurePool
from customers.enrichment.guard import AddressRefused

log = structlog.get_logger(__name__)

# More than carriers pass on by SMS (5 MB), WhatsApp in pictures, sounds and films (16 MB), or Messenger (25 MB).
MOST_BYTES = 25 * 1024 * 1024
_CONNECT_S, _READ_S, _WHOLE_S = 4.0, 10.0, 30.0
_TURNS = 4
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# How files begin: a browser draws nothing else of what strangers sent.
_PICTURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class MediaSource:
    """Where an attachment is."""

    url: str
    hosts: tuple[str, ...]
    """What the address and those that it leads to may begin with: `host`, `.domain` or `host/path`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """As whom to ask."""
    known_by: tuple[str, ...] = ()
    """Which of the hosts are told that."""
    is_told: bool = False
    """The first answer is JSON, whose `url` says where the file is."""
    emulator: str = ""
    """The address below which the emulator plays all of the hosts."""


@dataclass(frozen=True, slots=True)
class Media:
    """A file that somebody sent."""

    body: bytes
    type: str
    """What the provider says that it is."""

    @property
    def picture(self) -> str:
        """What kind of picture it is, going by its beginning; empty if none that browsers are shown."""
        if self.body[:4] == b"RIFF" and self.body[8:12] == b"WEBP":
            return "image/webp"
        return next((kind for start, kind in _PICTURES if self.body.startswith(start)), "")


class NoMedia(Exception):
    """It cannot be shown; the sentence says why. `status` is that of our own answer."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


def is_at(url: str, hosts: tuple[str, ...]) -> bool:
    """Whether the address is one of these hosts', without a port or a name to sign in with."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or port not in {None, 443} or "@" in parts.netloc or "\\" in url:
        return False
    name = (parts.hostname or "").rstrip(".")
    for one in hosts:
        host, slash, path = one.partition("/")
        is_host = name.endswith(host) if host.startswith(".") else name == host
        if is_host and (not slash or parts.path.startswith(f"/{path}")):
            return True
    return False


def fetch(source: MediaSource) -> Media:
    """The file. Raises NoMedia."""
    url, is_told = source.url, source.is_told
    until = time.monotonic() + _WHOLE_S
    for _turn in range(_TURNS):
        status, headers, body = _get(source, url, until)
        if status in _REDIRECTS and headers.get("Location"):
            url = urljoin(url, headers["Location"])
            continue
        if status in {404, 410}:
            raise NoMedia(_("The provider does not have it any more."), 404)
        if status != 200:
            log.warning("media not given", status=status, host=urlsplit(url).hostname)
            raise NoMedia(_("The provider does not hand it out (%(status)s).") % {"status": status}, 502)
        if not is_told:
            return Media(body, headers.get("Content-Type", "").partition(";")[0].strip().lower())
        url, is_told = _told(body), False
    raise NoMedia(_("The provider sends us in a circle."), 502)


def _told(body: bytes) -> str:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    url = found.get("url") if isinstance(found, dict) else None
    if not isinstance(url, str):
        raise NoMedia(_("The provider does not say where it is."), 502)
    return url


def _get(source: MediaSource, url: str, until: float) -> tuple[int, Mapping[str, str], bytes]:
    emulated = bool(source.emulator) and url.startswith(f"{source.emulator}/")
    if not emulated and not is_at(url, source.hosts):
        log.warning("media elsewhere", host=urlsplit(url).hostname)
        raise NoMedia(_("It does not lie with the provider."), 502)
    headers = {"User-Agent": "Pareto", "Accept": "*/*"}
    if emulated or is_at(url, source.known_by):
        headers |= source.headers
    try:
        answer = (_near() if emulated else _far()).request(
            "GET",
            url,
            headers=headers,
            timeout=urllib3.Timeout(connect=_CONNECT_S, read=_READ_S),
            redirect=False,
            preload_content=False,
        )
        try:
            return answer.status, answer.headers, _read(answer, until)
        finally:
            answer.close()
    except AddressRefused:
        raise NoMedia(_("It does not lie with the provider."), 502) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        log.warning("media not fetched", host=urlsplit(url).hostname, why=type(error).__name__)
        raise NoMedia(_("The provider cannot be reached. Try again in a minute."), 504) from None


def _read(answer: Any, until: float) -> bytes:
    parts: list[bytes] = []
    left = MOST_BYTES
    for part in answer.stream(_CHUNK):
        left -= len(part)
        if left < 0:
            sentence = _("It is larger than %(megabytes)s MB. Look at it with the provider.")
            raise NoMedia(sentence % {"megabytes": MOST_BYTES // 1024 // 1024}, 413)
        if time.monotonic() > until:
            raise NoMedia(_("The provider is too slow. Try again in a minute."), 504)
        parts.append(part)
    return b"".join(parts)


@cache
def _far() -> urllib3.PoolManager:
    pool = urllib3.PoolManager(num_pools=8, maxsize=8, retries=False)
    pool.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return pool


@cache
def _near() -> urllib3.PoolManager:
    return urllib3.PoolManager(num_pools=2, maxsize=4, retries=False)
