"""The addresses that the carrier posts messages and their states to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import structlog
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse

from channels.messaging.inbound import Incoming, Malformed
from channels.messaging.intake import Addressee, keep
from channels.messaging.senders import active_accounts, addressees
from channels.providers.twilio.messaging.inbound import Post, read_message, read_post, read_status
from channels.providers.twilio.render import EMPTY
from channels.providers.twilio.webhook import PROVIDER, Refused, Webhook, verify

log = structlog.get_logger(__name__)


class _Messages(Webhook):
    def read(self, form: dict[str, list[str]]) -> Post:
        try:
            return read_post(form)
        except Malformed as error:
            raise Refused(400, "incomplete form", why=str(error)) from None

    def verified(self, request: HttpRequest, post: Post) -> int:
        """The account's id. Raises Refused."""
        try:
            accounts = active_accounts(PROVIDER, post.account_id)
        except DatabaseError:
            raise Refused(503, "database away", account=post.account_id, call=post.call_id) from None
        except Exception as error:
            log.exception("account cannot be read", account=post.account_id)
            raise Refused(503, "account unreadable", account=post.account_id, call=post.call_id) from error
        if not accounts:
            raise Refused(403, "unknown account", account=post.account_id)
        verify(request, post, accounts[0].secret, accounts[0].carrier)
        return accounts[0].account_id

    def kept(self, account_id: int, event: Incoming, now: datetime, facts: dict[str, Any]) -> None:
        """Raises Refused; then nothing is kept, and the carrier comes again."""
        try:
            to: Addressee | None = addressees([account_id], [event.recipient]).get(event.recipient)
            if to is None:
                raise Refused(404, "unknown number", number=event.recipient, **facts)
            keep(PROVIDER, [(to, event)], now)
        except DatabaseError:
            raise Refused(503, "database away", **facts) from None


class MessageView(_Messages):
    """Somebody wrote. Kept, and answered at once with nothing: the answer leaves by the outbox."""

    kind = "message"

    def answer(self, request: HttpRequest, call: Post, began: float) -> HttpResponse:  # noqa: ARG002
        account_id = self.verified(request, call)
        now = datetime.now(UTC)
        facts: dict[str, Any] = {"account": call.account_id, "call": call.call_id}
        try:
            event = read_message(call, now)
        except Malformed as error:
            raise Refused(400, "incomplete form", why=str(error), **facts) from None
        self.kept(account_id, event, now, facts)
        return HttpResponse(EMPTY, "text/xml; charset=utf-8")


class MessageStatusView(_Messages):
    """The carrier says what became of a message of ours."""

    kind = "message_status"

    def answer(self, request: HttpRequest, call: Post, began: float) -> HttpResponse:  # noqa: ARG002
        account_id = self.verified(request, call)
        now = datetime.now(UTC)
        facts: dict[str, Any] = {"account": call.account_id, "call": call.call_id}
        token = parse_qs(request.META.get("QUERY_STRING", "")).get("message", [""])[0]
        try:
            event = read_status(call, token, now)
        except Malformed as error:
            raise Refused(400, "incomplete form", why=str(error), **facts) from None
        if event is not None:
            self.kept(account_id, event, now, facts)
        return HttpResponse(status=204)
