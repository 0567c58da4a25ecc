"""The test-call page: who may, what a caller hears, and where the call ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from channels.models import Number
from customers.models import Customer, Identity
from routing.models import Contact

PAGE = "/admin/channels/number/test-call/"
Server = Callable[..., None]


@pytest.fixture(autouse=True)
def no_public_url(settings: LazySettings) -> None:
    settings.PUBLIC_URL = ""


@pytest.fixture
def manager(db: None) -> User:
    user = User.objects.create_user("manager", password="x", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(
            codename__in=["test_call", "view_number", "view_contact", "view_customer", "view_identity"]
        )
    )
    return user


@pytest.fixture
def browser(manager: User) -> Client:
    client = Client(SERVER_NAME="127.0.0.1", SERVER_PORT="8000")
    client.force_login(manager)
    return client


class Page:
    """A browser with the page open, doing what its script does."""

    def __init__(self, browser: Client) -> None:
        self.browser = browser
        self.data: dict[str, Any] = {}

    def start(self, caller: str = "+49 1510 0000002", number: str = "+49309018200") -> dict[str, Any]:
        return self.take(self.browser.post(f"{PAGE}start/", {"caller": caller, "number": number}))

    def do(self, do: str, what: str = "") -> dict[str, Any]:
        return self.take(self.browser.post(self.data["url"], {"do": do, "what": what}))

    def take(self, response: Any) -> dict[str, Any]:
        assert response.status_code == 200, response.content
        self.data = response.json()
        while self.data["goes_on"]:
            self.data = self.browser.post(self.data["url"], {"do": "go_on"}).json()
        return self.data


def test_a_page_offers_the_numbers_that_calls_reach(number: Number, browser: Client) -> None:
    Number.objects.create(account=number.account, address="whatsapp:+49301", fallback_queue=number.fallback_queue)
    page = browser.get(PAGE).content.decode()
    assert '<option value="+49309018200" selected>+49309018200 · Menu</option>' in page
    assert "whatsapp:" not in page


def test_a_house_without_numbers_says_what_to_do(browser: Client) -> None:
    assert "Add a number" in browser.get(PAGE).content.decode()


def test_a_call_is_heard_line_by_line_and_tells_where_it_ended(number: Number, browser: Client, server: Server) -> None:
    page = Page(browser)
    data = page.start()
    assert [(line["what"], line["said"], line["language"]) for line in data["lines"]] == [
        ("say", "For sales press 1 & wait.", "en-US")
    ]
    assert data["keys"]
    assert "Press keys below, or say something." in data["state"]
    data = page.do("press", "1")
    assert "How does <strong>sip:vip@pbx.example.com</strong> answer?" in data["state"]
    data = page.do("leg", "completed")
    contact = Contact.objects.get()
    assert data["is_over"]
    for words in ("Put through", "VIP", "sip:vip@pbx.example.com", "X-Contact", contact.reference, " ms"):
        assert words in data["state"]
    assert reverse("admin:routing_contact_change", args=[contact.pk]) in data["state"]
    assert (contact.sender, contact.state) == ("+4915100000002", "ended")


@pytest.mark.parametrize(
    ("acts", "outcome"),
    [
        ([("say", "sales"), ("leg", "completed")], "Put through"),
        ([("wait", ""), ("leg", "busy"), ("message", "")], "Left a message"),
        ([("wait", ""), ("leg", "no-answer"), ("wait", "")], "Ended by the flow"),
        ([("wait", ""), ("leg", "failed"), ("hang_up_after", "")], "Left a message"),
        ([("press", "1"), ("hang_up", "")], "The caller hung up"),
        ([("hang_up", "")], "The caller hung up"),
    ],
)
def test_a_caller_may_do_what_callers_do(
    number: Number, browser: Client, server: Server, acts: list[tuple[str, str]], outcome: str
) -> None:
    page = Page(browser)
    page.start()
    for act in acts:
        assert not page.data["is_over"]
        page.do(*act)
    assert page.data["is_over"]
    assert outcome in page.data["state"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"caller": "", "number": "+49309018200"}, "Say who calls."),
        ({"caller": "0301234", "number": "+49309018200"}, "A number with its country"),
        ({"caller": "+4915100000002", "number": ""}, "Choose the number"),
        ({"caller": "+4915100000002", "number": "+49301"}, "valid choice"),
    ],
)
def test_a_call_that_cannot_be_placed_says_why(
    number: Number, browser: Client, server: Server, fields: dict[str, str], problem: str
) -> None:
    response = browser.post(f"{PAGE}start/", fields)
    assert response.status_code == 400
    assert problem in response.json()["problem"]


def test_a_server_that_cannot_reach_itself_says_so(number: Number, browser: Client, server: Server) -> None:
    server("http://elsewhere")
    response = browser.post(f"{PAGE}start/", {"caller": "anonymous", "number": "+49309018200"})
    assert "No server of ours answers" in response.json()["problem"]


def test_a_call_that_is_forgotten_says_so(number: Number, browser: Client) -> None:
    response = browser.post(f"{PAGE}CA0/", {"do": "wait"})
    assert (response.status_code, "forgotten" in response.json()["problem"]) == (404, True)


def test_nobody_carries_on_the_call_of_somebody_else(number: Number, browser: Client, server: Server) -> None:
    page = Page(browser)
    page.start()
    User.objects.create_superuser("another", password="x")
    other = Client()
    other.login(username="another", password="x")
    assert other.post(page.data["url"], {"do": "hang_up"}).status_code == 404


def test_customers_are_found_by_words_of_their_name_and_number(browser: Client) -> None:
    customer = Customer.objects.create(external_id="C-7", name="Anna Adler")
    Identity.objects.create(customer=customer, value="+4915100000077")
    found = browser.get(f"{PAGE}callers/", {"q": "adler anna"}).json()["callers"]
    assert found == [{"number": "+4915100000077", "label": "Anna Adler"}]
    assert browser.get(f"{PAGE}callers/", {"q": "nobody"}).json()["callers"] == []


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}callers/", f"{PAGE}start/", f"{PAGE}CA1/"])
def test_only_who_may_place_test_calls_sees_the_page(manager: User, browser: Client, path: str) -> None:
    manager.user_permissions.remove(Permission.objects.get(codename="test_call"))
    method = browser.post if path.endswith(("start/", "CA1/")) else browser.get
    assert method(path).status_code == 403
    assert Client().get(path).status_code == 302


@pytest.mark.parametrize("missing", ["view_customer", "view_identity"])
def test_who_may_not_see_customers_is_shown_none(manager: User, browser: Client, missing: str) -> None:
    manager.user_permissions.remove(Permission.objects.get(codename=missing))
    customer = Customer.objects.create(external_id="C-7", name="Anna Adler")
    Identity.objects.create(customer=customer, value="+4915100000077")
    assert browser.get(f"{PAGE}callers/").json()["callers"] == []
    assert "+4915100000077" not in browser.get(PAGE).content.decode()
