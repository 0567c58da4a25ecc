"""Requests that may be sent again: with an Idempotency-Key, work and answer are kept together or not at all."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from access.models import KeptAnswer
from access.problems import Problem

HEADER = "Idempotency-Key"
KEEP_FOR = timedelta(days=2)
_NAME = re.compile(r"[\x21-\x7e]{1,255}")
# What of an answer is worth keeping beside its body.
_KEPT_HEADERS = ("Location", "ETag")


def name_of(request: HttpRequest) -> str:
    """The request's Idempotency-Key; empty without one. Raises Problem for one that is none."""
    name = request.headers.get(HEADER)
    if name is None:
        return ""
    if not _NAME.fullmatch(name):
        said = _("An Idempotency-Key is 1 to 255 visible ASCII characters, such as a UUID.")
        raise Problem(400, "invalid-idempotency-key", said)
    return name


def fingerprint(method: str, address: str, body: bytes) -> str:
    """What makes two requests the same."""
    return hashlib.sha256(b"\0".join((method.encode(), address.encode(), body))).hexdigest()


def once(*, key_id: int, name: str, request: str, now: datetime, work: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer of `work`, or the one it gave when the same request came before.

    Work and kept answer are one transaction: whatever dies in the middle, nothing was done and nothing is kept, and the
    request may come again. An answer of 500 and above is not kept, and undoes the work. Raises Problem where the
    first request is still under way, and where `name` was used for another request.
    """
    with transaction.atomic():
        if not _lock(key_id, name):
            raise Problem(
                409,
                "under-way",
                _("The first request with this Idempotency-Key is still under way."),
                headers={"Retry-After": "1"},
            )
        kept = KeptAnswer.objects.filter(key_id=key_id, name=name).first()
        if kept is not None and kept.created_at <= now - KEEP_FOR:
            kept.delete()
            kept = None
        if kept is not None:
            if kept.request != request:
                said = _("This Idempotency-Key was used for another request before. Take a new one for each.")
                raise Problem(409, "idempotency-key-used", said)
            return _again(kept)
        response = work()
        if response.status_code >= 500:
            transaction.set_rollback(True)
            return response
        KeptAnswer.objects.create(
            key_id=key_id,
            name=name,
            request=request,
            status=response.status_code,
            content_type=response.headers.get("Content-Type", ""),
            headers={header: response.headers[header] for header in _KEPT_HEADERS if header in response.headers},
            body=response.content,
            created_at=now,
        )
    return response


def prune(*, now: datetime) -> int:
    """Forgets answers that are too old to be asked for again; how many."""
    deleted, _models = KeptAnswer.objects.filter(created_at__lte=now - KEEP_FOR).delete()
    return deleted


def _again(kept: KeptAnswer) -> HttpResponse:
    response = HttpResponse(bytes(kept.body), status=kept.status, content_type=kept.content_type or None)
    for header, value in kept.headers.items():
        response.headers[header] = value
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _lock(key_id: int, name: str) -> bool:
    """Held until the transaction ends; False at once if another one holds it."""
    number = int.from_bytes(hashlib.sha256(json.dumps([key_id, name]).encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (number,))
        row = cursor.fetchone()
    return bool(row and row[0])
