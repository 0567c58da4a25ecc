"""Keys in the admin: made with checkboxes, shown once, revoked for good."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from access.keys import find_key, make_key
from access.models import ApiKey

pytestmark = pytest.mark.django_db
ADD = "/admin/access/apikey/add/"
LIST = "/admin/access/apikey/"
FORM = {
    "name": "CRM sync",
    "scopes": ["customers:read", "customers:write"],
    "networks": "10.0.0.0/8\n203.0.113.7",
    "requests_per_minute": "600",
    "expires_at_0": "",
    "expires_at_1": "",
}


def _made(page: str) -> str:
    found = re.search(r"pk_[A-Za-z0-9]{8}_[A-Za-z0-9]{40}", page)
    assert found
    return found[0]


def test_a_key_is_shown_once_and_works(admin_client: Client) -> None:
    response = admin_client.post(ADD, FORM)
    text = _made(response.content.decode())
    assert "no-store" in response.headers["Cache-Control"]
    key = ApiKey.objects.get()
    assert find_key(text) == key
    assert (key.scopes, key.networks) == (["customers:read", "customers:write"], ["10.0.0.0/8", "203.0.113.7"])
    assert key.created_by is not None
    for address in (LIST, f"{LIST}{key.pk}/change/", "/admin/auditlog/logentry/"):
        page = admin_client.get(address).content.decode()
        assert text not in page
        assert key.digest not in page


def test_each_scope_is_a_checkbox_with_words(admin_client: Client) -> None:
    page = admin_client.get(ADD).content.decode()
    assert page.count('type="checkbox"') >= 17
    assert "telephone numbers are masked" in page


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("networks", "10.0.0.0/8\nnot-a-network", "not-a-network"),
        ("networks", "first-wrong\n10.0.0.0/8\nsecond-wrong", "“second-wrong” is no address"),
        ("scopes", [], "required"),
        ("scopes", ["customers:eat"], "customers:eat"),
        ("expires_at_0", "2020-01-01", "past"),
    ],
)
def test_what_cannot_be_right_is_told_and_nothing_is_made(
    admin_client: Client, field: str, value: Any, said: str
) -> None:
    extra = {"expires_at_1": "12:00:00"} if field == "expires_at_0" else {}
    page = admin_client.post(ADD, {**FORM, field: value, **extra}).content.decode()
    assert said in page
    assert not ApiKey.objects.exists()
    assert not User.objects.filter(username__startswith="pk_").exists()


def test_a_changed_key_keeps_its_text(admin_client: Client) -> None:
    admin_client.post(ADD, FORM)
    key = ApiKey.objects.get()
    admin_client.post(f"{LIST}{key.pk}/change/", {**FORM, "scopes": ["tiers:read"], "networks": ""})
    changed = ApiKey.objects.get()
    assert (changed.scopes, changed.networks, changed.digest) == (["tiers:read"], [], key.digest)


def test_a_revoked_key_stays_in_the_list_and_says_so(admin_client: Client) -> None:
    made = make_key(name="Old", scopes=["tiers:read"], by=None, now=timezone.now())
    address = f"{LIST}{made.key.pk}/revoke/"
    assert "Whatever uses it is refused" in admin_client.get(address).content.decode()
    assert ApiKey.objects.get().revoked_at is None
    admin_client.post(address)
    assert ApiKey.objects.get().revoked_at is not None
    page = admin_client.get(LIST).content.decode()
    assert "revoked" in page
    assert Client().get("/api/v1/tiers/", headers={"Authorization": f"Bearer {made.text}"}).status_code == 401
    # It stays as it was.
    admin_client.post(f"{LIST}{made.key.pk}/change/", FORM)
    assert ApiKey.objects.get().scopes == ["tiers:read"]


def test_the_list_says_what_has_expired(admin_client: Client) -> None:
    now = timezone.now()
    make_key(name="Soon", scopes=["tiers:read"], by=None, now=now, expires_at=now + timedelta(days=3))
    make_key(name="Gone", scopes=["tiers:read"], by=None, now=now, expires_at=now - timedelta(days=3))
    page = admin_client.get(LIST).content.decode()
    assert "expires soon" in page
    assert "expired" in page


def test_a_key_is_nobody_in_the_list_of_people(admin_client: Client) -> None:
    made = make_key(name="CRM sync", scopes=["tiers:read"], by=None, now=timezone.now())
    assert made.key.prefix not in admin_client.get("/admin/auth/user/").content.decode()


def test_only_who_may_do_all_that_makes_keys(client: Client) -> None:
    for role, may in (("Managers", True), ("Supervisors", False), ("Read-only", False)):
        user = User.objects.create_user(role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        assert (client.get(ADD).status_code == 200) is may, role
