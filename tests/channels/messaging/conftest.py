"""A conversation on WhatsApp, its provider played by a list."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FLOW = {
    "pareto_flow": 1,
    "key": "chat",
    "name": "Chat",
    "description": "",
    "definition": {
        "format": 1,
        "steps": [
            {"id": "message", "type": "message", "exits": {"started": "topic"}},
            {
                "id": "topic",
                "type": "ask_choice",
                "settings": {
                    "question": {"text": {"en": "What is it about?"}},
                    "again": {"text": {"en": "Please choose one."}},
                    "choices": [
                        {"name": "order", "label": "My order", "words": ["parcel"]},
                        {"name": "other", "label": "Something else"},
                    ],
                    "timeout_min": 10,
                },
                "exits": {"order": "which", "other": "vip", "timed_out": "standard"},
            },
            {
                "id": "which",
                "type": "ask",
                "settings": {"question": {"text": {"en": "Which number?"}}, "timeout_min": 5, "retries": 1},
                "exits": {"replied": "thanks", "timed_out": "standard"},
            },
            {
                "id": "thanks",
                "type": "send_message",
                "settings": {"message": {"text": {"en": "We look for {{ steps.which.reply }}."}}},
                "exits": {"done": "vip"},
            },
            {
                "id": "vip",
                "type": "queue",
                "settings": {"queue": "vip"},
                "exits": {"unanswered": "bye", "answered": "bye"},
            },
            {"id": "standard", "type": "queue", "settings": {"queue": "standard"}, "exits": {"unanswered": "bye"}},
            {"id": "bye", "type": "end", "settings": {"prompt": {"text": {"en": "Good-bye."}}}},
        ],
    },
}


@dataclass
class Chat:
    """Somebody who writes, the worker that handles it, and the provider that is handed the answers."""

    number: Any
    sender: str = "+4915100000001"
    now: datetime = NOW
    answers: list[Any] = field(default_factory=list)
    """What the provider says to the next messages; beyond it takes them."""
    asked: list[Any] = field(default_factory=list)
    count: int = 0

    @property
    def channel(self) -> str:
        found: str = self.number.address.partition(":")[0] if ":" in self.number.address else "sms"
        return found

    @property
    def peer(self) -> str:
        return self.sender if self.channel == "sms" else f"{self.channel}:{self.sender}"

    def event(self, text: str = "", *, kind: Any = "message", external_id: str = "", **body: Any) -> Any:
        from channels.messaging.inbound import Incoming  # noqa: PLC0415

        self.count += 1
        content = {"type": "text", "text": text, **body}
        return Incoming(
            external_id or f"in-{self.count}",
            kind,
            self.number.address,
            self.peer,
            self.channel,
            self.now,
            content,
        )

    def keep(self, *events: Any) -> int:
        from channels.messaging.intake import Addressee, keep  # noqa: PLC0415

        to = Addressee(self.number.pk, self.number.account_id)
        return keep(self.number.account.provider, [(to, event) for event in events], self.now)

    def write(self, text: str, after_s: float = 1, **body: Any) -> list[str]:
        """What comes back."""
        self.now += timedelta(seconds=after_s)
        self.keep(self.event(text, **body))
        return self.work()

    def wait(self, seconds: float) -> list[str]:
        self.now += timedelta(seconds=seconds)
        return self.work()

    def work(self) -> list[str]:
        from channels.messaging import handling, receipts, sending  # noqa: PLC0415

        before = len(self.asked)
        handling.handle_conversation(self.conversation.pk, clock=lambda: self.now)
        sending.send_conversation(self.conversation.pk, clock=lambda: self.now)
        receipts.handle_receipts(now=self.now)
        return [message.text for message in self.asked[before:]]

    def deliver(self, _number: Any, message: Any) -> Any:
        from channels.messaging.delivery import Sent  # noqa: PLC0415

        self.asked.append(message)
        answer = self.answers.pop(0) if self.answers else Sent("")
        return replace(answer, external_id=f"out-{len(self.asked)}") if isinstance(answer, Sent) else answer

    @property
    def conversation(self) -> Any:
        from channels.models import Conversation  # noqa: PLC0415

        return Conversation.objects.select_related("contact__queue", "customer").get(number=self.number, peer=self.peer)

    @property
    def contact(self) -> Any:
        return self.conversation.contact

    @property
    def states(self) -> list[str]:
        return list(self.conversation.messages.filter(direction="out").order_by("id").values_list("state", flat=True))


@pytest.fixture
def queues(db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    from queues.models import Queue, SipAddress  # noqa: PLC0415  this file may be read before the settings are
    from routing.runner import surroundings  # noqa: PLC0415

    monkeypatch.setattr(surroundings, "_latest", replace(surroundings._latest, revision=-1))
    found = {key: Queue.objects.create(key=key, name=key.upper()) for key in ("vip", "standard")}
    SipAddress.objects.create(queue=found["standard"], uri="sip:standard@pbx.example.com")
    return found


@pytest.fixture
def start(queues: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Chat]:
    from channels.models import Account, Number  # noqa: PLC0415
    from routing.services import import_flow  # noqa: PLC0415

    def begin(address: str = "whatsapp:100000000000001", provider: str = "meta", flow: Any = FLOW, **more: Any) -> Chat:
        report = import_flow(text=json.dumps(flow), publish=True, by=None, now=NOW)
        assert report.ok, report.faults
        account, _ = Account.objects.get_or_create(
            provider=provider, external_id="1", defaults={"name": provider, "secret": "s", "access_token": "t"}
        )
        number = Number.objects.create(
            account=account,
            address=address,
            flow_id=report.flow_id,
            fallback_queue=queues["standard"],
            # Fast enough that no test waits; what waits has tests of its own.
            messages_per_s=9_000,
        )
        chat = Chat(number, **more)
        monkeypatch.setattr("channels.messaging.sending._deliver", chat.deliver)
        return chat

    return begin


@pytest.fixture
def chat(start: Callable[..., Chat]) -> Chat:
    return start()


def texts(chat: Chat) -> Sequence[str]:
    return [message.text for message in chat.asked]
