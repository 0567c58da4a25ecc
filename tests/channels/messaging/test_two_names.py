"""People whom the provider calls by two names: their number, and an id that stays when they hide it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from channels.messaging import receipts
from channels.messaging.consent import is_stopped
from channels.messaging.shown import lines_of
from channels.models import Conversation
from customers.models import Customer, Identity
from customers.services import learn_identity

if TYPE_CHECKING:
    from tests.channels.messaging.conftest import Chat

pytestmark = pytest.mark.django_db
NUMBER, ALIAS = "+4915100000001", "DE.777"


@pytest.fixture
def customer() -> Customer:
    found = Customer.objects.create(external_id="c-1", name="Amara")
    Identity.objects.create(customer=found, kind="phone", value=NUMBER)
    return found


@pytest.mark.parametrize(("first", "then"), [(NUMBER, ALIAS), (ALIAS, NUMBER)])
def test_who_hides_the_number_goes_on_in_the_same_conversation(
    chat: Chat, customer: Customer, first: str, then: str
) -> None:
    chat.sender = first
    both: dict[str, Any] = {"identities": [("whatsapp", ALIAS)]}
    assert chat.write("Hello", **both) == ["What is it about?"]
    chat.sender = then
    chat.now += timedelta(seconds=1)
    more: dict[str, Any] = both if then == NUMBER else {}
    chat.keep(chat.event("1", **more))
    chat.sender = first
    assert chat.work() == ["Which number?"]
    assert Conversation.objects.count() == 1
    if first == NUMBER:
        assert chat.conversation.alias == f"whatsapp:{ALIAS}"
        assert chat.conversation.customer == customer


def test_a_customer_is_known_by_the_other_name_from_then_on(chat: Chat, customer: Customer) -> None:
    chat.write("Hello", identities=[("whatsapp", ALIAS)])
    assert sorted(customer.identities.values_list("kind", "value")) == [("phone", NUMBER), ("whatsapp", ALIAS)]
    Conversation.objects.update(alias="")
    chat.sender = ALIAS
    chat.write("Hello again")
    assert chat.conversation.customer == customer


def test_a_name_that_somebody_has_stays_theirs(chat: Chat, customer: Customer) -> None:
    other = Customer.objects.create(external_id="c-2", name="Bela")
    Identity.objects.create(customer=other, kind="whatsapp", value=ALIAS)
    chat.write("Hello", identities=[("whatsapp", ALIAS)])
    assert chat.conversation.customer == customer
    assert Identity.objects.get(kind="whatsapp", value=ALIAS).customer == other


@pytest.mark.parametrize(("kind", "value"), [("sms", "1"), ("phone", "+0"), ("phone", "12")])
def test_what_is_no_address_is_not_learned(customer: Customer, kind: str, value: str) -> None:
    learn_identity(customer_id=customer.pk, kind=kind, value=value)
    assert customer.identities.count() == 1


@pytest.mark.parametrize("new", ["+4915200000009", "DE.778"])
def test_who_has_another_number_is_the_same_customer(chat: Chat, customer: Customer, new: str) -> None:
    chat.keep(chat.event(kind="moved", channel="whatsapp", to=f"whatsapp:{new}"))
    receipts.handle_receipts(now=chat.now)
    assert not Conversation.objects.exists()
    chat.sender = new
    assert chat.write("It is me") == ["What is it about?"]
    assert chat.conversation.customer == customer


def test_who_has_another_number_goes_on_in_the_same_conversation(chat: Chat) -> None:
    chat.write("Hello")
    before = chat.conversation
    chat.keep(chat.event(kind="moved", channel="whatsapp", to="whatsapp:+4915200000009"))
    receipts.handle_receipts(now=chat.now)
    chat.sender = "+4915200000009"
    assert chat.write("1") == ["Which number?"]
    assert (chat.conversation.pk, chat.conversation.contact) == (before.pk, before.contact)
    moved = before.messages.get(kind="moved")
    text = "They have another number: WhatsApp +4915100000001 became WhatsApp +4915200000009."
    assert [line.text for line in lines_of(moved)] == [text]
    assert chat.asked[-1].recipient == "whatsapp:+4915200000009"


def test_a_stop_goes_along_to_the_new_number(chat: Chat) -> None:
    chat.write("Hello")
    chat.write("STOP")
    chat.keep(chat.event(kind="moved", channel="whatsapp", to="whatsapp:+4915200000009"))
    receipts.handle_receipts(now=chat.now)
    assert is_stopped("whatsapp", "whatsapp:+4915200000009")
    assert is_stopped("sms", "+4915200000009")


def test_who_wrote_from_the_new_number_first_keeps_both_conversations(chat: Chat) -> None:
    chat.write("Hello")
    chat.sender = "+4915200000009"
    chat.write("Hello")
    chat.sender = "+4915100000001"
    chat.keep(chat.event(kind="moved", channel="whatsapp", to="whatsapp:+4915200000009"))
    receipts.handle_receipts(now=chat.now)
    assert chat.conversation.messages.filter(kind="moved").count() == 1
    assert Conversation.objects.count() == 2


def test_a_word_that_the_provider_answered_itself_starts_nothing(chat: Chat) -> None:
    assert chat.write("HELP", wish="HELP") == []
    assert chat.conversation.contact is None
    assert [row.text for row in chat.conversation.messages.all()] == ["HELP"]
    assert chat.write("Hello") == ["What is it about?"]
    assert chat.write("HELP", wish="HELP") == []
    assert chat.write("1") == ["Which number?"]
