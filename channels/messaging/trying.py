"""Writes to a number of ours as a customer would, over HTTP, and waits until the house has made up its mind."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

from channels.messaging import faults
from channels.messaging.delivery import Account, Posted
from channels.messaging.models import Conversation, InboundEvent, Message
from channels.models import Number
from channels.provider import providers
from routing.models import Contact

CHANNELS = ("sms", "whatsapp", "messenger", "instagram")
_LIVE_PATH = "/health/live/"


class NotPossible(Exception):
    """The message cannot be written; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    outcome: str
    queue: str = ""
    replies: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    why: str = ""
    reference: str = ""
    answered_in_ms: tuple[int, ...] = ()
    error: str = ""


@dataclass(slots=True)
class Writer:
    """Somebody who writes to one number, from one address."""

    channel: str
    sender: str
    recipient: str
    url: str = ""
    faults: Sequence[str] = ()
    took_ms: list[int] = field(default_factory=list)
    _number: Number | None = None
    _origin: str = ""
    _via: str = ""

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS:
            raise NotPossible(f"{self.channel} is no channel: take one of {', '.join(CHANNELS)}.")
        self._number = find_number(self.channel, self.recipient)
        bare = self.sender.rpartition(":")[2].strip()
        if self.channel in {"messenger", "instagram"}:
            # People have no telephone number there, but an id of digits.
            bare = bare.removeprefix("+")
        if not bare or len(bare) > 60:
            raise NotPossible(f"“{self.sender}” is nobody who could write.")
        self.sender = bare if self.channel == "sms" else f"{self.channel}:{bare}"
        self._origin, self._via = server(self.url)

    @property
    def number(self) -> Number:
        assert self._number
        return self._number

    def write(self, text: str, **extra: Any) -> str:
        """Posts the webhook; the message's id. Raises NotPossible if the server does not take it."""
        if self.faults:
            faults.plan(self.number.account.provider, self.faults)
            self.faults = ()
        posted = self.posted(text, extra)
        answer = self.post(posted)
        if answer.status_code >= 300:
            raise NotPossible(f"The server answered {answer.status_code}: {answer.text.strip()[:200]}")
        return posted.external_id

    def posted(self, text: str, extra: Mapping[str, Any]) -> Posted:
        """The signed webhook, not sent yet."""
        account = self.number.account
        as_whom = Account(account.external_id, account.secret, "", "", self._origin)
        found: Posted = providers()[account.provider].post_of(
            account=as_whom,
            channel=self.channel,
            sender=self.sender,
            recipient=self.number.address,
            text=text,
            extra=extra,
            url=self._origin,
        )
        return found

    def post(self, posted: Posted) -> requests.Response:
        headers = dict(posted.headers)
        if self._via:
            parts = urlsplit(self._origin)
            headers |= {"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme}
        with requests.Session() as session:
            session.trust_env = False
            began = time.perf_counter()
            try:
                answer = session.post(
                    (self._via or self._origin) + posted.path, data=posted.body, headers=headers, timeout=15
                )
            except requests.RequestException as error:
                raise NotPossible(f"The server does not answer ({type(error).__name__}).") from error
            self.took_ms.append(round((time.perf_counter() - began) * 1000))
        return answer

    def conversation(self) -> Conversation | None:
        return (
            Conversation.objects.filter(number=self.number, peer=self.sender).select_related("contact__queue").first()
        )

    def wait(self, event_id: str, patience_s: float) -> Tried:
        """Until the message is handled, and whatever it brought about is done or waits for somebody."""
        until = time.monotonic() + patience_s
        event = InboundEvent.objects.filter(account_id=self.number.account_id, external_id=event_id)
        while time.monotonic() < until:
            if event.filter(handled_at__isnull=False).exists() and self._is_settled():
                return self.outcome(event_id)
            time.sleep(0.1)
        return self.outcome(event_id, late=True)

    def _is_settled(self) -> bool:
        conversation = self.conversation()
        if conversation is None:
            return False
        contact = conversation.contact
        if contact is not None and contact.state == Contact.State.IN_FLOW and contact.run.get("waits_for") != "input":
            return False
        leaving = Message.objects.filter(
            conversation=conversation, state__in=[Message.State.QUEUED, Message.State.SENDING]
        )
        return not leaving.exists()

    def outcome(self, event_id: str, *, late: bool = False) -> Tried:
        """As of now; replies are those since the message."""
        conversation = self.conversation()
        took = tuple(self.took_ms)
        if conversation is None:
            return Tried("error", answered_in_ms=took, error="No worker took the message. Is one running for messages?")
        mine = (
            Message.objects.filter(conversation=conversation, external_id=event_id, direction="in")
            .order_by("id")
            .first()
        )
        ours = Message.objects.filter(conversation=conversation, direction="out")
        ours = ours.filter(id__gt=mine.pk if mine else 0).order_by("id")
        contact = conversation.contact
        outcome, error = outcome_of(contact), ""
        if late:
            outcome, error = "error", "Not done in time." if mine else "No worker took the message in time."
        return Tried(
            outcome=outcome,
            queue=contact.queue.name if contact and contact.queue else "",
            replies=tuple(message.text or " ".join(one["url"] for one in message.media) for message in ours),
            states=tuple(message.state for message in ours),
            why=contact.why if contact else "",
            reference=contact.reference if contact else "",
            answered_in_ms=took,
            error=error,
        )


def outcome_of(contact: Contact | None) -> str:
    """In the words of a call."""
    if contact is None:
        return "ended"
    if contact.state == Contact.State.IN_FLOW:
        return "waiting"
    return {
        Contact.Outcome.TRANSFERRED: "transferred",
        Contact.Outcome.CONNECTED: "transferred",
        Contact.Outcome.VOICEMAIL: "voicemail",
        Contact.Outcome.ABANDONED: "hung_up",
    }.get(Contact.Outcome(contact.outcome), "ended")


def find_number(channel: str, recipient: str) -> Number:
    """`1000002` and `messenger:1000002` are the same. Raises NotPossible."""
    bare = recipient.rpartition(":")[2].strip()
    address = bare if channel == "sms" else f"{channel}:{bare}"
    numbers = Number.objects.select_related("account")
    number = numbers.filter(address=address).order_by("-is_active", "id").first()
    if number is None:
        like = (
            numbers.exclude(address__contains=":")
            if channel == "sms"
            else numbers.filter(address__startswith=f"{channel}:")
        )
        known = ", ".join(like.order_by("address").values_list("address", flat=True)[:5])
        raise NotPossible(
            f"{address} is none of our numbers. Known: {known}."
            if known
            else f"{address} is none of our numbers: there are none of this channel. Add one in the admin, under Numbers."
        )
    if not (number.is_active and number.account.is_active):
        raise NotPossible(f"{address} is switched off, or its account is. Switch it on in the admin.")
    kinds = {kind.carrier: kind for kind in providers()[number.account.provider].account_kinds()}
    if (kind := kinds.get(number.account.carrier)) and not kind.has_messages:
        raise NotPossible(f"{address} takes calls only: {kind.name} is connected for calls, not for messages.")
    return number


def server(url: str) -> tuple[str, str]:
    """The origin that is signed, and, if it is reached elsewhere, where. Raises NotPossible."""
    local = f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}"
    public = url.rstrip("/") or settings.PUBLIC_URL or local
    parts = urlsplit(public)
    headers = {"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme}
    with requests.Session() as session:
        session.trust_env = False
        for origin in dict.fromkeys((public, local)):
            try:
                answer = session.get(origin + _LIVE_PATH, headers=headers, timeout=(2, 5), allow_redirects=False)
            except requests.RequestException:
                continue
            if answer.status_code == requests.codes.ok and answer.text.strip() == "alive":
                return public, "" if origin == public else origin
    raise NotPossible(f"No server of ours answers at {public}. Start it with `make run`, or name it: --url.")
