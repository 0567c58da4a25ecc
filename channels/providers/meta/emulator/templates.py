"""The message templates of a WhatsApp Business account, as they are played."""

from __future__ import annotations

import hmac

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from channels.models import Account

TEMPLATES = (
    ("still_there", "en", "Hello {{1}}, are you still there? Just answer.", "APPROVED"),
    ("still_there", "de", "Hallo {{1}}, sind Sie noch da? Antworten Sie einfach.", "APPROVED"),
    ("order_update", "en", "Your order {{1}} leaves us on {{2}}.", "APPROVED"),
    ("order_update", "de", "Ihre Bestellung {{1}} geht am {{2}} raus.", "APPROVED"),
    ("new_offer", "en", "We have something new for you.", "REJECTED"),
)


@require_GET
def templates(request: HttpRequest, business: str) -> HttpResponseBase:
    """GET /v<version>/<business account>/message_templates."""
    given = request.headers.get("Authorization", "").encode()
    accounts = Account.objects.filter(provider="meta", business_id=business)
    known = [account.access_token for account in accounts if account.access_token]
    if not any(hmac.compare_digest(given, f"Bearer {token}".encode()) for token in known):
        return JsonResponse({"error": {"message": "Invalid OAuth access token", "code": 190}}, status=401)
    rows = [
        {
            "id": str(number),
            "name": name,
            "language": language,
            "status": status,
            "category": "UTILITY",
            "components": [{"type": "BODY", "text": text}],
        }
        for number, (name, language, text, status) in enumerate(TEMPLATES, start=1)
    ]
    return JsonResponse({"data": rows, "paging": {"cursors": {"before": "a", "after": "b"}}})
