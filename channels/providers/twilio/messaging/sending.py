"""Sends a message: https://www.twilio.com/docs/messaging/api/message-resource."""

from __future__ import annotations

import json
from typing import Any

import requests

from channels.messaging import http
from channels.messaging.delivery import Account, Delivery, Outgoing, Refused, Sent, Unsure, sentence
from channels.messaging.wording import numbered
from channels.numbers.shop import Customer
from channels.providers.twilio.carriers import carrier_of

VERSION = "2010-04-01"
TYPING = "https://messaging.twilio.com/v2/Indicators/Typing.json"
TEXT_CHARS = 1_600
# https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-window; Messenger's is Meta's own.
_WINDOW_H = {"whatsapp": 24, "messenger": 24, "instagram": 24}


def window_h(channel: str) -> int | None:
    """Hours of free text after the customer's last message."""
    return _WINDOW_H.get(channel)


def deliver(message: Outgoing, account: Account) -> Delivery:
    """One request; never raises."""
    carrier = carrier_of(account.carrier)
    customer = Customer(
        carrier=account.carrier,
        external_id=account.external_id,
        secret=account.secret,
        access_token=account.access_token,
        api_url=account.api_url,
        emulator=account.api,
    )
    way = carrier.messages(customer)
    if way is None:
        return Refused(f"Messages do not leave by {carrier.kind.name}: use an account of another carrier for them.")
    api, password = way
    url = f"{api}/{VERSION}/Accounts/{account.external_id}/Messages.json"
    is_typed = bool(account.api_url) and not account.api
    answer = http.post(url, auth=(account.external_id, password), form=form_of(message, account), is_typed=is_typed)
    if not isinstance(answer, requests.Response):
        return answer
    return _read(answer)


def show_typing(message_id: str, account: Account) -> None:
    """Also marks it as read: https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource."""
    http.post(TYPING, auth=(account.external_id, account.secret), form={"messageId": message_id, "channel": "whatsapp"})


def form_of(message: Outgoing, account: Account) -> list[tuple[str, str]]:
    """The fields, in order; a name may come more than once."""
    form = [
        ("From", message.sender),
        ("To", message.recipient),
        ("StatusCallback", f"{account.callbacks}/webhooks/twilio/message/status/?message={message.token}"),
    ]
    if message.template:
        variables = {str(number): value for number, value in enumerate(message.template_values, start=1)}
        form.append(("ContentSid", message.template))
        if variables:
            form.append(("ContentVariables", json.dumps(variables, ensure_ascii=False)))
        return form
    text = numbered(message.text, message.choices) if message.choices else message.text
    if text:
        form.append(("Body", text))
    form += [("MediaUrl", url) for url in message.media]
    return form


def _read(answer: requests.Response) -> Delivery:
    try:
        found: Any = answer.json()
    except ValueError:
        found = None
    said = found if isinstance(found, dict) else {}
    if answer.ok:
        if isinstance(said.get("sid"), str) and said["sid"]:
            return Sent(said["sid"])
        return Unsure("an answer without an id")
    why = sentence([answer.status_code, said.get("code"), said.get("message")])
    return http.later(answer, why) or Refused(why)
