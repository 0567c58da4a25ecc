"""Customers of the tests' own who write: they sign as the vendors' documents say, with nothing of ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

ACCOUNT, TOKEN, APP_SECRET = "AC00000000000000000000000000000001", "demo-token", "demo-secret"
SMS, WHATSAPP, MESSENGER = "+49309018200", "whatsapp:+49309018201", "messenger:1000001"
CLOUD, PAGE, INSTAGRAM = "100000000000001", "1000002", "17840000000000001"


@dataclass
class House:
    """The server as providers see it."""

    base: str
    # Not the answers themselves: they would keep their connections open.
    statuses: list[int] = field(default_factory=list)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
        answer = requests.post(self.base + path, data=body, headers=dict(headers), timeout=15)
        self.statuses.append(answer.status_code)
        return answer

    def twilio(
        self, form: Mapping[str, str], *, path: str = "/webhooks/twilio/message/", token: str = TOKEN
    ) -> requests.Response:
        signed = self.base + path + "".join(name + form[name] for name in sorted(form))
        signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
        answer = requests.post(self.base + path, data=dict(form), headers={"X-Twilio-Signature": signature}, timeout=15)
        self.statuses.append(answer.status_code)
        return answer

    def meta(self, data: Any, *, secret: str = APP_SECRET) -> requests.Response:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}
        return self.post("/webhooks/meta/", body, headers)


def twilio_form(sender: str, to: str, text: str, sid: str = "", **more: str) -> dict[str, str]:
    sid = sid or f"SM{uuid.uuid4().hex}"
    form = {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": sender,
        "To": to,
        "Body": text,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
    }
    return form | more


def cloud_text(sender: str, text: str, wamid: str = "", at: float | None = None) -> dict[str, Any]:
    """One message as it stands in `messages`."""
    return {
        "from": sender.removeprefix("+"),
        "id": wamid or f"wamid.{uuid.uuid4().hex}",
        "timestamp": str(int(at or time.time())),
        "type": "text",
        "text": {"body": text},
    }


def cloud(messages: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    names = {message["from"]: {"profile": {"name": "Kim"}, "wa_id": message["from"]} for message in messages}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4930901820", "phone_number_id": CLOUD},
        "contacts": list(names.values()),
        "messages": list(messages),
        **more,
    }
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"value": value, "field": "messages"}]}],
    }


def chat(kind: str, own: str, sender: str, text: str, mid: str = "", **more: Any) -> dict[str, Any]:
    """A text on Messenger (`page`) or Instagram."""
    event = {
        "sender": {"id": sender},
        "recipient": {"id": own},
        "timestamp": int(time.time() * 1000),
        "message": {"mid": mid or f"m_{uuid.uuid4().hex}", "text": text, **more},
    }
    return {"object": kind, "entry": [{"id": own, "time": int(time.time() * 1000), "messaging": [event]}]}
