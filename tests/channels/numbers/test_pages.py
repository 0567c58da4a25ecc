"""What managers see and do: accounts by kind, the check, searching, buying, taking over, releasing; and who may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels.messaging import faults
from channels.models import Account, EmulatedNumber, Number, NumberOrder
from channels.numbers import services
from channels.providers.twilio.emulator.keys import PUBLIC_KEY
from channels.providers.twilio.emulator.shelf import SHOP
from queues.models import Queue
from tests.channels.numbers.conftest import Network

pytestmark = pytest.mark.django_db
WANTED = "+493023125101"
BUY, CONFIRM, OVER = (
    "/admin/channels/number/buy/",
    "/admin/channels/number/buy/confirm/",
    "/admin/channels/number/take-over/",
)


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told: tests carry orders out themselves."""
    monkeypatch.setattr("channels.nudges.publish", lambda *_args, **_more: None)


@pytest.fixture
def as_role(client: Client, db: None) -> Callable[[str], Client]:
    def sign_in(role: str) -> Client:
        user = User.objects.create_user(role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def manager(as_role: Callable[[str], Client]) -> Client:
    return as_role("Managers")


def text(client: Client, url: str, **data: str | int) -> str:
    answer = client.get(url, data)
    assert answer.status_code == 200, answer
    return answer.content.decode().replace("&#x27;", "'")


def carry_out_all() -> None:
    for pk in NumberOrder.objects.order_by("pk").values_list("pk", flat=True):
        services.carry_out(pk, clock=timezone.now)


class TestAccounts:
    ADD = "/admin/channels/account/add/"

    def test_one_chooses_the_carrier_first(self, manager: Client) -> None:
        page = text(manager, self.ADD)
        for name in ("Twilio", "SignalWire", "Somleng", "Telnyx", "Meta"):
            assert f">{name}</a>" in page

    @pytest.mark.parametrize(
        ("kind", "asked", "not_asked"),
        [
            ("twilio", ["Account SID", "Auth token"], ["Signing key", "API key", "Verify token", "Space"]),
            ("twilio.signalwire", ["Space", "Project ID", "Signing key", "API token"], ["Auth token", "Verify token"]),
            ("twilio.somleng", ["Server", "Account SID", "Auth token"], ["API token", "Verify token"]),
            ("twilio.telnyx", ["Account SID", "Public key", "API key"], ["Auth token", "Verify token", "Space"]),
            ("meta", ["App ID", "App secret", "Verify token", "Access token"], ["Account SID", "API key"]),
        ],
    )
    def test_and_is_asked_for_what_it_needs_in_its_own_words(
        self, manager: Client, kind: str, asked: list[str], not_asked: list[str]
    ) -> None:
        page = text(manager, self.ADD, kind=kind)
        form = page[page.index('id="account_form"') :]
        for label in asked:
            assert label in form
        for label in not_asked:
            assert label not in form

    def test_an_account_is_added_with_its_carrier_and_its_secrets_encrypted(self, manager: Client) -> None:
        data = {"name": "SW", "external_id": " b3877c40 ", "secret": "signing", "access_token": "PT-1"}
        data |= {"api_url": "example.signalwire.com", "sends_to": "emulator", "is_active": "on"}
        answer = manager.post(f"{self.ADD}?kind=twilio.signalwire", data)
        assert answer.status_code == 302, answer.content.decode()
        account = Account.objects.get()
        assert (account.provider, account.carrier, account.external_id) == ("twilio", "signalwire", "b3877c40")
        assert (account.secret, account.access_token) == ("signing", "PT-1")
        page = text(manager, reverse("admin:channels_account_change", args=[account.pk]))
        assert "signing" not in page.lower().replace("signing key", "")
        assert "PT-1" not in page

    @pytest.mark.parametrize(
        ("kind", "data", "sentence"),
        [
            ("twilio.telnyx", {"secret": "KEY-is-no-public-key", "access_token": "KEY"}, "This is no public key"),
            ("twilio.signalwire", {"secret": "s", "access_token": "t", "api_url": "two words"}, "A host, such as"),
            ("twilio.somleng", {"secret": "s", "api_url": "ftp://x"}, "An address, such as"),
            ("twilio", {"external_id": "SK123", "secret": "s"}, "The account's own begins with AC"),
        ],
    )
    def test_what_cannot_be_right_is_said_at_once(
        self, manager: Client, kind: str, data: dict[str, str], sentence: str
    ) -> None:
        values = {"name": "N", "external_id": "x", "sends_to": "emulator", "is_active": "on", **data}
        page = manager.post(f"{self.ADD}?kind={kind}", values).content.decode().replace("&#x27;", "'")
        assert sentence in page
        assert not Account.objects.exists()

    def test_the_same_id_twice_is_refused(self, manager: Client, twilio: Account) -> None:
        values = {"name": "N", "external_id": twilio.external_id, "secret": "s", "sends_to": "emulator"}
        page = manager.post(f"{self.ADD}?kind=twilio", values).content.decode()
        assert "There is an account with this id already." in page

    def test_the_check_says_that_the_carrier_accepts_it(
        self, manager: Client, account: Account, network: Network
    ) -> None:
        page = manager.post(f"/admin/channels/account/{account.pk}/check/", follow=True).content.decode()
        assert "accepts the account" in page
        assert network.writes() == []

    def test_the_check_says_what_to_correct(self, manager: Client, twilio: Account, network: Network) -> None:
        # Encrypted as another one, which the emulator's own row then does not have.
        faults.plan(SHOP, ["401"])
        page = manager.post(f"/admin/channels/account/{twilio.pk}/check/", follow=True).content.decode()
        assert "does not accept the account" in page

    def test_whoever_may_only_read_cannot_have_it_checked(
        self, as_role: Callable[[str], Client], twilio: Account, network: Network
    ) -> None:
        answer = as_role("Read-only").post(f"/admin/channels/account/{twilio.pk}/check/")
        assert answer.status_code == 403
        assert network.asked == []


class TestSearching:
    def test_an_empty_house_is_led_to_its_first_account(self, manager: Client) -> None:
        assert "There is no account to buy at yet" in text(manager, BUY)

    def test_nothing_is_asked_before_somebody_searches(
        self, manager: Client, twilio: Account, network: Network
    ) -> None:
        assert "Search" in text(manager, BUY)
        assert network.asked == []

    def test_finds_numbers_with_region_price_and_what_they_can(
        self, manager: Client, account: Account, network: Network
    ) -> None:
        page = text(manager, BUY, account=account.pk, country="DE", kind="local", area="030", contains="12 51")
        assert "+493023125100" in page
        assert "Berlin" in page
        assert "made up by the emulator" in page

    def test_nothing_found_says_what_to_try(self, manager: Client, twilio: Account, network: Network) -> None:
        page = text(manager, BUY, account=twilio.pk, country="DE", kind="local", area="", contains="999999")
        assert "Nothing fits" in page

    def test_letters_are_refused_where_digits_belong(self, manager: Client, twilio: Account, network: Network) -> None:
        page = text(manager, BUY, account=twilio.pk, country="DE", kind="local", area="", contains="FLOWERS")
        assert "Digits only." in page
        assert network.asked == []

    def test_a_carrier_in_trouble_is_said(self, manager: Client, twilio: Account, network: Network) -> None:
        faults.plan(SHOP, ["500"])
        page = text(manager, BUY, account=twilio.pk, country="DE", kind="local", area="", contains="")
        assert "The search did not work" in page
        assert "Twilio has trouble of its own (500)" in page

    def test_an_account_that_talks_to_nobody_says_what_to_choose(
        self, manager: Client, twilio: Account, settings: LazySettings
    ) -> None:
        settings.EMULATOR_URL = ""
        page = text(manager, BUY, account=twilio.pk, country="DE", kind="local", area="", contains="")
        assert "Choose the carrier under" in page


class TestBuying:
    def confirm(self, client: Client, account: Account, queue: Queue, number: str = WANTED) -> str:
        data = {
            "account": account.pk,
            "number": number,
            "price": "1.15 EUR",
            "fallback_queue": queue.pk,
            "name": "Line",
        }
        return client.post(CONFIRM, data, follow=True).content.decode()

    def test_it_is_confirmed_before_it_is_bought(
        self, manager: Client, account: Account, queue: Queue, network: Network
    ) -> None:
        page = text(manager, CONFIRM, account=account.pk, number=WANTED, price="1.15 EUR")
        assert f"Buy {WANTED}" in page
        assert "1.15 EUR" in page
        assert not NumberOrder.objects.exists()
        assert "Under way" in self.confirm(manager, account, queue)
        assert network.asked == [], "a worker does it"
        carry_out_all()
        order = NumberOrder.objects.get()
        page = text(manager, reverse("admin:channels_number_order", args=[order.pk]))
        assert f"{WANTED} is yours" in page
        assert "Its calls go to Standard." in page

    def test_without_a_fallback_queue_nothing_is_ordered(
        self, manager: Client, twilio: Account, network: Network
    ) -> None:
        page = manager.post(CONFIRM, {"account": twilio.pk, "number": WANTED}).content.decode()
        assert "Choose a queue, so that nobody is lost." in page
        assert not NumberOrder.objects.exists()

    def test_a_made_up_number_or_account_is_led_back(self, manager: Client, twilio: Account, queue: Queue) -> None:
        for account, number in ((twilio.pk, "12"), (0, WANTED), (twilio.pk, "+49<script>")):
            answer = manager.post(CONFIRM, {"account": account, "number": number, "fallback_queue": queue.pk})
            assert answer.status_code == 302
        assert not NumberOrder.objects.exists()

    def test_a_failed_order_says_why_and_offers_another_number(
        self, manager: Client, twilio: Account, queue: Queue, network: Network
    ) -> None:
        self.confirm(manager, twilio, queue, "+493023125199")
        carry_out_all()
        page = text(manager, reverse("admin:channels_number_order", args=[NumberOrder.objects.get().pk]))
        assert "Not bought" in page
        assert "Somebody else was faster" in page
        assert "Choose another number" in page

    def test_a_number_without_webhooks_says_so_and_is_tried_again(
        self, manager: Client, twilio: Account, queue: Queue, network: Network
    ) -> None:
        self.confirm(manager, twilio, queue)
        faults.plan(SHOP, ["slow:0", "slow:0", "400"])
        carry_out_all()
        order = NumberOrder.objects.get()
        url = reverse("admin:channels_number_order", args=[order.pk])
        page = text(manager, url)
        assert "Bought, but the webhooks could not be set" in page
        assert "Try again" in page
        assert "Its calls do not come here yet." in text(
            manager, reverse("admin:channels_number_change", args=[order.number_id])
        )
        manager.post(f"{url}again/")
        carry_out_all()
        assert f"{WANTED} is yours" in text(manager, url)

    def test_only_the_state_is_sent_where_only_it_is_asked_for(
        self, manager: Client, twilio: Account, queue: Queue, network: Network
    ) -> None:
        self.confirm(manager, twilio, queue)
        part = text(manager, reverse("admin:channels_number_order", args=[NumberOrder.objects.get().pk]), part="1")
        assert 'data-open="1"' in part
        assert "<html" not in part

    @pytest.mark.parametrize("role", ["Supervisors", "Read-only"])
    def test_nobody_but_managers_may(
        self, as_role: Callable[[str], Client], twilio: Account, queue: Queue, network: Network, role: str
    ) -> None:
        client = as_role(role)
        number = Number.objects.create(account=twilio, address=WANTED, fallback_queue=queue)
        for url in (BUY, CONFIRM, OVER, f"/admin/channels/number/{number.pk}/release/"):
            assert client.get(url).status_code == 403, url
        for url in (CONFIRM, f"/admin/channels/number/{number.pk}/connect/"):
            assert client.post(url).status_code == 403, url
        assert "Buy a number" not in text(client, "/admin/channels/number/")
        assert network.asked == []


class TestReleasing:
    @pytest.fixture
    def number(self, twilio: Account, queue: Queue, network: Network) -> Number:
        return Number.objects.create(account=twilio, address=WANTED, fallback_queue=queue)

    def test_it_is_typed_before_it_is_released(self, manager: Client, number: Number) -> None:
        url = reverse("admin:channels_number_release", args=[number.pk])
        assert f"Type {WANTED} to confirm" in text(manager, url)
        page = manager.post(url, {"typed": "+4930"}).content.decode()
        assert "That is not the number." in page
        assert not NumberOrder.objects.exists()
        assert "Under way" in manager.post(url, {"typed": "+49 30 23125-101"}, follow=True).content.decode()
        carry_out_all()
        number.refresh_from_db()
        assert not number.is_active

    def test_an_address_that_no_carrier_sold_cannot_be_released(self, manager: Client, number: Number) -> None:
        Number.objects.filter(pk=number.pk).update(address="whatsapp:+493023125101")
        assert manager.get(reverse("admin:channels_number_release", args=[number.pk])).status_code == 403


class TestTakingOver:
    def test_numbers_of_the_account_are_taken_over_with_flow_and_queue(
        self, manager: Client, account: Account, queue: Queue, network: Network
    ) -> None:
        page = text(manager, OVER, account=account.pk)
        there = EmulatedNumber.objects.get(account=account.external_id).address
        assert there in page
        data = {"account": account.pk, "number": there, "fallback_queue": queue.pk, "connect": "on"}
        page = manager.post(OVER, data, follow=True).content.decode()
        assert "1 number taken over." in page
        carry_out_all()
        assert Number.objects.get(address=there).webhooks == Number.Webhooks.SET
        assert "Nothing to take over" in text(manager, OVER, account=account.pk)

    def test_none_chosen_is_said(self, manager: Client, twilio: Account, queue: Queue, network: Network) -> None:
        page = manager.post(OVER, {"account": twilio.pk, "fallback_queue": queue.pk}).content.decode()
        assert "Choose at least one number." in page

    def test_what_the_account_does_not_own_is_not_taken(
        self, manager: Client, twilio: Account, queue: Queue, network: Network
    ) -> None:
        data = {"account": twilio.pk, "number": "+4930999999", "fallback_queue": queue.pk}
        manager.post(OVER, data)
        assert not Number.objects.exists()


def test_the_emulators_public_key_is_one_that_the_form_takes() -> None:
    assert len(PUBLIC_KEY) == 44
