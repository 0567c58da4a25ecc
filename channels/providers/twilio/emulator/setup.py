"""Finds what an emulated call needs: the account behind a number, the running server, and what became of the call."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.db.models import Q

from channels.models import EmulatedNumber, Number
from channels.providers.twilio.carriers import carrier_of
from channels.providers.twilio.emulator.call import Call
from channels.providers.twilio.emulator.keys import PRIVATE_KEY, PUBLIC_KEY
from channels.providers.twilio.webhook import PROVIDER
from queues.models import Queue
from routing.models import Contact

_LIVE_PATH = "/health/live/"


class NotPossible(Exception):
    """A test call cannot be placed; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """A number of ours and what its webhooks are signed with."""

    account_id: str
    secret: str
    address: str
    carrier: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """What the house knows of a call."""

    reference: str = ""
    contact_id: int | None = None
    queue: str = ""
    why: str = ""


def find_line(address: str) -> Line:
    """Raises NotPossible."""
    numbers = list(
        Number.objects.filter(address=address, account__provider=PROVIDER).select_related("account").order_by("id")
    )
    if not numbers:
        listed = ", ".join(number.address for number in callable_numbers()[:5])
        raise NotPossible(
            f"{address} is none of our numbers. Known: {listed}."
            if listed
            else f"{address} is none of our numbers: there are none yet. Add one in the admin, under Numbers."
        )
    usable = [number for number in numbers if number.is_active and number.account.is_active]
    if not usable:
        raise NotPossible(f"{address} is switched off, or its account is. Switch it on in the admin.")
    account = usable[0].account
    secret = account.secret
    if account.carrier == "telnyx":
        # Its account holds a public key, and only whoever has the private one can sign.
        if secret != PUBLIC_KEY:
            raise NotPossible(
                f"Calls of {carrier_of('telnyx').kind.name} are signed with a key that only the carrier has. "
                "Call the number with a telephone."
            )
        secret = PRIVATE_KEY
    at_carrier = EmulatedNumber.objects.filter(account=account.external_id, address=address, released_at=None).first()
    if at_carrier and not at_carrier.voice_url:
        raise NotPossible(f"{address} has no webhook at the carrier yet. Open it under Numbers and set its webhooks.")
    return Line(account.external_id, secret, address, account.carrier)


def callable_numbers() -> list[Number]:
    """Those that calls reach: a channel's address (whatsapp:…) is none of them."""
    numbers = Number.objects.filter(account__provider=PROVIDER, account__is_active=True, is_active=True)
    called = numbers.filter(Q(address__startswith="+") | Q(address__startswith="sip:"))
    return list(called.select_related("flow").defer("flow__draft").order_by("address"))


def local_origin() -> str:
    """Where the server of this machine listens."""
    return f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}"


def reachable(*origins: str, known_as: str = "") -> str:
    """The first of these that a server of ours answers at, asked by its public name. Raises NotPossible."""
    parts = urlsplit(known_as)
    # A server may answer to its public name only.
    headers = {"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme} if known_as else {}
    tried = list(dict.fromkeys(origin.rstrip("/") for origin in origins if origin))
    with requests.Session() as session:
        session.trust_env = False
        for origin in tried:
            try:
                answer = session.get(origin + _LIVE_PATH, headers=headers, timeout=(2, 5), allow_redirects=False)
            except requests.RequestException:
                continue
            # Another program may hold the port.
            if answer.status_code == requests.codes.ok and answer.text.strip() == "alive":
                return origin
    raise NotPossible(
        f"No server of ours answers at {' or '.join(tried)}. Start it with `make run`, or name it: --url."
    )


def server_origin(*also: str) -> tuple[str, str]:
    """The public origin, and, if it is reached elsewhere, where. Raises NotPossible."""
    found = reachable(settings.PUBLIC_URL, *also, local_origin(), known_as=settings.PUBLIC_URL)
    public = settings.PUBLIC_URL or found
    return (public, "" if found == public else found)


def ending_of(call: Call) -> Ending:
    """The contact of the call, and the queue whose address was dialled last."""
    contact = (
        Contact.objects.filter(origin=f"{PROVIDER}:{call.account_id}", external_id=call.call_id)
        .select_related("queue")
        .only("reference", "why", "queue__name")
        .first()
    )
    uri = call.dialled[-1].uri if call.dialled else ""
    queue = contact.queue.name if contact and contact.queue else ""
    if not queue and uri:
        # No contact, such as when the database was away: the address tells.
        queue = Queue.objects.filter(sip_addresses__uri=uri).order_by("id").values_list("name", flat=True).first() or ""
    if contact is None:
        return Ending(queue=queue)
    return Ending(contact.reference, contact.pk, queue, contact.why)
