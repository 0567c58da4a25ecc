"""The demo world's accounts at carriers, their numbers, and the templates that were approved for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from django.db.models import Model

from channels.models import Account, Number, Template
from queues.models import Queue
from routing.models import Flow

ACCOUNT = "AC00000000000000000000000000000001"
AUTH_TOKEN = "demo-token"
VOICE_NUMBER = "+49309018200"
APP_SECRET, VERIFY_TOKEN, ACCESS_TOKEN = "demo-secret", "demo-verify", "demo-access-token"
META_APP = "100000000000000"
# The same line by other carriers, with ids of their shape and numbers that are reserved for films. The public key is that of the
# emulator, which alone can sign for it; a test holds them together.
TELNYX_PUBLIC_KEY = "pgDKdrVVzu3kIdox0wRy6NkzeXbFpTeN3aKn5+NfAX4="
OTHER_CARRIERS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    (
        "signalwire",
        "b3877c40-0000-4000-8000-000000000001",
        "+493023125001",
        {"secret": "demo-signing-key", "access_token": "demo-token", "api_url": "demo.signalwire.example"},
    ),
    ("somleng", "9a6f1a76-0000-4000-8000-000000000001", "+493023125002", {"secret": "demo-token"}),
    (
        "telnyx",
        "f5586561-0000-4000-8000-000000000001",
        "+493023125003",
        {"secret": TELNYX_PUBLIC_KEY, "access_token": "demo-key"},
    ),
)
_NAMES = {"signalwire": "SignalWire", "somleng": "Somleng", "telnyx": "Telnyx"}
BUSINESS = "100000000000009"
# As the emulators of both have them.
TEMPLATES = (
    ("HX00000000000000000000000000000001", "still_there", "en", "Hello {{1}}, are you still there? Just answer."),
    (
        "HX00000000000000000000000000000002",
        "still_there",
        "de",
        "Hallo {{1}}, sind Sie noch da? Antworten Sie einfach.",
    ),
)

_Row = TypeVar("_Row", bound=Model)


class Make(Protocol):
    """Makes a row if it is missing; None if something else stands in its place."""

    def __call__(self, model: type[_Row], lookup: dict[str, Any], **values: Any) -> _Row | None: ...


def make_accounts(make: Make, *, flows: Mapping[str, Flow | None], fallback: Queue, only_new: bool = False) -> None:
    """`only_new`: those that came with the second edition."""
    if not only_new:
        for account, numbers in _first(make):
            for address, name, flow in numbers:
                _number(make, account, address, name, flows.get(flow), fallback)
    for key, external_id, address, secrets in OTHER_CARRIERS:
        lookup = {"provider": "twilio", "external_id": external_id}
        other = make(Account, lookup, name=f"Demo at {_NAMES[key]}", carrier=key, **secrets)
        _number(make, other, address, f"Hotline by {_NAMES[key]}", flows.get("priority-line"), fallback)


def _first(make: Make) -> list[tuple[Account | None, tuple[tuple[str, str, str], ...]]]:
    carrier = make(Account, {"provider": "twilio", "external_id": ACCOUNT}, name="Demo carrier", secret=AUTH_TOKEN)
    meta = make(
        Account,
        {"provider": "meta", "external_id": META_APP},
        name="Demo app at Meta",
        secret=APP_SECRET,
        verify_token=VERIFY_TOKEN,
        access_token=ACCESS_TOKEN,
        business_id=BUSINESS,
    )
    return [
        (
            carrier,
            (
                (VOICE_NUMBER, "Hotline", "priority-line"),
                ("whatsapp:+49309018201", "WhatsApp", "priority-chat"),
                ("messenger:1000001", "Messenger", "priority-chat"),
            ),
        ),
        (
            meta,
            (
                ("whatsapp:100000000000001", "WhatsApp Cloud", "priority-chat"),
                ("messenger:1000002", "Page", "priority-chat"),
                ("instagram:17840000000000001", "Instagram", "priority-chat"),
            ),
        ),
    ]


def _number(make: Make, account: Account | None, address: str, name: str, flow: Flow | None, fallback: Queue) -> None:
    if account:
        make(Number, {"account": account, "address": address}, name=name, flow=flow, fallback_queue=fallback)


def make_templates(make: Make) -> None:
    """For the accounts that are there; an older world's account at Meta has no business account yet."""
    Account.objects.filter(provider="meta", external_id=META_APP, business_id="").update(business_id=BUSINESS)
    for provider, external_id in (("twilio", ACCOUNT), ("meta", META_APP)):
        account = Account.objects.filter(provider=provider, external_id=external_id).first()
        if account is None:
            continue
        for sid, name, language, text in TEMPLATES:
            sent_by = sid if provider == "twilio" else name
            make(Template, {"account": account, "external_id": sent_by, "language": language}, name=name, text=text)
