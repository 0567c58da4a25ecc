"""Twilio: https://www.twilio.com/docs/usage/security."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.numbers.shop import Customer, Shop
from channels.provider import AccountField, AccountKind
from channels.providers.twilio.carriers.carrier import SharedSecret
from channels.providers.twilio.carriers.compatible import CompatibleShop

_SID = re.compile(r"AC[0-9a-fA-F]{32}")
API, PRICES = "https://api.twilio.com", "https://pricing.twilio.com"

_KIND = AccountKind(
    carrier="",
    name="Twilio",
    about=gettext_lazy("Calls, SMS, and WhatsApp and Messenger as Twilio passes them on."),
    sells_numbers=True,
    fields=(
        AccountField(
            "external_id",
            gettext_lazy("Account SID"),
            gettext_lazy("Begins with AC. In Twilio's console on the first page, under Account Info."),
        ),
        AccountField(
            "secret",
            gettext_lazy("Auth token"),
            gettext_lazy("Below the Account SID in Twilio's console. Every webhook is signed with it."),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class _Twilio(SharedSecret):
    key: str = ""
    kind: AccountKind = _KIND

    def problem(self, values: Mapping[str, str]) -> tuple[str, str] | None:
        if values.get("external_id", "").startswith(("SK", "PN")):
            return "external_id", _("This is the id of something else. The account's own begins with AC.")
        return None

    def shop(self, customer: Customer) -> Shop:
        api, password = self.messages(customer)
        return CompatibleShop(
            carrier="Twilio",
            account_id=customer.external_id,
            password=password,
            api=api,
            prices=f"{customer.emulator}/pricing" if customer.emulator else PRICES,
        )

    def messages(self, customer: Customer) -> tuple[str, str]:
        return customer.emulator or API, customer.secret


TWILIO = _Twilio()
