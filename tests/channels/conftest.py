"""A small house with two queues and a menu, and its server without a network between the carrier and it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client
from requests.structures import CaseInsensitiveDict

if TYPE_CHECKING:
    from channels.models import Number

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ACCOUNT, SECRET, NUMBER = "AC00000000000000000000000000000001", "demo-token", "+49309018200"
MENU = {
    "pareto_flow": 1,
    "key": "menu",
    "name": "Menu",
    "description": "",
    "definition": {
        "format": 1,
        "steps": [
            {"id": "call", "type": "call", "exits": {"started": "ask"}},
            {
                "id": "ask",
                "type": "gather",
                "settings": {
                    "prompt": {"text": {"en": "For sales press 1 & wait."}},
                    "choices": [{"name": "sales", "key": "1", "words": ["sales"]}],
                    "speech": True,
                    "retries": 0,
                },
                "exits": {"sales": "vip", "timed_out": "standard", "invalid": "standard"},
            },
            {"id": "vip", "type": "queue", "settings": {"queue": "vip"}, "exits": {"unanswered": "record"}},
            {"id": "standard", "type": "queue", "settings": {"queue": "standard"}, "exits": {"unanswered": "record"}},
            {
                "id": "record",
                "type": "voicemail",
                "settings": {"prompt": {"text": {"en": "Speak after the tone."}}},
                "exits": {"recorded": "bye", "nothing_said": "bye"},
            },
            {"id": "bye", "type": "end", "settings": {"prompt": {"text": {"en": "Good-bye."}}}},
        ],
    },
}


@pytest.fixture
def number(db: None, monkeypatch: pytest.MonkeyPatch) -> Number:
    """Its flow asks for a key: 1 leads to VIP, silence to Standard."""
    # This file may be read before the settings are.
    from channels.models import Account, Number  # noqa: PLC0415
    from queues.models import Queue, SipAddress  # noqa: PLC0415
    from routing.runner import surroundings  # noqa: PLC0415
    from routing.services import import_flow  # noqa: PLC0415

    # A test's end takes the revision of the queues back, so that the next test's would look the same.
    monkeypatch.setattr(surroundings, "_latest", replace(surroundings._latest, revision=-1))
    queues = {}
    for key, name in (("vip", "VIP"), ("standard", "Standard")):
        queues[key] = Queue.objects.create(key=f"{key}", name=name)
        SipAddress.objects.create(queue=queues[key], uri=f"sip:{key}@pbx.example.com")
    report = import_flow(text=json.dumps(MENU), publish=True, by=None, now=NOW)
    assert report.ok, report.faults
    account = Account.objects.create(name="Main", provider="twilio", external_id=ACCOUNT, secret=SECRET)
    return Number.objects.create(
        account=account, address=NUMBER, flow_id=report.flow_id, fallback_queue=queues["standard"]
    )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """HTTP to http://127.0.0.1:8000 is answered by the views themselves; returns a way to take it elsewhere."""
    origins = {"http://127.0.0.1:8000"}
    monkeypatch.delenv("PORT", raising=False)

    def answer(_session: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" not in origins:
            raise requests.ConnectionError(url)
        headers = dict(options.get("headers") or {})
        host = headers.pop("Host", parts.netloc)
        content_type = headers.pop("Content-Type", "application/octet-stream")
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        said: Any = Client(SERVER_NAME=host.partition(":")[0], headers={"Host": host}).generic(
            method, path, options.get("data") or b"", content_type=content_type, headers=headers
        )
        response = requests.Response()
        response.status_code, response._content = said.status_code, said.content
        response.headers = CaseInsensitiveDict(said.headers)
        return response

    monkeypatch.setattr(requests.Session, "request", answer)

    def move(*to: str) -> None:
        origins.clear()
        origins.update(to)

    return move
