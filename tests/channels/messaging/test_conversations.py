"""Conversations as a worker handles them: questions, answers, silence, STOP, and what happens when things go wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from channels.messaging import receipts
from channels.models import InboundEvent, Message

if TYPE_CHECKING:
    from tests.channels.messaging.conftest import Chat

pytestmark = pytest.mark.django_db
ASKED = "What is it about?"


def test_a_new_conversation_starts_the_flow_and_goes_on_with_each_reply(chat: Chat) -> None:
    assert chat.write("Hello") == [ASKED]
    assert chat.asked[0].choices == (("choice:order", "My order"), ("choice:other", "Something else"))
    assert chat.write("My order", payload="choice:order") == ["Which number?"]
    assert chat.write("A-17") == ["We look for A-17."]
    assert (chat.contact.state, chat.contact.outcome, chat.contact.queue.key) == ("handed_over", "transferred", "vip")
    assert chat.states == ["sent"] * 3
    assert [row.contact_id for row in chat.conversation.messages.all()] == [chat.contact.pk] * 6


@pytest.mark.parametrize("said", ["1", "1.", " my ORDER ", "choice:order", "my parcel is late", "order"])
def test_an_answer_is_understood_by_payload_number_label_or_word(chat: Chat, said: str) -> None:
    chat.write("Hello")
    body: dict[str, Any] = {"payload": said} if said.startswith("choice:") else {}
    assert chat.write(said, **body) == ["Which number?"]


def test_another_answer_is_asked_again_and_then_goes_the_way_of_no_answer(chat: Chat) -> None:
    chat.write("Hello")
    assert chat.write("What?") == ["Please choose one."]
    assert chat.asked[-1].choices
    assert chat.write("Hm") == []
    assert chat.contact.queue.key == "standard"


def test_silence_is_asked_again_and_then_goes_the_way_of_no_answer(chat: Chat) -> None:
    chat.write("Hello")
    assert chat.wait(599) == []
    assert chat.wait(2) == ["Please choose one."]
    assert chat.wait(601) == []
    assert chat.contact.queue.key == "standard"


def test_what_is_written_to_people_is_theirs_and_moves_no_flow(chat: Chat) -> None:
    chat.write("Hello")
    chat.write("2")
    before = chat.contact.next_turn
    assert chat.write("Anybody there?") == []
    assert (chat.contact.next_turn, chat.contact.state) == (before, "handed_over")


def test_the_same_event_again_a_week_later_does_nothing(chat: Chat) -> None:
    first = chat.event("Hello", external_id="wamid.1")
    assert chat.keep(first, first) == 1
    assert chat.work() == [ASKED]
    assert chat.wait(7 * 86400 - 60) != [ASKED]  # the flow's own time-outs
    asked = len(chat.asked)
    assert chat.keep(first) == 0
    assert chat.work() == []
    assert len(chat.asked) == asked


def test_events_are_handled_as_they_happened_not_as_they_came(chat: Chat) -> None:
    hello, choice, number = chat.event("Hello"), chat.event("1"), chat.event("A-17")
    for second, event in enumerate((hello, choice, number)):
        object.__setattr__(event, "occurred_at", chat.now + timedelta(seconds=second - 10))
    chat.keep(number, choice, hello)
    assert chat.work() == [ASKED, "Which number?", "We look for A-17."]


def test_one_worker_at_a_time_has_a_conversation_and_a_dead_one_is_followed_by_another(chat: Chat) -> None:
    from channels.messaging.leases import Lease  # noqa: PLC0415
    from channels.models import Conversation  # noqa: PLC0415

    chat.keep(chat.event("Hello"))
    other = Lease(chat.conversation.pk, "handling")
    assert other.take()
    assert chat.work() == []
    Conversation.objects.update(handling_until=timezone.now() - timedelta(seconds=1))
    assert chat.work() == [ASKED]


def test_a_worker_that_was_given_up_for_dead_saves_nothing(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    from channels.models import Conversation, InboundEvent, Message  # noqa: PLC0415
    from routing.models import Contact  # noqa: PLC0415
    from routing.runner import services  # noqa: PLC0415

    chat.keep(chat.event("Hello"))
    real = services.arrive

    def late(*args: Any, **options: Any) -> Any:
        Conversation.objects.update(handling_by="somebody else")
        return real(*args, **options)

    monkeypatch.setattr(services, "arrive", late)
    assert chat.work() == []
    assert (Contact.objects.count(), Message.objects.count()) == (0, 0)
    assert not InboundEvent.objects.filter(handled_at__isnull=False).exists()


def test_an_event_that_cannot_be_handled_stands_in_nobodys_way_for_ever(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    from channels.messaging import handling  # noqa: PLC0415

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(handling, "arrival_of", broken)
        chat.write("Hello")
        for _ in range(handling.ATTEMPTS):
            chat.wait(60)
    assert [message.text for message in chat.conversation.messages.all()] == ["Hello"]
    assert chat.conversation.events.get().problem == "ZeroDivisionError"
    assert chat.write("Again") == [ASKED]


@pytest.mark.parametrize(
    "word", ["STOP", "stop.", "Stopp", "abmelden", "arrêt", "baja", "Unsubscribe", "Remove me", "Stop sending!"]
)
def test_stop_stops_at_once_is_kept_and_no_flow_or_agent_gets_past_it(chat: Chat, word: str) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415

    from channels.messaging import services  # noqa: PLC0415

    chat.write("Hello")
    assert chat.write(word) == []
    assert (chat.contact.state, chat.contact.outcome) == ("ended", "abandoned")
    assert chat.write("Hello again") == []  # routed, and nothing is sent
    assert chat.states[-1] == "blocked"
    with pytest.raises(services.CannotReply):
        services.reply(
            conversation_id=chat.conversation.pk, text="Hi", by_id=User.objects.create(username="a").pk, now=chat.now
        )
    assert chat.write("START") == []
    assert chat.write("1") == ["Which number?"]


def test_stop_blocks_what_waits_to_be_sent_on_every_channel_of_the_number(start: Callable[..., Chat]) -> None:
    from channels.messaging.delivery import Later  # noqa: PLC0415

    chat = start()
    chat.answers = [Later("busy", 60)]
    chat.write("Hello")
    assert chat.states == ["queued"]
    chat.write("stop")
    assert chat.states == ["blocked"]
    other = start("+49309018200", provider="twilio", sender=chat.sender)
    other.write("Hello")
    assert other.states == ["blocked"]


def test_an_answer_that_only_contains_the_word_is_no_stop(chat: Chat) -> None:
    chat.write("Hello")
    assert chat.write("Please do not stop my order") == ["Which number?"]
    assert chat.write("cancel") == ["We look for cancel."]


def test_after_24_hours_only_an_approved_template_leaves_and_the_rest_fails_visibly(start: Callable[..., Chat]) -> None:
    flow = {
        "pareto_flow": 1, "key": "late", "name": "Late", "description": "",
        "definition": {"format": 1, "steps": [
            {"id": "message", "type": "message", "exits": {"started": "ask"}},
            {"id": "ask", "type": "ask", "settings": {"question": {"text": {"en": "?"}}, "timeout_min": 1500, "retries": 0},
             "exits": {"replied": "bye", "timed_out": "free"}},
            {"id": "free", "type": "send_message", "settings": {"message": {"text": {"en": "Still there?"}}},
             "exits": {"done": "approved"}},
            {"id": "approved", "type": "send_message", "settings": {
                "message": {"text": {"en": "Text"}}, "template": "still_there", "template_values": ["{{ contact.reference }}"]},
             "exits": {"done": "bye"}},
            {"id": "bye", "type": "end"},
        ]},
    }  # fmt: skip
    chat = start(flow=flow)
    chat.write("Hello")
    chat.wait(1501 * 60)
    assert chat.states == ["sent", "failed", "sent"]
    failed = chat.conversation.messages.get(state="failed")
    assert "24 hours" in failed.error
    assert (chat.asked[-1].template, chat.asked[-1].template_values) == ("still_there", (chat.contact.reference,))


def test_sms_knows_no_window_and_long_texts_are_split_and_counted(start: Callable[..., Chat]) -> None:
    words = "word " * 500
    flow = {
        "pareto_flow": 1, "key": "long", "name": "Long", "description": "",
        "definition": {"format": 1, "steps": [
            {"id": "message", "type": "message", "exits": {"started": "say"}},
            {"id": "say", "type": "say", "settings": {"prompt": {"text": {"en": words}}}, "exits": {"done": "bye"}},
            {"id": "bye", "type": "end"},
        ]},
    }  # fmt: skip
    chat = start("+49309018200", provider="twilio", flow=flow)
    sent = chat.write("Hello")
    assert len(sent) == 2
    assert " ".join(sent) == words.strip()
    assert [row.segments for row in chat.conversation.messages.filter(direction="out")] == [11, 6]


def test_messages_leave_in_order_and_one_that_waits_holds_back_those_behind_it(chat: Chat) -> None:
    from channels.messaging.delivery import Later, Refused  # noqa: PLC0415

    chat.answers = [Later("429", 5)]
    chat.write("Hello")
    assert chat.write("1") == []
    assert chat.states == ["queued", "queued"]
    assert chat.wait(10) == [ASKED, "Which number?"]
    chat.answers = [Refused("400 nobody there")]
    chat.write("A-17")
    assert chat.states == ["sent", "sent", "failed"]
    assert chat.conversation.messages.get(state="failed").error == "400 nobody there"


def test_a_message_nobody_is_sure_of_is_settled_by_its_receipt_else_sent_again(chat: Chat) -> None:
    from channels.messaging.delivery import Unsure  # noqa: PLC0415
    from channels.messaging.sending import token_of  # noqa: PLC0415

    chat.answers = [Unsure("lost")]
    chat.write("Hello")
    assert chat.states == ["sending"]
    message = chat.conversation.messages.get(state="sending")
    chat.keep(chat.event(kind="status", message="wamid.9", token=token_of(message), state="delivered"))
    assert chat.wait(31) == []
    message.refresh_from_db()
    assert (message.state, message.external_id) == ("delivered", "wamid.9")
    chat.answers = [Unsure("lost")]
    chat.write("1")
    assert chat.wait(5) == []
    assert chat.wait(31) == ["Which number?"]


def test_receipts_in_any_order_never_take_a_state_back(chat: Chat) -> None:
    chat.write("Hello")
    for state in ("read", "sent", "delivered", "failed"):
        chat.keep(chat.event(kind="status", message="out-1", token="", state=state))
    chat.wait(1)
    assert chat.states == ["read"]


def test_a_receipt_before_its_message_is_known_is_looked_at_again(chat: Chat) -> None:
    chat.keep(chat.event(kind="status", message="out-1", token="", state="delivered"))
    chat.write("Hello")
    chat.wait(5)
    assert chat.states == ["delivered"]


def test_echoes_deletions_edits_and_reactions_change_what_is_there_and_start_nothing(chat: Chat) -> None:
    from routing.models import Contact  # noqa: PLC0415

    chat.write("Hello")
    events = [
        chat.event(kind="echo", message="out-1", token="", text=ASKED),
        chat.event("By hand", kind="echo", message="elsewhere-1", token=""),
        chat.event("Hullo", kind="edit", message="in-1"),
        chat.event(kind="reaction", message="out-1", emoji="👍"),
        chat.event(kind="deletion", message="in-1"),
    ]
    assert chat.keep(*events) == 5
    chat.wait(1)
    rows = {row.text: row for row in chat.conversation.messages.all()}
    assert rows["Hullo"].deleted_at
    assert rows[ASKED].details["reaction"] == "👍"
    assert (rows["By hand"].direction, rows["By hand"].details) == ("out", {"written_elsewhere": True})
    assert len(rows) == 3
    assert Contact.objects.count() == 1


def test_people_answer_end_and_say_who_it_is(chat: Chat) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415

    from channels.messaging import services  # noqa: PLC0415
    from customers.models import Customer, Identity  # noqa: PLC0415

    chat.write("Hello")
    chat.write("2")
    agent = User.objects.create(username="agent")
    services.reply(conversation_id=chat.conversation.pk, text="How can I help?", by_id=agent.pk, now=chat.now)
    assert chat.wait(1) == ["How can I help?"]
    customer = Customer.objects.create(external_id="C-1")
    services.recognise(conversation_id=chat.conversation.pk, customer_id=customer.pk)
    assert Identity.objects.get().value == "+4915100000001"
    services.close(conversation_id=chat.conversation.pk, clock=lambda: chat.now)
    assert chat.wait(1) == ["Good-bye."]
    assert (chat.contact.state, chat.contact.outcome) == ("ended", "connected")
    first = chat.contact.pk
    assert chat.write("One more thing") == [ASKED]
    assert chat.contact.pk != first
    assert chat.contact.customer == chat.conversation.customer == customer


def test_a_customer_is_known_on_every_channel_by_number_or_identity(start: Callable[..., Chat]) -> None:
    from customers.models import Customer, Identity  # noqa: PLC0415

    customer = Customer.objects.create(external_id="C-1", name="Amara", language="de")
    for kind, value in (("phone", "+4915100000001"), ("instagram", "777"), ("whatsapp", "DE.42")):
        Identity.objects.create(customer=customer, kind=kind, value=value)
    for index, (address, sender) in enumerate(
        (
            ("whatsapp:100000000000001", "+4915100000001"),
            ("whatsapp:100000000000002", "DE.42"),
            ("instagram:17840000000000001", "777"),
        )
    ):
        chat = start(address, sender=sender)
        chat.count = index * 10
        chat.write("Hello")
        assert chat.contact.customer == customer
        assert chat.contact.run["scope"]["contact"]["phone"] == "+4915100000001"


def test_a_number_without_a_flow_puts_conversations_into_the_fallback_queue(chat: Chat) -> None:
    from channels.models import Number  # noqa: PLC0415

    Number.objects.update(flow=None)
    chat.write("Hello")
    assert (chat.contact.queue.key, chat.contact.fell_back) == ("standard", True)


def test_nothing_leaves_for_real_unless_the_account_says_so(chat: Chat, settings: Any) -> None:
    from channels.messaging.sending import account_of  # noqa: PLC0415

    settings.EMULATOR_URL = "http://127.0.0.1:9/emulator"
    account = account_of(chat.number)
    assert account
    assert account.api == "http://127.0.0.1:9/emulator/meta"
    settings.EMULATOR_URL = ""
    assert account_of(chat.number) is None
    chat.number.account.sends_to = "carrier"
    account = account_of(chat.number)
    assert account
    assert account.api == ""


def test_the_sweep_finds_what_was_left(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    from channels.messaging import sweep  # noqa: PLC0415

    nudged: list[tuple[str, int]] = []
    monkeypatch.setattr(sweep, "nudge_conversation", lambda one: nudged.append(("handle", one)))
    monkeypatch.setattr(sweep, "nudge_sending", lambda one, *, in_s: nudged.append(("send", one)))
    chat.keep(chat.event("Hello"))
    conversation = chat.conversation
    sweep.sweep(now=chat.now)
    assert nudged == [("handle", conversation.pk)]
    chat.work()
    nudged.clear()
    sweep.sweep(now=chat.now)
    assert nudged == []
    sweep.sweep(now=chat.now + timedelta(minutes=11))  # the reply that does not come
    assert nudged == [("handle", conversation.pk)]


def test_merging_customers_moves_everything_and_fills_what_is_missing(chat: Chat) -> None:
    from customers.models import Customer, Identity, Tier  # noqa: PLC0415
    from customers.services import merge_customers  # noqa: PLC0415

    gold = Tier.objects.create(key="gold", name="Gold", rank=1)
    keep = Customer.objects.create(external_id="C-1", name="Amara", attributes={"plan": "plus"})
    other = Customer.objects.create(external_id="C-2", tier=gold, attributes={"plan": "basic", "city": "Berlin"})
    Identity.objects.create(customer=other, kind="phone", value="+4915100000001")
    chat.write("Hello")
    assert chat.contact.customer == other
    merge_customers(keep_id=keep.pk, other_ids=[other.pk], by="anna", now=timezone.now())
    assert chat.contact.customer == chat.conversation.customer == keep
    keep.refresh_from_db()
    assert (keep.tier, keep.attributes) == (gold, {"plan": "plus", "city": "Berlin"})
    assert Customer.objects.count() == 1


def test_old_messages_go_as_old_contacts_do_and_who_said_stop_stays_on_the_list(chat: Chat) -> None:
    from channels.messaging import sweep  # noqa: PLC0415
    from channels.models import Conversation, InboundEvent, Message, OptOut  # noqa: PLC0415

    chat.write("Hello")
    chat.write("stop")
    sweep.prune(now=chat.now + timedelta(days=59))
    assert InboundEvent.objects.count() == 2
    sweep.prune(now=chat.now + timedelta(days=61))
    assert (InboundEvent.objects.count(), Message.objects.count()) == (0, 3)
    sweep.prune(now=chat.now + timedelta(days=401))
    assert (Message.objects.count(), Conversation.objects.count(), OptOut.objects.count()) == (0, 0, 1)


def test_an_echo_without_a_token_settles_the_message_whose_words_it_has(start: Callable[..., Chat]) -> None:
    from channels.messaging.delivery import Unsure  # noqa: PLC0415

    chat = start("instagram:17840000000000001", sender="777")
    chat.answers = [Unsure("lost")]
    chat.write("Hello")
    assert chat.states == ["sending"]
    chat.keep(chat.event(ASKED, kind="echo", message="ig-1", token=""))
    assert chat.wait(31) == []
    message = chat.conversation.messages.get(direction="out")
    assert (message.state, message.external_id) == ("sent", "ig-1")


def test_a_receipt_keeps_nothing_of_whom_it_was_about_once_it_is_settled(chat: Chat) -> None:
    chat.write("Hello")
    message = Message.objects.get(direction="out")
    chat.keep(
        chat.event(kind="status", message="out-1", token=f"m{message.pk}", state="delivered"),
        chat.event(kind="status", message="of-somebody-else", state="read"),
    )
    told = InboundEvent.objects.filter(kind="status")
    assert all(one.payload["sender"] for one in told)
    for turn in range(20):
        receipts.handle_receipts(now=chat.now + timedelta(hours=turn))
    assert [(one.payload, one.handled_at is not None) for one in told.all()] == [({}, True)] * 2
