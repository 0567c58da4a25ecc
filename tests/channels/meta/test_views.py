"""Posts over the address that Meta calls: what can be read is taken, whatever stands beside it."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from channels.models import Account, InboundEvent, Number
from queues.models import Queue

pytestmark = pytest.mark.django_db
SECRET = "app-secret"
NUMBER_ID = "100000000000001"


@pytest.fixture
def number() -> Number:
    account = Account.objects.create(provider="meta", external_id="1", name="Meta", secret=SECRET)
    queue = Queue.objects.create(key="standard", name="Standard")
    return Number.objects.create(account=account, address=f"whatsapp:{NUMBER_ID}", fallback_queue=queue)


def post(data: Any) -> HttpResponse:
    body = json.dumps(data).encode()
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    sent = Client().post("/webhooks/meta/", body, "application/json", headers={"X-Hub-Signature-256": signature})
    assert isinstance(sent, HttpResponse)
    return sent


def value(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"metadata": {"phone_number_id": NUMBER_ID}, "messages": list(messages), **more}


def whatsapp(*values: Any) -> dict[str, Any]:
    changes = [{"field": "messages", "value": one} for one in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}


def text(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"wamid.{number}", "from": "4915100000001", "type": "text", "text": {"body": "Hello"}, **more}


def kept() -> list[str]:
    return sorted(InboundEvent.objects.values_list("external_id", flat=True))


@pytest.mark.usefixtures("number")
def test_one_that_cannot_be_read_keeps_nobody_elses_words_out(caplog: pytest.LogCaptureFixture) -> None:
    bad = [text(8, id=None), text(9, **{"from": 123}), "text", None]
    bad += [text(10, text="Hello"), text(11, text=None), text(12, text={"body": None})]
    status = {"id": "wamid.out", "recipient_id": "4915100000002", "status": "read"}
    data = whatsapp(value(text(1), *bad, text(2), statuses=[{"id": 7}, status]), "no object", value(text(3)))
    data["entry"] += [None, {"changes": "none"}, *whatsapp(value(text(4)))["entry"]]
    assert post(data).status_code == 200
    assert kept() == ["wamid.1", "wamid.2", "wamid.3", "wamid.4", "wamid.out:read"]
    for place in (
        "entry[0].changes[0].value.messages[1].id is no id",
        "entry[0].changes[0].value.messages[3] is no object",
        "entry[0].changes[0].value.messages[5].text.body is no text",
        "entry[0].changes[0].value.messages[7].text.body is no text",
        "entry[0].changes[0].value.statuses[0].",
        "entry[0].changes[1].value is no object",
        "entry[1] is no object",
        "entry[2].changes is no list",
    ):
        assert place in caplog.text


@pytest.mark.usefixtures("number")
@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        None,
        7,
        [None],
        {"object": "whatsapp_business_account", "entry": {}},
        whatsapp(value(text(1, id=1))),
        whatsapp(value(text(1, type=None)), 3),
        {"object": "page", "entry": [{"messaging": [{"sender": {"id": 1}, "recipient": {"id": "2"}, "message": {}}]}]},
    ],
)
def test_a_body_with_nothing_that_can_be_read_is_refused(data: Any) -> None:
    assert post(data).status_code == 400
    assert kept() == []


@pytest.mark.usefixtures("number")
def test_an_attachment_that_is_none_leaves_the_words_beside_it() -> None:
    Number.objects.create(
        account=Account.objects.get(), address="messenger:1000002", fallback_queue=Queue.objects.get()
    )
    message = {
        "mid": "m_1",
        "text": "Look",
        "attachments": [None, {"type": "image", "payload": {"url": "https://x/1"}}],
    }
    event = {"sender": {"id": "77"}, "recipient": {"id": "1000002"}, "message": message}
    assert post({"object": "page", "entry": [{"messaging": [event]}]}).status_code == 200
    payload = InboundEvent.objects.get().payload
    assert (payload["text"], payload["media"]) == ("Look", [{"url": "https://x/1", "type": "image"}])
