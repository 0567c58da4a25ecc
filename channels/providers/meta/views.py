"""The one address that Meta calls: the handshake by GET, everything else by POST."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import structlog
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from channels.messaging.inbound import Incoming, Malformed, in_order, written
from channels.messaging.intake import keep
from channels.messaging.senders import Secrets, active_accounts, addressees
from channels.providers.meta import messenger, whatsapp
from channels.providers.meta.shape import Told, each
from channels.providers.meta.signature import HEADER, is_signed
from channels.webhooks import REFUSED, TOOK, TooLarge, read_body

log = structlog.get_logger(__name__)

PROVIDER = "meta"
# A thousand messages are about a megabyte; Meta itself sends no more than three.
BODY_BYTES = 4 * 1024 * 1024
# Of what could not be read, so many lines are logged: a body may be made to fill a disk.
_WRONG_SHOWN = 20
_HEADER = f"HTTP_{HEADER.upper().replace('-', '_')}"


class _Refused(Exception):
    def __init__(self, status: int, cause: str, **facts: Any) -> None:
        super().__init__(cause)
        self.status, self.cause, self.facts = status, cause, facts


# Signed, not signed in: there is no cookie to misuse.
@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    """Answers within milliseconds: what is told is kept, and a worker does the rest."""
    began = time.monotonic()
    try:
        if request.method == "GET":
            answer = _handshake(request)
        elif request.method == "POST":
            answer = _take(request)
        else:
            answer = HttpResponseNotAllowed(["GET", "POST"])
    except _Refused as refused:
        REFUSED.labels(PROVIDER, refused.cause).inc()
        log.warning("webhook refused", cause=refused.cause, status=refused.status, kind="message", **refused.facts)
        answer = HttpResponse(f"{refused.cause}\n", "text/plain; charset=utf-8", refused.status)
    finally:
        TOOK.labels(PROVIDER, "message").observe(time.monotonic() - began)
    answer["Content-Length"] = str(len(answer.content))
    return answer


def _handshake(request: HttpRequest) -> HttpResponse:
    """Meta asks whether the address is ours; the token was typed in its settings and in our account."""
    mode, token = request.GET.get("hub.mode", ""), request.GET.get("hub.verify_token", "")
    challenge = request.GET.get("hub.challenge", "")
    if mode != "subscribe" or not token or not challenge:
        raise _Refused(400, "no handshake")
    given = token.encode("utf-8", "surrogatepass")
    known = [account.verify_token for account in _accounts() if account.verify_token]
    # Each is compared, so that the time tells nothing.
    if not any([hmac.compare_digest(one.encode(), given) for one in known]):  # noqa: C419
        raise _Refused(403, "wrong verify token")
    return HttpResponse(challenge, "text/plain; charset=utf-8")


def _accounts() -> list[Secrets]:
    try:
        return active_accounts(PROVIDER)
    except DatabaseError:
        raise _Refused(503, "database away") from None
    except Exception as error:
        log.exception("accounts cannot be read", provider=PROVIDER)
        raise _Refused(503, "account unreadable") from error


def _take(request: HttpRequest) -> HttpResponse:
    try:
        body = read_body(request, BODY_BYTES)
    except TooLarge as error:
        raise _Refused(413, "too large", bytes=error.length) from None
    given = str(request.META.get(_HEADER, ""))
    if not given:
        raise _Refused(403, "no signature")
    # Nothing in the body says whose app it is, and nothing in it may be believed before somebody's secret fits.
    accounts = _accounts()
    ours = [account.account_id for account in accounts if is_signed(account.secret, body, given)]
    if not ours:
        raise _Refused(403, "bad signature" if accounts else "unknown account")
    now = datetime.now(UTC)
    try:
        told = [one for data in _json(body) for one in _read(data, now)]
    except Malformed as error:
        raise _Refused(400, "malformed", why=str(error)) from None
    events = in_order(one for one in told if isinstance(one, Incoming))
    wrong = [str(one) for one in told if isinstance(one, Malformed)]
    if wrong and not events:
        raise _Refused(400, "malformed", why="; ".join(wrong[:_WRONG_SHOWN]), count=len(wrong))
    for why in wrong[:_WRONG_SHOWN]:
        log.warning("part of a webhook left out", provider=PROVIDER, why=why, of=len(wrong))
    try:
        known = addressees(ours, [event.recipient for event in events])
        for number in sorted({event.recipient for event in events} - set(known)):
            # Not an error to Meta, which would come again and switch the webhook off in the end.
            log.warning("unknown number", provider=PROVIDER, number=number)
        new = keep(PROVIDER, [(known[event.recipient], event) for event in events if event.recipient in known], now)
    except DatabaseError:
        raise _Refused(503, "database away") from None
    log.debug("events kept", provider=PROVIDER, told=len(events), new=new)
    return HttpResponse("ok\n", "text/plain; charset=utf-8")


def _json(body: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("the body is no JSON") from None
    # Where people sign in by Instagram itself, the whole is shown in a list.
    told = found if isinstance(found, list) else [found]
    if not told or not all(isinstance(one, dict) and "object" in one for one in told):
        raise Malformed("the body does not say what it is about: its “object” is missing")
    return told


def _read(data: dict[str, Any], now: datetime) -> Iterator[Told]:
    what = data.get("object")
    if what not in ("whatsapp_business_account", "page", "instagram"):
        log.info("webhook of another object", provider=PROVIDER, object=written(what, 60))
        return

    def change_of_whatsapp(change: dict[str, Any], where: str) -> Iterator[Told]:
        value = change.get("value")
        if not isinstance(value, dict):
            raise Malformed(f"{where}value is no object")
        yield from whatsapp.read_value(value, str(change.get("field", "")), f"{where}value.", now)

    def entry(one: dict[str, Any], where: str) -> Iterator[Told]:
        if what == "whatsapp_business_account":
            yield from each(one, "changes", where, change_of_whatsapp)
        else:
            yield from messenger.read_entry(one, "messenger" if what == "page" else "instagram", where, now)

    yield from each(data, "entry", "", entry)
