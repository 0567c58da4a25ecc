"""Callers who walk through published flows by the runner, as real ones do."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from queues.models import Queue, SipAddress
from routing.engine.events import DigitsPressed, Event, InputTimedOut
from routing.models import Contact, Flow, FlowVersion
from routing.runner.services import Arrival, arrive, go_on, hang_up
from routing.services import create_flow, publish_flow, save_draft

NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
_numbers = count()


def queues() -> None:
    for key in ("vip", "standard"):
        queue = Queue.objects.create(key=key, name=key.capitalize())
        SipAddress.objects.create(queue=queue, uri=f"sip:{key}@pbx.example.com")


def menu(**changes: Any) -> dict[str, Any]:
    """1 leads to VIP, 2 to Standard; silence asks again, any other key is silence."""
    return {
        "format": 1,
        "steps": [
            {"id": "call", "type": "call", "exits": {"started": "menu"}},
            {
                "id": "menu",
                "type": "gather",
                "title": "Menu",
                "settings": {
                    "prompt": {"text": {"en": "One or two?"}},
                    "choices": [{"name": "one", "key": "1"}, {"name": "two", "key": "2"}],
                },
                "exits": {"one": "vip", "two": "standard", "timed_out": "menu", **changes},
            },
            {"id": "vip", "type": "queue", "settings": {"queue": "vip"}},
            {"id": "standard", "type": "queue", "settings": {"queue": "standard"}},
        ],
    }


def published(key: str, definition: dict[str, Any]) -> Flow:
    """The flow with its live version, made or published anew."""
    flow = Flow.objects.filter(key=key).first()
    if flow is None:
        flow = create_flow(key=key, name=key.capitalize(), definition=definition, by=None, now=NOW)
    else:
        save_draft(flow_id=flow.pk, definition=definition, revision=flow.draft_revision, by=None, now=NOW)
    publish_flow(flow_id=flow.pk, by=None, now=NOW)
    return Flow.objects.select_related("live").get(pk=flow.pk)


def version_of(flow: Flow) -> FlowVersion:
    assert flow.live
    return flow.live


class Caller:
    """One call; `ago` is how long before NOW it begins, and each event comes a second after the last."""

    def __init__(self, flow: Flow, *, ago: timedelta = timedelta(), version: FlowVersion | None = None) -> None:
        self.now = NOW - ago
        self.external_id = f"call-{next(_numbers)}"
        arrival = Arrival(
            origin="test",
            external_id=self.external_id,
            channel="voice",
            trigger="call",
            sender="+4915100000001",
            recipient="+49309018200",
            version_id=(version or version_of(flow)).pk,
            fallback_queue="standard",
            queues_revision=0,
        )
        self.turn = arrive(arrival, now=self.now, until=time.monotonic()).next_turn

    def tell(self, event: Event, *, after: timedelta = timedelta(seconds=1)) -> Caller:
        self.now += after
        self.turn = go_on(
            origin="test",
            external_id=self.external_id,
            turn=self.turn,
            event=event,
            now=self.now,
            until=time.monotonic(),
        ).next_turn
        return self

    def press(self, key: str) -> Caller:
        return self.tell(DigitsPressed(key))

    def wait(self) -> Caller:
        return self.tell(InputTimedOut())

    def hang_up(self) -> Caller:
        self.now += timedelta(seconds=1)
        hang_up(origin="test", external_id=self.external_id, now=self.now)
        return self

    @property
    def contact(self) -> Contact:
        return Contact.objects.get(external_id=self.external_id)
