"""No list of the admin asks the database once a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from auditlog.models import LogEntry
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.keys import make_key
from access.models import ApiKey
from channels.models import Account, Conversation, Message, Number, OptOut, Template
from customers.enrichment.models import DataSource
from customers.files.models import Import
from customers.models import Attribute, Customer, Identity, Tier
from customers.privacy.models import Receipt
from customers.sync.models import SyncRun
from customers.tiers.models import Rate
from outgoing.models import Delivery, Subscription
from outgoing.services import subscribe
from queues.models import OpeningHours, OpeningPeriod, Queue, SipAddress, SpecialDay
from routing.models import Contact, Flow, FlowVersion

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def _queue(number: int) -> Queue:
    hours = _hours(number)
    overflow = Queue.objects.create(key=f"over-{number}", name=f"Overflow {number}")
    queue = Queue.objects.create(key=f"q-{number}", name=f"Queue {number}", hours=hours, overflow=overflow)
    SipAddress.objects.create(queue=queue, uri=f"sip:q{number}@pbx.example.com")
    return queue


def _hours(number: int) -> OpeningHours:
    hours = OpeningHours.objects.create(key=f"h-{number}", name=f"Hours {number}")
    OpeningPeriod.objects.create(hours=hours, weekday=0, opens_at=time(8), closes_at=time(18))
    SpecialDay.objects.create(hours=hours, date=date(2030, 12, 25), name="Christmas")
    return hours


def _tier(number: int) -> Tier:
    return Tier.objects.create(key=f"t-{number}", name=f"Tier {number}", rank=number + 1, head_start_s=60)


def _customer(number: int) -> Customer:
    customer = Customer.objects.create(external_id=f"C-{number}", name=f"Customer {number}", tier=_tier(number))
    Identity.objects.create(customer=customer, value=f"+49151{number:07}")
    return customer


def _flow(number: int) -> Flow:
    flow = Flow.objects.create(key=f"f-{number}", name=f"Flow {number}", draft={"format": 1})
    flow.live = FlowVersion.objects.create(flow=flow, number=1, definition={"format": 1}, published_at=NOW)
    flow.save()
    return flow


def _version(number: int) -> FlowVersion:
    version = _flow(number).live
    assert version
    return version


def _source(number: int) -> DataSource:
    return DataSource.objects.create(key=f"s-{number}", name=f"Source {number}", url="https://crm.example.com/")


def _account(number: int) -> Account:
    return Account.objects.create(
        name=f"Account {number}", provider="twilio", external_id=f"AC{number}", secret="token"
    )


def _number(number: int) -> Number:
    return Number.objects.create(
        account=_account(number), address=f"+4930{number:07}", flow=_flow(number), fallback_queue=_queue(number)
    )


def _contact(number: int) -> Contact:
    customer = _customer(number)
    return Contact.objects.create(
        reference=f"R{number}",
        origin="twilio:AC1",
        external_id=f"CA{number}",
        channel="voice",
        sender=f"+49151{number:07}",
        recipient="+4930901820",
        customer=customer,
        tier=customer.tier,
        version=_version(number),
        queue=_queue(number),
        started_at=NOW + timedelta(seconds=number),
        last_event_at=NOW,
    )


def _conversation(number: int) -> Conversation:
    contact = _contact(number)
    conversation = Conversation.objects.create(
        number=_number(number + 1000),
        channel="sms",
        peer=contact.sender,
        customer=contact.customer,
        contact=contact,
        last_message_at=NOW + timedelta(seconds=number),
    )
    Message.objects.create(conversation=conversation, direction="in", state="received", text="Hello", occurred_at=NOW)
    return conversation


def _template(number: int) -> Template:
    return Template.objects.create(
        account=_account(number), name=f"t{number}", external_id=f"t{number}", language="en", text="Hello {{1}}"
    )


def _opt_out(number: int) -> OptOut:
    return OptOut.objects.create(kind="phone", channel="sms", value=f"+49151{number:07}", word="STOP", since=NOW)


def _user(number: int) -> User:
    user = User.objects.create_user(f"user-{number}")
    user.groups.add(Group.objects.get(name="Managers"))
    return user


def _group(number: int) -> Group:
    return Group.objects.create(name=f"Role {number}")


def _entry(number: int) -> LogEntry:
    user = _user(number)
    return LogEntry.objects.log_create(_queue(number), action=1, changes={"name": ["a", "b"]}, actor=user)


def _key(number: int) -> ApiKey:
    return make_key(name=f"Key {number}", scopes=["tiers:read"], by=None, now=NOW).key


def _attribute(number: int) -> Attribute:
    return Attribute.objects.create(name=f"value_{number}", label=f"Value {number}")


def _sync_run(number: int) -> SyncRun:
    return SyncRun.objects.create(by="crm", started_at=NOW, touched_at=NOW, received=number)


def _subscription(number: int) -> Subscription:
    return subscribe(
        name=f"Hook {number}", url="https://crm.example.com/", kinds=["contact.ended"], by=_user(number), now=NOW
    ).subscription


def _delivery(number: int) -> Delivery:
    return Delivery.objects.create(
        subscription=_subscription(number), event_id=uuid4(), kind="contact.ended", facts={}, due_at=NOW, created_at=NOW
    )


def _rate(number: int) -> Rate:
    return Rate.objects.create(currency=f"X{chr(65 + number // 26)}{chr(65 + number % 26)}", worth=1)


def _import(number: int) -> Import:
    return Import.objects.create(name=f"{number}.csv", kind="csv", by="admin", created_at=NOW, beat_at=NOW)


def _receipt(number: int) -> Receipt:
    return Receipt.objects.create(at=NOW, by="admin", proof=f"{number:064x}", erased={"customers": 1})


ROWS: dict[str, Callable[[int], Any]] = {
    "access.apikey": _key,
    "outgoing.subscription": _subscription,
    "outgoing.delivery": _delivery,
    "queues.queue": _queue,
    "queues.openinghours": _hours,
    "customers.tier": _tier,
    "customers.customer": _customer,
    "customers.attribute": _attribute,
    "sync.syncrun": _sync_run,
    "tiers.rate": _rate,
    "privacy.receipt": _receipt,
    "files.import": _import,
    "enrichment.datasource": _source,
    "routing.flow": _flow,
    "routing.flowversion": _version,
    "routing.contact": _contact,
    "channels.account": _account,
    "channels.number": _number,
    "channels.conversation": _conversation,
    "channels.template": _template,
    "channels.optout": _opt_out,
    "auth.user": _user,
    "auth.group": _group,
    "auditlog.logentry": _entry,
}


def _address(label: str) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_changelist")


def _queries(client: Client, label: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        response = client.get(_address(label))
    assert response.status_code == 200
    return len(queries)


def test_every_registered_model_is_in_this_list() -> None:
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert registered == set(ROWS)


@pytest.mark.parametrize("label", ROWS)
def test_a_list_of_twenty_asks_as_often_as_a_list_of_one(admin_client: Client, label: str) -> None:
    make = ROWS[label]
    make(0)
    admin_client.get(_address(label))  # content types and the like are remembered from here on
    one = _queries(admin_client, label)
    for number in range(1, 20):
        make(number)
    assert _queries(admin_client, label) == one
    assert one <= 16


# There is always somebody, and always a role.
@pytest.mark.parametrize("label", sorted(ROWS.keys() - {"auth.user", "auth.group"}))
def test_a_list_without_rows_says_what_belongs_there(admin_client: Client, label: str) -> None:
    model = apps.get_model(label)
    words = getattr(admin.site._registry[model], "empty_text", "")
    model._base_manager.all().delete()
    page = admin_client.get(_address(label)).content.decode()
    assert words
    assert str(words)[:30] in page.replace("&#x27;", "'")


@pytest.mark.parametrize("label", ROWS)
def test_a_search_finds_nothing_and_says_so(admin_client: Client, label: str) -> None:
    ROWS[label](0)
    page = admin_client.get(_address(label), {"q": "no such thing"})
    assert page.status_code == 200
    if label != "auth.group":
        assert "Nothing matches this search" in page.content.decode()


@pytest.mark.parametrize("label", ROWS)
def test_a_form_opens(admin_client: Client, label: str) -> None:
    row = ROWS[label](0)
    assert admin_client.get(reverse(f"admin:{label.replace('.', '_')}_change", args=[row.pk])).status_code == 200
