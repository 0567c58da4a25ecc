"""Bodies of webhooks, whichever provider's: one that is too large is refused before it is read."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory

from channels.webhooks import TooLarge, read_body


class Stream(io.BytesIO):
    """Gives less than it is asked for, and counts what was taken."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(min(size or 0, 1000))
        self.taken += len(part)
        return part


def chunked(stream: Stream) -> HttpRequest:
    request = RequestFactory().post("/")
    request.META |= {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": stream}
    return request


def test_a_body_in_chunks_is_read_as_any_other() -> None:
    request = chunked(Stream(b"x" * 5000))
    assert read_body(request, 5000) == b"x" * 5000 == request.body


def test_of_a_body_in_chunks_no_more_is_read_than_is_allowed() -> None:
    stream = Stream(b"x" * 50_000)
    with pytest.raises(TooLarge):
        read_body(chunked(stream), 5000)
    assert stream.taken == 5001


def test_a_body_that_says_how_large_it_is_is_not_read_at_all() -> None:
    request = RequestFactory().post("/", b"x" * 5001, "application/json")
    with pytest.raises(TooLarge):
        read_body(request, 5000)
    assert read_body(request, 5001) == b"x" * 5001


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("meta/", "application/json"),
        ("twilio/message/", "application/x-www-form-urlencoded"),
        ("twilio/voice/", "application/x-www-form-urlencoded"),
    ],
)
def test_twenty_megabytes_in_chunks_are_too_large(path: str, kind: str) -> None:
    more: Any = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "wsgi.input": Stream(b"x" * 20_000_000)}
    answer = Client().generic("POST", f"/webhooks/{path}", b"x", kind, **more)
    assert answer.status_code == 413
