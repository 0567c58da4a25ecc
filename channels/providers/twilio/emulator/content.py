"""The carrier's message templates, as they are played: a few that every account has."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from channels.models import Account
from channels.providers.twilio.emulator.numbers import is_authorized

TEMPLATES = (
    ("HX00000000000000000000000000000001", "still_there", "en", "Hello {{1}}, are you still there? Just answer.", "approved"),
    ("HX00000000000000000000000000000002", "still_there", "de", "Hallo {{1}}, sind Sie noch da? Antworten Sie einfach.", "approved"),
    ("HX00000000000000000000000000000003", "order_update", "en", "Your order {{1}} leaves us on {{2}}.", "approved"),
    ("HX00000000000000000000000000000004", "order_update", "de", "Ihre Bestellung {{1}} geht am {{2}} raus.", "approved"),
    ("HX00000000000000000000000000000005", "new_offer", "en", "We have something new for you.", "rejected"),
)  # fmt: skip


@require_GET
def contents(request: HttpRequest) -> HttpResponseBase:
    """GET /v1/ContentAndApprovals: those of whichever account shows its token."""
    account = _who(request)
    if account is None:
        return HttpResponse(
            b'{"code": 20003, "message": "Authenticate", "status": 401}', "application/json", status=401
        )
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


def _who(request: HttpRequest) -> Account | None:
    accounts = Account.objects.filter(provider="twilio", carrier="")
    return next((account for account in accounts if is_authorized(request, account)), None)
