"""Files that customers sent, as they are played: each id is that of the same picture."""

from __future__ import annotations

import hmac

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from channels.messaging.played import picture
from channels.models import Account


@require_GET
def told(request: HttpRequest, media_id: str) -> HttpResponseBase:
    """GET /v<version>/<id of a file>: where it is."""
    given = request.headers.get("Authorization", "").encode()
    tokens = [account.access_token for account in Account.objects.filter(provider="meta") if account.access_token]
    if not any(hmac.compare_digest(given, f"Bearer {token}".encode()) for token in tokens):
        return JsonResponse({"error": {"message": "Invalid OAuth access token", "code": 190}}, status=401)
    url = request.build_absolute_uri(f"/emulator/meta/media/{media_id}")
    return JsonResponse({"url": url, "mime_type": "image/png", "id": media_id, "messaging_product": "whatsapp"})


@require_GET
def file(request: HttpRequest) -> HttpResponseBase:  # noqa: ARG001  whichever it is
    """GET /media/…: the file."""
    return HttpResponse(picture(), "image/png")
