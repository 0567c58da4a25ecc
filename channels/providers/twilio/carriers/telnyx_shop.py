"""Telnyx's shop: orders of numbers, and a TeXML application that knows our webhooks.

https://developers.telnyx.com/api-reference/phone-number-search/list-available-phone-numbers,
…/phone-number-orders/create-a-number-order, …/texml-applications/creates-a-texml-application,
…/phone-number-configurations/list-phone-numbers; error codes: …/development/api-fundamentals/api-errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext as _

from channels.numbers.http import Answer, ask
from channels.numbers.shop import Offer, Owned, Query, Refused, StillWaiting, Webhooks

_CARRIER = "Telnyx"
_PAGE = 30
_PAGES = 10
# A number that was deleted stays in the list for a while.
_GONE = {"deleted", "purchase-failed", "port-failed"}
_NOT_YET = {"purchase-pending", "provision-pending"}


@dataclass(frozen=True, slots=True)
class TelnyxShop:
    """Fulfils `channels.numbers.shop.Shop`."""

    api: str
    api_key: str

    def check(self) -> str:
        self._read(self._ask("GET", "phone_numbers", query={"page[size]": "1"}))
        return ""

    def search(self, query: Query) -> Sequence[Offer]:
        asked = {
            "filter[country_code]": query.country,
            "filter[phone_number_type]": query.kind,
            "filter[features][]": "voice",
            "filter[limit]": str(_PAGE),
        }
        if query.area:
            asked["filter[national_destination_code]"] = query.area.lstrip("0")
        if query.contains:
            asked["filter[phone_number][contains]"] = "".join(c for c in query.contains if c.isdecimal())
        answer = self._ask("GET", "available_phone_numbers", query=asked)
        return [_offer(row) for row in _rows(self._read(answer)) if str(row.get("phone_number", "")).startswith("+")]

    def find(self, address: str) -> Owned | None:
        for row in _rows(self._read(self._ask("GET", "phone_numbers", query={"filter[phone_number]": address}))):
            if row.get("phone_number") == address and row.get("status") not in _GONE:
                if row.get("status") in _NOT_YET:
                    raise StillWaiting(_waits())
                return _owned(row)
        return None

    def owned(self) -> Sequence[Owned]:
        found: list[Owned] = []
        for page in range(1, _PAGES + 1):
            data = self._read(self._ask("GET", "phone_numbers", query={"page[size]": "100", "page[number]": str(page)}))
            rows = _rows(data)
            found += [_owned(row) for row in rows if row.get("status") not in _GONE | _NOT_YET]
            meta = data.get("meta")
            if not rows or not isinstance(meta, dict) or page >= int(meta.get("total_pages") or 1):
                break
        return found

    def buy(self, address: str, reference: str) -> Owned:
        earlier = self._read(self._ask("GET", "number_orders", query={"filter[customer_reference]": reference}))
        under_way = [row for row in _rows(earlier) if row.get("status") in {"pending", "success"}]
        if not under_way:
            body = {"phone_numbers": [{"phone_number": address}], "customer_reference": reference}
            order = self._read(self._ask("POST", "number_orders", body=body)).get("data")
            if isinstance(order, dict) and order.get("status") == "failure":
                raise Refused(_("Telnyx could not deliver this number. Choose another one."))
        if number := self.find(address):
            return number
        raise StillWaiting(_waits())

    def connect(self, number: Owned, webhooks: Webhooks) -> None:
        body = {"connection_id": self._application(webhooks)}
        self._read(self._ask("PATCH", f"phone_numbers/{quote(number.external_id, safe='')}", body=body))

    def release(self, number: Owned) -> None:
        answer = self._ask("DELETE", f"phone_numbers/{quote(number.external_id, safe='')}")
        if answer.status != 404:
            self._read(answer)

    def _application(self, webhooks: Webhooks) -> str:
        """The TeXML application with our webhooks; made where there is none. Its id."""
        name = f"Pareto {urlsplit(webhooks.voice).netloc}"
        wanted = {
            "friendly_name": name,
            "voice_url": webhooks.voice,
            "voice_method": "post",
            "status_callback": webhooks.voice_status,
            "status_callback_method": "post",
        }
        for row in _rows(self._read(self._ask("GET", "texml_applications", query={"filter[friendly_name]": name}))):
            if row.get("friendly_name") == name and row.get("id"):
                found = str(row["id"])
                if any(str(row.get(field, "")).lower() != value.lower() for field, value in wanted.items()):
                    self._read(self._ask("PATCH", f"texml_applications/{quote(found, safe='')}", body=wanted))
                return found
        made = self._read(self._ask("POST", "texml_applications", body=wanted)).get("data")
        return str(made["id"]) if isinstance(made, dict) and made.get("id") else ""

    def _ask(self, method: Any, path: str, **more: Any) -> Answer:
        return ask(method, f"{self.api}/v2/{path}", carrier=_CARRIER, auth=f"Bearer {self.api_key}", **more)

    def _read(self, answer: Answer) -> Mapping[str, Any]:
        """What is in a good answer. Raises Refused."""
        if answer.status < 300:
            return answer.data
        raise Refused(_refusal(answer))


def _waits() -> str:
    return _(
        "Telnyx took the order and is not done with it. In many countries it wants papers first: see Orders in "
        "Mission Control. It is looked at again by itself."
    )


def _rows(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = data.get("data")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _errors(answer: Answer) -> list[Mapping[str, Any]]:
    errors = answer.data.get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _codes(answer: Answer) -> set[str]:
    return {str(error.get("code")) for error in _errors(answer)}


def _offer(row: Mapping[str, Any]) -> Offer:
    regions = row.get("region_information")
    names = (
        [str(one.get("region_name", "")) for one in regions if isinstance(one, dict)]
        if isinstance(regions, list)
        else []
    )
    cost = row.get("cost_information")
    price = (
        f"{cost.get('monthly_cost')} {cost.get('currency') or 'USD'}"
        if isinstance(cost, dict) and cost.get("monthly_cost")
        else ""
    )
    return Offer(
        address=str(row.get("phone_number", "")),
        region=", ".join(
            dict.fromkeys(name.title() if len(name) > 3 and name.isupper() else name for name in names if name)
        ),
        capabilities=_features(row),
        price=price,
    )


def _features(row: Mapping[str, Any]) -> tuple[str, ...]:
    features = row.get("features")
    names = (
        (one.get("name") if isinstance(one, dict) else one for one in features) if isinstance(features, list) else ()
    )
    return tuple(sorted(str(name).lower() for name in names if name))


def _owned(row: Mapping[str, Any]) -> Owned:
    return Owned(
        external_id=str(row.get("id", "")),
        address=str(row.get("phone_number", "")),
        name=str(row.get("connection_name") or ""),
        voice_url="",
        capabilities=_features(row),
    )


def _refusal(answer: Answer) -> str:
    codes = _codes(answer)
    if answer.status in {401, 403} or codes & {"10009", "10010"}:
        return _("Telnyx does not accept the API key. Correct it under Accounts.")
    if answer.status == 402:
        return _("The balance at Telnyx is too low. Top it up in Mission Control, then try again.")
    said = "; ".join(str(error.get("detail") or error.get("title") or "") for error in _errors(answer))[:200]
    return _("%(carrier)s refused: %(said)s") % {"carrier": _CARRIER, "said": said or answer.status}
