"""Batches of records: what each field may say, who wins, and what the report tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from customers.models import Attribute, Consent, Customer, CustomerChange, Identity, Tier, Tombstone
from customers.sync.feed import Cursor, changes_since
from customers.sync.services import Options, Report, sync_customers

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def sync(*raw: Any, now: datetime = NOW, **options: bool) -> Report:
    return sync_customers(raw=raw, options=Options(**options), by="crm", now=now)


def results(report: Report) -> list[str]:
    return [outcome.result for outcome in report.outcomes]


def told(*raw: Any) -> list[str]:
    return results(sync(*raw))


def faults(report: Report) -> list[list[tuple[str, str]]]:
    return [[(fault.field, fault.code) for fault in outcome.faults] for outcome in report.outcomes]


def phone(value: str) -> dict[str, str]:
    return {"kind": "phone", "value": value}


def addresses(number: str) -> list[str]:
    found = Identity.objects.filter(customer__external_id=number).order_by("kind", "value")
    return [f"{one.kind}:{one.value}" for one in found]


@pytest.fixture
def gold() -> Tier:
    return Tier.objects.create(key="gold", name="Gold", rank=1)


def test_a_new_customer_has_everything_that_was_sent(gold: Tier) -> None:
    report = sync(
        {
            "external_id": "C-1",
            "name": " Jana Öz ",
            "language": "de",
            "country": "de",
            "time_zone": "Europe/Berlin",
            "account_manager": "Maria",
            "tier": "gold",
            "lifetime_value": 1250.5,
            "revenue_12m": "99.9990",
            "orders": 3,
            "last_order_at": "2026-11-01T10:00:00+02:00",
            "subscription_plan": "plus",
            "customer_since": "2019-05-01",
            "currency": "chf",
            "notes": "n",
            "attributes": {"loyalty_status": "gold", "points": 12},
            "identities": [phone("+4915100000001"), {"kind": "email", "value": "Jana@Example.COM"}],
            "consents": [{"purpose": "marketing", "granted": True, "at": "2026-01-01T00:00:00Z", "source": "shop"}],
            "source_version": 7,
            "source_at": "2026-11-20T00:00:00Z",
        }
    )
    assert results(report) == ["created"]
    assert report.declared == {"loyalty_status": "text", "points": "number"}
    customer = Customer.objects.get()
    assert (customer.name, customer.country, customer.currency) == ("Jana Öz", "DE", "CHF")
    assert customer.lifetime_value == Decimal("1250.50")
    assert customer.revenue_12m == Decimal("100.00")
    assert customer.last_order_at == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert customer.attributes == {"loyalty_status": "gold", "points": 12}
    assert (customer.tier, customer.crm_tier, customer.tier_by, customer.tier_since) == (gold, gold, "crm", NOW)
    assert (customer.source_version, customer.synced_at) == (7, NOW)
    assert addresses("C-1") == ["email:jana@example.com", "phone:+4915100000001"]
    assert Consent.objects.get().granted is True
    assert CustomerChange.objects.get().changes == {"created": [None, "C-1"]}


def test_fields_that_are_not_named_stay_and_null_clears(gold: Tier) -> None:
    sync({"external_id": "C-1", "name": "A", "orders": 3, "tier": "gold", "attributes": {"plan": "plus", "size": 4}})
    report = sync({"external_id": "C-1", "orders": None, "tier": None, "attributes": {"plan": None}})
    assert results(report) == ["updated"]
    customer = Customer.objects.get()
    assert (customer.name, customer.orders, customer.tier, customer.attributes) == ("A", None, None, {"size": 4})
    line = CustomerChange.objects.order_by("-id")[0]
    assert line.changes == {
        "orders": [3, None],
        "tier": ["gold", None],
        "crm_tier": ["gold", None],
        "attributes.plan": ["plus", None],
    }
    assert (line.by, line.via) == ("crm", "sync")


def test_the_same_again_changes_nothing_and_leaves_no_line() -> None:
    record = {"external_id": "C-1", "name": "A", "identities": [phone("+4915100000001")], "attributes": {"a": [1, "x"]}}
    sync(record)
    change = Customer.objects.get().change
    assert results(sync(record)) == ["unchanged"]
    assert Customer.objects.get().change == change
    assert CustomerChange.objects.count() == 1


def test_an_older_record_is_stale_and_changes_nothing() -> None:
    sync({"external_id": "C-1", "name": "new", "source_version": 5})
    assert results(sync({"external_id": "C-1", "name": "old", "source_version": 4})) == ["stale"]
    assert Customer.objects.get().name == "new"
    sync({"external_id": "C-2", "name": "new", "source_at": "2026-02-01T00:00:00Z"})
    assert results(sync({"external_id": "C-2", "name": "old", "source_at": "2026-01-01T00:00:00Z"})) == ["stale"]


def test_a_newer_version_without_other_changes_is_remembered() -> None:
    sync({"external_id": "C-1", "name": "A", "source_version": 1})
    assert results(sync({"external_id": "C-1", "name": "A", "source_version": 5})) == ["unchanged"]
    assert results(sync({"external_id": "C-1", "name": "B", "source_version": 3})) == ["stale"]


def test_of_two_records_of_one_customer_in_a_batch_the_newest_wins_and_the_report_says_so() -> None:
    report = sync(
        {"external_id": "C-1", "name": "new", "source_version": 2},
        {"external_id": "C-1", "name": "old", "source_version": 1},
        {"external_id": "C-1", "orders": 2, "source_version": 3},
    )
    assert results(report) == ["created", "stale", "updated"]
    assert [outcome.repeats for outcome in report.outcomes] == [None, 0, 1]
    assert Customer.objects.get().name == "new"
    assert CustomerChange.objects.count() == 1


def test_someone_known_by_an_address_needs_no_number() -> None:
    sync({"external_id": "C-1", "identities": [phone("+4915100000001")]})
    report = sync({"identities": [phone("0151 00000001"), {"kind": "email", "value": "a@b.de"}], "name": "A"})
    assert results(report) == ["updated"]
    assert report.outcomes[0].external_id == "C-1"
    assert addresses("C-1") == ["email:a@b.de", "phone:+4915100000001"]


def test_a_new_address_without_a_number_makes_one_customer_whoever_brings_it() -> None:
    assert results(sync({"identities": [phone("+4915100000001")], "name": "A"})) == ["created"]
    assert results(sync({"identities": [phone("+4915100000001")], "name": "B"})) == ["updated"]
    assert Customer.objects.get().external_id.startswith("id-")


def test_an_address_of_somebody_else_is_named_and_nothing_of_the_record_is_written() -> None:
    sync({"external_id": "C-1", "identities": [phone("+4915100000001")]})
    report = sync({"external_id": "C-2", "name": "B", "identities": [phone("+4915100000001")]})
    assert faults(report) == [[("identities", "identity_taken")]]
    assert "C-1" in report.outcomes[0].faults[0].detail
    assert not Customer.objects.filter(external_id="C-2").exists()


def test_an_address_may_be_taken_and_both_histories_say_so() -> None:
    sync({"external_id": "C-1", "identities": [phone("+4915100000001")]})
    record = {"external_id": "C-2", "identities": [phone("+4915100000001")], "take_identities": True}
    assert results(sync(record)) == ["created"]
    assert (addresses("C-1"), addresses("C-2")) == ([], ["phone:+4915100000001"])
    line = CustomerChange.objects.get(customer__external_id="C-1", changes__has_key="identities")
    assert line.changes["identities"] == [["phone:+4915100000001"], []]


def test_addresses_that_belong_to_several_find_nobody() -> None:
    sync({"external_id": "C-1", "identities": [phone("+4915100000001")]})
    sync({"external_id": "C-2", "identities": [phone("+4915100000002")]})
    report = sync({"identities": [phone("+4915100000001"), phone("+4915100000002")]})
    assert faults(report) == [[("identities", "ambiguous")]]


def test_addresses_are_added_or_replaced_or_removed() -> None:
    sync({"external_id": "C-1", "identities": [phone("+4915100000001"), phone("+4915100000002")]})
    sync(
        {"external_id": "C-1", "identities": [phone("+4915100000003")], "remove_identities": [phone("+4915100000001")]}
    )
    assert addresses("C-1") == ["phone:+4915100000002", "phone:+4915100000003"]
    record = {"external_id": "C-1", "identities": [phone("+4915100000004")], "identities_replace": True}
    assert results(sync(record, record)) == ["updated", "unchanged"]
    assert addresses("C-1") == ["phone:+4915100000004"]
    sync({"external_id": "C-1", "identities": [], "identities_replace": True})
    assert addresses("C-1") == []


def test_a_number_as_at_home_is_read_as_of_its_customer_s_country() -> None:
    sync({"external_id": "C-1", "country": "AT"}, {"external_id": "C-2"})
    number = phone("0660 1234567")
    sync({"external_id": "C-1", "identities": [number]}, {"external_id": "C-2", "identities": [phone("0151 23456789")]})
    assert addresses("C-1") == ["phone:+436601234567"]
    assert addresses("C-2") == ["phone:+4915123456789"]


def test_a_wrong_type_among_many_is_that_record_s_alone() -> None:
    raw = [{"external_id": f"C-{number}", "orders": number} for number in range(300)]
    raw[123] = {"external_id": "C-123", "orders": "many", "attributes": {"points": 1, "x y": 2}}
    report = sync(*raw)
    assert report.counts["created"] == 299
    assert faults(report)[123] == [("orders", "wrong_type"), ("attributes.x y", "invalid")]
    assert not Customer.objects.filter(external_id="C-123").exists()
    assert not Attribute.objects.exists(), "a record that failed declares nothing"


def test_all_or_nothing_is_there_for_whoever_asks() -> None:
    report = sync({"external_id": "C-1"}, {"external_id": "C-2", "orders": -1}, atomic=True)
    assert not report.written
    assert results(report) == ["created", "failed"]
    assert not Customer.objects.exists()


def test_a_dry_run_says_the_same_and_writes_nothing(gold: Tier) -> None:
    sync({"external_id": "C-1", "name": "A", "identities": [phone("+4915100000001")]})
    raw = [
        {"external_id": "C-1", "name": "B", "tier": "gold"},
        {"external_id": "C-2", "orders": "many"},
        {"external_id": "C-3", "attributes": {"fresh": True}},
        {"external_id": "C-1", "deleted": True},
    ]
    dry = sync(*raw, dry_run=True)
    assert Customer.objects.get().name == "A"
    assert not Attribute.objects.exists()
    wet = sync(*raw)
    assert [outcome.as_json() for outcome in dry.outcomes] == [outcome.as_json() for outcome in wet.outcomes]
    assert results(wet) == ["updated", "failed", "created", "deleted"]


def test_a_value_of_another_kind_than_declared_is_refused_with_its_path() -> None:
    Attribute.objects.create(name="points", label="Points", kind="number")
    Attribute.objects.create(name="birthday", label="Birthday", kind="date")
    report = sync({"external_id": "C-1", "attributes": {"points": "12", "birthday": "2000-13-01"}})
    assert faults(report) == [[("attributes.points", "wrong_type"), ("attributes.birthday", "invalid")]]


def test_what_nobody_declared_is_a_fault_where_strict_is_asked_for() -> None:
    assert faults(sync({"external_id": "C-1", "attributes": {"x": 1}}, strict=True)) == [
        [("attributes.x", "unknown_attribute")]
    ]


def test_the_first_record_says_what_kind_a_new_field_has() -> None:
    report = sync({"external_id": "C-1", "attributes": {"x": 1}}, {"external_id": "C-2", "attributes": {"x": "1"}})
    assert results(report) == ["created", "failed"]


def test_an_unknown_tier_or_field_is_refused_and_the_right_one_suggested(gold: Tier) -> None:
    report = sync({"external_id": "C-1", "tier": "goldd"}, {"external_id": "C-2", "lifetime_valu": 1})
    assert faults(report) == [[("tier", "unknown_tier")], [("lifetime_valu", "unknown_field")]]
    assert "gold" in report.outcomes[0].faults[0].detail
    assert "lifetime_value" in report.outcomes[1].faults[0].detail


def test_a_tier_by_hand_beats_the_crm_until_it_expires(gold: Tier) -> None:
    silver = Tier.objects.create(key="silver", name="Silver", rank=2)
    for number, until in (("C-1", None), ("C-2", NOW - timedelta(seconds=1))):
        Customer.objects.create(
            external_id=number, tier=gold, tier_by="hand", manual_tier=gold, manual_tier_until=until
        )
    sync({"external_id": "C-1", "tier": "silver"}, {"external_id": "C-2", "tier": "silver"})
    first, second = Customer.objects.order_by("external_id")
    assert (first.tier, first.crm_tier) == (gold, silver)
    assert (second.tier, second.tier_by) == (silver, "crm")


def test_a_deletion_leaves_a_tombstone_that_older_records_do_not_bring_back() -> None:
    sync({"external_id": "C-1", "source_version": 3, "identities": [phone("+4915100000001")]})
    assert results(sync({"external_id": "C-1", "deleted": True, "source_version": 2})) == ["stale"]
    assert results(sync({"external_id": "C-1", "deleted": True, "source_version": 4})) == ["deleted"]
    assert not Customer.objects.exists()
    assert not Identity.objects.exists()
    stone = Tombstone.objects.get()
    assert (stone.external_id, stone.source_version) == ("C-1", 4)
    assert results(sync({"external_id": "C-1", "name": "late", "source_version": 3})) == ["stale"]
    assert results(sync({"external_id": "C-1", "name": "back", "source_version": 5})) == ["created"]
    assert results(sync({"external_id": "C-9", "deleted": True})) == ["unchanged"]


def test_a_deletion_that_comes_before_its_record_is_remembered() -> None:
    assert told({"external_id": "C-1", "deleted": True, "source_version": 8}) == ["unchanged"]
    assert told({"external_id": "C-1", "deleted": True, "source_version": 7}) == ["stale"]
    assert told({"external_id": "C-1", "name": "Older", "source_version": 7}) == ["stale"]
    assert not Customer.objects.exists()
    # They were never here: whoever asks what changed hears nothing.
    assert changes_since(Cursor(), most=10).entries == []
    assert told({"external_id": "C-1", "name": "Newer", "source_version": 9}) == ["created"]


def test_a_deletion_counts_within_its_batch_too() -> None:
    gone = {"external_id": "C-1", "deleted": True, "source_version": 8}
    assert told(gone, {"external_id": "C-1", "source_version": 7}) == ["unchanged", "stale"]
    new = {"external_id": "C-2", "source_version": 5}
    assert told(new, gone | {"external_id": "C-2"}, new) == ["created", "deleted", "stale"]
    assert told(new) == ["stale"]
    # Whoever came again in the same batch is there, and leaves no stone of somebody who never was.
    assert told(gone | {"external_id": "C-3"}, {"external_id": "C-3", "source_version": 9}) == ["unchanged", "created"]
    assert not Tombstone.objects.filter(external_id="C-3").exists()


def test_whoever_was_merged_is_not_brought_back_by_what_was_said_before() -> None:
    told({"external_id": "C-1", "source_version": 5}, {"external_id": "C-2", "source_version": 5})
    merge = {"external_id": "C-1", "merge_into": "C-2", "source_version": 6}
    assert told(merge) == ["merged"]
    assert told({"external_id": "C-1", "name": "Old", "source_version": 5}) == ["stale"]
    assert told(merge | {"external_id": "C-9", "source_version": 4}) == ["unchanged"]
    assert told({"external_id": "C-9", "source_version": 3}) == ["stale"]
    assert told({"external_id": "C-1", "source_version": 7}) == ["created"]


def test_someone_deleted_and_sent_again_in_one_batch_is_there_anew() -> None:
    sync({"external_id": "C-1", "name": "A", "identities": [phone("+4915100000001")]})
    report = sync(
        {"external_id": "C-1", "deleted": True},
        {"external_id": "C-2", "identities": [phone("+4915100000001")]},
        {"external_id": "C-1", "orders": 1},
    )
    assert results(report) == ["deleted", "created", "created"]
    assert Customer.objects.get(external_id="C-1").name == ""
    assert addresses("C-2") == ["phone:+4915100000001"]


def test_two_customers_become_one() -> None:
    sync(
        {"external_id": "C-1", "name": "A", "identities": [phone("+4915100000001")]},
        {"external_id": "C-2", "orders": 4, "identities": [phone("+4915100000002")]},
    )
    report = sync({"external_id": "C-2", "merge_into": "C-1"}, {"external_id": "C-7", "merge_into": "C-1"})
    assert results(report) == ["merged", "unchanged"]
    customer = Customer.objects.get()
    assert (customer.external_id, customer.orders) == ("C-1", 4)
    assert len(addresses("C-1")) == 2
    assert Tombstone.objects.get().merged_into == "C-1"
    assert faults(sync({"external_id": "C-1", "merge_into": "C-8"})) == [[("merge_into", "unknown_customer")]]
    # The same once more is no error; two numbers that nobody knows are a mistake in both.
    assert results(sync({"external_id": "C-2", "merge_into": "C-1"})) == ["unchanged"]
    assert faults(sync({"external_id": "X-7", "merge_into": "X-8"})) == [[("merge_into", "unknown_customer")]]
    assert faults(sync({"external_id": "C-1", "merge_into": "C-1"})) == [[("merge_into", "contradiction")]]
    sync({"external_id": "C-1", "deleted": True})
    assert results(sync({"external_id": "C-2", "merge_into": "C-1"})) == ["unchanged"]


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ("text", ("", "wrong_type")),
        ({}, ("external_id", "required")),
        ({"external_id": ""}, ("external_id", "required")),
        ({"external_id": True}, ("external_id", "wrong_type")),
        ({"external_id": "C", "name": "a\x00b"}, ("name", "bad_character")),
        ({"external_id": "C", "name": "\ud800"}, ("name", "bad_character")),
        ({"external_id": "C", "name": "a" * 201}, ("name", "too_long")),
        ({"external_id": "C", "lifetime_value": float("nan")}, ("lifetime_value", "out_of_range")),
        ({"external_id": "C", "lifetime_value": 10**400}, ("lifetime_value", "out_of_range")),
        ({"external_id": "C", "lifetime_value": True}, ("lifetime_value", "wrong_type")),
        ({"external_id": "C", "orders": 3_000_000_000}, ("orders", "out_of_range")),
        ({"external_id": "C", "orders": 1.5}, ("orders", "wrong_type")),
        ({"external_id": "C", "last_order_at": "yesterday"}, ("last_order_at", "invalid")),
        ({"external_id": "C", "last_order_at": "0001-01-01T00:00:00+14:00"}, ("last_order_at", "invalid")),
        ({"external_id": "C", "time_zone": "Mars"}, ("time_zone", "invalid")),
        ({"external_id": "C", "currency": "EURO"}, ("currency", "too_long")),
        ({"external_id": "C", "currency": "XYZ"}, ("currency", "unknown_currency")),
        ({"external_id": "C", "revenue_12m": "1.234"}, ("revenue_12m", "ambiguous")),
        ({"external_id": "C", "source_version": 2**70}, ("source_version", "out_of_range")),
        ({"external_id": "C", "attributes": []}, ("attributes", "wrong_type")),
        ({"external_id": "C", "attributes": {"x": {"y": "\x00"}}}, ("attributes.x", "bad_character")),
        ({"external_id": "C", "attributes": {"x": {"y": "\ud800"}}}, ("attributes.x", "invalid")),
        ({"external_id": "C", "attributes": {"a\x00": 1}}, ("attributes.a", "invalid")),
        ({"external_id": "C", "identities": "x"}, ("identities", "wrong_type")),
        ({"external_id": "C", "identities": [{"kind": "fax", "value": "1"}]}, ("identities.0.kind", "invalid")),
        ({"external_id": "C", "identities": [phone("12")]}, ("identities.0.value", "invalid")),
        ({"external_id": "C", "identities_replace": True}, ("identities_replace", "required")),
        ({"external_id": "C", "consents": [{"purpose": "x", "granted": True}]}, ("consents.0.purpose", "invalid")),
        ({"external_id": "C", "consents": [{"purpose": "marketing"}]}, ("consents.0.granted", "wrong_type")),
        ({"external_id": "C", "consents": [{"purpose": "marketing", "granted": True}] * 9}, ("consents", "too_long")),
        ({"external_id": "C", "source_at": "2026-11-24T10:00:01Z"}, ("source_at", "out_of_range")),
        ({"external_id": "C", "deleted": True, "name": "A"}, ("name", "contradiction")),
        ({"external_id": "C", "deleted": True, "merge_into": "D"}, ("merge_into", "contradiction")),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field(record: Any, fault: tuple[str, str]) -> None:
    report = sync(record, {"external_id": "good"})
    assert fault in faults(report)[0]
    assert results(report) == ["failed", "created"]


def test_a_record_that_only_the_database_refuses_is_found_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    from customers.sync import records  # noqa: PLC0415

    monkeypatch.setitem(records.FIELDS, "currency", lambda value: value)
    raw = [{"external_id": f"C-{number}", "currency": "EUR"} for number in range(20)]
    raw[7]["currency"] = "eur"
    report = sync(*raw)
    assert faults(report)[7] == [("", "refused")]
    assert report.outcomes[7].index == 7
    assert Customer.objects.count() == 19


def test_where_rules_decide_they_look_at_whoever_was_written(gold: Tier) -> None:
    from customers.tiers.compiling import Levels  # noqa: PLC0415
    from customers.tiers.services import put_in_force  # noqa: PLC0415
    from customers.tiers.spec import Row, Rule, Spec  # noqa: PLC0415

    silver = Tier.objects.create(key="silver", name="Silver", rank=2)
    rule = Rule(tier="gold", rows=(Row(field="orders", op="gte", number=Decimal(10)),))
    put_in_force(spec=Spec(order=("rule", "crm"), rules=(rule,)), levels=Levels((), ()), by="m", note="", now=NOW)
    sync({"external_id": "C-1", "orders": 12, "tier": "silver"}, {"external_id": "C-2", "orders": 1, "tier": "silver"})
    first, second = Customer.objects.order_by("external_id")
    assert (first.tier, first.tier_by, first.crm_tier) == (gold, "rule", silver)
    assert (second.tier, second.tier_by) == (silver, "crm")
    sync({"external_id": "C-1", "orders": 2})
    assert Customer.objects.get(external_id="C-1").tier == silver


def test_whoever_listens_hears_of_tiers_that_the_crm_changed(gold: Tier) -> None:
    from customers.tiers.signals import tier_changed  # noqa: PLC0415

    heard: list[Any] = []

    def listen(moves: Any, **_: Any) -> None:
        heard.extend((move.external_id, move.before, move.after, move.by) for move in moves)

    tier_changed.connect(listen)
    try:
        sync({"external_id": "C-1"}, {"external_id": "C-2"})
        sync({"external_id": "C-1", "tier": "gold"}, {"external_id": "C-2", "orders": 1})
    finally:
        tier_changed.disconnect(listen)
    assert heard == [("C-1", "", "gold", "crm")]
