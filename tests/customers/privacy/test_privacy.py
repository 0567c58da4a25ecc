"""A customer is exported and erased everywhere, old data goes, and numbers are for those who may see them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from auditlog.models import LogEntry
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import reverse

from access.keys import make_key
from channels.messaging.models import Conversation, Message, OptOut
from channels.models import Account, Number
from customers.enrichment.flight import Keys
from customers.enrichment.models import DataSource
from customers.enrichment.questions import Question
from customers.models import Consent, Customer, CustomerChange, Identity, Tier
from customers.privacy import services
from customers.privacy.masking import masked
from customers.privacy.models import Receipt, Retention
from customers.privacy.registry import StillUnderWay
from customers.privacy.services import erase
from customers.sealing import proof_of
from queues.models import Queue
from routing.models import Contact, Turn

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PHONE = "+4915100000042"
SECRETS = ("Wilhelmine", PHONE, "wilma@example.com", "my leg hurts")


@pytest.fixture
def wilma(settings: Any) -> Customer:
    """Somebody who left something everywhere."""
    tier = Tier.objects.create(key="gold", name="Gold", rank=1)
    customer = Customer.objects.create(external_id="C-42", name="Wilhelmine", tier=tier, notes="calls her Wilhelmine")
    Identity.objects.create(customer=customer, kind="phone", value=PHONE)
    Identity.objects.create(customer=customer, kind="email", value="wilma@example.com")
    Consent.objects.create(customer=customer, purpose="marketing", granted=True, at=NOW, source="Wilhelmine herself")
    CustomerChange.objects.create(
        customer=customer, at=NOW, via="admin", by="ada", changes={"name": ["", "Wilhelmine"]}
    )
    contact = _contact("R-1", customer=customer, tier=tier, why=f"because {PHONE} is gold")
    Turn.objects.create(
        contact=contact, number=0, event={"from": PHONE}, effects=[], trace=[{"seen": "Wilhelmine"}], at=NOW, took_ms=1
    )
    _contact("R-2", sender=f"whatsapp:{PHONE}")
    _contact("R-3", sender="+4915100000099")
    account = Account.objects.create(name="Carrier", provider="twilio", external_id="AC1", secret="s")
    queue = Queue.objects.create(key="vip", name="VIP")
    number = Number.objects.create(account=account, address="+49301", fallback_queue=queue)
    conversation = Conversation.objects.create(
        number=number, channel="whatsapp", peer=PHONE, name="Wilhelmine", customer=customer
    )
    Message.objects.create(
        conversation=conversation, direction="in", text="my leg hurts", state="received", occurred_at=NOW,
        media=[{"url": "https://example.com/leg.jpg"}],
    )  # fmt: skip
    OptOut.objects.create(kind="phone", value=PHONE, word="STOP", since=NOW)
    return customer


def _contact(reference: str, **values: Any) -> Contact:
    return Contact.objects.create(
        **{
            "reference": reference, "origin": "t", "external_id": f"CA-{reference}", "channel": "voice",
            "sender": PHONE, "recipient": "+49301", "state": "ended", "started_at": NOW, "last_event_at": NOW,
            "ended_at": NOW, "outcome": "connected", **values,
        }
    )  # fmt: skip


def _every_text() -> str:
    """Everything that is in the database, as text; the tombstone's customer number alone may stay."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_everything_that_is_stored_is_exported(wilma: Customer, admin_client: Client) -> None:
    answer = admin_client.post(f"/admin/privacy/receipt/export/{wilma.pk}/")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    parts = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    assert set(parts) == {
        "customer.json", "contacts.json", "conversations.json", "opt_outs.json", "log_of_changes.json", "webhooks.json",
        "test_cases.json", "mentions.json", "answers_to_programs.json", "files.json", "syncs.json",
    }  # fmt: skip
    assert parts["customer.json"][0]["customer"]["name"] == "Wilhelmine"
    assert {"identity": {"kind": "phone", "value": PHONE}} in parts["customer.json"]
    assert [one["reference"] for one in parts["contacts.json"]] == ["R-1", "R-2"]
    assert parts["contacts.json"][0]["turns"][0]["trace"] == [{"seen": "Wilhelmine"}]
    assert parts["conversations.json"][0]["messages"][0]["text"] == "my leg hurts"
    assert parts["opt_outs.json"][0]["word"] == "STOP"
    assert parts["log_of_changes.json"]


def test_whoever_is_erased_is_nowhere_any_more(wilma: Customer) -> None:
    assert all(secret in _every_text() for secret in SECRETS)
    erase(customer_id=wilma.pk, by="ada", now=NOW)
    text = _every_text()
    assert [secret for secret in SECRETS if secret in text] == []


def test_statistics_and_other_people_stay(wilma: Customer) -> None:
    erase(customer_id=wilma.pk, by="ada", now=NOW)
    kept = list(Contact.objects.order_by("id").values_list("sender", "outcome", "tier__key"))
    assert kept == [("–", "connected", "gold"), ("–", "connected", None), ("+4915100000099", "connected", None)]
    assert Message.objects.get().occurred_at == NOW
    assert LogEntry.objects.filter(object_repr="–").exists()


def test_a_receipt_says_what_was_erased_and_not_who(wilma: Customer) -> None:
    receipt = erase(customer_id=wilma.pk, by="ada", now=NOW)
    assert receipt.erased["contacts"] == 2
    assert receipt.erased["messages"] == 1
    assert receipt.erased["identities"] == 2
    assert receipt.proof == proof_of("C-42") != proof_of("C-43")


def test_somebody_who_is_calling_is_not_erased(wilma: Customer) -> None:
    Contact.objects.filter(reference="R-1").update(state="in_flow", ended_at=None, outcome="")
    with pytest.raises(StillUnderWay):
        erase(customer_id=wilma.pk, by="ada", now=NOW)
    assert Customer.objects.exists()
    assert OptOut.objects.exists()
    assert not Receipt.objects.exists()


def test_remembered_answers_of_data_sources_are_dropped(wilma: Customer, settings: Any) -> None:
    valkey = redis.Redis.from_url(settings.REDIS_URL)
    DataSource.objects.create(key="crm", name="CRM", url="https://crm.example.com/?phone={{ phone }}", mapping=[])
    keys = Keys.of(Question("crm", {"phone": PHONE}).key)
    other = Keys.of(Question("crm", {"phone": "+4915100000099"}).key)
    for key in (keys.answer, keys.last, other.answer):
        valkey.set(key, "x")
    assert erase(customer_id=wilma.pk, by="ada", now=NOW).erased["cached answers"] == 2
    assert valkey.exists(other.answer)


def test_erasing_wants_the_customer_number_typed(wilma: Customer, admin_client: Client) -> None:
    address = f"/admin/privacy/receipt/erase/{wilma.pk}/"
    assert admin_client.post(address, {"typed": "yes"}).status_code == 400
    assert Customer.objects.exists()
    page = admin_client.post(address, {"typed": "C-42"}, follow=True).content.decode()
    assert "This is the receipt." in page
    assert not Customer.objects.exists()


@pytest.fixture
def reader(client: Client) -> Callable[..., Client]:
    def make(*permissions: str) -> Client:
        user = User.objects.create_user("reader", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return make


def test_only_who_may_erase_sees_the_page(wilma: Customer, reader: Callable[..., Client]) -> None:
    client = reader("view_customer", "change_customer", "delete_customer")
    assert client.get(f"/admin/privacy/receipt/erase/{wilma.pk}/").status_code == 403
    assert client.post(f"/admin/privacy/receipt/export/{wilma.pk}/").status_code == 403


def test_a_retention_shows_how_many_rows_would_go_before_it_is_saved(wilma: Customer, admin_client: Client) -> None:
    CustomerChange.objects.update(at=datetime.now(UTC) - timedelta(days=100))
    address = "/admin/privacy/receipt/kept/"
    page = admin_client.post(address, {"history": "90", "do": "look"}).content.decode()
    assert 'data-label="Would go now">1<' in page
    assert not Retention.objects.exists()
    admin_client.post(address, {"history": "90", "do": "save"})
    assert "has not run yet" in admin_client.get(address).content.decode()
    assert services.prune(now=datetime.now(UTC))["history"] == 1
    page = re.sub(r"\s+", " ", admin_client.get(address).content.decode())
    assert "1 row was deleted" in page
    assert not CustomerChange.objects.exists()
    assert admin_client.post(address, {"history": "soon", "do": "save"}).status_code == 400


def test_old_rows_go_in_chunks_and_others_stay(wilma: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_BATCH", 2)
    for number in range(5):
        _contact(f"O-{number}", started_at=NOW - timedelta(days=50), sender="+4915100000077")
    services.set_retention(days={"contacts": 30}, by="ada", now=NOW)
    assert services.prune(now=NOW)["contacts"] == 5
    assert Contact.objects.count() == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+4915100000001", "+49…01"),
        ("whatsapp:+4915100000001", "whatsapp:+49…01"),
        ("call +49 151 0000-0001 now", "call +49…01 now"),
        ("room 12", "room 12"),
        ("+4912345", "+49…45"),
        ("0151/0000 0042", "015…42"),
        ("wilma@example.com, sip:vip@pbx.example.com", "w…@example.com, sip:vip@pbx.example.com"),
        (
            "on 2026-11-23 10:00:12, 23.11.2026 and from 192.168.100.200",
            "on 2026-11-23 10:00:12, 23.11.2026 and from 192.168.100.200",
        ),
    ],
)
def test_a_number_is_told_apart_and_not_dialed(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_lists_and_pages_mask_numbers_for_those_who_may_not_see_them(
    wilma: Customer, reader: Callable[..., Client]
) -> None:
    client = reader("view_customer", "view_contact", "view_conversation", "view_optout")
    contact, conversation = Contact.objects.get(reference="R-1"), Conversation.objects.get()
    for address in (
        "/admin/customers/customer/",
        "/admin/routing/contact/",
        f"/admin/routing/contact/{contact.pk}/change/",
        "/admin/channels/conversation/",
        f"/admin/channels/conversation/{conversation.pk}/change/",
        "/admin/channels/optout/",
    ):
        page = client.get(address)
        assert page.status_code == 200, address
        assert PHONE not in page.content.decode(), address
        assert PHONE[1:] not in page.content.decode(), address


def test_what_is_under_way_is_shown_and_can_be_ended(wilma: Customer, admin_client: Client) -> None:
    contact = Contact.objects.get(reference="R-1")
    Contact.objects.filter(pk=contact.pk).update(state="handed_over", ended_at=None, outcome="")
    address = f"/admin/privacy/receipt/erase/{wilma.pk}/"
    refused = admin_client.post(address, {"typed": "C-42"})
    assert refused.status_code == 400
    assert f"/admin/routing/contact/{contact.pk}/change/" in refused.content.decode()
    page = admin_client.post(address, {"do": "end"}, follow=True).content.decode()
    assert "Nothing was erased yet." in page
    assert Customer.objects.exists()
    contact.refresh_from_db()
    assert contact.state == "ended"
    assert "This is the receipt." in admin_client.post(address, {"typed": "C-42"}, follow=True).content.decode()


def test_a_contact_says_that_its_reason_was_erased_with_the_customer(wilma: Customer, admin_client: Client) -> None:
    contact = Contact.objects.get(reference="R-1")
    erase(customer_id=wilma.pk, by="ada", now=NOW)
    page = admin_client.get(f"/admin/routing/contact/{contact.pk}/change/").content.decode()
    assert "The reason was erased with the customer." in page
    assert "Still in the flow" not in page
    assert "The reason was erased" in admin_client.get("/admin/routing/contact/").content.decode()
    key = make_key(name="CRM", scopes=["contacts:read"], by=None, now=datetime.now(UTC))
    told = Client().get("/api/v1/contacts/", headers={"Authorization": f"Bearer {key.text}"}).json()["results"]
    assert {one["why"] for one in told if one["reference"] != "R-3"} == {"The reason was erased with the customer."}


def test_somebody_of_whom_nothing_else_is_known_is_erased(db: None) -> None:
    customer = Customer.objects.create(external_id="C-7", name="Nobody else")
    assert erase(customer_id=customer.pk, by="ada", now=NOW).erased["contacts"] == 0


def test_nothing_is_promised_to_be_kept_longer_than_the_operator_lets_it(admin_client: Client, db: None) -> None:
    address = reverse("admin:privacy_retention_page")
    said = admin_client.post(address, {"contacts": "5000", "do": "save"})
    assert said.status_code == 400
    assert f"At most {settings.CONTACT_RETENTION_DAYS} days" in said.content.decode()
    assert not Retention.objects.exists()
