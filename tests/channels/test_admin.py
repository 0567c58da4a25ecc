"""Accounts and numbers, people and roles, the log of changes and the first page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from channels.admin.dashboard import overview
from channels.models import Account, Number
from channels.roles import ROLES
from customers.models import Customer, Identity
from queues.models import Queue, SipAddress
from routing.models import Contact, Flow

pytestmark = pytest.mark.django_db
TOKEN = "the-auth-token-of-twilio"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def account() -> Account:
    return Account.objects.create(name="Main", provider="twilio", external_id="AC1", secret=TOKEN)


@pytest.fixture
def queue() -> Queue:
    queue = Queue.objects.create(key="vip", name="VIP")
    SipAddress.objects.create(queue=queue, uri="sip:vip@pbx.example.com")
    return queue


@pytest.fixture
def signed_in(client: Client) -> Callable[[str], Client]:
    """A client with somebody of that role."""

    def sign_in(role: str) -> Client:
        user = User.objects.create_user(role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return sign_in


def _page(client: Client, view: str, *args: object, **query: str) -> str:
    return client.get(reverse(f"admin:{view}", args=args), query).content.decode().replace("&#x27;", "'")


class TestAddresses:
    def test_a_flow_says_which_numbers_start_it_as_people_call_them(
        self, admin_client: Client, account: Account, queue: Queue
    ) -> None:
        flow = Flow.objects.create(key="line", name="Line", draft={"format": 1, "steps": []})
        for address in ("+49309018200", "whatsapp:+49309018201"):
            Number.objects.create(account=account, address=address, fallback_queue=queue, flow=flow)
        for page in (
            _page(admin_client, "routing_flow_changelist"),
            _page(admin_client, "routing_flow_change", flow.pk, text="1"),
        ):
            assert "WhatsApp +49309018201" in page
            assert "+49309018200" in page
            assert "whatsapp:" not in page

    def test_a_contact_shows_the_channel_in_words(self, admin_client: Client) -> None:
        whom = {"sender": "whatsapp:+4915100000001", "recipient": "whatsapp:+49309018201", "channel": "whatsapp"}
        contact = Contact.objects.create(
            reference="ABC", origin="x", external_id="1", started_at=NOW, last_event_at=NOW, **whom
        )
        for page in (
            _page(admin_client, "routing_contact_changelist"),
            _page(admin_client, "routing_contact_change", contact.pk),
        ):
            assert "+4915100000001" in page
            assert "whatsapp:" not in page


class TestAccounts:
    def test_the_token_is_never_on_the_page(self, admin_client: Client, account: Account) -> None:
        page = _page(admin_client, "channels_account_change", account.pk)
        assert TOKEN not in page
        assert 'type="password"' in page
        assert "A token is stored. It stays if you leave this empty." in page

    @pytest.mark.parametrize(("typed", "kept"), [("", TOKEN), ("new", "new")])
    def test_an_empty_token_keeps_the_stored_one(
        self, admin_client: Client, account: Account, typed: str, kept: str
    ) -> None:
        data = {"name": "Renamed", "provider": "twilio", "external_id": "AC1", "secret": typed}
        data |= {"sends_to": "emulator", "is_active": "on"}
        admin_client.post(reverse("admin:channels_account_change", args=[account.pk]), data)
        account.refresh_from_db()
        assert (account.name, account.secret) == ("Renamed", kept)

    def test_a_new_account_needs_its_token(self, admin_client: Client) -> None:
        data = {"name": "New", "provider": "twilio", "external_id": "AC2", "secret": ""}
        page = admin_client.post(reverse("admin:channels_account_add"), data).content.decode()
        assert "This field is required." in page
        assert not Account.objects.exists()

    def test_a_reader_sees_that_there_is_a_token_and_not_which(
        self, signed_in: Callable[[str], Client], account: Account
    ) -> None:
        page = _page(signed_in("Read-only"), "channels_account_change", account.pk)
        assert TOKEN not in page
        assert "stored" in page


class TestNumbers:
    def test_a_number_that_is_none_is_refused_in_words(
        self, admin_client: Client, account: Account, queue: Queue
    ) -> None:
        data = {"account": account.pk, "address": "030 901820", "fallback_queue": queue.pk}
        page = admin_client.post(reverse("admin:channels_number_add"), data).content.decode()
        assert "A number with its country, such as +4930901820, without spaces." in page

    def test_the_list_says_what_a_number_starts(self, admin_client: Client, account: Account, queue: Queue) -> None:
        flow = Flow.objects.create(key="line", name="Line")
        Number.objects.create(account=account, address="+4930901820", flow=flow, fallback_queue=queue)
        Number.objects.create(account=account, address="+4930901821", fallback_queue=queue)
        Number.objects.create(account=account, address="+4930901822", fallback_queue=queue, is_active=False)
        page = _page(admin_client, "channels_number_changelist")
        assert "flow not published" in page
        assert "fallback queue only" in page
        assert "switched off" in page

    def test_its_page_leads_to_a_test_call_of_it(self, admin_client: Client, account: Account, queue: Queue) -> None:
        number = Number.objects.create(account=account, address="+4930901820", fallback_queue=queue)
        page = _page(admin_client, "channels_number_change", number.pk)
        assert "/admin/channels/number/test-call/?number=%2B4930901820" in page


class TestRoles:
    def test_the_migration_made_them_with_all_that_they_may(self) -> None:
        for name, wanted in ROLES.items():
            permissions = Group.objects.get(name=name).permissions.select_related("content_type")
            assert {f"{one.content_type.app_label}.{one.codename}" for one in permissions} == wanted

    def test_no_role_manages_people(self) -> None:
        assert not Permission.objects.filter(group__name__in=ROLES, content_type__app_label="auth").exists()

    def test_each_permission_is_there_once(self) -> None:
        names = list(Permission.objects.values_list("content_type__app_label", "content_type__model", "codename"))
        assert len(names) == len(set(names))
        assert Permission.objects.get(codename="publish_flow").name == "Can publish flows"
        assert Permission.objects.get(codename="view_queue").name == "Can view queue"

    @pytest.mark.parametrize(
        ("role", "view", "status"),
        [
            ("Managers", "routing_flow_add", 200),
            ("Managers", "routing_flow_import", 200),
            ("Managers", "channels_number_test_call", 200),
            ("Managers", "auditlog_logentry_changelist", 200),
            ("Managers", "auth_user_changelist", 403),
            ("Supervisors", "queues_queue_add", 200),
            ("Supervisors", "queues_openinghours_add", 200),
            ("Supervisors", "customers_customer_add", 200),
            ("Supervisors", "channels_number_test_call", 200),
            ("Supervisors", "routing_flow_changelist", 200),
            ("Supervisors", "routing_flow_add", 403),
            ("Supervisors", "enrichment_datasource_add", 403),
            ("Supervisors", "channels_account_add", 403),
            ("Read-only", "routing_contact_changelist", 200),
            ("Read-only", "channels_account_changelist", 200),
            ("Read-only", "queues_queue_add", 403),
            ("Read-only", "customers_customer_add", 403),
            ("Read-only", "channels_number_test_call", 403),
            ("Read-only", "routing_flow_import", 403),
            ("Read-only", "auth_group_changelist", 403),
        ],
    )
    def test_each_role_sees_what_it_may(
        self, signed_in: Callable[[str], Client], queue: Queue, role: str, view: str, status: int
    ) -> None:
        assert signed_in(role).get(reverse(f"admin:{view}")).status_code == status

    def test_saving_a_role_takes_away_only_what_its_form_offers(self, admin_client: Client) -> None:
        role = Group.objects.get(name="Read-only")
        hidden = Permission.objects.get(codename="view_session")
        role.permissions.add(hidden)
        kept = Permission.objects.get(codename="view_queue")
        address = reverse("admin:auth_group_change", args=[role.pk])
        assert admin_client.post(address, {"name": "Readers", "permissions": [kept.pk]}).status_code == 302
        assert set(role.permissions.all()) == {hidden, kept}

    @pytest.mark.parametrize("role", ["Managers", "Supervisors", "Read-only"])
    def test_the_first_page_and_the_menu_show_nothing_beyond(
        self, signed_in: Callable[[str], Client], role: str
    ) -> None:
        page = _page(signed_in(role), "index")
        assert reverse("admin:routing_contact_changelist") in page
        assert reverse("admin:auth_user_changelist") not in page
        assert (reverse("admin:channels_number_test_call") in page) is (role != "Read-only")


class TestTheLog:
    def _changes(self, model: str) -> list[tuple[str, dict[str, Any]]]:
        entries = LogEntry.objects.filter(content_type__model=model).order_by("id")
        return [(str(entry.actor), entry.changes) for entry in entries]

    def test_it_knows_who_changed_what(self, admin_client: Client, admin_user: User, queue: Queue) -> None:
        data = {
            "name": "Very important",
            "head_start_s": "0",
            "answer_within_s": "20",
            "service_level_percent": "80",
            "is_active": "on",
            "sip_addresses-TOTAL_FORMS": "0",
            "sip_addresses-INITIAL_FORMS": "0",
        }
        admin_client.post(reverse("admin:queues_queue_change", args=[queue.pk]), data)
        assert self._changes("queue")[-1] == ("admin", {"name": ["VIP", "Very important"]})
        page = _page(admin_client, "auditlog_logentry_changelist")
        assert "Queue: " in page
        assert "Very important" in page

    @pytest.mark.parametrize("secret", ["new-token", "x"])
    def test_it_says_that_a_secret_changed_and_never_which(self, account: Account, secret: str) -> None:
        account.secret = secret
        account.save()
        created, changed = self._changes("account")
        assert created[1]["secret"] == ["", "•••"]
        assert changed[1] == {"secret": ["•••", "•••"]}
        assert TOKEN not in str(LogEntry.objects.values_list("changes", "serialized_data", "changes_text"))

    def test_it_keeps_no_password(self) -> None:
        user = User.objects.create_user("anna", password="a-good-password-1")
        assert user.password not in str(self._changes("user"))

    def test_the_history_of_an_object_has_its_parts_even_those_that_are_gone(
        self, admin_client: Client, queue: Queue
    ) -> None:
        other = Queue.objects.create(key="other", name="Other")
        SipAddress.objects.create(queue=other, uri="sip:elsewhere@pbx.example.com")
        gone = SipAddress.objects.create(queue=queue, uri="sip:gone@pbx.example.com")
        gone.delete()
        page = _page(admin_client, "auditlog_logentry_changelist", object=f"queues.queue:{queue.pk}")
        assert "sip:vip@pbx.example.com" in page
        assert "sip:gone@pbx.example.com" in page
        assert "elsewhere" not in page
        link = f"{reverse('admin:auditlog_logentry_changelist')}?object=queues.queue:{queue.pk}"
        assert link in _page(admin_client, "queues_queue_change", queue.pk)

    @pytest.mark.parametrize("value", ["x", "queues.queue:x", "a.b:1", ":", "queues.queue:99999999999999999999"])
    def test_a_made_up_object_is_no_error(self, admin_client: Client, queue: Queue, value: str) -> None:
        address = reverse("admin:auditlog_logentry_changelist")
        assert admin_client.get(address, {"object": value}).status_code == 200

    def test_an_entry_shows_before_and_after_in_the_words_of_the_form(self, admin_client: Client, queue: Queue) -> None:
        queue.head_start_s = 300
        queue.save()
        entry = LogEntry.objects.filter(content_type__model="queue", action=1).get()
        page = _page(admin_client, "auditlog_logentry_change", entry.pk)
        assert "<th>Head start (seconds)</th><td>0</td><td>300</td>" in page

    def test_customers_are_in_it_with_their_addresses(self, admin_client: Client) -> None:
        customer = Customer.objects.create(external_id="C-1", name="Ada")
        Identity.objects.create(customer=customer, value="+4915100000001")
        page = _page(admin_client, "auditlog_logentry_changelist", object=f"customers.customer:{customer.pk}")
        assert "+4915100000001" in page

    def test_nobody_writes_in_it(self, admin_client: Client, queue: Queue) -> None:
        entry = LogEntry.objects.first()
        assert entry
        for view in ("change", "delete"):
            address = reverse(f"admin:auditlog_logentry_{view}", args=[entry.pk])
            assert admin_client.post(address, {"post": "yes"}).status_code == 403
        assert admin_client.get(reverse("admin:auditlog_logentry_add")).status_code == 403


class TestTheFirstPage:
    def _contact(self, number: int, **more: Any) -> Contact:
        facts = {
            "reference": f"R{number}",
            "origin": "twilio:AC1",
            "external_id": f"CA{number}",
            "channel": "voice",
            "sender": "+4915100000002",
            "recipient": "+49309018200",
            "started_at": timezone.now(),
            "last_event_at": timezone.now(),
        }
        return Contact.objects.create(**(facts | more))

    def test_an_empty_house_is_told_where_to_begin(self, admin_client: Client) -> None:
        page = _page(admin_client, "index")
        assert "First steps" in page
        assert reverse("admin:queues_queue_add") in page

    def test_todays_contacts_are_counted_by_queue_and_outcome(self, admin_user: User, queue: Queue) -> None:
        self._contact(1, queue=queue, outcome="connected", started_at=NOW - timedelta(minutes=5))
        self._contact(2, queue=queue, outcome="abandoned", started_at=NOW - timedelta(hours=3))
        self._contact(3, fell_back=True, started_at=NOW - timedelta(minutes=1))
        self._contact(4, queue=queue, started_at=NOW - timedelta(days=1))
        with CaptureQueriesContext(connection) as queries:
            today = overview(user=admin_user, now=NOW, worker_silent_s=1.0)["today"]
        assert (today.total, today.last_hour, today.fell_back, today.under_way) == (3, 2, 1, 3)
        assert [(row.title, row.count, row.percent) for row in today.queues] == [("VIP", 2, 100), ("no queue", 1, 50)]
        assert {row.title: row.count for row in today.outcomes} == {"spoken to": 1, "hung up": 1, "under way": 1}
        assert len(queries) <= 12

    def test_its_links_lead_to_just_those_contacts(self, admin_client: Client, queue: Queue) -> None:
        self._contact(1, queue=queue, outcome="connected")
        self._contact(2)
        context = admin_client.get(reverse("admin:index")).context
        for row in (*context["today"].queues, *context["today"].outcomes):
            response = admin_client.get(row.link)
            assert response.context["cl"].result_count == row.count, row

    @pytest.mark.parametrize(("silent", "warned"), [(None, True), (60.0, True), (3.0, False)])
    def test_a_silent_worker_is_warned_of(self, admin_user: User, silent: float | None, warned: bool) -> None:
        warnings = overview(user=admin_user, now=NOW, worker_silent_s=silent)["warnings"]
        assert any("No worker answers" in warning.text for warning in warnings) is warned

    def test_what_would_strand_callers_is_warned_of(self, admin_user: User, account: Account) -> None:
        bare = Queue.objects.create(key="bare", name="Bare")
        flow = Flow.objects.create(key="line", name="Line")
        Number.objects.create(account=account, address="+4930901820", flow=flow, fallback_queue=bare)
        texts = [one.text for one in overview(user=admin_user, now=NOW, worker_silent_s=1.0)["warnings"]]
        assert any("+4930901820 starts the flow “Line”, which is not published" in text for text in texts)
        assert any("The queue “Bare” has no SIP address" in text for text in texts)

    def test_a_queue_that_overflows_to_one_with_an_address_is_fine(self, admin_user: User, queue: Queue) -> None:
        Queue.objects.create(key="bare", name="Bare", overflow=queue)
        assert overview(user=admin_user, now=NOW, worker_silent_s=1.0)["warnings"] == []

    def test_somebody_who_may_see_nothing_is_welcomed(self, client: Client) -> None:
        client.force_login(User.objects.create_user("nobody", is_staff=True))
        page = _page(client, "index")
        assert "Welcome" in page
        assert "Contacts today" not in page


def test_signing_in_leads_to_the_first_page(client: Client, admin_user: User) -> None:
    response = client.post(reverse("admin:login"), {"username": "admin", "password": "password"})
    assert response.headers["Location"] == reverse("admin:index")


def test_posts_without_their_token_are_refused(admin_user: User, queue: Queue) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    for view in ("routing_flow_import", "queues_queue_add"):
        assert client.post(reverse(f"admin:{view}"), {}).status_code == 403


@pytest.mark.parametrize(("is_staff", "said"), [(True, "You have no role yet"), (False, "not meant for these pages")])
def test_whoever_has_no_role_is_told_so_when_signing_in(client: Client, is_staff: bool, said: str) -> None:
    User.objects.create_user("nobody", password="password", is_staff=is_staff)
    wrong = client.post(reverse("admin:login"), {"username": "nobody", "password": "guess"}).content.decode()
    assert said not in wrong
    assert said in client.post(reverse("admin:login"), {"username": "nobody", "password": "password"}).content.decode()


def test_the_pages_about_people_are_called_as_in_the_menu(admin_client: Client) -> None:
    for view, one, many in (("auth_user", "person", "People"), ("auth_group", "role", "Roles")):
        assert re.search(rf"<title>\s*{many}", _page(admin_client, f"{view}_changelist"))
        assert f"Add {one}" in _page(admin_client, f"{view}_add")
