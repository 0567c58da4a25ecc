"""The loyalty API of a made-up company: quick, slow, silent and broken, by who is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from demo.people import BY_PHONE, Behavior, Person

SLOW_S = 4.0
# Longer than any data source waits for an answer, and an end to it, since it holds a thread of the web server.
HANG_S = 20.0
# Of each process: whoever asks beyond that is turned away instead of starving the callers' webhooks. Apart from each
# other, so that those who never get an answer do not stand in the way of those who get a late one.
_hanging, _slow = threading.BoundedSemaphore(16), threading.BoundedSemaphore(16)


@require_GET
@never_cache
def customers(request: HttpRequest) -> HttpResponse:
    """What the loyalty system knows of the customer with `?phone=`, in E.164."""
    # A plus sign that nobody encoded arrives as a blank.
    phone = request.GET.get("phone", "").strip()
    phone = phone if phone.startswith("+") else f"+{phone}"
    person = BY_PHONE.get(phone)
    if person is None:
        return _unknown()
    match person.behavior:
        case Behavior.ANSWERS:
            return _card(person)
        case Behavior.UNKNOWN:
            return _unknown()
        case Behavior.SLOW:
            with _place(_slow) as free:
                return _card(person) if free and _stay(SLOW_S) else _busy()
        case Behavior.HANGS:
            with _place(_hanging) as free:
                return HttpResponse(status=504) if free and _stay(HANG_S) else _busy()
        case Behavior.BREAKS:
            return JsonResponse({"error": "The loyalty database is being upgraded."}, status=500)
        case Behavior.NONSENSE:
            return HttpResponse("<html><body><h1>Welcome to the intranet</h1></body></html>")


def _unknown() -> JsonResponse:
    return JsonResponse({"error": "No customer has this number."}, status=404)


def _card(person: Person) -> JsonResponse:
    return JsonResponse(
        {
            "customer": {
                "id": person.id,
                "name": person.name,
                "loyalty_status": person.status,
                "lifetime_value": str(person.lifetime_value),
                "currency": "EUR",
                "orders": person.orders,
                "plan": person.plan,
                "category": person.category,
                "account_manager": {"name": person.account_manager} if person.account_manager else None,
                "language": person.language,
            }
        }
    )


@contextmanager
def _place(places: threading.BoundedSemaphore) -> Iterator[bool]:
    """Whether there was a place left; it is held inside."""
    free = places.acquire(blocking=False)
    try:
        yield free
    finally:
        if free:
            places.release()


def _stay(seconds: float) -> bool:
    time.sleep(seconds)
    return True


def _busy() -> HttpResponse:
    return JsonResponse({"error": "Too many requests are waiting."}, status=503)
