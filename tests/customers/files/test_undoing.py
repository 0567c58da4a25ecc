"""An import is taken back: as it was before, but for what somebody else changed since."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from customers.files import services, undoing
from customers.files.models import Import
from customers.history import addresses, snapshot
from customers.models import Attribute, Customer, CustomerChange, Identity, Tier
from routing.models import Contact
from tests.customers.files.conftest import NOW, write

pytestmark = pytest.mark.django_db
FILE = (
    b"external_id,name,tier,revenue_12m,orders,last_order_at,customer_since,plan,phone,email\n"
    b"C-1,New name,gold,99.5,7,2026-11-01T10:00:00Z,2024-02-03,plus,+4915100000009,\n"
    b"C-2,Added,gold,1,1,,,,+4915100000008,a@example.com\n"
    b"C-3,Added,,1,1,,,,,\n"
    b"C-1,Very new name,,,8,,,,,\n"
    b"C-2,Changed,,,2,,,,,\n"
)


@pytest.fixture(autouse=True)
def _one_row_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BATCH", 1)


def _ticking() -> Callable[[], datetime]:
    ticks = itertools.count()
    return lambda: NOW + timedelta(seconds=next(ticks))


@pytest.fixture
def before() -> dict[str, Any]:
    Tier.objects.create(key="gold", name="Gold", rank=1)
    silver = Tier.objects.create(key="silver", name="Silver", rank=2)
    Attribute.objects.create(name="plan", label="Plan", kind="text")
    one = Customer.objects.create(
        external_id="C-1",
        name="Old",
        crm_tier=silver,
        tier=silver,
        tier_by="crm",
        revenue_12m=Decimal("12.30"),
        customer_since=date(2020, 1, 2),
        last_order_at=datetime(2026, 10, 1, 8, 30, tzinfo=UTC),
        attributes={"plan": "basic", "other": 1},
    )
    Identity.objects.create(customer=one, kind="phone", value="+4915100000001")
    return _now()


def _now() -> dict[str, Any]:
    one = Customer.objects.select_related("tier", "crm_tier", "manual_tier").get(external_id="C-1")
    return snapshot(one) | {"addresses": addresses(one)}


def _take_back(client: Client, file: Import) -> Import:
    client.post(f"/admin/files/import/{file.pk}/", {"do": "back"})
    undoing.carry_on(file_id=file.pk, now=lambda: NOW + timedelta(days=1))
    file.refresh_from_db()
    return file


@pytest.fixture
def written(before: dict[str, Any], checked: Callable[..., Import], admin_client: Client) -> Import:
    file = write(admin_client, checked(FILE), _ticking())
    assert (file.results, len(file.moments)) == ({"updated": 3, "created": 2}, 5)
    assert _now() != before
    return file


def test_everything_is_as_it_was_and_whom_it_added_is_gone(
    written: Import, before: dict[str, Any], admin_client: Client
) -> None:
    page = admin_client.get(f"/admin/files/import/{written.pk}/").content.decode()
    assert "Take it back" in page
    file = _take_back(admin_client, written)
    assert (file.state, file.undone, file.left) == ("undone", {"updated": 3, "deleted": 2}, 0)
    assert _now() == before
    assert list(Customer.objects.values_list("external_id", flat=True)) == ["C-1"]
    assert CustomerChange.objects.order_by("-id")[0].by == "admin"
    page = admin_client.get(f"/admin/files/import/{file.pk}/").content.decode()
    assert "What was taken back" in page
    assert "Take it back" not in page


def test_the_file_comes_in_again_after_it_was_taken_back(
    written: Import, checked: Callable[..., Import], admin_client: Client
) -> None:
    _take_back(admin_client, written)
    Import.objects.all().delete()
    assert write(admin_client, checked(FILE), _ticking()).results == {"updated": 3, "created": 2}


def test_what_somebody_changed_since_is_left(written: Import, before: dict[str, Any], admin_client: Client) -> None:
    one = Customer.objects.get(external_id="C-1")
    Customer.objects.filter(pk=one.pk).update(name="By hand", attributes={"plan": "mine", "other": 1})
    two = Customer.objects.get(external_id="C-2")
    CustomerChange.objects.create(
        customer=two, at=NOW + timedelta(hours=1), by="ann", via="admin", changes={"name": ["Added", "Bea"]}
    )
    Contact.objects.create(
        reference="R1",
        origin="test",
        external_id="1",
        channel="voice",
        sender="+4915100000001",
        recipient="+49309018200",
        customer=Customer.objects.get(external_id="C-3"),
        started_at=NOW,
        last_event_at=NOW,
    )
    file = _take_back(admin_client, written)
    assert file.undone == {"kept": 4, "updated": 3}
    now = _now()
    assert (now["name"], now["attributes"]) == ("By hand", {"plan": "mine", "other": 1})
    kept = {"name", "attributes"}
    assert {k: v for k, v in now.items() if k not in kept} == {k: v for k, v in before.items() if k not in kept}
    assert Customer.objects.count() == 3


def test_whoever_died_in_the_middle_goes_on(
    written: Import, before: dict[str, Any], admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = undoing._one_batch, iter([True, True, False])

    def dying(*given: Any) -> Any:
        counts = real(*given)
        if not next(calls, True):
            raise SystemExit
        return counts

    monkeypatch.setattr(undoing, "_one_batch", dying)
    with pytest.raises(SystemExit):
        _take_back(admin_client, written)
    written.refresh_from_db()
    assert (written.state, written.left) == ("undoing", 3)
    undoing.carry_on(file_id=written.pk, now=lambda: NOW + timedelta(days=2))
    written.refresh_from_db()
    assert written.state == "undone"
    assert _now() == before
    assert Customer.objects.count() == 1


def test_only_who_may_delete_customers_takes_an_import_back(
    written: Import, client: Client, django_user_model: Any
) -> None:
    user = django_user_model.objects.create_user("clerk", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["add_customer", "change_customer"]))
    client.force_login(user)
    assert "Take it back" not in client.get(f"/admin/files/import/{written.pk}/").content.decode()
    client.post(f"/admin/files/import/{written.pk}/", {"do": "back"})
    written.refresh_from_db()
    assert written.state == "done"
