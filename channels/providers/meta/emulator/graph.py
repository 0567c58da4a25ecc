"""The Graph API's messages, as far as they are played."""

from __future__ import annotations

import hmac
import json
import time
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from channels.messaging import faults
from channels.messaging.delivery import Posted
from channels.messaging.models import EmulatedSend
from channels.messaging.played import post_soon
from channels.models import Number
from channels.providers.meta.emulator.posts import entry, signed, whatsapp_change

_PROVIDER = "meta"


# Whoever asks shows the account's own token; no cookie or form of ours is involved.
@csrf_exempt
@require_POST
def messages(request: HttpRequest, own: str) -> HttpResponseBase:
    """POST /v<version>/<id of the number, page or account>/messages."""
    names = [f"{channel}:{own}" for channel in ("whatsapp", "messenger", "instagram")]
    number = Number.objects.filter(account__provider=_PROVIDER, address__in=names).select_related("account").first()
    if number is None:
        return HttpResponse(_problem(404), "application/json", status=404)
    token = number.access_token or number.account.access_token
    given = request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return HttpResponse(_problem(401), "application/json", status=401)
    try:
        body = json.loads(request.body)
        channel = number.address.partition(":")[0]
        if body.get("status") == "read" or body.get("sender_action") in {"mark_seen", "typing_on", "typing_off"}:
            return JsonResponse({"success": True})
        recipient = _recipient(channel, body)
    except (ValueError, KeyError, TypeError, AttributeError):
        return HttpResponse(_problem(400), "application/json", status=400)
    fault, count = faults.next_fault(_PROVIDER)
    is_taken = not fault.isdigit() and fault != "deaf"
    external_id = f"wamid.{uuid.uuid4().hex.upper()}" if channel == "whatsapp" else f"m_{uuid.uuid4().hex}"
    EmulatedSend.objects.create(
        provider=_PROVIDER,
        account=number.account.external_id,
        sender=number.address,
        recipient=recipient,
        body=body,
        external_id=external_id if is_taken else "",
        answered=fault or "200",
        at=timezone.now(),
    )
    if fault.isdigit():
        return faults.with_status(fault, count, _problem)
    if fault == "slow":
        time.sleep(count)
    if is_taken:
        post_soon(f"{request.scheme}://{request.get_host()}", _told(number, channel, recipient, body, external_id))
    if fault in {"lost", "deaf"}:
        return faults.broken()
    return JsonResponse(_answer(channel, recipient, external_id))


def _recipient(channel: str, body: dict[str, Any]) -> str:
    if channel != "whatsapp":
        return f"{channel}:{body['recipient']['id']}"
    return f"whatsapp:+{body['to']}" if "to" in body else f"whatsapp:{body['recipient']}"


def _answer(channel: str, recipient: str, external_id: str) -> dict[str, Any]:
    who = recipient.partition(":")[2]
    if channel != "whatsapp":
        return {"recipient_id": who, "message_id": external_id}
    contacts = [{"input": who, "wa_id": who.removeprefix("+")}]
    return {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": external_id}]}


def _told(number: Number, channel: str, recipient: str, body: dict[str, Any], external_id: str) -> list[Posted]:
    """What Meta tells of a message that it took."""
    secret, own, who = number.account.secret, number.address.partition(":")[2], recipient.partition(":")[2]
    if channel == "whatsapp":
        posts = []
        for state in ("sent", "delivered"):
            status = {
                "id": external_id,
                "status": state,
                "timestamp": str(int(time.time())),
                "recipient_id": who.removeprefix("+"),
            }
            if opaque := body.get("biz_opaque_callback_data"):
                status["biz_opaque_callback_data"] = opaque
            posts.append(signed(whatsapp_change(number.account.external_id, own, {"statuses": [status]}), secret))
        return posts
    now = int(time.time() * 1000)
    message = {**body["message"], "is_echo": True, "mid": external_id, "app_id": 1}
    echo = {"sender": {"id": own}, "recipient": {"id": who}, "timestamp": now, "message": message}
    posts = [signed(entry(channel, own, echo), secret)]
    if channel == "messenger":
        delivery = {"mids": [external_id], "watermark": now}
        told = {"sender": {"id": who}, "recipient": {"id": own}, "timestamp": now, "delivery": delivery}
        posts.append(signed(entry(channel, own, told), secret))
    return posts


def _problem(status: int) -> bytes:
    texts = {
        400: ("Invalid parameter", 100),
        401: ("Invalid OAuth access token", 190),
        404: ("Object does not exist", 100),
        429: ("Rate limit hit", 130429),
    }
    message, code = texts.get(status, ("An unexpected error has occurred.", 2))
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "emulated"}
    return json.dumps({"error": error}).encode()
