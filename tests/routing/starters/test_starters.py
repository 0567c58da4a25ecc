"""Flows to start from: each works in the demo world, and finds its place in others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from demo.world import build
from routing.catalog import catalog
from routing.engine.checks.catalog import Catalog
from routing.engine.checks.validation import validate
from routing.engine.events import DigitsPressed, InputTimedOut, MessageRecorded, TransferEnded
from routing.starters import Starter, fit, starters
from tests.routing.engine.runs import Walk, plan_of

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
KEYS = [one.key for one in starters()]


def starter(key: str) -> Starter:
    return next(one for one in starters() if one.key == key)


def walk(key: str) -> Walk:
    return Walk(plan_of(starter(key).definition))


def texts(value: Any) -> list[dict[str, str]]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), dict) else []
        return own + [found for part in value.values() for found in texts(part)]
    return [found for part in value for found in texts(part)] if isinstance(value, list) else []


def test_what_the_issue_asks_for_is_there() -> None:
    assert KEYS == [
        "priority-call",
        "priority-chat",
        "vip-account-manager",
        "menu-by-language",
        "hours-with-voicemail",
        "overflow",
        "only-a-trigger",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("key", KEYS)
def test_it_has_no_error_in_the_demo_world_and_fits_it_as_it_is(key: str) -> None:
    build(NOW)
    definition = starter(key).definition
    faults = validate(definition, catalog(), key=key)
    assert [fault for fault in faults if fault.level == "error"] == []
    # What comes behind a bare trigger is still to be drawn.
    assert len(faults) == {"only-a-trigger": 1}.get(key, 0), faults
    assert fit(definition, catalog()) == definition


@pytest.mark.parametrize("key", KEYS)
def test_it_says_everything_in_english_and_german_and_stands_in_order(key: str) -> None:
    definition = starter(key).definition
    asks_for_the_language = 1 if key == "menu-by-language" else 0
    spoken = texts(definition["steps"])
    assert sum(set(found) != {"de-DE", "en-US"} for found in spoken) == asks_for_the_language
    assert definition["layout"].keys() == {step["id"] for step in definition["steps"]}
    assert len(set(map(tuple, definition["layout"].values()))) == len(definition["steps"])
    assert all(step["title"] for step in definition["steps"])
    assert starter(key).summary.startswith(f"{len(definition['steps'])} step")


@pytest.mark.parametrize(
    ("status", "queue"), [("gold", "sip:vip@pbx.example.com"), ("silver", "sip:standard@pbx.example.com")]
)
@pytest.mark.parametrize(("key", "trigger"), [("priority-call", "call"), ("priority-chat", "message")])
def test_the_priority_flows_put_the_valuable_through_to_their_own_team(
    key: str, trigger: str, status: str, queue: str
) -> None:
    contact = walk(key).start(None, trigger, **{"from": "whatsapp:+4915100000001"})
    contact.answer("loyalty", loyalty_status=status)
    assert contact.dialled == [queue]


def test_whoever_the_api_does_not_know_reaches_everybodys_team() -> None:
    contact = walk("priority-call").start().answer("loyalty", "failed")
    assert contact.dialled == ["sip:standard@pbx.example.com"]
    contact.tell(TransferEnded("no_answer"))
    assert contact.status == "ended"
    assert contact.heard[-2:] == [
        "say en-US: Sorry, everybody is on the telephone just now. Please call again later.",
        "hang up",
    ]


def test_a_valuable_customer_reaches_the_account_manager_and_then_the_team() -> None:
    manager = {"tier": "gold", "account_manager": "Ms Muster", "account_manager_phone": "+49301234567"}
    contact = walk("vip-account-manager").start(customer=manager)
    assert contact.heard == [
        "say en-US: Welcome back. I am putting you through to Ms Muster.",
        "dial +49301234567",
    ]
    contact.tell(TransferEnded("no_answer"))
    assert contact.dialled[-1] == "sip:vip@pbx.example.com"


@pytest.mark.parametrize(("tier", "queue"), [("platinum", "vip"), ("silver", "standard")])
def test_without_an_account_manager_the_tier_decides(tier: str, queue: str) -> None:
    contact = walk("vip-account-manager").start(customer={"tier": tier})
    assert contact.dialled == [f"sip:{queue}@pbx.example.com"]


def test_the_menu_goes_on_in_the_language_that_was_chosen() -> None:
    contact = walk("menu-by-language").start().tell(DigitsPressed("2"))
    assert contact.heard[-2:] == [
        "say de-DE: Für Bestellungen und Verträge drücken Sie die 1. Für alles andere die 2.",
        "gather",
    ]
    contact.tell(DigitsPressed("1"))
    assert contact.dialled == ["sip:vip@pbx.example.com"]


def test_whoever_says_nothing_to_the_menu_is_put_through() -> None:
    contact = walk("menu-by-language").start()
    for _ in range(4):
        contact.tell(InputTimedOut())
    assert contact.dialled == ["sip:standard@pbx.example.com"]


def test_outside_of_the_hours_a_message_may_be_left() -> None:
    contact = walk("hours-with-voicemail")
    contact.now = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)  # a Sunday
    contact.start()
    assert "record" in contact.heard
    contact.tell(MessageRecorded("https://recordings.example.com/1", 12))
    assert contact.path[-1] == "thanks"
    assert walk("hours-with-voicemail").start().dialled == ["sip:standard@pbx.example.com"]


def test_the_second_team_helps_where_the_first_does_not_answer() -> None:
    contact = walk("overflow").start()
    contact.tell(TransferEnded("no_answer"))
    assert "Colleagues of theirs will help you." in " ".join(contact.heard)
    for _ in range(2):  # both addresses of the second team, and not those of its overflow, which rang before
        contact.tell(TransferEnded("no_answer"))
    assert contact.heard[-1] == "record"


def queues_of(key: str, found: Catalog) -> list[str]:
    steps = fit(starter(key).definition, found)["steps"]
    return [step["settings"]["queue"] for step in steps if step["type"] == "queue"]


@pytest.mark.parametrize(
    ("queues", "fitted"),
    [
        ({"vip": "VIP", "standard": "Standard", "more": "More"}, ["vip", "standard"]),
        ({"q1": "Premium customers", "q2": "General"}, ["q1", "q2"]),
        ({"q1": "Gold", "anyone": "Anyone"}, ["q1", "anyone"]),
        # Nobody can know which is which.
        ({"north": "North", "south": "South"}, ["vip", "standard"]),
        ({"q1": "Gold", "q2": "Platinum"}, ["vip", "standard"]),
        ({}, ["vip", "standard"]),
    ],
)
def test_queues_take_the_places_where_only_one_can_be_meant(queues: dict[str, str], fitted: list[str]) -> None:
    assert queues_of("priority-call", Catalog(queues=queues)) == fitted


def test_the_only_data_source_is_asked_with_its_own_placeholder() -> None:
    found = Catalog(sources={"erp": "ERP"}, inputs={"erp": ("caller",)}, hours={"always": "Always"})
    ask = next(step for step in fit(starter("priority-call").definition, found)["steps"] if step["id"] == "loyalty")
    assert ask["settings"]["source"] == "erp"
    assert ask["settings"]["inputs"] == {"caller": "{{ contact.from }}"}
    hours = next(
        step for step in fit(starter("hours-with-voicemail").definition, found)["steps"] if step["id"] == "open"
    )
    assert hours["settings"]["hours"] == "always"
