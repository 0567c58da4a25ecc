"""Every address of the admin is walked as somebody who may not see numbers, and as somebody who may."""

from __future__ import annotations

import html
import json
import re
import uuid
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels.messaging.models import Conversation, Message, OptOut
from channels.models import Number
from customers.models import Customer, CustomerChange, Identity
from customers.sync.models import SyncFault, SyncRun
from demo.world import build
from outgoing.models import Delivery, Kind, Subscription
from routing.models import Contact, Flow, FlowCase, Turn

pytestmark = pytest.mark.django_db
PHONE, OTHER, MAIL = "+4915100000042", "+4915177777777", "wilma@example.com"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
_LINK = re.compile(r"""\s(?:(?:href|action|src|hx-get)="|data-[\w-]+="(?=/))([^"#]+)""")
# Of rows: a few of each kind; of a list's filters and orders: one of each.
_MOST_OF_A_KIND = 5
# Signing out, and streams that never end.
_LEAVE = ("/logout/", "/jsi18n/", "/password_change/", "/listen/", "/presence/")
_CANVAS = ("document/", "numbers/", "versions/", "traffic/", "cases/", "contacts/?step=call", "try/customers/?q=Wil")


@pytest.fixture
def world() -> set[str]:
    """The demo world, and somebody who called and wrote; whatever is a customer's number or e-mail."""
    build(NOW)
    customer = Customer.objects.create(
        external_id="C-42", name="Wilhelmine", notes=f"call {PHONE}", attributes={"second": OTHER, "mail": MAIL}
    )
    Identity.objects.create(customer=customer, kind="phone", value=PHONE)
    Identity.objects.create(customer=customer, kind="email", value=MAIL)
    CustomerChange.objects.create(
        customer=customer, at=NOW, via="api", by="CRM", changes={"phone": [None, PHONE], "notes": ["", MAIL]}
    )
    number = Number.objects.filter(flow__isnull=False).order_by("pk")[0]
    version = number.flow.live if number.flow else None
    for reference, sender, whose, state in (
        ("R1", PHONE, customer, "ended"),
        ("R2", OTHER, None, "ended"),
        ("R3", f"whatsapp:{OTHER}", None, "handed_over"),
    ):
        contact = Contact.objects.create(
            reference=reference, origin="t", external_id=f"CA-{reference}", channel="voice", sender=sender,
            recipient=number.address, state=state, started_at=timezone.now(), last_event_at=timezone.now(),
            ended_at=timezone.now() if state == "ended" else None, outcome="connected" if state == "ended" else "",
            customer=whose, version=version, why=f"{sender} wrote {MAIL}",
        )  # fmt: skip
        Turn.objects.create(
            contact=contact, number=0, event={"event": "ContactStarted", "sender": sender, "mail": MAIL}, effects=[],
            trace=[{"step": "call", "type": "call", "exit": "started", "did": [f"asked for {sender} and {MAIL}"]}],
            at=NOW, took_ms=1,
        )  # fmt: skip
    talk = Conversation.objects.create(
        number=number, channel="whatsapp", peer=f"whatsapp:{OTHER}", name="W", contact=contact
    )
    Message.objects.create(
        conversation=talk, direction="in", text=f"reach me at 0151 77777777, {OTHER} or {MAIL}", state="received",
        occurred_at=NOW,
    )  # fmt: skip
    OptOut.objects.create(kind="phone", value=PHONE, word="STOP", since=NOW)
    flow = Flow.objects.order_by("pk")[0]
    FlowCase.objects.create(
        flow=flow, name=f"As {PHONE}", scenario={"caller": {"kind": "made_up", "number": PHONE}}, expected={},
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    LogEntry.objects.create(
        content_type_id=1, object_pk="1", object_repr=PHONE, action=1, changes={"value": [PHONE, MAIL]}
    )
    run = SyncRun.objects.create(by="CRM", started_at=NOW, touched_at=NOW, received=2, error=f"at {PHONE}")
    SyncFault.objects.create(run=run, line=1, external_id="C-42", errors=[{"detail": f"{PHONE} is taken"}])
    listener = Subscription.objects.create(
        name="CRM", url="https://crm.example.com/", kinds=list(Kind.values), secret="s", created_at=NOW
    )
    Delivery.objects.create(
        subscription=listener, event_id=uuid.uuid4(), kind=Kind.CONTACT_STARTED, facts={}, state="sent", due_at=NOW,
        body=json.dumps({"sender": PHONE}), response=f"thanks, {MAIL}", created_at=NOW,
    )  # fmt: skip
    return {OTHER, *Identity.objects.values_list("value", flat=True)}


def signed_in(role: str) -> Client:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def answers(client: Client) -> Iterator[tuple[str, str]]:
    """Each address that can be reached by following links and by the canvas of flows, with what it says."""
    waiting = deque([reverse("admin:index")])
    for flow in Flow.objects.all():
        waiting += [f"/admin/routing/flow/{flow.pk}/canvas/{part}" for part in _CANVAS]
        waiting += [f"/admin/routing/flow/{flow.pk}/canvas/contact/{one.pk}/" for one in Contact.objects.all()]
    waiting += [f"/admin/{label}/add/" for label in ("customers/customer", "routing/flow", "channels/number")]
    for kind in ("csv", "xlsx"):
        waiting.append(f"/admin/files/import/export/{kind}/")
    seen: set[str] = set(waiting)
    kinds: dict[str, int] = {}
    while waiting:
        address = waiting.popleft()
        answer = client.get(address, headers={"accept": "text/html,application/json"})
        body = b"".join(answer) if answer.streaming else answer.content
        said = f"{answer.get('Location', '')}\n{answer.get('Content-Disposition', '')}\n{body.decode(errors='replace')}"
        yield address, said
        for found in [*_LINK.findall(said), answer.get("Location", "")]:
            link = urljoin(address, html.unescape(found)).partition("#")[0]
            parts = urlsplit(link)
            if parts.netloc or not parts.path.startswith("/admin/") or link in seen or parts.path.endswith(_LEAVE):
                continue
            kind = re.sub(r"\d+", "0", parts.path) + "?" + "&".join(name for name, _ in parse_qsl(parts.query)[:1])
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] <= (1 if parts.query else _MOST_OF_A_KIND):
                seen.add(link)
                waiting.append(link)


def named(world: set[str], text: str) -> set[str]:
    """In whichever way it is written down in a page."""
    read = html.unescape(unquote(text))
    read += read.encode().decode("unicode_escape", errors="ignore") if "\\u" in read else ""
    tight = re.sub(r"[ ()/-]", "", read)
    return {one for one in world if one in read or one.removeprefix("+49") in tight}


def test_whoever_may_not_see_numbers_finds_none_on_any_page(world: set[str]) -> None:
    client = signed_in("Read-only")
    found = {address: names for address, said in answers(client) if (names := named(world, said))}
    assert found == {}


def test_a_manager_finds_them_on_the_same_walk(world: set[str]) -> None:
    found: dict[str, set[str]] = {}
    for address, said in answers(signed_in("Managers")):
        if names := named(world, said):
            found[address] = names
    assert set().union(*found.values()) == world
    pages = {re.sub(r"\d+", "0", urlsplit(address).path) for address in found}
    assert {
        "/admin/customers/customer/", "/admin/customers/customer/0/change/", "/admin/routing/contact/",
        "/admin/routing/contact/0/change/", "/admin/routing/flow/0/canvas/contact/0/",
        "/admin/routing/flow/0/canvas/cases/", "/admin/channels/conversation/",
        "/admin/channels/conversation/0/change/", "/admin/channels/optout/", "/admin/auditlog/logentry/",
    } <= pages  # fmt: skip


def test_a_list_of_customers_leaves_the_house_only_with_the_permission_for_it(world: set[str]) -> None:
    for role, status in (("Managers", 200), ("Supervisors", 403), ("Read-only", 403)):
        client = signed_in(role)
        for kind in ("csv", "xlsx"):
            assert client.get(f"/admin/files/import/export/{kind}/").status_code == status
        page = client.get("/admin/customers/customer/").content.decode()
        assert ("/admin/files/import/export/csv/" in page) is (status == 200)
        people = client.get("/admin/customers/tier/pareto/customers/")
        assert ("text/csv" in people.get("Content-Type", "")) is (status == 200)


def test_our_own_numbers_and_addresses_of_queues_are_nobodys_secret(world: set[str]) -> None:
    client = signed_in("Read-only")
    assert "+49309018200" in client.get("/admin/channels/number/").content.decode()
    contact = Contact.objects.get(reference="R1")
    assert contact.recipient in client.get(f"/admin/routing/contact/{contact.pk}/change/").content.decode()


def test_a_number_is_not_found_out_digit_by_digit(world: set[str]) -> None:
    for role, found in (("Read-only", False), ("Managers", True)):
        client = signed_in(role)
        assert ("R2" in client.get("/admin/routing/contact/", {"q": OTHER[:-2]}).content.decode()) is found
        assert "R2" in client.get("/admin/routing/contact/", {"q": OTHER}).content.decode()
        for kind, whole in (
            ("customers/customer", PHONE),
            ("customers/customer", MAIL),
            ("channels/conversation", OTHER),
        ):
            for text, wanted in ((whole[:-2], found), (whole, True)):
                page = client.get(f"/admin/{kind}/", {"q": text}).content.decode()
                assert bool(re.search(rf"/admin/{kind}/\d+/change/", page)) is wanted, (role, kind, text)
