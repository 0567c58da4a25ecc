"""Opening hours against a brute force that watches the clock on the wall minute by minute."""

from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from routing.engine.hours import Hours, is_open, next_opening, zone_of

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Hours("office", "Office", "Europe/Berlin", tuple((day, time(9), time(17)) for day in range(5)))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def brute_force(hours: Hours, start: datetime, minutes: int) -> list[bool]:
    """For each minute: is there a period that the wall clock has begun to show, and has not yet left for good?"""
    zone = ZoneInfo(hours.zone)
    wall = [(start + timedelta(minutes=n)).astimezone(zone).replace(tzinfo=None) for n in range(minutes)]
    answer = [False] * minutes
    day = wall[0].date() - timedelta(days=2)
    while day <= wall[-1].date() + timedelta(days=1):
        spans: Any = hours.special.get(day)
        if spans is None:
            spans = [(opens, closes) for weekday, opens, closes in hours.weekly if weekday == day.weekday()]
        for opens, closes in spans:
            first = datetime.combine(day, opens)
            last = datetime.combine(day if closes > opens else day + timedelta(days=1), closes)
            begun = next((n for n in range(minutes) if wall[n] >= first), minutes)
            ended = next((n for n in reversed(range(minutes)) if wall[n] == last), None)
            if ended is None:  # not in the window, or jumped over
                ended = next((n + 1 for n in reversed(range(minutes)) if wall[n] < last), 0)
            for n in range(begun, ended):
                answer[n] = True
        day += timedelta(days=1)
    return answer


quarter = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
spans = st.lists(st.tuples(quarter, quarter), max_size=3)
# The nights on which clocks change, in places where they change at midnight, by half an hour, or by a whole day.
NIGHTS = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kolkata", date(2026, 5, 5)),
]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(NIGHTS),
    st.lists(st.tuples(st.integers(0, 6), quarter, quarter), max_size=8),
    st.dictionaries(st.integers(-2, 3), spans, max_size=3),
)
@example(NIGHTS[0], [(6, time(2, 30), time(3, 30)), (5, time(22), time(2, 30))], {})
@example(NIGHTS[1], [(6, time(2, 30), time(3, 30)), (5, time(22), time(2, 30))], {})
@example(NIGHTS[0], [(day, time(0), time(0)) for day in range(7)], {})
@example(NIGHTS[3], [(day, time(0), time(0)) for day in range(7)], {})
@example(NIGHTS[0], [(6, time(2, 15), time(2, 45))], {})
def test_it_agrees_with_the_clock_on_the_wall_minute_by_minute(
    night: tuple[str, date], weekly: list[tuple[int, time, time]], special: dict[int, list[tuple[time, time]]]
) -> None:
    zone, day = night
    hours = Hours(
        "h", "H", zone, tuple(weekly), {day + timedelta(days=n): tuple(shown) for n, shown in special.items()}
    )
    # The brute force sees a window and needs its edges: ask in the middle of it only.
    begin = datetime.combine(day - timedelta(days=3), time(), UTC)
    expected = brute_force(hours, begin, 7 * 1440)
    for minute in range(2 * 1440, 5 * 1440, 15):
        now = begin + timedelta(minutes=minute)
        opening = is_open(hours, now)
        assert opening.open is expected[minute], now
        if opening.until is not None and opening.until < begin + timedelta(days=5):
            until = int((opening.until - begin) / timedelta(minutes=1))
            assert all(state is opening.open for state in expected[minute:until]), now
            assert expected[until] is not opening.open, now


@pytest.mark.parametrize(
    ("at", "is_it", "until"),
    [
        ("2026-05-05T08:59:59", False, "2026-05-05T09:00"),
        ("2026-05-05T09:00:00", True, "2026-05-05T17:00"),
        ("2026-05-05T16:59:59", True, "2026-05-05T17:00"),
        ("2026-05-05T17:00:00", False, "2026-05-06T09:00"),
        ("2026-05-08T18:00:00", False, "2026-05-11T09:00"),
        ("2026-03-28T12:00:00", False, "2026-03-30T09:00"),
    ],
)
def test_office_hours_open_and_close_on_the_minute(at: str, is_it: bool, until: str) -> None:
    opening = is_open(OFFICE, berlin(at))
    assert (opening.open, opening.until) == (is_it, berlin(until))
    assert opening.until is not None
    assert opening.until.utcoffset() == timedelta(0)


def test_split_shifts_have_a_lunch_break() -> None:
    hours = Hours("h", "H", "Europe/Berlin", ((1, time(9), time(12)), (1, time(13), time(17))))
    noon = is_open(hours, berlin("2026-05-05T12:30"))
    assert (noon.open, noon.until) == (False, berlin("2026-05-05T13:00"))
    assert noon.because == "Tuesday, 2026-05-05: open only 09:00 to 12:00 and 13:00 to 17:00"


def test_touching_and_overlapping_periods_are_one() -> None:
    hours = Hours("h", "H", "UTC", ((1, time(9), time(12)), (1, time(12), time(15)), (1, time(14), time(18))))
    assert is_open(hours, datetime(2026, 5, 5, 10, tzinfo=UTC)).until == datetime(2026, 5, 5, 18, tzinfo=UTC)


def test_a_late_shift_reaches_into_a_day_that_is_closed() -> None:
    christmas = date(2026, 12, 25)
    hours = Hours("bar", "Bar", "Europe/Berlin", tuple((day, time(18), time(2)) for day in range(7)), {christmas: ()})
    after_midnight = is_open(hours, berlin("2026-12-25T01:00"))
    assert (after_midnight.open, after_midnight.until) == (True, berlin("2026-12-25T02:00"))
    assert after_midnight.because == "Thursday, 2026-12-24: open 18:00 to 02:00"
    evening = is_open(hours, berlin("2026-12-25T20:00"))
    assert (evening.open, evening.until) == (False, berlin("2026-12-26T18:00"))
    assert evening.because == "special day, 2026-12-25: closed all day"
    assert not is_open(hours, berlin("2026-12-26T01:00")).open


def test_a_special_day_has_hours_of_its_own() -> None:
    hours = Hours("o", "O", "Europe/Berlin", OFFICE.weekly, {date(2026, 12, 24): ((time(9), time(12)),)})
    assert is_open(hours, berlin("2026-12-24T11:00")).until == berlin("2026-12-24T12:00")
    assert is_open(hours, berlin("2026-12-24T11:00")).because == "special day, 2026-12-24: open 09:00 to 12:00"
    assert not is_open(hours, berlin("2026-12-24T13:00")).open


def test_hours_that_never_change_have_no_until() -> None:
    always = Hours("a", "A", "Europe/Berlin", tuple((day, time(0), time(0)) for day in range(7)))
    never = Hours("n", "N", "Europe/Berlin")
    now = berlin("2026-05-05T12:00")
    assert is_open(always, now).open
    assert is_open(always, now).until is None
    assert not is_open(never, now).open
    assert is_open(never, now).until is None
    assert next_opening(never, now) is None
    assert next_opening(always, now) == now


def test_always_open_but_for_a_holiday_months_ahead_closes_then() -> None:
    hours = Hours("a", "A", "Europe/Berlin", tuple((d, time(0), time(0)) for d in range(7)), {date(2026, 12, 25): ()})
    now = berlin("2026-05-05T12:00")
    assert is_open(hours, now).until == berlin("2026-12-25T00:00")
    assert next_opening(hours, berlin("2026-12-25T12:00")) == berlin("2026-12-26T00:00")


def test_a_company_holiday_of_weeks_is_looked_past() -> None:
    closed = {date(2026, 7, 20) + timedelta(days=n): () for n in range(40)}
    hours = Hours("o", "O", "Europe/Berlin", OFFICE.weekly, closed)
    assert next_opening(hours, berlin("2026-07-18T12:00")) == berlin("2026-08-31T09:00")


def test_only_special_days_are_found_however_far() -> None:
    hours = Hours("f", "Fair", "Europe/Berlin", (), {date(2028, 2, 29): ((time(10), time(16)),)})
    assert next_opening(hours, berlin("2026-05-05T12:00")) == berlin("2028-02-29T10:00")


def test_the_night_the_clock_jumps_forward_opens_when_it_jumps() -> None:
    hours = Hours("h", "H", "Europe/Berlin", ((6, time(2, 30), time(12)),))
    assert is_open(hours, datetime(2026, 3, 29, 0, 59, tzinfo=UTC)).until == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_what_the_clock_shows_twice_lasts_until_the_second_time() -> None:
    hours = Hours("h", "H", "Europe/Berlin", ((5, time(22), time(2, 30)),))
    assert is_open(hours, berlin("2026-10-24T23:00")).until == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_unknown_zone_counts_as_utc() -> None:
    hours = Hours("h", "H", "Mars/Olympus", ((1, time(9), time(17)),))
    assert is_open(hours, datetime(2026, 5, 5, 9, tzinfo=UTC)).open
    for name in ("Mars/Olympus", "", "../etc/passwd", "Europe", "\x00"):
        assert zone_of(name) is None


def test_asking_costs_microseconds() -> None:
    now = berlin("2026-05-05T12:00")
    best = 1.0
    for _ in range(20):
        began = clock.perf_counter()
        is_open(OFFICE, now)
        best = min(best, clock.perf_counter() - began)
    assert best < 500e-6


def test_a_fair_of_two_weeks_around_the_clock_ends() -> None:
    fair = {date(2026, 5, 4) + timedelta(days=n): ((time(0), time(0)),) for n in range(14)}
    now = berlin("2026-05-05T12:00")
    assert is_open(Hours("f", "Fair", "Europe/Berlin", (), fair), now).until == berlin("2026-05-18T00:00")
    assert is_open(Hours("f", "Fair", "UTC", OFFICE.weekly, fair), datetime(2026, 5, 5, tzinfo=UTC)).until == datetime(
        2026, 5, 18, tzinfo=UTC
    )


def test_around_the_clock_from_morning_to_morning_reaches_the_next_special_day() -> None:
    hours = Hours("a", "A", "UTC", tuple((d, time(8), time(8)) for d in range(7)), {date(2026, 12, 25): ()})
    assert is_open(hours, datetime(2026, 5, 5, tzinfo=UTC)).until == datetime(2026, 12, 25, 8, tzinfo=UTC)
