"""What the emulated carriers' shops do with numbers, whichever form they are asked in."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from channels.messaging import faults
from channels.models import Account
from channels.numbers.models import EmulatedNumber
from channels.providers.twilio.emulator.stock import NEEDS_ADDRESS, TAKEN, Made, brought_along, country_and_kind, stock

# Where tests and the demo write what goes wrong next: `faults.plan(SHOP, ["429:2", "lost"])`.
SHOP = "twilio-numbers"
_PAGE = 30


class NotOnSale(Exception):
    """Somebody has it, or it is none of ours."""


class NeedsAddress(Exception):
    """The law of the country wants one first."""


def available(country: str, kind: str, fits: Callable[[Made], bool], count: int = _PAGE) -> list[Made]:
    """The first of those in stock that nobody owns."""
    sold = set(EmulatedNumber.objects.filter(released_at=None).values_list("address", flat=True))
    found: list[Made] = []
    for made in stock(country, kind):
        if len(found) >= count:
            break
        if made.address not in sold and fits(made):
            found.append(made)
    return found


def owned(account: Account) -> QuerySet[EmulatedNumber]:
    """What the account owns; the number that it brought along is there from the beginning."""
    numbers = EmulatedNumber.objects.filter(account=account.external_id)
    if not numbers.filter(address=brought_along(account.external_id)).exists():
        _give(account, brought_along(account.external_id), "Old hotline", "")
    return EmulatedNumber.objects.filter(account=account.external_id, released_at=None)


def buy(account: Account, address: str, name: str, reference: str) -> EmulatedNumber:
    """Raises NotOnSale, NeedsAddress."""
    if country_and_kind(address) is None or address.endswith(TAKEN):
        raise NotOnSale
    if address.endswith(NEEDS_ADDRESS):
        raise NeedsAddress
    return _give(account, address, name, reference)


def release(number: EmulatedNumber) -> None:
    number.released_at = timezone.now()
    number.voice_url = number.status_url = number.message_url = ""
    number.save()


def _give(account: Account, address: str, name: str, reference: str) -> EmulatedNumber:
    # What was given back is sold again, as another number of the same name.
    EmulatedNumber.objects.filter(address=address, released_at__isnull=False).exclude(
        address=brought_along(account.external_id)
    ).delete()
    external_id = f"PN{uuid.uuid4().hex}" if account.external_id.startswith("AC") else str(uuid.uuid4())
    values = {"account": account.external_id, "external_id": external_id, "name": name, "reference": reference}
    try:
        with transaction.atomic():
            return EmulatedNumber.objects.create(address=address, **values)
    except IntegrityError:
        raise NotOnSale from None


def with_faults(answer: Callable[[], HttpResponse], refused: Callable[[int], bytes]) -> HttpResponseBase:
    """The answer, or what was planned to go wrong instead of it, or behind it."""
    fault, number = faults.next_fault(SHOP)
    if fault.isdigit():
        return faults.with_status(fault, number, refused)
    if fault == "deaf":
        return faults.broken()
    if fault == "slow":
        time.sleep(number)
    said = answer()
    return faults.broken() if fault == "lost" else said


def matching(wanted: str) -> Callable[[Made], bool]:
    """Pattern of Twilio's search: digits, and * for any one of them."""
    digits = "".join(c for c in wanted if c.isdecimal())
    return lambda made: digits in made.address


def in_pages(rows: Sequence[EmulatedNumber], page: int, size: int) -> tuple[Sequence[EmulatedNumber], bool]:
    """One page, and whether there are more."""
    return rows[page * size : (page + 1) * size], len(rows) > (page + 1) * size
