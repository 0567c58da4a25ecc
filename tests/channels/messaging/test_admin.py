"""Conversations in the admin: who may read, who may answer, and what never shows."""

from __future__ import annotations

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
    assert "No customer has the number" in client.post(address, {"customer": "C-9"}, follow=True).content.decode()
    client.post(address, {"customer": first.external_id})
    assert chat.conversation.customer == first
    answer = client.post(address, {"customer": second.external_id}, follow=True).content.decode()
    assert "known as Customer 1 already" in answer


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
