"""Numbers of erased customers, sealed: enough to know one who is sent again, too little to learn whose it was."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from django.conf import settings

from customers.models import Tombstone

SEALED: Final = "erased:"


def proof_of(external_id: str, *, key: str | None = None) -> str:
    """The same for the same number, and of no use without the key of this house."""
    secret = settings.SECRET_KEY if key is None else key
    return hmac.new(secret.encode(), f"erased:{external_id}".encode(), hashlib.sha256).hexdigest()


def sealed(external_id: str, *, key: str | None = None) -> str:
    """In the place of the number."""
    return external_id if external_id.startswith(SEALED) else SEALED + proof_of(external_id, key=key)


def seal_tombstones(*, external_id: str, customer_id: int) -> None:
    """Seals the numbers of somebody erased: theirs, and those of everybody who was ever merged into them."""
    wanted, seen = {external_id}, set[str]()
    rows = Tombstone.objects.filter(customer_id=customer_id) | Tombstone.objects.filter(external_id=external_id)
    found = {row.pk: row for row in rows}
    while wanted - seen:
        now_wanted = wanted - seen
        seen |= now_wanted
        for row in Tombstone.objects.filter(merged_into__in=now_wanted):
            found[row.pk] = row
            wanted.add(row.external_id)
    for row in found.values():
        row.external_id = sealed(row.external_id)
        row.merged_into = sealed(row.merged_into) if row.merged_into else ""
    Tombstone.objects.bulk_update(found.values(), ["external_id", "merged_into"])


def erased_among(numbers: Iterable[str]) -> frozenset[str]:
    """Those of the numbers that belonged to somebody erased. One query while nobody was."""
    if not Tombstone.objects.filter(external_id__startswith=SEALED).exists():
        return frozenset()
    # A key that was replaced still opens what it sealed.
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    by_seal = {sealed(number, key=key): number for number in set(numbers) for key in keys}
    known = Tombstone.objects.filter(external_id__in=list(by_seal)).values_list("external_id", flat=True)
    return frozenset(by_seal[one] for one in known)
