"""The carrier's HTTP side: signed form posts to one server, with the carrier's time limit and its one retry."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urlsplit

import requests

from channels.providers.twilio.carriers import carrier_of
from channels.providers.twilio.emulator.twiml import CarrierError

# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides: its usual limits.
CONNECT_S = 5.0
ANSWER_S = 15.0


class WebhookFailed(CarrierError):
    """The server was not there, took too long, or answered with an error."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed request, ready to be sent, or to be spoilt by a test."""

    url: str
    body: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered, and after how many milliseconds."""

    status: int
    body: bytes
    content_type: str
    ms: float


@dataclass(slots=True)
class Wire:
    """Posts to `origin` and to nobody else. `via` is where that server is really reached, if not by its own name."""

    origin: str
    secret: str
    via: str = ""
    carrier: str = ""
    """As which carrier it signs."""
    tamper: Callable[[Outgoing], Outgoing] | None = None
    """For tests: changes each request after it was signed."""
    copies: int = 1
    """For tests: how often each request is sent, one after the other; the last answer counts."""
    _session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.origin, self.via = self.origin.rstrip("/"), self.via.rstrip("/")
        # A proxy of the environment is for the way out; this server is ours.
        self._session.trust_env = False

    def post(self, url: str, form: dict[str, str]) -> Reply:
        """Raises WebhookFailed."""
        if not url.startswith(f"{self.origin}/"):
            raise WebhookFailed(11100, f"Invalid URL format: this carrier only calls {self.origin}, not {url[:80]}")
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        body = urlencode(form)
        headers |= carrier_of(self.carrier).sign(url, form, body.encode(), self.secret, time.time())
        outgoing = Outgoing(url, body, headers)
        if self.via:
            parts = urlsplit(self.origin)
            outgoing = replace(outgoing, url=self.via + url[len(self.origin) :])
            outgoing.headers.update({"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme})
        if self.tamper:
            outgoing = self.tamper(outgoing)
        for _ in range(self.copies - 1):
            self._send(outgoing)
        return self._send(outgoing)

    def _send(self, outgoing: Outgoing) -> Reply:
        try:
            return self._once(outgoing)
        except (requests.ConnectTimeout, requests.ConnectionError):
            # The carrier tries a failed connection once more, with the same idempotency token.
            try:
                return self._once(outgoing)
            except requests.RequestException as error:
                where = urlsplit(outgoing.url)
                raise WebhookFailed(
                    11205, f"HTTP connection failure: nobody answers at {where.scheme}://{where.netloc}"
                ) from error

    def _once(self, outgoing: Outgoing) -> Reply:
        began = time.perf_counter()
        try:
            answer = self._session.post(
                outgoing.url,
                data=outgoing.body.encode(),
                headers=outgoing.headers,
                timeout=(CONNECT_S, ANSWER_S),
                allow_redirects=False,
            )
        except requests.ReadTimeout as error:
            raise WebhookFailed(11200, f"HTTP retrieval failure: no answer within {ANSWER_S:.0f} s") from error
        ms = (time.perf_counter() - began) * 1000
        return Reply(answer.status_code, answer.content, answer.headers.get("Content-Type", ""), ms)
