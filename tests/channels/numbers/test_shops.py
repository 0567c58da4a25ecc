"""Each carrier's shop by its own client, against the emulator's interface: what is found, bought, set and given back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.test import Client

from channels.messaging import faults
from channels.models import Account, EmulatedNumber
from channels.numbers.http import Answer
from channels.numbers.shop import AnswerLost, Away, Owned, Query, Refused, Shop, StillWaiting, Webhooks
from channels.numbers.shops import shop_of, webhooks_of
from channels.providers.twilio.carriers.compatible import CompatibleShop
from channels.providers.twilio.emulator.shelf import SHOP
from channels.providers.twilio.emulator.stock import brought_along
from tests.channels.numbers.conftest import Network

WEBHOOKS = Webhooks(
    voice="https://calls.example.com/webhooks/twilio/voice/",
    voice_status="https://calls.example.com/webhooks/twilio/voice/status/",
    message="https://calls.example.com/webhooks/twilio/message/",
)
BERLIN = Query("DE", "local")


@pytest.fixture
def shop(account: Account, network: Network) -> Shop:
    del network
    return shop_of(account)


class TestSearch:
    def test_finds_numbers_with_where_they_are_and_what_they_can(self, shop: Shop) -> None:
        found = shop.search(BERLIN)
        assert (found[0].address, found[0].region) == ("+493023125100", "Berlin")
        assert "voice" in found[0].capabilities
        assert len(found) == 30

    def test_the_same_search_finds_the_same_numbers(self, shop: Shop) -> None:
        assert shop.search(BERLIN) == shop.search(BERLIN)

    def test_finds_by_digits_that_the_number_contains(self, shop: Shop) -> None:
        found = shop.search(Query("US", "local", contains="0142"))
        # One of the carriers knows no patterns: then what does not fit is left out here.
        assert all("0142" in offer.address for offer in found)

    def test_finds_by_area_code(self, shop: Shop) -> None:
        found = shop.search(Query("US", "local", area="415"))
        assert found
        assert all(offer.address.startswith("+1415555") for offer in found)

    def test_a_country_without_numbers_is_an_empty_list(self, shop: Shop) -> None:
        assert list(shop.search(Query("AQ", "local"))) == []

    def test_the_price_is_told_where_the_carrier_tells_it(
        self, make_account: Callable[[str], Account], network: Network
    ) -> None:
        assert shop_of(make_account("")).search(BERLIN)[0].price == "1.15 EUR"
        assert shop_of(make_account("telnyx")).search(BERLIN)[0].price == "1.15 EUR"
        assert shop_of(make_account("somleng")).search(BERLIN)[0].price == ""

    def test_a_number_that_was_bought_is_not_offered_any_more(self, shop: Shop) -> None:
        bought = shop.search(BERLIN)[0]
        shop.buy(bought.address, "order-1")
        assert bought.address not in {offer.address for offer in shop.search(BERLIN)}


class TestBuying:
    def test_a_bought_number_is_ours_its_webhooks_are_set_and_it_is_given_back(self, shop: Shop) -> None:
        bought = shop.buy("+493023125101", "order-1")
        assert shop.find("+493023125101") == bought
        assert bought in shop.owned()
        shop.connect(bought, WEBHOOKS)
        shop.connect(bought, WEBHOOKS)
        at_carrier = EmulatedNumber.objects.get(address="+493023125101")
        assert (at_carrier.voice_url, at_carrier.status_url) == (WEBHOOKS.voice, WEBHOOKS.voice_status)
        shop.release(bought)
        assert shop.find("+493023125101") is None
        shop.release(bought)

    def test_messages_are_pointed_at_us_where_the_carrier_has_them_as_twilio(
        self, twilio: Account, network: Network
    ) -> None:
        shop = shop_of(twilio)
        shop.connect(shop.buy("+12125550142", "order-1"), WEBHOOKS)
        assert EmulatedNumber.objects.get(address="+12125550142").message_url == WEBHOOKS.message

    def test_a_number_that_somebody_else_has_is_refused_in_a_sentence(self, shop: Shop) -> None:
        with pytest.raises(Refused, match=r"(Somebody else was faster|is not available any more)"):
            shop.buy("+493023125199", "order-1")

    def test_what_the_law_wants_first_is_said(self, shop: Shop) -> None:
        with pytest.raises((Refused, StillWaiting), match=r"(The law wants an address first|wants papers first)"):
            shop.buy("+493023125198", "order-1")

    def test_wrong_credentials_are_said_with_where_to_correct_them(self, account: Account, network: Network) -> None:
        account.secret = account.access_token = "wrong"
        with pytest.raises(Refused, match=r"does not accept .* under Accounts"):
            shop_of(account).check()

    def test_the_check_passes_with_the_right_ones(self, shop: Shop, account: Account) -> None:
        assert shop.check() in {"", account.name}

    def test_the_number_that_was_there_before_is_listed(self, shop: Shop, account: Account) -> None:
        assert [one.address for one in shop.owned()] == [brought_along(account.external_id)]


class TestTrouble:
    def test_too_much_at_once_says_when_to_come_back(self, shop: Shop) -> None:
        faults.plan(SHOP, ["429:7"])
        with pytest.raises(Away, match="too often") as away:
            shop.owned()
        assert away.value.after_s == 7

    def test_trouble_while_reading_may_be_asked_again(self, shop: Shop) -> None:
        faults.plan(SHOP, ["500"])
        with pytest.raises(Away, match="trouble of its own"):
            shop.owned()

    @pytest.mark.parametrize("fault", ["500", "lost", "deaf"])
    def test_trouble_while_buying_leaves_it_open(self, twilio: Account, network: Network, fault: str) -> None:
        faults.plan(SHOP, [fault])
        with pytest.raises(AnswerLost):
            shop_of(twilio).buy("+493023125101", "order-1")
        assert EmulatedNumber.objects.filter(address="+493023125101").exists() == (fault == "lost")

    def test_an_order_that_telnyx_has_already_is_not_placed_again(
        self, make_account: Callable[[str], Account], network: Network
    ) -> None:
        shop = shop_of(make_account("telnyx"))
        shop.buy("+493023125101", "order-1")
        shop.buy("+493023125101", "order-1")
        assert network.writes() == ["POST /v2/number_orders"]

    def test_telnyx_gets_one_application_for_all_numbers(
        self, make_account: Callable[[str], Account], network: Network
    ) -> None:
        shop = shop_of(make_account("telnyx"))
        for number in ("+493023125101", "+493023125102"):
            shop.connect(shop.buy(number, number), WEBHOOKS)
        assert network.writes().count("POST /v2/texml_applications") == 1

    def test_what_would_win_over_our_webhooks_is_cleared(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sent: dict[str, str] = {}

        def ask(_method: str, _url: str, **more: dict[str, str]) -> Answer:
            sent.update(more["form"])
            return Answer(200, {}, None)

        monkeypatch.setattr("channels.providers.twilio.carriers.compatible.ask", ask)
        shop = CompatibleShop("Twilio", "AC1", "token", "https://api.example.com")
        shop.connect(Owned("PN1", "+493023125101", overrides=("VoiceApplicationSid",)), WEBHOOKS)
        assert (sent["VoiceApplicationSid"], sent["VoiceUrl"], sent["VoiceMethod"]) == ("", WEBHOOKS.voice, "POST")
        assert "TrunkSid" not in sent


class TestWhoIsAsked:
    def test_nobody_before_somebody_chose_the_carrier(self, twilio: Account, settings: LazySettings) -> None:
        settings.EMULATOR_URL = ""
        with pytest.raises(Refused, match="Choose the carrier"):
            shop_of(twilio)

    def test_nobody_for_an_account_that_is_switched_off(self, twilio: Account, network: Network) -> None:
        twilio.is_active = False
        with pytest.raises(Refused, match="switched off"):
            shop_of(twilio)

    def test_a_real_carrier_at_its_own_address(self, account: Account, network: Network) -> None:
        account.sends_to = Account.Sending.CARRIER
        with pytest.raises(AssertionError, match="is not the emulator") as left:
            shop_of(account).owned()
        hosts = {"": "api.twilio.com/2010-04-01", "signalwire": "example.signalwire.com/api/laml/2010-04-01"}
        hosts |= {"somleng": "api.somleng.org/2010-04-01", "telnyx": "api.telnyx.com/v2/phone_numbers"}
        assert str(left.value).startswith(f"https://{hosts[account.carrier]}")

    def test_a_real_carrier_is_not_told_an_address_that_it_cannot_reach(
        self, twilio: Account, network: Network
    ) -> None:
        twilio.sends_to = Account.Sending.CARRIER
        with pytest.raises(Refused, match="PUBLIC_URL"):
            webhooks_of(twilio)

    def test_an_internal_server_is_not_asked_unless_the_operator_named_it(
        self, make_account: Callable[[str], Account], settings: LazySettings
    ) -> None:
        settings.ENRICHMENT_ALLOWED_HOSTS = []
        somleng = make_account("somleng")
        somleng.api_url, somleng.sends_to = "http://127.0.0.1:9", Account.Sending.CARRIER
        with pytest.raises(Refused, match="ENRICHMENT_ALLOWED_HOSTS"):
            shop_of(somleng).owned()
        settings.ENRICHMENT_ALLOWED_HOSTS = ["127.0.0.1"]
        with pytest.raises(Away, match="cannot be reached"):
            shop_of(somleng).owned()


def test_the_emulators_shop_opens_to_nobody_without_the_accounts_token(twilio: Account, network: Network) -> None:
    path = f"/emulator/twilio/2010-04-01/Accounts/{twilio.external_id}/IncomingPhoneNumbers.json"
    assert Client().get(path).status_code == 401
    assert Client().get("/emulator/twilio/v2/phone_numbers", headers={"Authorization": "Bearer x"}).status_code == 401
