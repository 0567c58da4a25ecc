"""The demo world is what the contract says, and what somebody changed stays."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from channels.models import Account, Number, Template
from customers.enrichment.models import DataSource
from customers.models import Customer, Identity, Tier
from customers.tiers.models import Snapshot
from demo.people import BY_PHONE, SYNCED
from demo.world import EDITION, build, holidays
from embedded import prepare
from queues.models import Queue, SpecialDay
from routing.models import Flow, FlowVersion

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_the_carrier_and_its_numbers_are_those_of_the_contract() -> None:
    build(NOW)
    account = Account.objects.get(provider="twilio", carrier="")
    assert account.external_id == "AC00000000000000000000000000000001"
    assert (account.name, account.secret) == ("Demo carrier", "demo-token")
    meta = Account.objects.get(provider="meta")
    assert (meta.secret, meta.verify_token) == ("demo-secret", "demo-verify")
    assert {account.sends_to, meta.sends_to} == {"emulator"}
    found = {number.address: number for number in Number.objects.select_related("flow", "fallback_queue")}
    assert {address: number.flow and number.flow.key for address, number in found.items()} == {
        "+49309018200": "priority-line",
        "+493023125001": "priority-line",
        "+493023125002": "priority-line",
        "+493023125003": "priority-line",
        "whatsapp:+49309018201": "priority-chat",
        "messenger:1000001": "priority-chat",
        "whatsapp:100000000000001": "priority-chat",
        "messenger:1000002": "priority-chat",
        "instagram:17840000000000001": "priority-chat",
    }
    assert {number.fallback_queue.key for number in found.values()} == {"standard"}


def test_the_queues_have_their_sip_addresses_and_vip_overflows_into_standard() -> None:
    build(NOW)
    assert {queue.name: [str(sip) for sip in queue.sip_addresses.all()] for queue in Queue.objects.all()} == {
        "VIP": ["sip:vip@pbx.example.com"],
        "Standard": ["sip:standard@pbx.example.com"],
    }
    vip = Queue.objects.get(key="vip")
    assert vip.overflow
    assert (vip.overflow.key, vip.head_start_s, vip.answer_within_s) == ("standard", 300, 10)


def test_both_flows_are_live_and_without_a_warning() -> None:
    build(NOW)
    assert {flow.name: flow.live and flow.live.number for flow in Flow.objects.all()} == {
        "Priority line": 1,
        "Priority chat": 1,
    }


def test_only_the_customers_of_the_contract_have_synced_values() -> None:
    build(NOW)
    synced = {
        phone: Identity.objects.filter(kind="phone", value=phone).values_list(
            "customer__attributes__loyalty_status", "customer__tier__key"
        )
        for phone in BY_PHONE
    }
    assert {phone[-1]: list(rows) for phone, rows in synced.items()} == {
        "1": [("platinum", "platinum")],
        "2": [],
        "3": [("silver", "silver")],
        "4": [],
        "5": [],
        "6": [("platinum", "platinum")],
        "7": [],
        "8": [("gold", "gold")],
    }


def test_every_row_passes_the_checks_that_the_admin_makes(settings: Any) -> None:
    settings.ENRICHMENT_ALLOWED_HOSTS = ["127.0.0.1"]
    build(NOW)
    for model in (Account, Number, Queue, Tier, Customer, Identity, DataSource, Flow, SpecialDay):
        for row in model._default_manager.all():
            row.full_clean()


def test_a_second_build_makes_nothing_and_keeps_what_somebody_changed() -> None:
    assert build(NOW)
    Queue.objects.filter(key="vip").update(name="Gold team", answer_within_s=5)
    Customer.objects.filter(external_id="C-1001").update(name="Somebody Else")
    DataSource.objects.update(url="https://crm.example.com/?phone={{ phone }}")
    flow = Flow.objects.get(key="priority-line")
    flow.draft = {"format": 1, "steps": []}
    flow.save()
    assert build(NOW) == []
    assert Queue.objects.get(key="vip").name == "Gold team"
    assert Customer.objects.get(external_id="C-1001").name == "Somebody Else"
    assert DataSource.objects.get().url == "https://crm.example.com/?phone={{ phone }}"
    assert Flow.objects.get(key="priority-line").draft == {"format": 1, "steps": []}
    assert FlowVersion.objects.count() == 2


def test_what_is_missing_is_made_again() -> None:
    build(NOW)
    Customer.objects.filter(external_id="C-1001").delete()
    assert build(NOW) == ["customer “Amara Okafor”"]


def test_something_of_the_users_own_in_a_place_of_the_demo_stops_nothing() -> None:
    Tier.objects.create(key="diamond", name="Diamond", rank=1)
    Queue.objects.create(key="mine", name="VIP")
    build(NOW)
    assert not Tier.objects.filter(key="platinum").exists()
    assert Queue.objects.get(name="VIP").key == "mine"
    # Its flows hand over to a queue that has no place, so calls go straight to the fallback queue.
    assert Number.objects.get(address="+49309018200").flow is None


def test_the_loyalty_api_moves_along_with_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    build(NOW)
    monkeypatch.setenv("PORT", "9000")
    build(NOW)
    url = DataSource.objects.get().url
    assert re.fullmatch(r"http://127\.0\.0\.1:9000/demo/crm/customers\?phone=\{\{ phone \| url_encode \}\}", url)


def test_the_command_makes_the_world_once_and_later_only_follows_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    call_command("load_demo", verbosity=0)
    Customer.objects.all().delete()
    monkeypatch.setenv("PORT", "9000")
    call_command("load_demo", only_port=True, verbosity=0)
    assert ":9000/" in DataSource.objects.get().url
    assert not Customer.objects.exists()
    out = StringIO()
    call_command("load_demo", stdout=out)
    assert "customer “Amara Okafor”" in out.getvalue()


def test_the_holidays_of_a_year_fall_on_their_days() -> None:
    assert [day for day, name in holidays(2027) if name in {"Good Friday", "Easter Monday"}] == [
        date(2027, 3, 26),
        date(2027, 3, 29),
    ]
    assert {name: day for day, name in holidays(2049)}["Whit Monday"] == date(2049, 6, 7)
    build(NOW)
    assert SpecialDay.objects.filter(date=date(2026, 12, 25), opens_at=None).exists()
    assert not SpecialDay.objects.filter(date__lt=NOW.date()).exists()


def test_the_curve_of_revenue_is_counted_from_the_first_moment() -> None:
    build(NOW)
    assert {one.metric: one.customers for one in Snapshot.objects.all()} == {
        "lifetime_value": len(SYNCED),
        "revenue_12m": len(SYNCED),
    }


def test_an_older_world_gets_what_is_new_and_nothing_back_that_was_deleted() -> None:
    build(NOW)
    Template.objects.all().delete()
    Number.objects.filter(account__carrier__in=["signalwire", "somleng", "telnyx"]).delete()
    Account.objects.exclude(carrier="").delete()
    Account.objects.update(business_id="")
    Number.objects.filter(address="messenger:1000001").delete()
    call_command("load_demo", since=2, verbosity=0)
    assert (Template.objects.count(), Account.objects.count()) == (4, 2)
    call_command("load_demo", since=1, verbosity=0)
    assert set(Account.objects.values_list("carrier", flat=True)) == {"", "signalwire", "somleng", "telnyx"}
    assert Number.objects.filter(account__carrier="telnyx", flow__key="priority-line").exists()
    assert not Number.objects.filter(address="messenger:1000001").exists()
    assert Account.objects.get(provider="meta").business_id


def test_a_later_start_looks_at_the_edition_that_the_house_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(prepare, "call_command", lambda _name, **options: told.append(options))
    marker = tmp_path / "demo-loaded"
    for content in (None, "", "2", str(EDITION)):
        if content is not None:
            marker.write_text(content)
        prepare._load_demo(marker)
        assert marker.read_text().strip() == str(EDITION)
    assert [(one["since"], one["only_port"]) for one in told] == [(0, False), (1, False), (2, False), (EDITION, True)]
