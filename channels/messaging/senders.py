"""Which numbers of ours an event may be for, and what their account's webhooks are signed with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from channels.messaging.intake import Addressee
from channels.models import Number
from channels.routes import decrypted

_ACCOUNTS = """SELECT id, external_id, secret, verify_token, carrier FROM channels_account
 WHERE provider = %s AND is_active AND (%s::text IS NULL OR external_id = %s) ORDER BY id"""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What verifies the webhooks of an account."""

    account_id: int
    external_id: str
    secret: str
    verify_token: str
    carrier: str = ""


def active_accounts(provider: str, external_id: str | None = None) -> list[Secrets]:
    """Those of a provider, or the one of this id. One query; secrets are decrypted once a process."""
    # By hand: the field itself would derive its key anew for each row, which costs more than the rest of a webhook.
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, (provider, external_id, external_id))
        rows = cursor.fetchall()
    return [
        Secrets(pk, external, decrypted(secret), decrypted(token) if token else "", carrier)
        for pk, external, secret, token, carrier in rows
    ]


def addressees(account_ids: Iterable[int], addresses: Iterable[str]) -> Mapping[str, Addressee]:
    """Active numbers of these accounts by address. One query."""
    numbers = Number.objects.filter(
        account_id__in=list(account_ids), address__in=sorted(set(addresses)), is_active=True
    )
    return {
        address: Addressee(number_id, account_id)
        for number_id, account_id, address in numbers.order_by("-id").values_list("id", "account_id", "address")
    }
