"""What Meta is asked to show to those who wrote."""

from __future__ import annotations

from typing import Any

import pytest

from channels.messaging import http
from channels.messaging.delivery import Account, Later
from channels.providers.meta.provider import Meta

ACCOUNT = Account("1", "s", "token", "", "")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []

    def post(url: str, *, json: Any, **_: Any) -> Later:
        found.append((url, json))
        return Later("cannot be reached")

    monkeypatch.setattr(http, "post", post)
    return found


def show(channel: str, *, typing: bool) -> None:
    sender, recipient = f"{channel}:1000", f"{channel}:2000"
    Meta().show_read(
        channel=channel, sender=sender, recipient=recipient, external_id="wamid.1", typing=typing, account=ACCOUNT
    )


def test_whatsapp_is_asked_once_for_the_read_mark_and_the_typing(asked: list[tuple[str, Any]]) -> None:
    show("whatsapp", typing=True)
    [(url, body)] = asked
    assert url.endswith("/1000/messages")
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"}
    assert body == {**read, "typing_indicator": {"type": "text"}}


def test_messenger_and_instagram_are_asked_for_each(asked: list[tuple[str, Any]]) -> None:
    show("messenger", typing=True)
    show("instagram", typing=False)
    assert [(body["recipient"]["id"], body["sender_action"]) for _, body in asked] == [
        ("2000", "mark_seen"),
        ("2000", "typing_on"),
        ("2000", "mark_seen"),
    ]
