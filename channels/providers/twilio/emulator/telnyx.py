"""The shop as Telnyx has it: https://developers.telnyx.com/api-reference.

Applications, and orders that wait for papers, are kept in the cache only: what is forgotten there is made anew.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from channels.models import Account
from channels.numbers.models import EmulatedNumber
from channels.providers.twilio.emulator import shelf
from channels.providers.twilio.emulator.stock import Made

_TITLES = {
    401: ("10009", "Authentication failed"),
    404: ("10005", "Resource not found"),
    429: ("10011", "Too many requests"),
    400: ("10015", "Bad Request"),
}
_KEPT_S = 30 * 24 * 3600
View = Callable[..., HttpResponse]


def problem(status: int, detail: str = "") -> bytes:
    code, title = _TITLES.get(status, ("10007", "Unexpected error"))
    return json.dumps({"errors": [{"code": code, "title": title, "detail": detail or title}]}).encode()


def _refused(status: int, detail: str = "") -> HttpResponse:
    return HttpResponse(problem(status, detail), "application/json", status=status)


def _shop(view: View) -> Callable[..., HttpResponseBase]:
    @csrf_exempt
    @transaction.non_atomic_requests
    def answered(request: HttpRequest, **more: str) -> HttpResponseBase:
        account = _account(request)
        if account is None:
            return _refused(401)
        return shelf.with_faults(lambda: view(request, account, **more), problem)

    return answered


def _account(request: HttpRequest) -> Account | None:
    """The key alone says whose it is."""
    name, _, key = request.headers.get("Authorization", "").partition(" ")
    if name != "Bearer" or not key:
        return None
    accounts = Account.objects.filter(provider="twilio", carrier="telnyx")
    return next((account for account in accounts if account.access_token == key), None)


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        found = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@_shop
def available(request: HttpRequest, account: Account) -> HttpResponse:
    del account
    asked = request.GET
    area = asked.get("filter[national_destination_code]", "")
    pattern = shelf.matching(asked.get("filter[phone_number][contains]", ""))

    def fits(made: Made) -> bool:
        return pattern(made) and area in made.address[:8]

    country, kind = asked.get("filter[country_code]", ""), asked.get("filter[phone_number_type]", "local")
    found = shelf.available(country, kind, fits)
    return JsonResponse({"data": [_offer(made) for made in found], "meta": {"total_results": len(found)}})


def _offer(made: Made) -> dict[str, Any]:
    return {
        "record_type": "available_phone_number",
        "phone_number": made.address,
        "features": [{"name": "voice"}, *([{"name": "sms"}] if made.sms else [])],
        "region_information": [{"region_type": "location", "region_name": made.place.upper()}] if made.place else [],
        "cost_information": {"upfront_cost": "1.00", "monthly_cost": made.price, "currency": made.currency},
        "quickship": True,
    }


@_shop
def orders(request: HttpRequest, account: Account) -> HttpResponse:
    if request.method != "POST":
        reference = request.GET.get("filter[customer_reference]", "")
        found = shelf.owned(account).filter(reference=reference) if reference else ()
        waiting = cache.get(_key(account, f"order:{reference}")) if reference else None
        return JsonResponse({"data": [*(_order(number) for number in found), *([waiting] if waiting else [])]})
    body = _body(request)
    try:
        address = str(body["phone_numbers"][0]["phone_number"])
    except (KeyError, IndexError, TypeError):
        return _refused(400)
    try:
        bought = shelf.buy(account, address, "", str(body.get("customer_reference", "")))
    except shelf.NotOnSale:
        return _refused(422, f"The number {address} is not available any more.")
    except shelf.NeedsAddress:
        reference = str(body.get("customer_reference", ""))
        order = {
            "id": str(uuid.uuid4()),
            "status": "pending",
            "requirements_met": False,
            "customer_reference": reference,
        }
        cache.set(_key(account, f"order:{reference}"), order, _KEPT_S)
        return JsonResponse({"data": order})
    return JsonResponse({"data": _order(bought)})


def _order(number: EmulatedNumber) -> dict[str, Any]:
    return {
        "id": number.external_id,
        "record_type": "number_order",
        "status": "success",
        "customer_reference": number.reference,
        "phone_numbers": [{"phone_number": number.address, "status": "success"}],
    }


@_shop
def numbers(request: HttpRequest, account: Account) -> HttpResponse:
    found = shelf.owned(account)
    if address := request.GET.get("filter[phone_number]"):
        found = found.filter(address=address)
    return JsonResponse({"data": [_owned(number) for number in found], "meta": {"total_pages": 1}})


@_shop
def one(request: HttpRequest, account: Account, external_id: str) -> HttpResponse:
    number = shelf.owned(account).filter(external_id=external_id).first()
    if number is None:
        return _refused(404)
    if request.method == "DELETE":
        shelf.release(number)
        return JsonResponse({"data": {**_owned(number), "status": "deleted"}})
    if request.method == "PATCH":
        application = cache.get(_key(account, str(_body(request).get("connection_id", ""))))
        if application is None:
            return _refused(422, "The connection does not exist.")
        number.voice_url, number.status_url = application["voice_url"], application["status_callback"]
        number.save()
    return JsonResponse({"data": _owned(number)})


def _owned(number: EmulatedNumber) -> dict[str, Any]:
    return {
        "id": number.external_id,
        "record_type": "phone_number",
        "phone_number": number.address,
        "status": "active",
        "connection_name": number.name,
    }


@_shop
def applications(request: HttpRequest, account: Account) -> HttpResponse:
    listed: list[str] = cache.get(_key(account, ""), [])
    if request.method == "POST":
        application = {"id": str(uuid.uuid4().int)[:19], **_body(request)}
        cache.set(_key(account, application["id"]), application, _KEPT_S)
        cache.set(_key(account, ""), [*listed, application["id"]], _KEPT_S)
        return JsonResponse({"data": application}, status=201)
    wanted = request.GET.get("filter[friendly_name]", "")
    rows = [row for row in (cache.get(_key(account, one)) for one in listed) if row]
    return JsonResponse({"data": [row for row in rows if wanted in row.get("friendly_name", "")]})


@_shop
def application(request: HttpRequest, account: Account, external_id: str) -> HttpResponse:
    found = cache.get(_key(account, external_id))
    if found is None:
        return _refused(404)
    if request.method == "PATCH":
        found |= _body(request)
        cache.set(_key(account, external_id), found, _KEPT_S)
    return JsonResponse({"data": found})


def _key(account: Account, application_id: str) -> str:
    return f"emulator:texml:{account.external_id}:{application_id}"
