"""Conversations in the admin: who may read, who may answer, and what never shows."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

if TYPE_CHECKING:
    from tests.channels.messaging.conftest import Chat

pytestmark = pytest.mark.django_db


def signed_in(role: str) -> Client:
    from django.contrib.auth.models import Group, User  # noqa: PLC0415

    user = User.objects.create_user(role.lower(), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def page(chat: Chat) -> str:
    chat.now = timezone.now()
    chat.write("Hello <b>there</b>")
    return reverse("admin:channels_conversation_change", args=[chat.conversation.pk])


@pytest.mark.parametrize("role", ["Managers", "Supervisors"])
def test_whoever_may_answers_and_the_thread_says_what_became_of_it(chat: Chat, page: str, role: str) -> None:
    client = signed_in(role)
    address = reverse("admin:channels_conversation_reply", args=[chat.conversation.pk])
    assert client.post(address, {"text": "Good morning"}).status_code == 302
    chat.wait(1)
    text = client.get(page).content.decode()
    assert "Hello &lt;b&gt;there" in text
    assert "Good morning" in text
    assert role.lower() in text
    assert chat.asked[-1].text == "Good morning"


def test_an_answer_that_is_too_long_is_told_and_stays_written(chat: Chat, page: str) -> None:
    client, before = signed_in("Managers"), len(chat.asked)
    address = reverse("admin:channels_conversation_reply", args=[chat.conversation.pk])
    answer = client.post(address, {"text": "x" * 4_999 + "!"})
    text = answer.content.decode()
    assert "The answer has 5000 characters; 4000 are the most." in text
    assert "x" * 4_999 + "!</textarea>" in text
    chat.wait(1)
    assert len(chat.asked) == before
    assert client.post(address, {"text": "y\r\n" * 2_000}).status_code == 302
    assert "maxlength" not in client.get(page).content.decode().partition("<textarea")[2].partition(">")[0]


@pytest.mark.parametrize("who", ["customer", "colleague"])
def test_an_answer_to_what_is_no_longer_the_latest_asks_first_and_stays_written(
    chat: Chat, page: str, who: str
) -> None:
    first, second = signed_in("Managers"), signed_in("Supervisors")
    address = reverse("admin:channels_conversation_reply", args=[chat.conversation.pk])
    seen = re.findall(r'name="seen" value="(\d+)"', first.get(page).content.decode())[0]
    if who == "customer":
        chat.write("And one thing more")
    else:
        assert second.post(address, {"text": "I have it", "seen": seen}).status_code == 302
        chat.wait(1)
    before = len(chat.asked)
    text = first.post(address, {"text": "My answer", "seen": seen}).content.decode()
    chat.wait(1)
    assert len(chat.asked) == before
    assert "Somebody wrote in the meantime" in text
    assert "My answer</textarea>" in text
    assert ("And one thing more" if who == "customer" else "I have it") in text
    seen = re.findall(r'name="seen" value="(\d+)"', text)[0]
    # Who saw that a colleague answers, and sends again, means it.
    assert 'name="despite" value="1"' in text
    for words in ("My answer", "And more"):
        assert first.post(address, {"text": words, "seen": seen, "despite": "1"}).status_code == 302
    chat.wait(1)
    assert [one.text for one in chat.asked[before:]] == ["My answer", "And more"]


def act(chat: Chat, name: str) -> str:
    return reverse(f"admin:channels_conversation_{name}", args=[chat.conversation.pk])


def test_whoever_answers_first_has_taken_it_and_a_colleague_is_asked_once(chat: Chat, page: str) -> None:
    chat.write("Something else")
    first, second = signed_in("Managers"), signed_in("Supervisors")
    assert first.post(act(chat, "reply"), {"text": "I look into it"}).status_code == 302
    chat.wait(1)
    assert "managers answers this conversation." in second.get(page).content.decode()
    before = len(chat.asked)
    text = second.post(act(chat, "reply"), {"text": "Me, too"}).content.decode()
    assert "managers answers it, and nothing was sent yet." in text
    assert "Me, too</textarea>" in text
    chat.wait(1)
    assert len(chat.asked) == before
    assert second.post(act(chat, "reply"), {"text": "Me, too", "despite": "1"}).status_code == 302
    chat.wait(1)
    assert chat.asked[-1].text == "Me, too"
    assert str(chat.conversation.taken_by) == "managers"
    assert first.post(act(chat, "reply"), {"text": "Still me"}).status_code == 302


def test_it_is_taken_taken_over_and_given_back(chat: Chat, page: str) -> None:
    chat.write("Something else")
    first, second = signed_in("Managers"), signed_in("Supervisors")
    first.post(act(chat, "take"))
    assert str(chat.conversation.taken_by) == "managers"
    # The page of the other one was open before.
    second.post(act(chat, "take"))
    assert str(chat.conversation.taken_by) == "managers"
    assert "Take it over" in second.get(page).content.decode()
    second.post(act(chat, "take"), {"despite": "1"})
    assert str(chat.conversation.taken_by) == "supervisors"
    first.post(act(chat, "give"))
    assert str(chat.conversation.taken_by) == "supervisors"
    second.post(act(chat, "give"))
    assert chat.conversation.taken_by is None


def test_nobody_has_the_next_contact_because_they_had_the_last(chat: Chat, page: str) -> None:
    chat.write("Something else")
    client = signed_in("Managers")
    client.post(act(chat, "take"))
    client.post(act(chat, "close"))
    assert chat.conversation.taken_by is None
    client.post(act(chat, "take"))
    assert chat.conversation.taken_by is None
    assert "I take it" not in client.get(page).content.decode()


def test_it_is_put_into_another_queue_and_everybody_can_read_who_did(chat: Chat, page: str) -> None:
    chat.write("Something else")
    client = signed_in("Supervisors")
    client.post(act(chat, "take"))
    assert chat.contact.queue.key == "vip"
    assert '<option value="vip">' not in client.get(page).content.decode()
    text = client.post(act(chat, "put"), {"queue": "standard"}, follow=True).content.decode()
    assert "It waits in STANDARD now." in text
    assert "supervisors put it into STANDARD." in text
    assert chat.contact.queue.key == "standard"
    assert chat.conversation.taken_by is None
    assert chat.contact.why.startswith(
        "Went to STANDARD because supervisors put it there; it was sent to VIP because they"
    )
    listed = client.get(reverse("admin:channels_conversation_changelist")).content.decode()
    assert "waits in STANDARD" in listed
    # What the flow does after the conversation, it does still.
    client.post(act(chat, "close"))
    chat.wait(1)
    assert chat.asked[-1].text == "Good-bye."


@pytest.mark.parametrize(
    ("queue", "says"), [("", "Choose the queue"), ("none", "Choose the queue"), ("a\0b", "Choose")]
)
def test_a_queue_that_there_is_not_is_refused(chat: Chat, page: str, queue: str, says: str) -> None:
    chat.write("Something else")
    client = signed_in("Managers")
    assert says in client.post(act(chat, "put"), {"queue": queue}, follow=True).content.decode()
    assert chat.contact.queue.key == "vip"


def test_whoever_is_with_the_flow_or_gone_is_put_nowhere(chat: Chat, page: str) -> None:
    client = signed_in("Managers")
    assert "Nobody waits here" in client.post(act(chat, "put"), {"queue": "vip"}, follow=True).content.decode()
    chat.write("Something else")
    client.post(act(chat, "close"))
    assert "Nobody waits here" in client.post(act(chat, "put"), {"queue": "standard"}, follow=True).content.decode()
    reader = signed_in("Read-only")
    for name in ("take", "give", "put"):
        assert reader.post(act(chat, name), {"queue": "vip"}).status_code == 403


def test_an_open_page_learns_that_there_is_something_new(chat: Chat, page: str) -> None:
    reader = signed_in("Read-only")

    def news() -> str:
        found: str = reader.get(act(chat, "news")).json()["news"]
        return found

    first = news()
    assert f'data-news="{first}"' in reader.get(page).content.decode()
    assert news() == first
    chat.write("Something else")
    second = news()
    assert second != first
    signed_in("Managers").post(act(chat, "take"))
    assert news() != second
    assert Client().get(act(chat, "news")).status_code == 302


def test_readers_read_and_nothing_more(chat: Chat, page: str) -> None:
    client = signed_in("Read-only")
    text = client.get(page).content.decode()
    assert "Hello" in text
    assert "<textarea" not in text
    for name in ("reply", "close", "recognise"):
        address = reverse(f"admin:channels_conversation_{name}", args=[chat.conversation.pk])
        assert client.post(address, {"text": "Hi", "customer": "C-1"}).status_code == 403
        assert client.get(address).status_code == 405
        assert Client().post(address).status_code == 302  # to the sign-in
    assert len(chat.asked) == 1


def test_who_said_stop_cannot_be_answered_and_the_page_says_so(chat: Chat, page: str) -> None:
    chat.write("stop")
    client = signed_in("Managers")
    assert "They said STOP" in client.get(page).content.decode()
    address = reverse("admin:channels_conversation_reply", args=[chat.conversation.pk])
    assert "They said STOP" in client.post(address, {"text": "Hi"}, follow=True).content.decode()
    assert len(chat.asked) == 1
    assert "+4915100000001" in client.get(reverse("admin:channels_optout_changelist")).content.decode()


def test_a_stranger_is_recognised_and_somebody_elses_sender_is_not_taken(chat: Chat, page: str) -> None:
    from customers.models import Customer  # noqa: PLC0415

    client = signed_in("Managers")
    first, second = (Customer.objects.create(external_id=f"C-{n}", name=f"Customer {n}") for n in (1, 2))
    address = reverse("admin:channels_conversation_recognise", args=[chat.conversation.pk])
    assert "No customer is called “Nemo”" in client.post(address, {"customer": "Nemo"}, follow=True).content.decode()
    assert "Say who it is." in client.post(address, {"customer": " "}, follow=True).content.decode()
    client.post(address, {"customer": first.external_id})
    assert chat.conversation.customer == first
    answer = client.post(address, {"customer": second.external_id}, follow=True).content.decode()
    assert "known as Customer 1 already" in answer


def test_a_stranger_is_looked_for_by_name_and_nobody_is_guessed(chat: Chat, page: str) -> None:
    from customers.models import Customer, Identity  # noqa: PLC0415

    client = signed_in("Managers")
    rows = [Customer.objects.create(external_id=f"C-{name}", name=f"Amara {name}") for name in ("Okafor", "Obi")]
    for kind, value in (("phone", "+4915100000042"), ("whatsapp", "4915100000042"), ("email", "amara@example.com")):
        Identity.objects.create(customer=rows[0], kind=kind, value=value)
    address = reverse("admin:channels_conversation_recognise", args=[chat.conversation.pk])
    asked = client.post(address, {"customer": "Amara"}).content.decode()
    assert "Who of these is it?" in asked
    assert "Amara Okafor" in asked
    assert "C-Okafor · +4915100000042 · amara@example.com<" in asked
    assert chat.conversation.customer is None
    assert "From now on this is Amara Obi" in client.post(address, {"customer": "C-Obi"}, follow=True).content.decode()
    assert chat.conversation.customer == rows[1]


@pytest.mark.parametrize(("channel", "is_told"), [("sms", True), ("whatsapp", False)])
def test_of_a_long_sms_the_page_says_how_many_it_is(chat: Chat, page: str, channel: str, *, is_told: bool) -> None:
    from channels.messaging.models import Conversation  # noqa: PLC0415

    client = signed_in("Managers")
    Conversation.objects.update(channel=channel)
    client.post(reverse("admin:channels_conversation_reply", args=[chat.conversation.pk]), {"text": "long " * 60})
    assert (" · 2 SMS" in client.get(page).content.decode()) is is_told


def test_outside_the_window_a_channel_without_templates_promises_none(chat: Chat, page: str) -> None:
    from channels.messaging.models import Conversation  # noqa: PLC0415

    client = signed_in("Managers")
    Conversation.objects.update(channel="messenger", last_inbound_at=timezone.now() - timedelta(days=8))
    text = client.get(page).content.decode()
    assert "wait until they write again" in text
    assert "approved template" not in text


def test_customers_are_merged_by_hand_into_the_one_that_was_chosen(chat: Chat) -> None:
    from customers.models import Customer, Identity  # noqa: PLC0415

    client = signed_in("Managers")
    rows = [Customer.objects.create(external_id=f"C-{n}") for n in (1, 2)]
    Identity.objects.create(customer=rows[1], value="+4915100000001")
    address = reverse("admin:customers_customer_changelist")
    data = {"action": "merge", "_selected_action": [row.pk for row in rows]}
    asked = client.post(address, data).content.decode()
    assert "Which one stays?" in asked
    assert "This cannot be undone." in asked
    assert "0 conversations, 0 contacts" in asked
    assert Customer.objects.count() == 2
    client.post(address, {**data, "keep": rows[0].pk})
    assert Customer.objects.get().identities.get().value == "+4915100000001"


def test_tokens_go_in_and_never_come_out(chat: Chat) -> None:
    from channels.models import Account, Number  # noqa: PLC0415

    Account.objects.update_or_create(
        pk=chat.number.account_id,
        defaults={"secret": "s3cret-s", "verify_token": "s3cret-v", "access_token": "s3cret-a"},
    )
    chat.number.access_token = "s3cret-n"
    chat.number.save()
    for role in ("Managers", "Read-only"):
        client = signed_in(role)
        for model, pk in (("account", chat.number.account_id), ("number", chat.number.pk)):
            text = client.get(reverse(f"admin:channels_{model}_change", args=[pk])).content.decode()
            assert "s3cret" not in text
    data = {
        "address": chat.number.address,
        "account": chat.number.account_id,
        "fallback_queue": chat.number.fallback_queue_id,
    }
    signed = Client()
    from django.contrib.auth.models import User  # noqa: PLC0415

    signed.force_login(User.objects.get(username="managers"))
    signed.post(
        reverse("admin:channels_number_change", args=[chat.number.pk]), {**data, "access_token": "", "name": "Renamed"}
    )
    number = Number.objects.get(pk=chat.number.pk)
    assert (number.name, number.access_token) == ("Renamed", "s3cret-n")
