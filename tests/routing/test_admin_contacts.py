"""A manager finds a contact and reads why it went where it went."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Customer, Tier
from queues.models import Queue
from routing.admin.story import tell
from routing.models import Contact, Flow, FlowVersion, Turn

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WHY = "Went to VIP because loyalty status was “gold”, as the rule “Gold or platinum” asks; decided by “Line” version 1."
TRACE: list[dict[str, Any]] = [
    {"step": "call", "type": "call", "title": "Incoming call", "exit": "started", "at": "", "ms": 0},
    {"step": "ask", "type": "fetch", "title": "Ask", "exit": "", "at": "", "ms": 0, "waits_for": "fetch"},
    {
        "step": "ask",
        "type": "fetch",
        "title": "Ask",
        "exit": "found",
        "at": "",
        "ms": 48,
        "saw": [
            {
                "what": "fetch",
                "source": "loyalty",
                "name": "loyalty",
                "status": "found",
                "rung": "fresh",
                "ms": 48.2,
                "values": {"loyalty_status": "“gold”"},
                "error": "",
            }
        ],
    },
    {
        "step": "worth",
        "type": "branch",
        "title": "Worth?",
        "exit": "valuable",
        "at": "",
        "ms": 0,
        "saw": [
            {
                "what": "rule",
                "rule": "huge",
                "label": "",
                "words": "orders is at least 500",
                "matched": False,
                "comparisons": [
                    {
                        "variable": "loyalty.orders",
                        "seen": "nothing",
                        "operator": "at_least",
                        "wanted": "500",
                        "held": False,
                        "note": "There is no value to compare.",
                    }
                ],
            },
            {
                "what": "rule",
                "rule": "valuable",
                "label": "Gold or platinum",
                "words": "loyalty status is gold or platinum",
                "matched": True,
                "comparisons": [
                    {
                        "variable": "loyalty.loyalty_status",
                        "seen": "“gold”",
                        "operator": "is_one_of",
                        "wanted": "[“gold”, “platinum”]",
                        "held": True,
                        "note": "",
                    }
                ],
            },
        ],
    },
    {
        "step": "team",
        "type": "queue",
        "title": "VIP team",
        "exit": "",
        "at": "",
        "ms": 0,
        "waits_for": "transfer",
        "did": ["Dialled VIP at sip:vip@pbx.example.com."],
    },
]


def _turn(trace: list[dict[str, Any]], **event: Any) -> Turn:
    return Turn(number=0, event=event, effects=[], trace=trace, at=NOW, took_ms=12.3)


def _lines(trace: list[dict[str, Any]]) -> list[str]:
    (story,) = tell([_turn(trace, event="ContactStarted")])
    return [f"{line.mark} {line.text}".strip() for step in story.steps for line in step.lines]


class TestTheStory:
    def test_a_branch_tells_each_rule_and_each_comparison(self) -> None:
        (story,) = tell([_turn(TRACE, event="ContactStarted")])
        missed, matched = story.steps[2].lines
        assert (missed.mark, missed.text) == ("no", "orders is at least 500")
        assert missed.parts[0].text == "orders was nothing – is at least 500 (There is no value to compare)"
        assert (matched.mark, matched.text) == ("yes", "Gold or platinum: loyalty status is gold or platinum")
        assert matched.parts[0].text == "loyalty status was “gold” – is one of “gold”, “platinum”"
        assert matched.parts[0].mark == "yes"
        assert story.steps[2].left_by == "→ Gold or platinum"

    def test_a_fetch_tells_its_source_its_rung_its_time_and_its_values_once(self) -> None:
        (story,) = tell([_turn(TRACE, event="ContactStarted")])
        assert [step.title for step in story.steps] == ["Incoming call", "Ask", "Worth?", "VIP team"]
        (line,) = story.steps[1].lines
        assert line.text == "loyalty: asked just now, after 48 ms"
        assert [part.text for part in line.parts] == ["loyalty status = “gold”"]

    @pytest.mark.parametrize(
        ("seen", "told"),
        [
            (
                {"status": "failed", "rung": "none", "ms": 8000, "error": "No answer."},
                "no loyalty failed, after 8000 ms",
            ),
            ({"status": "not_found", "rung": "fresh", "ms": 3}, "loyalty does not know this customer, after 3 ms"),
            (
                {"status": "found", "rung": "synced", "ms": 9, "error": "500"},
                "no loyalty: what the CRM synced, after 9 ms",
            ),
        ],
    )
    def test_each_end_of_a_fetch_is_told_in_words(self, seen: dict[str, Any], told: str) -> None:
        entry = {"step": "a", "type": "fetch", "title": "Ask", "saw": [{"what": "fetch", "source": "loyalty", **seen}]}
        assert _lines([entry]) == [told]

    @pytest.mark.parametrize(
        ("seen", "told"),
        [
            ({"what": "hours", "name": "Support", "open": True, "note": "Mon 8–18"}, "yes Support – open: Mon 8–18"),
            ({"what": "split", "seen": "12.50"}, "Drew 12.50 of 100"),
            ({"what": "input", "seen": "“1”"}, "Heard “1”"),
            ({"what": "set", "name": "vars.language", "seen": "“de”"}, "vars.language = “de”"),
            ({"what": "transfer", "seen": "busy (SIP 486)"}, "no Busy (SIP 486)"),
            ({"what": "recording", "seen": "12 seconds"}, "Recorded 12 seconds"),
            ({"what": "new", "colour": "blue"}, "colour: blue"),
        ],
    )
    def test_whatever_a_step_saw_is_told(self, seen: dict[str, Any], told: str) -> None:
        assert _lines([{"step": "a", "type": "say", "title": "A", "saw": [seen]}]) == [told]

    def test_a_flow_that_could_not_go_on_says_why(self) -> None:
        assert _lines([{"step": "a", "type": "", "stranded": "The exit “x” leads nowhere."}]) == [
            "bad The exit “x” leads nowhere."
        ]

    @pytest.mark.parametrize(
        ("event", "told"),
        [
            ({"event": "ContactStarted"}, "The contact arrived"),
            ({"event": "DigitsPressed", "digits": "1"}, "The caller pressed 1"),
            ({"event": "WordsSpoken", "text": "sales"}, "The caller said “sales”"),
            ({"event": "InputTimedOut"}, "The caller did nothing"),
            ({"event": "CameBack"}, "Back after a pause"),
            (
                {"event": "TransferEnded", "status": "completed", "seconds": 73, "sip_code": 200},
                "The conversation is over (73 seconds)",
            ),
            ({"event": "TransferEnded", "status": "busy", "sip_code": 486, "seconds": None}, "It was busy (SIP 486)"),
            ({"event": "MessageRecorded", "seconds": 1, "url": ""}, "The caller left a message of 1 second"),
            ({"event": "HungUp"}, "The contact was over"),
            ({"event": "SomethingNew"}, "SomethingNew"),
            ({}, "Something happened"),
        ],
    )
    def test_each_event_is_told_in_words(self, event: dict[str, Any], told: str) -> None:
        (story,) = tell([_turn([], **event)])
        assert story.event == told

    def test_each_answer_is_told_in_words(self) -> None:
        turn = _turn([], event="CameBack")
        say = {"do": "say", "text": "Hello", "language": "en", "voice": ""}
        turn.effects = [
            say,
            {"do": "play", "url": "https://a.example/a.mp3", "times": 1},
            {"do": "gather", "prompts": [say], "keys": True, "speech": False, "hints": []},
            {"do": "come_back", "pause_s": 1},
            {
                "do": "dial",
                "to": "sip:vip@pbx.example.com",
                "ring_s": 30,
                "headers": {},
                "queue": "vip",
                "caller_id": "",
            },
            {"do": "record", "max_s": 120},
            {"do": "hangup", "reject": ""},
        ]
        (story,) = tell([turn])
        assert [line.text for line in story.answers] == [
            "Said “Hello”",
            "Played https://a.example/a.mp3",
            "Said “Hello”",
            "Waited for keys",
            "Held the line for 1 second",
            "Dialled sip:vip@pbx.example.com, ringing for up to 30 seconds",
            "Recorded a message of at most 120 seconds",
            "Hung up",
        ]


@pytest.fixture
def contact(db: None) -> Contact:
    flow = Flow.objects.create(key="line", name="Line")
    version = FlowVersion.objects.create(flow=flow, number=1, definition={}, published_at=NOW)
    tier = Tier.objects.create(key="gold", name="Gold", rank=1, color="#d97706")
    customer = Customer.objects.create(external_id="C-1", name="Jonas Feldmann", tier=tier)
    contact = Contact.objects.create(
        reference="7QK2M9XW4B",
        origin="twilio:AC1",
        external_id="CA1",
        channel="voice",
        sender="+4915100000002",
        recipient="+49309018200",
        customer=customer,
        tier=tier,
        version=version,
        queue=Queue.objects.create(key="vip", name="VIP"),
        outcome="transferred",
        why=WHY,
        started_at=NOW,
        last_event_at=NOW,
    )
    turn = _turn(TRACE, event="ContactStarted")
    turn.contact = contact
    turn.save()
    return contact


def _list(client: Client, **query: str) -> str:
    return client.get(reverse("admin:routing_contact_changelist"), query).content.decode()


def test_the_page_of_a_contact_says_why_first_and_then_what_happened(admin_client: Client, contact: Contact) -> None:
    page = admin_client.get(reverse("admin:routing_contact_change", args=[contact.pk])).content.decode()
    assert page.index(WHY) < page.index("What happened") < page.index("loyalty status was “gold” – is one of")
    assert "Jonas Feldmann" in page
    assert "Line, version 1" in page
    assert "answered in 12 ms" in page
    assert "&quot;what&quot;: &quot;rule&quot;" in page


def test_the_page_of_a_contact_asks_the_same_for_one_turn_as_for_twenty(admin_client: Client, contact: Contact) -> None:
    address = reverse("admin:routing_contact_change", args=[contact.pk])
    admin_client.get(address)
    with CaptureQueriesContext(connection) as one:
        admin_client.get(address)
    for number in range(1, 20):
        Turn.objects.create(
            contact=contact, number=number, event={"event": "CameBack"}, effects=[], trace=TRACE, at=NOW, took_ms=1
        )
    with CaptureQueriesContext(connection) as twenty:
        admin_client.get(address)
    assert len(one) == len(twenty) <= 8


@pytest.mark.parametrize(
    "term",
    [
        "7QK2M9XW4B",
        "7qk2m9xw4b",
        "7QK2",
        "+4915100000002",
        "+49 151 0000 0002",
        "0049 151 00000002",
        "0151 00000002",
        "00000002",
        "feldmann",
        "C-1",
    ],
)
def test_a_contact_is_found_as_people_search(admin_client: Client, contact: Contact, term: str) -> None:
    assert contact.reference in _list(admin_client, q=term)


@pytest.mark.parametrize("term", ["+4915100000003", "Okafor", "XXXXXXXXXX"])
def test_another_contact_is_not_found(admin_client: Client, contact: Contact, term: str) -> None:
    assert contact.reference not in _list(admin_client, q=term)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"outcome__exact": "transferred"}, True),
        ({"outcome__exact": "abandoned"}, False),
        ({"fell_back__exact": "1"}, False),
        ({"channel__exact": "voice"}, True),
        ({"started_at__gte": "2026-11-23 00:00:00+00:00"}, True),
        ({"started_at__gte": "2026-11-24 00:00:00+00:00"}, False),
    ],
)
def test_filters_narrow_the_list(admin_client: Client, contact: Contact, query: dict[str, str], found: bool) -> None:
    assert (contact.reference in _list(admin_client, **query)) is found


def test_filters_know_flow_queue_and_tier(admin_client: Client, contact: Contact) -> None:
    assert contact.version is not None
    Flow.objects.create(key="other", name="Other")  # with one only there is nothing to choose
    for name, value in (
        ("version__flow__id__exact", contact.version.flow_id),
        ("queue__id__exact", contact.queue_id),
        ("tier__id__exact", contact.tier_id),
    ):
        assert contact.reference in _list(admin_client, **{name: str(value)})
        assert contact.reference not in _list(admin_client, **{name: "999999"})


@pytest.mark.parametrize("path", ["add/", "1/delete/"])
def test_nobody_adds_or_deletes_a_contact(admin_client: Client, contact: Contact, path: str) -> None:
    path = path.replace("1/", f"{contact.pk}/")
    assert admin_client.post(reverse("admin:routing_contact_changelist") + path, {"post": "yes"}).status_code == 403
    assert Contact.objects.filter(pk=contact.pk).exists()


def test_whoever_may_not_see_contacts_is_refused(client: Client, contact: Contact) -> None:
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(reverse("admin:routing_contact_change", args=[contact.pk])).status_code == 403
    assert client.get(reverse("admin:routing_contact_changelist")).status_code == 403


@pytest.mark.parametrize("pk", ["0", "nonsense"])
def test_a_contact_that_is_not_there_is_no_error(admin_client: Client, db: None, pk: str) -> None:
    assert admin_client.get(reverse("admin:routing_contact_change", args=[pk])).status_code == 404
