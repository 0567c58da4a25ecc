"""What is promised of STOP words, of the memory for what came before, and of echoes that race their answers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from channels.messaging import receipts, sweep
from channels.messaging.consent import _STOP, _STOP_SMS, wish_of
from channels.messaging.delivery import Account, Outgoing, Refused, Sent
from channels.models import InboundEvent, Message
from channels.providers.twilio.messaging.sending import deliver

if TYPE_CHECKING:
    from tests.channels.messaging.conftest import Chat

WORDS = sorted(word.strip() for word in _STOP if word.strip())


@pytest.mark.parametrize("word", WORDS)
def test_each_word_stops_whatever_its_case_and_punctuation_and_not_inside_a_sentence(word: str) -> None:
    for said in (word, word.upper(), f"  {word}. ", f"“{word}”!", f"{word}\n"):
        assert wish_of("whatsapp", said) == "stop", said
    assert wish_of("whatsapp", f"Please do not {word} my order") == ""


@pytest.mark.parametrize("word", sorted(_STOP_SMS))
def test_what_carriers_of_sms_stop_at_may_be_an_answer_elsewhere(word: str) -> None:
    assert (wish_of("sms", word), wish_of("whatsapp", word)) == ("stop", "")


@pytest.mark.parametrize(
    "said",
    [
        "stopp bitte",
        "Please, stop!",
        "Stop texting me",
        "Abmelden, bitte",
        "\uff33\uff34\uff2f\uff30",
        "stop \U0001f6d1",
        "Stop bitte!",
        "FERMATI",
        "\U0001f64f please stop \u2764\ufe0f",
    ],
)
def test_a_stop_is_heard_in_wide_letters_with_emoji_and_with_a_please(said: str) -> None:
    assert wish_of("messenger", said) == "stop"


@pytest.mark.parametrize("said", ["Cancel", "END", "quit", "cancelar", "stop \U0001f6d1 the order", "\U0001f6d1"])
def test_what_may_be_an_answer_is_no_stop_on_a_chat(said: str) -> None:
    assert wish_of("messenger", said) == ""


def test_turkish_capitals_are_understood_with_and_without_their_dot() -> None:
    assert {wish_of("sms", said) for said in ("LİSTEDEN ÇIK", "Listeden çik")} == {"stop"}


def test_messages_by_telnyx_are_refused_with_a_sentence() -> None:
    message = Outgoing("m1", "sms", "+493023125003", "+4915100000001", "Hello")
    found = deliver(message, Account("1", "s", "t", "http://127.0.0.1:9", "", carrier="telnyx"))
    assert found == Refused("Messages do not leave by Telnyx: use an account of another carrier for them.")


@pytest.mark.django_db
def test_what_came_is_remembered_for_longer_than_providers_repeat_it_whatever_is_deleted(
    chat: Chat, settings: Any
) -> None:
    settings.CONTACT_RETENTION_DAYS = 1
    first = chat.event("Hello", external_id="wamid.1")
    chat.keep(first)
    chat.work()
    chat.now += timedelta(days=8)
    sweep.prune(now=chat.now)
    assert not Message.objects.exists()
    assert chat.keep(first) == 0
    assert InboundEvent.objects.filter(external_id="wamid.1").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("echo_first", [True, False])
def test_an_echo_is_our_own_message_whether_it_comes_before_or_after_the_answer(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, echo_first: bool
) -> None:
    def answer(_number: Any, message: Outgoing) -> Sent:
        if echo_first:
            chat.keep(chat.event(message.text, kind="echo", message="m_1", token=""))
            receipts.handle_receipts(now=chat.now)
        return Sent("m_1")

    monkeypatch.setattr("channels.messaging.sending._deliver", answer)
    chat.write("Hello")
    if not echo_first:
        chat.keep(chat.event("What is it about?", kind="echo", message="m_1", token=""))
    chat.wait(1)
    ours = Message.objects.filter(direction="out")
    assert [(row.external_id, row.state, row.details.get("written_elsewhere")) for row in ours] == [
        ("m_1", "sent", None)
    ]


def test_a_carrier_that_is_connected_for_calls_only_is_not_written_to(chat: Chat) -> None:
    from channels.messaging.trying import NotPossible, find_number  # noqa: PLC0415
    from channels.models import Account, Number  # noqa: PLC0415

    account = Account.objects.create(
        name="Telnyx",
        external_id="t-1",
        provider="twilio",
        carrier="telnyx",
        secret="s",
        verify_token="",
        access_token="",
    )
    Number.objects.create(
        account=account, address="+493000009", flow=chat.number.flow, fallback_queue=chat.number.fallback_queue
    )
    with pytest.raises(NotPossible, match="takes calls only: Telnyx is connected for calls"):
        find_number("sms", "+493000009")
