"""A call and messages, with all that can go wrong, and a log of everything: nobody can be called by what it says."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import structlog
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from channels.messaging import handling
from channels.messaging.models import Conversation
from channels.models import Number
from channels.providers.twilio.signature import sign
from config.logs import LOGGING
from customers.models import Customer, Identity
from routing.runner import services as runner

PHONE, NAME, MAIL = "+4915100000042", "Wilhelmine", "wilma@example.com"
ACCOUNT, SECRET = "AC00000000000000000000000000000001", "demo-token"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All of it, as it would be written, from DEBUG on."""
    said = io.StringIO()
    root = logging.getLogger()
    level, handler = root.level, logging.StreamHandler(said)
    factory = LOGGING["formatters"]["json"]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=factory["processors"], foreign_pre_chain=factory["foreign_pre_chain"]
        )
    )
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    quiet = {name: logging.getLogger(name).level for name in LOGGING["loggers"]}
    for name in quiet:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield said
    root.removeHandler(handler)
    root.setLevel(level)
    for name, was in quiet.items():
        logging.getLogger(name).setLevel(was)


@pytest.fixture
def post(number: Number, settings: LazySettings) -> Callable[..., Any]:
    settings.PUBLIC_URL = ""
    customer = Customer.objects.create(external_id="C-42", name=NAME)
    Identity.objects.create(customer=customer, kind="phone", value=PHONE)
    Identity.objects.create(customer=customer, kind="email", value=MAIL)

    def send(path: str, *, secret: str = SECRET, **more: str) -> Any:
        form = {"AccountSid": ACCOUNT, "From": PHONE, "To": number.address, "ProfileName": NAME} | more
        signature = sign(secret, f"http://testserver{path}", {name: [value] for name, value in form.items()})
        return Client(raise_request_exception=False).post(
            path,
            urlencode(form),
            content_type="application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": signature},
        )

    return send


@pytest.mark.django_db
def test_nobody_can_be_called_by_what_the_log_says(
    post: Callable[..., Any], log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice, status = "/webhooks/twilio/voice/", "/webhooks/twilio/voice/status/"
    message = "/webhooks/twilio/message/"
    post(voice, CallSid="CA1", CallStatus="ringing")
    post(voice, CallSid="CA2", secret="wrong", CallStatus="ringing")
    post(voice, CallSid="", CallStatus=f"of {PHONE}", To="+49301")
    post(status, CallSid="CA9", CallStatus="completed")
    post(message, MessageSid="SM1", Body=f"I am {NAME}, {PHONE}, {MAIL}", NumMedia="0")
    post(message, MessageSid="SM2", secret="wrong", Body=MAIL)
    post(f"{message}status/", MessageSid="SM7", MessageStatus="failed", ErrorMessage=f"{PHONE} is unreachable")
    for path in (voice, message, "/webhooks/meta/"):
        Client(raise_request_exception=False).post(path, f"{PHONE} {MAIL}", content_type="application/json")

    def breaks(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError(f"the API said 500 about {PHONE} and {MAIL}")

    for conversation in Conversation.objects.all():
        handling.handle_conversation(conversation.pk, clock=timezone.now)
    monkeypatch.setattr(runner, "arrive", breaks)
    post(voice, CallSid="CA3", CallStatus="ringing")
    post(message, MessageSid="SM3", From="+4915100000043", Body=f"again {PHONE}", NumMedia="0")
    for conversation in Conversation.objects.all():
        handling.handle_conversation(conversation.pk, clock=timezone.now)
    said = log.getvalue()
    for expected in ("webhook refused", "call falls back", "the API said 500 about +49…42 and w…@example.com"):
        assert expected in said
    assert [word for word in (PHONE, PHONE[1:], PHONE[3:], MAIL, NAME) if word in said] == []
