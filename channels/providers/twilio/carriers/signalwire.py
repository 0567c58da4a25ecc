"""SignalWire's compatibility API (cXML, once LaML).

Signs as Twilio does, with the project's signing key, in `X-SignalWire-Signature` or Twilio's own header
(https://developer.signalwire.com/guides/webhook-security, and the validator of its libraries). Its interface stands
under the space's own host at `/api/laml` and takes project id and API token; ids are UUIDs
(https://developer.signalwire.com/compatibility-api/client-sdks/methods/incoming-phone-numbers).
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
from channels.providers.twilio.signature import HEADER

_KIND = AccountKind(
    carrier="signalwire",
    name="SignalWire",
    about=gettext_lazy("Calls, by SignalWire's compatibility (cXML) interface."),
    sells_numbers=True,
    fields=(
        AccountField(
            "api_url",
            gettext_lazy("Space"),
            gettext_lazy("The host of your space, such as example.signalwire.com. It is in your dashboard's address."),
        ),
        AccountField(
            "external_id",
            gettext_lazy("Project ID"),
            gettext_lazy("In SignalWire's dashboard under API. SignalWire sends it as AccountSid."),
        ),
        AccountField(
            "secret",
            gettext_lazy("Signing key"),
            gettext_lazy(
                "In SignalWire's dashboard under API: “Show” beside Signing Key. Webhooks are signed with it."
            ),
        ),
        AccountField(
            "access_token",
            gettext_lazy("API token"),
            gettext_lazy(
                "In SignalWire's dashboard under API, with the scopes Voice and Numbers. Numbers are bought with it."
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class _SignalWire(SharedSecret):
    names: tuple[str, ...] = ("X-SignalWire-Signature", HEADER)
    key: str = "signalwire"
    kind: AccountKind = _KIND

    def problem(self, values: Mapping[str, str]) -> tuple[str, str] | None:
        if not origin_of(values.get("api_url", "")):
            return "api_url", _("A host, such as example.signalwire.com.")
        return None

    def shop(self, customer: Customer) -> Shop:
        api, password = self.messages(customer)
        return CompatibleShop(
            carrier="SignalWire",
            account_id=customer.external_id,
            password=password,
            api=api,
        )

    def messages(self, customer: Customer) -> tuple[str, str]:
        return customer.emulator or f"{origin_of(customer.api_url)}/api/laml", customer.access_token


SIGNALWIRE = _SignalWire()
