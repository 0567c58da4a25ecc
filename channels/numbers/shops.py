"""Which shop an account's numbers come from, and where that shop's webhooks shall lead."""

from __future__ import annotations

import os

from django.conf import settings
from django.utils.translation import gettext as _

from channels.models import Account
from channels.numbers.shop import Customer, Refused, Shop, Webhooks
from channels.provider import account_kind, providers


def sells_numbers(account: Account) -> bool:
    """Whether numbers are bought there at all."""
    kind = account_kind(account.provider, account.carrier)
    return kind is not None and kind.sells_numbers


def shop_of(account: Account) -> Shop:
    """Raises Refused, with what to do."""
    is_real = account.sends_to == Account.Sending.CARRIER
    if not account.is_active:
        raise Refused(_("The account is switched off. Switch it on under Accounts."))
    if not is_real and not settings.EMULATOR_URL:
        raise Refused(
            _("Nothing leaves the house for this account yet. Choose the carrier under “Messages and orders go to”.")
        )
    customer = Customer(
        carrier=account.carrier,
        external_id=account.external_id,
        secret=account.secret,
        access_token=account.access_token or "",
        api_url=account.api_url,
        emulator="" if is_real else f"{settings.EMULATOR_URL}/{account.provider}",
    )
    provider = providers().get(account.provider)
    shop: Shop | None = provider.shop(customer) if provider else None
    if shop is None:
        raise Refused(_("Numbers are not bought there. Register them at the provider, and add them by hand."))
    return shop


def webhooks_of(account: Account) -> Webhooks:
    """Raises Refused where nobody outside could call them."""
    is_real = account.sends_to == Account.Sending.CARRIER
    if is_real and not settings.PUBLIC_URL:
        raise Refused(
            _(
                "Pareto does not know its own public address. Your operator sets PUBLIC_URL, such as https://calls.example.com."
            )
        )
    origin = settings.PUBLIC_URL or f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}"
    start = f"{origin}/webhooks/{account.provider}"
    return Webhooks(voice=f"{start}/voice/", voice_status=f"{start}/voice/status/", message=f"{start}/message/")
