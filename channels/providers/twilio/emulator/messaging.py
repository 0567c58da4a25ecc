"""The carrier's side of messages: posts what somebody wrote, takes what we send, and tells what became of it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from channels.messaging import faults
from channels.messaging.delivery import Account, Posted
from channels.messaging.models import EmulatedSend
from channels.messaging.played import picture, post_soon
from channels.models import Account as AccountRow
from channels.providers.twilio.emulator.numbers import is_authorized
from channels.providers.twilio.signature import HEADER, sign

_PROVIDER = "twilio"


def post_of(
    *, account: Account, channel: str, sender: str, recipient: str, text: str, extra: Mapping[str, Any], url: str
) -> Posted:
    """`url` is our public origin, which is signed."""
    sid = str(extra.get("external_id") or f"SM{uuid.uuid4().hex}")
    form = {
        "ToCountry": "DE",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "SmsSid": sid,
        "SmsStatus": "received",
        "Body": text,
        "To": recipient,
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": account.external_id,
        "From": sender,
        "ApiVersion": "2010-04-01",
    }
    if channel == "whatsapp":
        form |= {"WaId": sender.rpartition("+")[2], "MessageType": "text"}
    if name := extra.get("name"):
        form["ProfileName"] = str(name)
    if payload := extra.get("payload"):
        form |= {"ButtonPayload": str(payload), "ButtonText": text}
    return _signed(url, "/webhooks/twilio/message/", form, account.secret, sid)


def _signed(origin: str, path: str, form: Mapping[str, str], secret: str, external_id: str) -> Posted:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        HEADER: sign(secret, origin + path, {name: [value] for name, value in form.items()}),
    }
    return Posted(path, headers, urlencode(form).encode(), external_id)


# Whoever asks shows the account's own token; no cookie or form of ours is involved.
@csrf_exempt
@require_POST
@transaction.non_atomic_requests
def messages(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """POST /2010-04-01/Accounts/<sid>/Messages.json as the carrier answers it."""
    account = AccountRow.objects.filter(provider=_PROVIDER, external_id=account_id).first()
    if account is None or not is_authorized(request, account):
        return HttpResponse(_problem(401), "application/json", status=401)
    sender, recipient = request.POST.get("From", ""), request.POST.get("To", "")
    fault, number = faults.next_fault(_PROVIDER)
    body = {name: values if len(values) > 1 else values[0] for name, values in request.POST.lists()}
    if not (sender and recipient and (request.POST.keys() & {"Body", "MediaUrl", "ContentSid"})):
        fault = "400"
    sid = f"SM{uuid.uuid4().hex}"
    is_taken = not fault.isdigit() and fault != "deaf"
    EmulatedSend.objects.create(
        provider=_PROVIDER,
        account=account_id,
        sender=sender,
        recipient=recipient,
        body=body,
        external_id=sid if is_taken else "",
        answered=fault or "201",
        at=timezone.now(),
    )
    if fault.isdigit():
        return faults.with_status(fault, number, _problem)
    if fault == "slow":
        time.sleep(number)
    if is_taken:
        _tell(request.POST.get("StatusCallback", ""), account, sid, sender, recipient)
    if fault in {"lost", "deaf"}:
        return faults.broken()
    answer = {"sid": sid, "account_sid": account_id, "status": "queued", "to": recipient, "from": sender}
    return JsonResponse({**answer, "error_code": None, "error_message": None}, status=201)


@require_GET
def media(request: HttpRequest, account_id: str, message_id: str, media_id: str) -> HttpResponseBase:
    """GET …/Messages/<sid>/Media/<sid>: what somebody sent, which is always the same picture."""
    del message_id, media_id
    account = AccountRow.objects.filter(provider=_PROVIDER, external_id=account_id).first()
    if account is None or not is_authorized(request, account):
        return HttpResponse(_problem(401), "application/json", status=401)
    return HttpResponse(picture(), "image/png")


def _tell(callback: str, account: AccountRow, sid: str, sender: str, recipient: str) -> None:
    parts = urlsplit(callback)
    if not parts.netloc:
        return
    origin, path = f"{parts.scheme}://{parts.netloc}", f"{parts.path}?{parts.query}"
    form = {"AccountSid": account.external_id, "MessageSid": sid, "From": sender, "To": recipient}
    states = ("sent", "delivered")
    post_soon(
        origin,
        [
            _signed(origin, path, {**form, "MessageStatus": state, "SmsStatus": state}, account.secret, sid)
            for state in states
        ],
    )


def _problem(status: int) -> bytes:
    codes = {401: (20003, "Authenticate"), 429: (20429, "Too Many Requests"), 400: (21604, "A parameter is missing")}
    code, message = codes.get(status, (20500, "Internal Server Error"))
    return json.dumps({"code": code, "message": message, "status": status}).encode()
