"""Somleng, the open-source server that companies and carriers run themselves.

It signs and answers as Twilio does, with the account's auth token and ids that are UUIDs; its interface is
`/2010-04-01/Accounts/{AccountSid}/…` of its own host (specifications in https://github.com/somleng/somleng,
spec/requests/twilio_api). It filters available numbers by area code only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.numbers.shop import Customer, Shop
from channels.provider import AccountField, AccountKind
from channels.providers.twilio.carriers.addresses import origin_of
from channels.providers.twilio.carriers.carrier import SharedSecret
from channels.providers.twilio.carriers.compatible import CompatibleShop

API = "https://api.somleng.org"

_KIND = AccountKind(
    carrier="somleng",
    name="Somleng",
    about=gettext_lazy("Calls, by a Somleng server: your own, or your carrier's."),
    sells_numbers=True,
    fields=(
        AccountField(
            "api_url",
            gettext_lazy("Server"),
            gettext_lazy("Where the server's API is. Empty: https://api.somleng.org."),
            required=False,
        ),
        AccountField(
            "external_id",
            gettext_lazy("Account SID"),
            gettext_lazy("In Somleng's dashboard on the page of your account."),
        ),
        AccountField(
            "secret",
            gettext_lazy("Auth token"),
            gettext_lazy("Beside the Account SID in Somleng's dashboard. Every webhook is signed with it."),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class _Somleng(SharedSecret):
    key: str = "somleng"
    kind: AccountKind = _KIND

    def problem(self, values: Mapping[str, str]) -> tuple[str, str] | None:
        typed = values.get("api_url", "")
        if typed and not origin_of(typed):
            return "api_url", _("An address, such as https://api.somleng.example.")
        return None

    def shop(self, customer: Customer) -> Shop:
        api, password = self.messages(customer)
        return CompatibleShop(
            carrier="Somleng",
            account_id=customer.external_id,
            password=password,
            api=api,
            filters_pattern=False,
        )

    def messages(self, customer: Customer) -> tuple[str, str]:
        return customer.emulator or origin_of(customer.api_url) or API, customer.secret


SOMLENG = _Somleng()
