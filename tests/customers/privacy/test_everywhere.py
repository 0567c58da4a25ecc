"""One customer is put wherever a house keeps something of somebody, erased, and looked for in all that is stored."""

from __future__ import annotations

import json
import uuid
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.keys import make_key
from access.models import KeptAnswer
from channels.messaging.models import Conversation, InboundEvent, Message, OptOut
from channels.models import Account, Number
from customers.files.models import Fault, Import, Piece
from customers.models import Consent, Customer, CustomerChange, Identity, Tombstone
from customers.privacy.scrubbing import Scrubber
from customers.privacy.services import erase, subject_of
from customers.sync.models import SyncChunk, SyncFault, SyncRun
from customers.sync.services import Options, sync_customers
from outgoing.models import Delivery, Kind, Subscription
from queues.models import Queue
from routing.models import Contact, Flow, FlowCase, Turn
from tests.customers.privacy.everywhere import everything, places_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
NUMBER, NAME, PHONE, MAIL = "CRM-778899", "Wilhelmine Überall", "+4915100000042", "wilma@example.com"
# Somebody of whom something is left is found by any of these.
WORDS = (NUMBER, "Wilhelmine", "15100000042", "0151 00000042", MAIL, "Quirina", "15100000088", "Mina Moll")
RECORD = {"external_id": NUMBER, "name": NAME, "identities": [{"kind": "phone", "value": PHONE}]}


@pytest.fixture
def wilma(admin_user: User) -> Customer:
    customer = Customer.objects.create(external_id=NUMBER, name=NAME, notes=f"{NAME} likes calls")
    for kind, value in (("phone", PHONE), ("email", MAIL), ("whatsapp", PHONE.lstrip("+"))):
        Identity.objects.create(customer=customer, kind=kind, value=value)
    Consent.objects.create(customer=customer, purpose="marketing", granted=True, at=NOW, source=NAME)
    other = Customer.objects.create(external_id="C-1", name="Somebody else")
    before = {"name": ["Quirina Früher", NAME], "identities": [["phone:+4915100000088", "phone:+4915100000077"], []]}
    others = {"merged": [None, NUMBER], "by": ["", MAIL], "notes": ["Quirina Früher, 0151/00000088", ""]}
    Identity.objects.create(customer=other, kind="phone", value="+4915100000077")
    for about, changes in ((customer, before), (other, others)):
        CustomerChange.objects.create(customer=about, at=NOW, via="admin", by="ada", changes=changes)
    Tombstone.objects.create(external_id="CRM-778898", customer_id=9_999, merged_into=NUMBER, change=1, at=NOW)
    _spoke(customer)
    _wrote(customer)
    _in_files_and_syncs()
    key = make_key(name="CRM", scopes=["customers:write"], by=None, now=NOW)
    body = json.dumps(
        {"results": [{"external_id": NUMBER, "detail": f"0151 00000042 is {NAME}"}, {"external_id": "C-1"}]}
    )
    KeptAnswer.objects.create(
        key=key.key, name=f"push-{NUMBER}", request="0" * 64, status=200, content_type="application/json",
        headers={"Location": f"/api/v1/customers/{NUMBER}/"}, body=body.encode(), created_at=NOW,
    )  # fmt: skip
    listener = Subscription.objects.create(
        name="CRM", url="https://crm.example.com/", kinds=list(Kind.values), secret="s", created_at=NOW
    )
    for kind, facts in (
        (Kind.TIER_CHANGED, {"customer_id": customer.pk, "external_id": NUMBER}),
        (Kind.CONTACT_STARTED, {"contact_id": Contact.objects.get().pk}),
    ):
        Delivery.objects.create(
            subscription=listener, event_id=uuid.uuid4(), kind=kind, facts=facts, body=json.dumps(RECORD),
            response=f"thank you, {MAIL}", state="sent", due_at=NOW, created_at=NOW,
        )  # fmt: skip
    LogEntry.objects.create(user=admin_user, object_repr=NAME, change_message=f"[{PHONE}]", action_flag=CHANGE)
    redis.Redis.from_url(settings.REDIS_URL).set("pareto:fetch:answer:0123", json.dumps({"name": NAME, "mail": MAIL}))
    return customer


def _spoke(customer: Customer) -> None:
    contact = Contact.objects.create(
        reference="R1", origin="t", external_id="CA1", channel="voice", sender=PHONE, recipient="+49301", state="ended",
        started_at=NOW, last_event_at=NOW, ended_at=NOW, outcome="connected", customer=customer, why=f"{PHONE} is gold",
    )  # fmt: skip
    trace = [{"seen": NAME, "recording": f"https://r.example.com/{NUMBER}"}]
    Turn.objects.create(contact=contact, number=0, event={"from": PHONE}, effects=[], trace=trace, at=NOW, took_ms=1)
    flow = Flow.objects.create(key="line", name="Line", draft={})
    FlowCase.objects.create(
        flow=flow, name=f"As {NAME}", scenario={"caller": {"customer_id": customer.pk, "number": PHONE, "values": RECORD}},
        expected={"heard": [f"Hello {NAME}"]}, created_at=NOW, updated_at=NOW,
    )  # fmt: skip


def _wrote(customer: Customer) -> None:
    account = Account.objects.create(name="Carrier", provider="twilio", external_id="AC1", secret="s")
    queue = Queue.objects.create(key="vip", name="VIP")
    number = Number.objects.create(account=account, address="+49301", fallback_queue=queue)
    talk = Conversation.objects.create(number=number, channel="whatsapp", peer=PHONE, name=NAME, customer=customer)
    Message.objects.create(
        conversation=talk, direction="in", text=f"it is me, {NAME}", state="received", occurred_at=NOW,
        media=[{"url": f"https://example.com/{NUMBER}.jpg"}],
    )  # fmt: skip
    InboundEvent.objects.create(
        account=account, number=number, conversation=talk, kind="message", external_id="SM1", occurred_at=NOW,
        received_at=NOW, handled_at=NOW, payload={"text": NAME},
    )  # fmt: skip
    InboundEvent.objects.create(
        account=account, number=number, kind="status", external_id="SM2/read", occurred_at=NOW, received_at=NOW,
        payload={"sender": f"whatsapp:{PHONE}", "state": "read", "message": "SM2"},
    )  # fmt: skip
    OptOut.objects.create(kind="phone", value=PHONE, word="STOP", since=NOW)


def _in_files_and_syncs() -> None:
    run = SyncRun.objects.create(by="CRM", started_at=NOW, touched_at=NOW, received=2, error=f"at {NUMBER}")
    lines = b"\n".join(json.dumps(one).encode() for one in (RECORD, {"external_id": "C-1"}))
    SyncChunk.objects.create(run=run, first_line=1, lines=2, body=zlib.compress(lines))
    SyncFault.objects.create(run=run, line=1, external_id=NUMBER, errors=[{"detail": f"{PHONE} is taken"}])
    file = Import.objects.create(
        name=f"{NAME}.csv", kind="csv", encoding="utf-8", delimiter=";", columns=["Number", "Name"], by="ada",
        sample=[[NUMBER, "Mina Moll"], ["C-1", "Somebody else"]], created_at=NOW, beat_at=NOW,
        changes=[
            {"row": 2, "number": NUMBER, "result": "updated", "pairs": {"name": ["Mina Moll", NAME]}},
            {"row": 3, "number": "C-1", "result": "updated", "pairs": {"notes": ["", "calls 0151 00000077"]}},
        ],
    )  # fmt: skip
    Piece.objects.create(file=file, number=0, body=f"Number;Name;Tel\n{NUMBER};{NAME};0151 00000042\n".encode())
    Fault.objects.create(file=file, row=2, external_id=NUMBER, reason=f"{MAIL} is no number")


def left(stored: dict[str, str]) -> dict[str, list[str]]:
    return {word: places for word in WORDS if (places := places_of(word, stored))}


def test_nothing_of_whoever_is_erased_is_anywhere(wilma: Customer) -> None:
    before = left(everything(settings.REDIS_URL))
    assert set(before) == set(WORDS)
    assert len(set().union(*before.values())) > 18
    erase(customer_id=wilma.pk, by="ada", now=NOW)
    assert left(everything(settings.REDIS_URL)) == {}


def test_others_keep_what_is_theirs(wilma: Customer) -> None:
    erase(customer_id=wilma.pk, by="ada", now=NOW)
    assert Customer.objects.get().name == "Somebody else"
    assert json.loads(bytes(KeptAnswer.objects.get().body))["results"][1] == {"external_id": "C-1"}
    file = Import.objects.get()
    assert file.sample == [["–", "–"], ["C-1", "Somebody else"]]
    assert [one["number"] for one in file.changes] == ["–", "C-1"]
    assert file.changes[1]["pairs"] == {"notes": ["", "calls 0151 00000077"]}
    assert Identity.objects.get().value == "+4915100000077"
    chunk = SyncChunk.objects.get()
    assert [line for line in zlib.decompress(bytes(chunk.body)).split(b"\n") if line] == [b'{"external_id": "C-1"}']


def test_whoever_was_erased_is_not_brought_back_by_a_later_sync(wilma: Customer) -> None:
    erase(customer_id=wilma.pk, by="ada", now=NOW)
    records: list[Any] = [RECORD, {"external_id": "C-2", "name": "New"}]
    report = sync_customers(raw=records, options=Options(), by="CRM", now=NOW)
    assert [outcome.result for outcome in report.outcomes] == ["stale", "created"]
    assert not Customer.objects.filter(external_id=NUMBER).exists()


def test_a_long_list_is_read_through_once_whatever_somebody_is_known_by(wilma: Customer) -> None:
    with CaptureQueriesContext(connection) as asked:
        list(Scrubber(subject_of(wilma.pk)).rows(Delivery.objects.all(), ("facts", "body", "response", "error")))
    looked = next(query["sql"] for query in asked if "concat_ws" in query["sql"])
    assert looked.count("concat_ws") == 1  # it was once for each address and name, seconds beside 300,000 webhooks
    assert "translate" not in looked


@pytest.mark.parametrize("mail", ["w_i%l@example.com", "w\\\\il@example.com"])
def test_signs_that_mean_more_to_the_database_are_only_themselves(admin_user: User, mail: str) -> None:
    customer = Customer.objects.create(external_id="W-1")
    Identity.objects.create(customer=customer, kind="email", value=mail)
    theirs, other = (
        LogEntry.objects.create(user=admin_user, object_repr=one, change_message="", action_flag=CHANGE)
        for one in (f"to {mail}", "to wxixl@example.com")
    )
    assert list(Scrubber(subject_of(customer.pk)).rows(LogEntry.objects.all(), ("object_repr",))) == [theirs]
    assert other.pk
