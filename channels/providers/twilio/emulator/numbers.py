"""The shop as Twilio, SignalWire and Somleng have it: the same addresses, fields and error codes.

https://www.twilio.com/docs/phone-numbers/api, https://www.twilio.com/docs/phone-numbers/pricing
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from channels.models import Account
from channels.numbers.models import EmulatedNumber
from channels.providers.twilio.emulator import shelf
from channels.providers.twilio.emulator.stock import Made, stock

_PROVIDER = "twilio"
_KINDS = {"Local": "local", "Mobile": "mobile", "TollFree": "toll_free"}
_CODES = {
    400: (21452, "No phone numbers found"),
    401: (20003, "Authenticate"),
    404: (20404, "The requested resource was not found"),
    429: (20429, "Too Many Requests"),
}
View = Callable[..., HttpResponse]


def problem(status: int, code: int = 0, message: str = "") -> bytes:
    known, said = _CODES.get(status, (20500, "Internal Server Error"))
    return json.dumps({"code": code or known, "message": message or said, "status": status}).encode()


def _refused(status: int, code: int = 0, message: str = "") -> HttpResponse:
    return HttpResponse(problem(status, code, message), "application/json", status=status)


def _shop(view: View) -> Callable[..., HttpResponseBase]:
    """Whoever asks shows the account's own token; no cookie or form of ours is involved."""

    @csrf_exempt
    @transaction.non_atomic_requests
    def answered(request: HttpRequest, account_id: str, **more: str) -> HttpResponseBase:
        account = Account.objects.filter(provider=_PROVIDER, external_id=account_id).first()
        if account is None or not is_authorized(request, account):
            return _refused(401)
        return shelf.with_faults(lambda: view(request, account, **more), problem)

    return answered


def is_authorized(request: HttpRequest, account: Account) -> bool:
    """SignalWire's interface has a token of its own, the others' is what signs."""
    password = (account.access_token or "") if account.carrier == "signalwire" else account.secret
    expected = base64.b64encode(f"{account.external_id}:{password}".encode()).decode()
    return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Basic {expected}".encode())


@_shop
def account(request: HttpRequest, account: Account) -> HttpResponse:
    del request
    return JsonResponse({"sid": account.external_id, "friendly_name": account.name, "status": "active"})


@_shop
def available(request: HttpRequest, account: Account, country: str, kind: str) -> HttpResponse:
    if kind not in _KINDS or next(stock(country, _KINDS[kind]), None) is None:
        return _refused(404)
    area, pattern = request.GET.get("AreaCode", ""), shelf.matching(request.GET.get("Contains", ""))
    if account.carrier == "somleng":
        # It knows area codes only.
        pattern = shelf.matching("")

    def fits(made: Made) -> bool:
        return pattern(made) and made.address.startswith(f"+1{area}" if area else "+")

    found = shelf.available(country, _KINDS[kind], fits)
    return JsonResponse({"available_phone_numbers": [_offer(made, country) for made in found], "uri": request.path})


def _offer(made: Made, country: str) -> dict[str, Any]:
    locality, _, region = made.place.partition(", ")
    return {
        "friendly_name": made.address,
        "phone_number": made.address,
        "iso_country": country,
        "locality": locality or None,
        "region": region or None,
        "postal_code": None,
        "address_requirements": "any" if made.address.endswith("98") else "none",
        "beta": False,
        "capabilities": {"voice": True, "SMS": made.sms, "MMS": False, "fax": False},
    }


@_shop
def incoming(request: HttpRequest, account: Account) -> HttpResponse:
    if request.method == "POST":
        address = request.POST.get("PhoneNumber", "")
        try:
            bought = shelf.buy(account, address, request.POST.get("FriendlyName", ""), "")
        except shelf.NotOnSale:
            return _refused(400, 21422, f"{address} is not available.")
        except shelf.NeedsAddress:
            return _refused(400, 21631, f"Phone number {address} requires an address.")
        _set(bought, request)
        return JsonResponse(_owned(bought), status=201)
    found = shelf.owned(account)
    if wanted := request.GET.get("PhoneNumber"):
        found = found.filter(address=wanted)
    page, size = _number(request, "Page", 0), _number(request, "PageSize", 50)
    rows, is_more = shelf.in_pages(list(found), page, size)
    following = f"{request.path}?Page={page + 1}&PageSize={size}" if is_more else None
    return JsonResponse({"incoming_phone_numbers": [_owned(row) for row in rows], "next_page_uri": following})


@_shop
def one(request: HttpRequest, account: Account, external_id: str) -> HttpResponse:
    number = shelf.owned(account).filter(external_id=external_id).first()
    if number is None:
        return _refused(404)
    if request.method == "DELETE":
        shelf.release(number)
        return HttpResponse(status=204)
    if request.method == "POST":
        _set(number, request)
    return JsonResponse(_owned(number))


def _set(number: EmulatedNumber, request: HttpRequest) -> None:
    fields = {"VoiceUrl": "voice_url", "StatusCallback": "status_url", "SmsUrl": "message_url", "FriendlyName": "name"}
    for theirs, ours in fields.items():
        if theirs in request.POST:
            setattr(number, ours, request.POST[theirs])
    number.save()


def _owned(number: EmulatedNumber) -> dict[str, Any]:
    return {
        "sid": number.external_id,
        "account_sid": number.account,
        "phone_number": number.address,
        "friendly_name": number.name,
        "voice_url": number.voice_url,
        "voice_method": "POST",
        "status_callback": number.status_url,
        "sms_url": number.message_url,
        "voice_application_sid": "",
        "sms_application_sid": "",
        "trunk_sid": None,
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
    }


def _number(request: HttpRequest, name: str, otherwise: int) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else otherwise


@csrf_exempt
@transaction.non_atomic_requests
def prices(request: HttpRequest, country: str) -> HttpResponseBase:
    """Of the pricing interface, which has a host of its own and takes the same credentials."""
    if not request.headers.get("Authorization", "").startswith("Basic "):
        return _refused(401)
    names = {"local": "local", "mobile": "mobile", "toll_free": "toll free"}
    found = {kind: next(stock(country, kind), None) for kind in names}
    rows = [
        {"number_type": names[kind], "base_price": made.price, "current_price": made.price}
        for kind, made in found.items()
        if made
    ]
    currency = next((made.currency for made in found.values() if made), "USD")
    return JsonResponse({"iso_country": country, "phone_number_prices": rows, "price_unit": currency})
