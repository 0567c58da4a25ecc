"""What webhooks have in common, whichever provider's they are: how a body is read, and what is counted."""

from __future__ import annotations

from typing import IO

from django.http import HttpRequest
from prometheus_client import Counter, Histogram

REFUSED = Counter("pareto_webhooks_refused", "Webhooks that were refused", ["provider", "cause"])
TOOK = Histogram(
    "pareto_webhook_seconds",
    "How long webhooks took to answer",
    ["provider", "kind"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 15),
)


class TooLarge(Exception):
    """The body has more bytes than it may have; `length` is what is known of them."""

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length


def read_body(request: HttpRequest, most: int) -> bytes:
    """The body, which `request.body` is from then on, too. Raises TooLarge before more than `most` bytes were read.

    One that comes in chunks does not say how long it is, and Django takes it for empty.
    """
    length = _length(request)
    if length > most:
        raise TooLarge(length)
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        body = _read(request.META["wsgi.input"], most + 1)
        if len(body) > most:
            raise TooLarge(len(body))
        request._body = body  # noqa: SLF001  as Django itself keeps it
    return request.body


def _read(stream: IO[bytes], most: int) -> bytes:
    """A server may give less at a time than it is asked for."""
    parts: list[bytes] = []
    while most > 0 and (part := stream.read(most)):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
