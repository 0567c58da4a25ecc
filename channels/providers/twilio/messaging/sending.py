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
from channels.providers.twilio.messaging.tappable import Content, content_of, forget

VERSION = "2010-04-01"
TYPING = "https://messaging.twilio.com/v2/Indicators/Typing.json"
TEXT_CHARS = 1_600
# https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-window; Messenger's is Meta's own.
_WINDOW_H = {"whatsapp": 24, "messenger": 24, "instagram": 24}


# Segments a second: https://support.twilio.com/hc/en-us/articles/115002943027 and, outside of +1,
# https://support.twilio.com/hc/en-us/articles/4411046744987. Of each WhatsApp sender:
# https://www.twilio.com/docs/whatsapp/best-practices-and-faqs. Pages: Meta's own, as in its provider.
_LONG_CODE, _LONG_CODE_ABROAD, _TOLL_FREE, _SHORT_CODE = 1.0, 10.0, 3.0, 100.0
_TOLL_FREE_STARTS = ("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888")
_CHANNELS = {"whatsapp": 80.0, "messenger": 40.0, "instagram": 100.0}
# https://developer.signalwire.com/guides/signalwire-rate-limits
_BY_CARRIER = {"signalwire": 4.0}


def per_second(carrier: str, channel: str, address: str) -> float:
    """What a sender may send; of those that copied Twilio what they say, else Twilio's."""
    if channel != "sms":
        return _CHANNELS.get(channel, _LONG_CODE)
    if len(address) <= 7:
        return _SHORT_CODE
    if address.startswith(_TOLL_FREE_STARTS):
        return _TOLL_FREE
    return _BY_CARRIER.get(carrier) or (_LONG_CODE if address.startswith("+1") else _LONG_CODE_ABROAD)


def window_h(channel: str) -> int | None:
    """Hours of free text after the customer's last message."""
    return _WINDOW_H.get(channel)


def deliver(message: Outgoing, account: Account) -> Delivery:
    """One request, and one more where what can be tapped is not taken; never raises."""
    way = way_of(account)
    if way is None:
        name = carrier_of(account.carrier).kind.name
        return Refused(f"Messages do not leave by {name}: use an account of another carrier for them.")
    api, password = way
    url = f"{api}/{VERSION}/Accounts/{account.external_id}/Messages.json"
    is_typed = bool(account.api_url) and not account.api

    def sent(form: list[tuple[str, str]]) -> Delivery:
        answer = http.post(url, auth=(account.external_id, password), form=form, is_typed=is_typed)
        return _read(answer) if isinstance(answer, requests.Response) else answer

    # Those who copied Twilio have no contents.
    content = content_of(message, account) if message.choices and not account.carrier else None
    if content is not None:
        delivery = sent(form_of(message, account, content))
        if not isinstance(delivery, Refused):
            return delivery
    words = sent(form_of(message, account))
    if content is not None and isinstance(words, Sent):
        forget(content)  # it was at fault, not the message
    return words


def way_of(account: Account) -> tuple[str, str] | None:
    """Where its interface for messages is, and the password; None if the carrier has none."""
    return carrier_of(account.carrier).messages(
        Customer(
            carrier=account.carrier,
            external_id=account.external_id,
            secret=account.secret,
            access_token=account.access_token,
            api_url=account.api_url,
            emulator=account.api,
        )
    )


def show_typing(message_id: str, account: Account) -> None:
    """Also marks it as read: https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource."""
    http.post(TYPING, auth=(account.external_id, account.secret), form={"messageId": message_id, "channel": "whatsapp"})


def form_of(message: Outgoing, account: Account, content: Content | None = None) -> list[tuple[str, str]]:
    """The fields, in order; a name may come more than once. Without a `content` a question is asked in words."""
    form = [
        ("From", message.sender),
        ("To", message.recipient),
        ("StatusCallback", f"{account.callbacks}/webhooks/twilio/message/status/?message={message.token}"),
    ]
    if message.template:
        names = message.template_names or [str(number) for number in range(1, len(message.template_values) + 1)]
        variables = dict(zip(names, message.template_values, strict=False))
        form.append(("ContentSid", message.template))
        if variables:
            form.append(("ContentVariables", json.dumps(variables, ensure_ascii=False)))
        return form
    if content is not None:
        return [*form, ("ContentSid", content.sid), ("ContentVariables", content.variables)]
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
