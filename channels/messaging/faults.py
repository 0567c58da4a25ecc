"""What goes wrong at an emulated provider next: tests and the demo write it down, its interface takes it from there."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import redis
from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase

# `429:2` (try again after two seconds), `500`, `slow:3` (answers after three), `lost` (sends, and the answer is lost),
# `deaf` (the request is lost), `400`.
FAULT = re.compile(r"(\d{3}|slow|lost|deaf)(?::(\d{1,3}))?")


def plan(provider: str, faults: Sequence[str]) -> None:
    """The next requests fail in these ways, one each."""
    for fault in faults:
        if not FAULT.fullmatch(fault):
            raise ValueError(f"“{fault}” is no fault: 429:2, 500, slow:3, lost, deaf or 400.")
    if faults:
        with _redis() as store:
            store.rpush(_key(provider), *faults)


def next_fault(provider: str) -> tuple[str, int]:
    """Its name and number; empty if all is well."""
    with _redis() as store:
        found = store.lpop(_key(provider))
    match = FAULT.fullmatch(found.decode()) if isinstance(found, bytes) else None
    return (match[1], int(match[2] or 0)) if match else ("", 0)


def broken() -> HttpResponseBase:
    """An answer that ends before it has begun: more bytes are promised than come."""
    answer = HttpResponse(b"{", "application/json")
    answer["Content-Length"] = "4000"
    return answer


def with_status(fault: str, number: int, body: Callable[[int], bytes]) -> HttpResponse:
    """The refusal of a planned fault such as `429:2`."""
    status = int(fault)
    answer = HttpResponse(body(status), "application/json", status=status)
    if number:
        answer["Retry-After"] = str(number)
    return answer


def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2.0)


def _key(provider: str) -> str:
    return f"emulator:faults:{provider}"
