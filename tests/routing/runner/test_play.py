"""What the shell adds to the engine while a fetch is awaited."""

from __future__ import annotations

import time
from datetime import timedelta

from customers.enrichment import flight
from customers.enrichment.questions import Question
from routing.engine.events import CameBack, ContactStarted
from routing.engine.run import advance
from routing.runner.play import Clock, play
from tests.routing.engine.runs import NOW, WORLD, Walk, heard, plan_of, steps

FLOW = steps(
    {
        "id": "loyalty",
        "type": "fetch",
        "settings": {"source": "loyalty", "save_as": "loyalty", "patience_s": 8},
        "exits": {"found": "vip", "not_found": "standard", "failed": "standard"},
    },
    {"id": "vip", "type": "queue", "settings": {"queue": "vip"}},
    {"id": "standard", "type": "queue", "settings": {"queue": "standard"}},
)
QUESTION = Question(source="loyalty", inputs={"phone": "+4915100000005"})


def come_back_too_late() -> list[str]:
    plan = plan_of(FLOW)
    started = advance(plan, None, ContactStarted("call", {"from": "+4915100000005"}), NOW, WORLD)
    clock = Clock(NOW + timedelta(seconds=9))
    played = play(plan, started.state, CameBack(), clock=clock, world=WORLD, until=time.monotonic())
    return [line for effect in played.effects for line in heard(effect)]


def test_whoever_waited_long_enough_gets_the_last_known_answer() -> None:
    landing = flight.Landing(
        status="found",
        values={"loyalty_status": "gold"},
        error="",
        ms=5.0,
        shape="0123456789ab",
        is_alive=True,
        keep_s=0.02,
        last_known_s=60,
        breaker_failures=5,
        breaker_rest_s=5,
    )
    flight.land(QUESTION.key, landing, token="nobody")
    time.sleep(0.05)  # the answer itself is no longer kept
    assert come_back_too_late() == ["dial sip:vip@pbx.example.com vip"]


def test_without_a_last_known_answer_the_failed_exit_is_taken() -> None:
    assert come_back_too_late() == ["dial sip:standard@pbx.example.com standard"]


def test_the_walk_of_the_engine_alone_agrees() -> None:
    walk = Walk(plan_of(FLOW)).start().tell(CameBack(), after_s=9)
    assert walk.dialled == ["sip:standard@pbx.example.com"]
