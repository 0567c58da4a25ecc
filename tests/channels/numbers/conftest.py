"""An account at each carrier, and the emulator's interface without a network in between."""

from __future__ import annotations

import contextvars
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import urllib3
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client

if TYPE_CHECKING:
    from channels.models import Account
    from queues.models import Queue

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EMULATOR = "http://127.0.0.1:8000/emulator"
ORIGIN = "http://127.0.0.1:8000"
KINDS: dict[str, dict[str, str]] = {
    "": {"external_id": "AC00000000000000000000000000000007", "secret": "token"},
    "signalwire": {
        "external_id": "b3877c40-da60-4998-90ad-b792e98472ac",
        "secret": "signing-key",
        "access_token": "PT-token",
        "api_url": "example.signalwire.com",
    },
    "somleng": {"external_id": "9a6f1a76-5b3c-4c1c-9d6e-0f0a4c2c8a11", "secret": "token"},
    "telnyx": {"external_id": "f5586561-8ff0-4291-a51b-c7dfe4139ff9", "access_token": "KEY-telnyx"},
}


class Network:
    """Requests that reached the emulator, and how they go wrong."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def writes(self) -> list[str]:
        return [f"{method} {path}" for method, path in self.asked if method != "GET"]

    def answer(self, method: str, url: str, **options: Any) -> Any:
        parts = urlsplit(url)
        assert url.startswith(EMULATOR), f"{url} is not the emulator"
        self.asked.append((method, parts.path.removeprefix("/emulator/twilio")))
        headers = dict(options.get("headers") or {})
        content_type = headers.pop("Content-Type", "application/octet-stream")
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        # Another process's, hence nothing of ours is seen or left behind there.
        said: Any = contextvars.copy_context().run(
            Client(SERVER_NAME="127.0.0.1").generic,
            method,
            path,
            options.get("body") or b"",
            content_type=content_type,
            headers=headers,
        )
        # An answer that is cut off promises more than it brings.
        if int(said.headers.get("Content-Length") or 0) > len(said.content):
            raise urllib3.exceptions.ProtocolError("cut off")
        return urllib3.HTTPResponse(
            io.BytesIO(said.content), dict(said.headers), said.status_code, preload_content=False
        )


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Network:
    settings.EMULATOR_URL, settings.PUBLIC_URL = EMULATOR, ""
    monkeypatch.delenv("PORT", raising=False)
    network = Network()
    monkeypatch.setattr(urllib3.PoolManager, "request", network.answer)
    return network


@pytest.fixture(autouse=True)
def nothing_planned() -> Iterator[None]:
    """What one test planned to go wrong is no other's."""
    yield
    from channels.messaging import faults  # noqa: PLC0415  settings come first
    from channels.providers.twilio.emulator.shelf import SHOP  # noqa: PLC0415

    while faults.next_fault(SHOP) != ("", 0):
        pass
    # Orders that wait, and applications, of the emulated Telnyx.
    cache.clear()


@pytest.fixture
def make_account(db: None) -> Callable[[str], Account]:
    from channels.models import Account  # noqa: PLC0415
    from channels.providers.twilio.emulator.keys import PUBLIC_KEY  # noqa: PLC0415

    def make(carrier: str) -> Account:
        values = {"secret": PUBLIC_KEY, **KINDS[carrier]} if carrier == "telnyx" else KINDS[carrier]
        return Account.objects.create(name=carrier or "twilio", provider="twilio", carrier=carrier, **values)

    return make


@pytest.fixture(params=sorted(KINDS), ids=lambda key: key or "twilio")
def account(request: Any, make_account: Callable[[str], Account]) -> Account:
    """At each carrier in turn."""
    return make_account(request.param)


@pytest.fixture
def twilio(make_account: Callable[[str], Account]) -> Account:
    return make_account("")


@pytest.fixture
def queue(db: None) -> Queue:
    from queues.models import Queue, SipAddress  # noqa: PLC0415

    queue = Queue.objects.create(key="standard", name="Standard")
    SipAddress.objects.create(queue=queue, uri="sip:standard@pbx.example.com")
    return queue
