"""The carrier's contents, as they are played: a few templates that every account has, and what is made for questions."""

from __future__ import annotations

import json
import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from channels.models import Account
from channels.providers.twilio.emulator.numbers import is_authorized

TEMPLATES = (
    ("HX00000000000000000000000000000001", "still_there", "en", "Hello {{1}}, are you still there? Just answer.", "approved"),
    ("HX00000000000000000000000000000002", "still_there", "de", "Hallo {{1}}, sind Sie noch da? Antworten Sie einfach.", "approved"),
    ("HX00000000000000000000000000000003", "order_update", "en", "Your order {{1}} leaves us on {{2}}.", "approved"),
    ("HX00000000000000000000000000000004", "order_update", "de", "Ihre Bestellung {{1}} geht am {{2}} raus.", "approved"),
    ("HX00000000000000000000000000000005", "new_offer", "en", "We have something new for you.", "rejected"),
)  # fmt: skip
_MOST_ROWS = 10


@require_GET
def contents(request: HttpRequest) -> HttpResponseBase:
    """GET /v1/ContentAndApprovals: those of whichever account shows its token."""
    account = _who(request)
    if account is None:
        return _refused(401, 20003, "Authenticate")
    rows = [
        {
            "sid": sid,
            "account_sid": account.external_id,
            "friendly_name": name,
            "language": language,
            "variables": {place: "…" for place in ("1", "2") if f"{{{{{place}}}}}" in text},
            "types": {"twilio/text": {"body": text}},
            "approval_requests": {"name": name, "status": status, "category": "UTILITY", "rejection_reason": ""},
        }
        for sid, name, language, text, status in TEMPLATES
    ]
    return JsonResponse({"contents": rows, "meta": {"page": 0, "next_page_url": None, "key": "contents"}})


# Whoever asks shows the account's own token; no cookie or form of ours is involved.
@csrf_exempt
@require_POST
def create(request: HttpRequest) -> HttpResponseBase:
    """POST /v1/Content: what can be tapped. It is told back and kept nowhere: sending one takes any id."""
    account = _who(request)
    if account is None:
        return _refused(401, 20003, "Authenticate")
    try:
        asked = json.loads(request.body)
        (kind, what), *others = asked["types"].items()
        rows = what["items" if kind == "twilio/list-picker" else "actions"]
        is_whole = not others and asked["language"] and what["body"] and 1 <= len(rows) <= _MOST_ROWS
    except (ValueError, KeyError, TypeError, AttributeError):
        is_whole = False
    if not is_whole:
        return _refused(400, 60200, "Invalid parameter")
    made = {"sid": f"HX{uuid.uuid4().hex}", "account_sid": account.external_id}
    return JsonResponse({**asked, **made}, status=201)


def _refused(status: int, code: int, message: str) -> HttpResponse:
    return HttpResponse(
        json.dumps({"code": code, "message": message, "status": status}), "application/json", status=status
    )


def _who(request: HttpRequest) -> Account | None:
    accounts = Account.objects.filter(provider="twilio", carrier="")
    return next((account for account in accounts if is_authorized(request, account)), None)
