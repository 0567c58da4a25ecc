"""Each contact counts once an edge, whatever happens to the one who counts."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from queues.models import SipAddress
from routing import tasks
from routing.models import Contact, Flow, TrafficHour, TrafficMark, TrafficWalk, Turn
from routing.traffic import counting
from routing.traffic.counting import count_up, look_again
from routing.traffic.reading import SPANS, Look, Way, read_traffic, who_took
from tests.routing.traffic.callers import NOW, Caller, menu, published, queues, version_of

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# Everything that the callers of a test did is settled by then.
LATER = NOW + timedelta(minutes=30)


@pytest.fixture
def flow(db: None) -> Flow:
    queues()
    return published("line", menu())


def look(flow: Flow, span: str = "hour", *, only_live: bool = False, now: Any = NOW) -> Look:
    return Look(
        flow_id=flow.pk,
        flow_key=flow.key,
        since=now - SPANS[span],
        now=now,
        version_id=flow.live_id if only_live else None,
    )


def counts(flow: Flow, span: str = "hour", **options: Any) -> dict[str, int]:
    return {
        f"{count.step}:{count.exit or count.kind}": count.contacts
        for count in read_traffic(look(flow, span, **options)).counts
    }


def both_ways(flow: Flow, span: str = "hour", **options: Any) -> dict[str, int]:
    """Before anybody counted, and after: the same."""
    before = counts(flow, span, **options)
    count_up(now=NOW)
    assert counts(flow, span, **options) == before
    count_up(now=LATER)
    assert counts(flow, span, **options) == before
    return before


def test_each_edge_says_how_many_contacts_took_it(flow: Flow) -> None:
    Caller(flow).press("1")
    Caller(flow).press("1")
    Caller(flow).press("2")
    Caller(flow)
    assert both_ways(flow) == {"call:started": 4, "menu:one": 2, "menu:two": 1}


def test_a_contact_that_takes_an_edge_twice_counts_once(flow: Flow) -> None:
    Caller(flow).wait().wait().press("1")
    assert both_ways(flow) == {"call:started": 1, "menu:timed_out": 1, "menu:one": 1}


def test_a_contact_that_takes_an_edge_again_after_it_was_counted_still_counts_once(flow: Flow) -> None:
    caller = Caller(flow).wait()
    count_up(now=NOW)
    caller.wait().press("1")
    assert both_ways(flow) == {"call:started": 1, "menu:timed_out": 1, "menu:one": 1}


def test_an_exit_that_another_stands_in_for_is_counted_where_it_is_drawn(flow: Flow) -> None:
    # A wrong key goes the way of no answer, and then there is none.
    Caller(flow).press("7").wait().press("1")
    assert both_ways(flow) == {"call:started": 1, "menu:timed_out": 1, "menu:one": 1}


def test_who_hung_up_or_is_there_is_told_at_the_step(flow: Flow) -> None:
    Caller(flow).hang_up()
    waiting = Caller(flow).contact
    put_through = Caller(flow).press("1").contact
    assert both_ways(flow) == {"call:started": 3, "menu:hung_up": 1, "menu:one": 1}
    here = read_traffic(look(flow)).here
    assert {(one.contact_id, one.step) for one in here} == {(waiting.pk, "menu"), (put_through.pk, "vip")}


def test_a_contact_that_the_flow_could_not_lead_on_is_told_at_the_step_and_its_fallback_is_no_way_of_the_flow(
    flow: Flow,
) -> None:
    caller = Caller(flow)
    # Published with an address; the line is cut since.
    SipAddress.objects.filter(queue__key="vip").delete()
    caller.press("1").hang_up()
    assert caller.contact.fell_back
    assert both_ways(flow) == {"call:started": 1, "menu:one": 1, "vip:stranded": 1}
    assert read_traffic(look(flow)).here == ()


def test_contacts_of_several_versions_are_told_together_and_of_the_live_one_alone(flow: Flow) -> None:
    old = version_of(flow)
    Caller(flow).press("1")
    flow = published("line", menu(two="vip"))
    Caller(flow).press("1")
    Caller(flow, version=old).press("2")
    assert both_ways(flow) == {"call:started": 3, "menu:one": 2, "menu:two": 1}
    assert counts(flow, only_live=True) == {"call:started": 1, "menu:one": 1}
    found = {count.exit: count.numbers for count in read_traffic(look(flow)).counts}
    assert found["two"] == (1,)
    assert sorted(found["one"]) == [1, 2]


@pytest.mark.parametrize(
    ("ago", "hour", "day", "week"),
    [
        (timedelta(0), 1, 1, 1),
        (HOUR, 1, 1, 1),
        (HOUR + timedelta(milliseconds=1), 0, 1, 1),
        (24 * HOUR, 0, 1, 1),
        (24 * HOUR + timedelta(milliseconds=1), 0, 0, 1),
        (7 * 24 * HOUR, 0, 0, 1),
        (7 * 24 * HOUR + timedelta(milliseconds=1), 0, 0, 0),
    ],
)
def test_a_contact_belongs_to_the_span_that_it_arrived_in(
    flow: Flow, ago: timedelta, hour: int, day: int, week: int
) -> None:
    Caller(flow, ago=ago)
    for span, expected in (("hour", hour), ("day", day), ("week", week)):
        assert both_ways(flow, span).get("call:started", 0) == expected


def test_a_span_that_begins_in_the_middle_of_an_hour_holds_only_its_end(flow: Flow) -> None:
    for minutes in (59, 61, 79, 81):
        Caller(flow, ago=minutes * MINUTE).press("1")
    count_up(now=LATER)
    assert counts(flow) == {"call:started": 1, "menu:one": 1}
    assert counts(flow, "day") == {"call:started": 4, "menu:one": 4}


def test_a_late_turn_is_added_to_the_hour_in_which_the_contact_arrived(flow: Flow) -> None:
    caller = Caller(flow, ago=timedelta(hours=3))
    count_up(now=NOW)
    caller.now = NOW - MINUTE
    caller.press("2")
    assert counts(flow) == {}
    assert both_ways(flow, "day") == {"call:started": 1, "menu:two": 1}


def test_a_turn_that_was_still_being_written_when_a_later_one_was_counted_is_found(flow: Flow) -> None:
    slow, fast = Caller(flow), Caller(flow)
    turn = Turn.objects.filter(contact=slow.contact).get()
    Turn.objects.filter(pk=turn.pk).delete()
    fast.press("1")
    count_up(now=NOW)
    turn.save(force_insert=True)
    count_up(now=NOW + MINUTE)
    count_up(now=LATER)
    assert counts(flow) == {"call:started": 2, "menu:one": 1}


def test_whoever_is_killed_in_the_middle_leaves_nothing_half_counted(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_up(now=NOW - HOUR)
    for _ in range(3):
        Caller(flow).press("1")
    real = TrafficMark.save

    def dies(*_args: Any, **_kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(TrafficMark, "save", dies)
    with pytest.raises(KeyboardInterrupt):
        count_up(now=NOW)
    monkeypatch.setattr(TrafficMark, "save", real)
    assert TrafficWalk.objects.count() == 0
    assert both_ways(flow) == {"call:started": 3, "menu:one": 3}


def test_it_is_counted_in_pieces_and_goes_on_from_the_last(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    count_up(now=NOW - HOUR)
    for _ in range(4):
        Caller(flow).press("1")
    monkeypatch.setattr(counting, "CHUNK", 3)
    assert not count_up(now=LATER, patience_s=0)
    assert TrafficHour.objects.count() > 0
    assert count_up(now=LATER)
    assert counts(flow) == {"call:started": 4, "menu:one": 4}


def test_contacts_from_before_anybody_counted_are_filled_in_hour_by_hour(flow: Flow) -> None:
    for hours in (0, 1, 2, 30, 100, 167, 300):
        Caller(flow, ago=timedelta(hours=hours)).press("1")
    assert not count_up(now=LATER, patience_s=-1)
    assert read_traffic(look(flow, "week")).counted_from is not None
    assert count_up(now=LATER)
    assert counts(flow, "week") == {"call:started": 6, "menu:one": 6}
    assert read_traffic(look(flow, "week")).counted_from is None


def test_looking_again_finds_what_was_missed_and_forgets_what_is_old(flow: Flow) -> None:
    Caller(flow, ago=timedelta(hours=5)).press("1")
    Caller(flow, ago=timedelta(days=7, hours=23, minutes=50)).press("1")
    count_up(now=NOW)
    # As if they had been written by somebody whom the mark had overtaken.
    lost = Caller(flow, ago=timedelta(hours=4)).press("2").contact
    TrafficMark.objects.update(turn_id=Turn.objects.latest("pk").pk)
    look_again(now=LATER)
    assert count_up(now=LATER)
    assert counts(flow, "week") == {"call:started": 2, "menu:one": 1, "menu:two": 1}
    assert TrafficWalk.objects.order_by("-started_at").values_list("contact_id", flat=True)[0] == lost.pk
    assert TrafficWalk.objects.count() == 2


def test_a_page_that_nobody_counts_for_says_until_when_its_numbers_hold(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from routing.traffic import reading  # noqa: PLC0415

    assert read_traffic(look(flow)).counted_at is None
    count_up(now=NOW - HOUR)
    for _ in range(3):
        Caller(flow).press("1")
    monkeypatch.setattr(reading, "TAIL", 2)
    assert read_traffic(look(flow)).counted_at == NOW - HOUR
    count_up(now=LATER)
    assert read_traffic(look(flow)).counted_at is None


def test_a_sub_flow_is_counted_on_its_own_canvas_and_by_its_exits_on_the_one_around_it(db: None) -> None:
    queues()
    inner = menu()
    inner["steps"][2] = {"id": "vip", "type": "end", "settings": {"result": "worth"}}
    inner["steps"][3] = {"id": "standard", "type": "end"}
    sub = published("sub", inner)

    def around(name: str) -> dict[str, Any]:
        return {
            "format": 1,
            "steps": [
                {"id": "call", "type": "call", "exits": {"started": name}},
                {
                    "id": name,
                    "type": "subflow",
                    "settings": {"flow": "sub", "results": ["worth"]},
                    "exits": {"worth": "team", "done": "again"},
                },
                {"id": "again", "type": "subflow", "settings": {"flow": "sub"}, "exits": {"done": "team"}},
                {"id": "team", "type": "queue", "settings": {"queue": "vip"}},
            ],
        }

    one, other = published("one", around("who")), published("other", around("whom"))
    Caller(one).press("1")
    Caller(one).press("2").press("2")
    Caller(other).hang_up()
    Caller(other)
    assert both_ways(one) == {"call:started": 2, "who:worth": 1, "who:done": 1, "again:done": 1}
    assert both_ways(other) == {"call:started": 2, "whom:hung_up": 1}
    # Twice through it is still one contact.
    assert both_ways(sub) == {"call:started": 4, "menu:one": 1, "menu:two": 1, "menu:hung_up": 1}
    assert [here.step for here in read_traffic(look(sub)).here] == ["menu"]
    assert [here.step for here in read_traffic(look(other)).here] == ["whom"]


def test_who_took_an_edge_is_listed_newest_first_by_pages(flow: Flow) -> None:
    callers = [Caller(flow, ago=minutes * MINUTE).press("1").contact.pk for minutes in range(5)]
    Caller(flow).press("2")

    def page(before: int | None, most: int) -> list[int]:
        cursor = (Contact.objects.get(pk=before).started_at, before) if before else None
        return who_took(look(flow), Way("menu", "exit", "one", "vip"), before=cursor, most=most)

    assert page(None, 10) == callers
    count_up(now=NOW)
    late = Caller(flow).press("1").contact.pk
    assert page(None, 3) == [late, *callers[:2]]
    assert page(callers[1], 2) == callers[2:4]
    assert page(callers[4], 2) == []


def test_the_scheduler_counts_every_half_minute_and_looks_again_at_night(flow: Flow) -> None:
    Caller(flow).press("1")
    scheduled = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled["routing.tasks.count_traffic"] == 30.0
    assert "routing.tasks.look_again_at_traffic" in scheduled
    tasks.count_traffic()
    tasks.look_again_at_traffic()
    assert TrafficMark.objects.get().filled_from is not None


@pytest.mark.django_db(transaction=True)
def test_two_who_count_at_once_count_each_contact_once() -> None:
    queues()
    flow = published("line", menu())
    for _ in range(20):
        Caller(flow).press("1")

    def work() -> None:
        try:
            for _ in range(5):
                count_up(now=LATER)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert counts(flow) == {"call:started": 20, "menu:one": 20}
    assert sum(TrafficHour.objects.values_list("contacts", flat=True)) == 40
