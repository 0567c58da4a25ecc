"""The shop of Twilio, and of those who copied its interface.

https://www.twilio.com/docs/phone-numbers/api/availablephonenumberlocal-resource, …/incomingphonenumber-resource and
https://www.twilio.com/docs/phone-numbers/pricing; error codes: https://www.twilio.com/docs/api/errors.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import structlog
from django.utils.translation import gettext as _

from channels.numbers.http import Answer, ask
from channels.numbers.shop import Offer, Owned, Query, Refused, ShopFault, Webhooks

log = structlog.get_logger(__name__)

VERSION = "2010-04-01"
_KINDS = {"local": "Local", "mobile": "Mobile", "toll_free": "TollFree"}
_PRICED = {"local": "local", "mobile": "mobile", "toll_free": "toll free"}
_PAGE = 30
# More numbers than this are not listed: a company that has them uses the carrier's own lists.
_OWNED = 1000
_OVERRIDES = {
    "voice_application_sid": "VoiceApplicationSid",
    "sms_application_sid": "SmsApplicationSid",
    "trunk_sid": "TrunkSid",
}


@dataclass(frozen=True, slots=True)
class CompatibleShop:
    """Fulfils `channels.numbers.shop.Shop`."""

    carrier: str
    account_id: str
    password: str
    api: str
    prices: str = ""
    filters_pattern: bool = True

    def check(self) -> str:
        # Every one of them lists numbers; not every one tells of the account.
        self._read(self._ask("GET", "IncomingPhoneNumbers", query={"PageSize": "1"}))
        try:
            answer = ask(
                "GET", f"{self.api}/{VERSION}/Accounts/{self._account}.json", carrier=self.carrier, auth=self._auth
            )
        except ShopFault:
            return ""
        name = answer.data.get("friendly_name") if answer.status < 400 else ""
        return str(name or "")[:100]

    def search(self, query: Query) -> Sequence[Offer]:
        asked = {"PageSize": str(_PAGE), "VoiceEnabled": "true"}
        if query.area:
            # Area codes are a thing of North America; elsewhere the pattern finds them.
            if query.country in {"US", "CA"}:
                asked["AreaCode"] = query.area
            elif self.filters_pattern and not query.contains:
                asked["Contains"] = query.area
        if query.contains and self.filters_pattern:
            asked["Contains"] = query.contains
        path = f"AvailablePhoneNumbers/{quote(query.country, safe='')}/{_KINDS[query.kind]}"
        answer = self._ask("GET", path, query=asked)
        if answer.status == 404:
            # That country, or that kind there, is not on sale.
            return ()
        found = _rows(self._read(answer), "available_phone_numbers")
        price = self._price(query) if found else ""
        offers = (_offer(row, price) for row in found)
        return [offer for offer in offers if _fits(offer, query)]

    def find(self, address: str) -> Owned | None:
        rows = _rows(self._read(self._ask("GET", "IncomingPhoneNumbers", query={"PhoneNumber": address})), _LIST)
        return next((_owned(row) for row in rows if row.get("phone_number") == address), None)

    def owned(self) -> Sequence[Owned]:
        found: list[Owned] = []
        page = 0
        while len(found) < _OWNED:
            asked = {"PageSize": "100", "Page": str(page)}
            data = self._read(self._ask("GET", "IncomingPhoneNumbers", query=asked))
            found += [_owned(row) for row in _rows(data, _LIST)]
            page += 1
            if not data.get("next_page_uri"):
                break
        return found

    def buy(self, address: str, reference: str) -> Owned:
        answer = self._ask(
            "POST", "IncomingPhoneNumbers", form={"PhoneNumber": address, "FriendlyName": f"Pareto {reference}"}
        )
        return _owned(self._read(answer))

    def connect(self, number: Owned, webhooks: Webhooks) -> None:
        form = {
            "VoiceUrl": webhooks.voice,
            "VoiceMethod": "POST",
            "StatusCallback": webhooks.voice_status,
            "StatusCallbackMethod": "POST",
            "SmsUrl": webhooks.message,
            "SmsMethod": "POST",
            # Where an application or a trunk is set, the carrier ignores the addresses.
            **dict.fromkeys(number.overrides, ""),
        }
        self._read(self._ask("POST", f"IncomingPhoneNumbers/{quote(number.external_id, safe='')}", form=form))

    def release(self, number: Owned) -> None:
        answer = self._ask("DELETE", f"IncomingPhoneNumbers/{quote(number.external_id, safe='')}")
        if answer.status != 404:
            self._read(answer)

    @property
    def _account(self) -> str:
        return quote(self.account_id, safe="")

    @property
    def _auth(self) -> str:
        return "Basic " + base64.b64encode(f"{self.account_id}:{self.password}".encode()).decode()

    def _ask(self, method: Any, path: str, **more: Any) -> Answer:
        url = f"{self.api}/{VERSION}/Accounts/{self._account}/{path}.json"
        return ask(method, url, carrier=self.carrier, auth=self._auth, **more)

    def _read(self, answer: Answer) -> Mapping[str, Any]:
        """What is in a good answer. Raises Refused."""
        if answer.status < 300:
            return answer.data
        code, said = answer.data.get("code"), str(answer.data.get("message") or "").strip()[:200]
        raise Refused(_refusal(self.carrier, answer.status, code, said))

    def _price(self, query: Query) -> str:
        """What such a number costs a month, if the carrier tells."""
        if not self.prices:
            return ""
        url = f"{self.prices}/v1/PhoneNumbers/Countries/{quote(query.country, safe='')}"
        try:
            data = self._read(ask("GET", url, carrier=self.carrier, auth=self._auth))
        except ShopFault as fault:
            log.info("no prices", carrier=self.carrier, why=str(fault))
            return ""
        for row in _rows(data, "phone_number_prices"):
            if str(row.get("number_type", "")).lower() == _PRICED[query.kind]:
                return f"{row.get('current_price')} {str(data.get('price_unit', '')).upper()}".strip()
        return ""


_LIST = "incoming_phone_numbers"


def _rows(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = data.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _capabilities(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Twilio writes `voice`, `SMS`, `MMS`, others small letters."""
    has = row.get("capabilities")
    return tuple(sorted(str(name).lower() for name, there in has.items() if there)) if isinstance(has, dict) else ()


def _offer(row: Mapping[str, Any], price: str) -> Offer:
    places = (row.get("locality"), row.get("rate_center"), row.get("region"))
    needs = str(row.get("address_requirements") or "none")
    return Offer(
        address=str(row.get("phone_number", "")),
        region=", ".join(
            dict.fromkeys(
                str(place).title() if len(str(place)) > 3 and str(place).isupper() else str(place)
                for place in places
                if place
            )
        ),
        capabilities=_capabilities(row),
        price=price,
        needs="" if needs == "none" else needs,
    )


def _owned(row: Mapping[str, Any]) -> Owned:
    return Owned(
        external_id=str(row.get("sid", "")),
        address=str(row.get("phone_number", "")),
        name=str(row.get("friendly_name") or ""),
        voice_url=str(row.get("voice_url") or ""),
        capabilities=_capabilities(row),
        overrides=tuple(name for field, name in _OVERRIDES.items() if row.get(field)),
    )


def _fits(offer: Offer, query: Query) -> bool:
    """Some carriers ignore a filter that they do not know."""
    digits = "".join(c for c in query.contains if c.isdecimal())
    return offer.address.startswith("+") and digits in offer.address and query.area in offer.address


def _refusal(carrier: str, status: int, code: Any, said: str) -> str:
    if status in {401, 403} or code == 20003:
        return _("%(carrier)s does not accept the account's id and token. Correct them under Accounts.") % {
            "carrier": carrier
        }
    known = {
        21422: _("Somebody else was faster: this number is not on sale any more. Choose another one."),
        21404: _("A trial account may have one number only. Upgrade it in the carrier's console."),
        21615: _(
            "The law wants an address in the number's own area first. Add it in the carrier's console, then try again."
        ),
        21631: _("The law wants an address first. Add it in the carrier's console, then try again."),
        21613: _("The law wants an address first. Add it in the carrier's console, then try again."),
        21649: _(
            "The law wants papers for this number first. Hand them in at the carrier's console (a regulatory bundle), then try again."
        ),
    }
    if sentence := known.get(code if isinstance(code, int) else 0):
        return str(sentence)
    if status == 404:
        return _("%(carrier)s knows no such thing. Is the account's id right?") % {"carrier": carrier}
    return _("%(carrier)s refused: %(said)s") % {"carrier": carrier, "said": f"{said or status} ({code or status})"}
