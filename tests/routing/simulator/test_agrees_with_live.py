"""The simulator cannot lie: whatever the flow, a live contact of the same inputs takes the same way to the same end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from datetime import time as clock_time
from itertools import count
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.enrichment.questions import Asked, Question, Result
from customers.models import Customer
from customers.selectors import CustomerFacts
from queues.models import OpeningHours, OpeningPeriod, Queue, SipAddress
from queues.selectors import current_revision
from routing.models import Contact, Flow, FlowVersion, Turn
from routing.runner import play, services
from routing.runner.plans import plan_for
from routing.runner.services import Arrival
from routing.runner.surroundings import surroundings_now
from routing.simulator.clock import event_of
from routing.simulator.scenario import Scenario, read_scenario
from routing.simulator.simulate import Simulation, simulate
from tests.routing.engine.test_run import flows

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
_number = count()

VALUES = st.dictionaries(st.sampled_from(["loyalty_status", "orders", "note"]), st.sampled_from(["gold", "", 3, True]))
ANSWERS = st.one_of(
    st.builds(lambda values: {"answer": "typed", "values": values, "after_s": 0}, VALUES),
    st.builds(lambda values: {"answer": "fails", "last_known": values, "after_s": 0}, st.none() | VALUES),
    st.just({"answer": "not_found", "after_s": 0}),
)
INPUTS = {
    "input": st.one_of(
        st.builds(lambda keys: {"do": "keys", "keys": keys}, st.sampled_from(["1", "2", "99", "*"])),
        st.builds(lambda words: {"do": "words", "words": words}, st.sampled_from(["sales please", "what?"])),
        st.just({"do": "silence"}),
        st.just({"do": "hang_up"}),
    ),
    "transfer": st.builds(
        lambda result, code: {"do": "transfer", "result": result, "sip_code": code},
        st.sampled_from(["answered", "busy", "no_answer", "failed", "hung_up"]),
        st.sampled_from([None, 486, 503]),
    ),
    "recording": st.sampled_from([{"do": "recording", "seconds": 7}, {"do": "silence"}, {"do": "hang_up"}]),
}


@pytest.fixture
def house() -> None:
    standard = Queue.objects.create(key="standard", name="Standard")
    vip = Queue.objects.create(key="vip", name="VIP", overflow=standard)
    for queue in (standard, vip):
        SipAddress.objects.create(queue=queue, uri=f"sip:{queue.key}@pbx.example.com")
    hours = OpeningHours.objects.create(key="support", name="Support", time_zone="Europe/Berlin")
    OpeningPeriod.objects.create(hours=hours, weekday=0, opens_at=clock_time(8), closes_at=clock_time(18))


def publish(definition: dict[str, Any]) -> FlowVersion:
    number = next(_number)
    flow = Flow.objects.create(key=f"main-{number}", name=f"Main {number}", draft=definition)
    inner = Flow.objects.create(key=f"inner-{number}", name=f"Inner {number}", draft={})
    identify = {"steps": [{"id": "call", "type": "call", "exits": {}}]}
    pinned = FlowVersion.objects.create(flow=inner, number=1, definition=identify, published_at=timezone.now())
    return FlowVersion.objects.create(
        flow=flow, number=1, definition=definition, published_at=timezone.now(), subflows={"identify": pinned.pk}
    )


def live(version: FlowVersion, scenario: Scenario, tried: Simulation, customer: Any) -> tuple[Contact, list[Any]]:
    """The same contact through the runner, its data sources answering at once what the scenario says."""
    external_id = f"CA{next(_number)}"
    arrival = Arrival(
        origin="test",
        external_id=external_id,
        channel="voice",
        trigger="call",
        sender=scenario.caller.number,
        recipient=scenario.called,
        version_id=version.pk,
        fallback_queue="standard",
        queues_revision=current_revision(),
        customer=customer,
    )
    services.arrive(arrival, now=tried.turns[0].at, until=time.monotonic() + 5)
    for turn, (done, played) in enumerate(zip(scenario.inputs, tried.turns[1:], strict=False), 1):
        services.go_on(
            origin="test",
            external_id=external_id,
            turn=turn,
            event=event_of(done, writes=False),
            now=played.at,
            until=time.monotonic() + 5,
        )
    contact = Contact.objects.get(external_id=external_id)
    turns = Turn.objects.filter(contact=contact).order_by("number")
    return contact, [entry for turn in turns for entry in turn.trace]


def steps_of(trace: Sequence[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    """The way, without entries that only wait for a data source: live contacts wait a little longer or shorter."""
    return [
        (entry["step"], entry["exit"], bool(entry.get("fallback")))
        for entry in trace
        if entry.get("waits_for") != "fetch"
    ]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flow=flows(), answer=ANSWERS, known=VALUES, now=st.sampled_from([MONDAY, SUNDAY]), data=st.data())
def test_every_flow_goes_the_same_way_live_and_tried(
    house: None, flow: dict[str, Any], answer: Any, known: Any, now: datetime, data: st.DataObject
) -> None:
    version = publish(flow)
    plan, around = plan_for(version.pk), surroundings_now()
    inputs: list[Any] = []
    while True:
        scenario = read_scenario(
            {
                "at": now.isoformat(),
                "caller": {"number": "+4915100000001"},
                "called": "+4930901820",
                "fetches": {"source:loyalty": answer},
                "inputs": inputs,
            }
        )
        tried = simulate(plan, scenario, around=around, customer=known or None, fallback_queue="standard")
        if tried.status != "waiting" or len(inputs) > 5:
            break
        inputs.append(data.draw(INPUTS[tried.waits_for]))
    assert tried.used == len(inputs)
    customer_id = Customer.objects.create(external_id=f"C{next(_number)}").pk

    def ask(questions: Sequence[Question], **_: Any) -> Asked:
        last_known = answer.get("last_known")
        if answer["answer"] == "typed":
            result = Result("found", answer["values"], "fresh")
        elif answer["answer"] == "not_found":
            result = Result("not_found", {}, "fresh")
        elif last_known is not None:
            result = Result("found", last_known, "last_known", error="The API does not answer.")
        else:
            result = Result("failed", error="The API does not answer.")
        return Asked({question.key: result for question in questions}, ())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(play, "ask", ask)
        patch.setattr(services, "_reference", lambda: f"{tried.reference}{next(_number)}")
        # The reference decides splits, and the database wants it once only.
        patch.setattr("routing.engine.steps.split.drawn_for", lambda reference, step: 42.0)
        again = simulate(plan, scenario, around=around, customer=known or None, fallback_queue="standard")
        if again.used == len(inputs):
            contact, trace = live(
                version, scenario, again, CustomerFacts(id=customer_id, tier_id=None, values=known) if known else None
            )
            assert steps_of(trace) == steps_of(again.trace)
            assert contact.outcome == again.standing.outcome
            assert contact.why == again.standing.why
            assert contact.state == again.standing.state
            assert contact.fell_back == again.standing.fell_back
            assert (contact.queue.key if contact.queue else "") == again.queue
