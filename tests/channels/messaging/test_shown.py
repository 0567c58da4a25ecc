"""What people see of a message that is more than text."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels.messaging.shown import lines_of
from channels.models import Message
from tests.channels.messaging.test_admin import signed_in

if TYPE_CHECKING:
    from tests.channels.messaging.conftest import Chat

PLACE = {"latitude": "52.52", "longitude": "13.4", "place": "Alex", "address": "Berlin"}


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        (
            {"kind": "image", "media": [{"url": "https://x/1", "type": "image/jpeg"}]},
            [("Picture (image/jpeg)", "https://x/1")],
        ),
        (
            {"kind": "document", "media": [{"id": "7", "type": "application/pdf", "name": "bill.pdf"}]},
            [("Document (bill.pdf, application/pdf)", "")],
        ),
        ({"kind": "story", "media": [{"url": "https://x/2", "type": "story"}]}, [("Story", "https://x/2")]),
        ({"kind": "image", "media": [{"url": "javascript:alert(1)", "type": "image"}]}, [("Picture", "")]),
        (
            {"kind": "location", "details": PLACE},
            [
                (
                    "Location: Alex, Berlin, 52.52, 13.4",
                    "https://www.openstreetmap.org/?mlat=52.52&mlon=13.4#map=16/52.52/13.4",
                )
            ],
        ),
        ({"kind": "contacts", "details": {"contacts": ["Bela +491512"]}}, [("Card: Bela +491512", "")]),
        (
            {"kind": "order", "text": "Please", "details": {"order": ["2 × shoe-42, 19.9 EUR"]}},
            [("2 × shoe-42, 19.9 EUR", "")],
        ),
        ({"kind": "unsupported"}, [("Something that the channel does not pass on.", "")]),
        ({"kind": "text", "text": "Hello"}, []),
        ({"kind": "location", "text": "x", "details": {"latitude": "nan", "longitude": "1e9"}}, []),
    ],
)
def test_everything_beside_the_text_is_said_in_words(fields: dict[str, Any], lines: list[tuple[str, str]]) -> None:
    found = lines_of(Message(**fields))
    assert [(line.text, line.url) for line in found] == lines


@pytest.mark.django_db
def test_the_list_shows_what_they_wrote_and_who_waits_longest(chat: Chat) -> None:
    chat.now = timezone.now() - timedelta(minutes=1)
    for sender in ("+4915100000001", "+4915100000002", "+4915100000003"):
        chat.sender = sender
        chat.write("Hello")
        chat.write("2")
        chat.write(f"I am {sender[-1]}")
    client, address = signed_in("Managers"), reverse("admin:channels_conversation_changelist")
    reply = reverse("admin:channels_conversation_reply", args=[chat.conversation.pk])
    chat.sender = "+4915100000001"
    chat.write("Still there?")
    client.post(reply, {"text": "Yes"})
    text = client.get(address).content.decode()
    assert "What is it about?" not in text
    assert [text.count(one) for one in ("Still there?", "I am 2", "I am 3")] == [1, 1, 1]
    assert ("waits in VIP" in text, "answered, VIP" in text) == (True, True)
    places = [text.index(one) for one in ("I am 2", "Still there?", "I am 3")]
    assert places == sorted(places)
    client.get(address, {"o": "1"})
    waiting = client.get(address, {"answer": "waits"}).content.decode()
    assert 0 < waiting.index("I am 2") < waiting.index("Still there?")
    assert "I am 3" not in waiting
    assert "I am 3" in client.get(address, {"answer": "given"}).content.decode()
    assert Client().get(address).status_code == 302


@pytest.mark.django_db
def test_the_conversation_shows_the_advertisement_and_the_product_that_led_here(chat: Chat) -> None:
    facts = {"referral_headline": "Summer <i>", "referral_id": "17", "referral_url": "https://fb.me/a", "city": "Bonn"}
    chat.write("What is it?", facts=facts | {"referral_click": "ARAk"}, details={"product": "sku-9"})
    message = Message.objects.get(text="What is it?")
    assert message.details == {"product": "sku-9", "referral_click": "ARAk"} | {
        name: value for name, value in facts.items() if name != "city"
    }
    assert [(line.text, line.url) for line in lines_of(message)] == [
        ("About the product: sku-9", ""),
        ("Came from: Summer <i> (17)", "https://fb.me/a"),
    ]
    page = reverse("admin:channels_conversation_change", args=[chat.conversation.pk])
    assert "Came from: Summer &lt;i&gt; (17)" in signed_in("Read-only").get(page).content.decode()


def test_a_link_that_is_none_is_not_followed() -> None:
    message = Message(text="Hi", details={"referral_url": "javascript:alert(1)", "referral_headline": "Ad"})
    assert [(line.text, line.url) for line in lines_of(message)] == [("Came from: Ad", "")]
