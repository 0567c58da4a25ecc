"""The flow as contacts use it, as the canvas is told: counts, who, and one contact's way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer
from routing.models import Contact, Flow
from routing.traffic.counting import count_up
from tests.routing.traffic import callers
from tests.routing.traffic.callers import Caller, menu, published, queues

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch) -> Flow:
    monkeypatch.setattr(callers, "NOW", timezone.now() - timedelta(minutes=5))
    queues()
    return published("line", menu())


def address(flow: Flow, view: str) -> str:
    return f"/admin/routing/flow/{flow.pk}/canvas/{view}"


def get(client: Client, flow: Flow, view: str, status: int = 200, **query: Any) -> Any:
    answer = client.get(address(flow, view), query)
    assert answer.status_code == status, answer.content
    return answer.json()


def person(*permissions: str) -> Client:
    user = User.objects.create_user("somebody", is_staff=True)
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    return client


def test_each_edge_comes_with_its_words_and_how_many_took_it(admin_client: Client, flow: Flow) -> None:
    Caller(flow).press("1")
    Caller(flow).hang_up()
    Caller(flow)
    found = get(admin_client, flow, "traffic/")
    assert found["total"] == 3
    assert (found["span"], found["versions"], found["live"]["number"]) == ("hour", "all", 1)
    edges = {f"{edge['step']}:{edge['exit']}": edge for edge in found["edges"]}
    assert edges["menu:one"] == {
        "step": "menu",
        "exit": "one",
        "target": "vip",
        "title": "Menu",
        "label": edges["menu:one"]["label"],
        "to": "Transfer to queue",
        "contacts": 1,
        "numbers": [1],
    }
    assert {(stop["step"], stop["kind"], stop["contacts"]) for stop in found["stops"]} == {
        ("menu", "hung_up", 1),
        ("menu", "here", 1),
        ("vip", "here", 1),
    }


def test_edges_that_the_live_version_does_not_have_are_told_apart(admin_client: Client, flow: Flow) -> None:
    Caller(flow).press("2")
    changed = menu()
    changed["steps"][1]["settings"]["choices"].pop()
    del changed["steps"][1]["exits"]["two"]
    flow = published("line", changed)
    found = get(admin_client, flow, "traffic/")
    assert [(edge["step"], edge["exit"], edge["contacts"], edge["numbers"]) for edge in found["gone"]] == [
        ("menu", "two", 1, [1])
    ]
    assert get(admin_client, flow, "traffic/", versions="live")["total"] == 0


@pytest.mark.parametrize("counted", [False, True])
def test_a_line_has_only_those_who_took_it_and_not_those_whose_version_led_elsewhere(
    admin_client: Client, flow: Flow, counted: bool
) -> None:
    Caller(flow).press("1")
    changed = menu()
    changed["steps"][1]["exits"]["one"] = "standard"
    flow = published("line", changed)
    later = [Caller(flow).press("1").contact.pk, Caller(flow).press("1").contact.pk]
    if counted:
        count_up(now=timezone.now())
    found = get(admin_client, flow, "traffic/")

    def told(name: str) -> list[tuple[str, str, int, list[int]]]:
        return [
            (edge["target"], edge["to"], edge["contacts"], edge["numbers"])
            for edge in found[name]
            if (edge["step"], edge["exit"]) == ("menu", "one")
        ]

    assert told("edges") == [("standard", "Transfer to queue", 2, [2])]
    assert told("gone") == [("vip", "Transfer to queue", 1, [1])]
    taken = get(admin_client, flow, "contacts/", step="menu", exit="one", target="standard")
    assert {row["id"] for row in taken["contacts"]} == set(later)
    if counted:
        listed = admin_client.get(taken["list"])
        assert listed.context["cl"].result_count == 2


def test_a_flow_that_was_never_published_has_no_traffic(admin_client: Client) -> None:
    flow = Flow.objects.create(key="new", name="New", draft=menu())
    found = get(admin_client, flow, "traffic/")
    assert (found["live"], found["total"], found["edges"]) == (None, 0, [])
    assert get(admin_client, flow, "traffic/", versions="live")["total"] == 0


@pytest.mark.parametrize("count", [1, 6])
def test_the_counts_need_no_more_queries_for_more_contacts(admin_client: Client, flow: Flow, count: int) -> None:
    for _ in range(count):
        Caller(flow).press("1")
    count_up(now=timezone.now())
    get(admin_client, flow, "traffic/")
    with CaptureQueriesContext(connection) as queries:
        get(admin_client, flow, "traffic/")
    # Session, user, flow; then mark, counts, what is new, whether there is more, who is here, and whose steps those are.
    assert len(queries) == 9
    with CaptureQueriesContext(connection) as queries:
        get(admin_client, flow, "contacts/", step="menu", exit="one", target="vip")
    # Session, user, flow; then walks, mark, what is new, whether there is more, and the contacts.
    assert len(queries) == 8
    contact = Contact.objects.latest("pk")
    with CaptureQueriesContext(connection) as queries:
        get(admin_client, flow, f"contact/{contact.pk}/", known="0")
    # Session, user, flow; contact, version, turns. The first time the analysis reads what flows may refer to, too.
    assert len(queries) == 6


def test_the_contacts_of_an_edge_come_by_pages(admin_client: Client, flow: Flow) -> None:
    made = [Caller(flow, ago=timedelta(seconds=second)).press("1").contact for second in range(30)]
    found = get(admin_client, flow, "contacts/", step="menu", exit="one", target="vip")
    assert [row["id"] for row in found["contacts"]] == [contact.pk for contact in made[:25]]
    more = get(admin_client, flow, "contacts/", step="menu", exit="one", target="vip", before=found["next"])
    assert [row["id"] for row in more["contacts"]] == [contact.pk for contact in made[25:]]
    assert more["next"] is None
    here = get(admin_client, flow, "contacts/", step="vip", kind="here")
    assert [row["id"] for row in here["contacts"]] == [contact.pk for contact in made[:25]]
    assert len(get(admin_client, flow, "contacts/", step="vip", kind="here", before=here["next"])["contacts"]) == 5
    row = found["contacts"][0]
    assert (row["sender"], row["outcome"], row["queue"], row["is_open"]) == (
        "+4915100000001",
        "put through",
        "Vip",
        True,
    )


@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("traffic/", {"span": "year"}),
        ("traffic/", {"versions": "some"}),
        ("contacts/", {"step": "menu", "kind": "none"}),
        ("contacts/", {"step": "menu\x00"}),
        ("contacts/", {"step": "menu", "before": "yesterday"}),
        ("contacts/", {"step": "menu", "before": "2026-01-01T00:00:00_5"}),
        ("contacts/", {"step": "menu", "before": "2026-01-01T00:00:00+00:00_99999999999999999999"}),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_a_sentence(
    admin_client: Client, flow: Flow, view: str, query: dict[str, str]
) -> None:
    assert get(admin_client, flow, view, 400, **query)["error"].endswith(".")


def test_what_nobody_took_has_no_contacts(admin_client: Client, flow: Flow) -> None:
    found = get(admin_client, flow, "contacts/", step="nothing", exit="none")
    assert (found["contacts"], found["next"]) == ([], None)


def test_the_admins_own_list_can_be_narrowed_to_the_contacts_of_an_edge(admin_client: Client, flow: Flow) -> None:
    one, two = Caller(flow).press("1").contact, Caller(flow).press("2").contact
    count_up(now=timezone.now())
    found = get(admin_client, flow, "contacts/", step="menu", exit="one", target="vip")["list"]
    page = admin_client.get(found).content.decode()
    assert one.reference in page
    assert two.reference not in page
    assert "Line: Menu → 1" in page
    for odd in ("x", "1:2", f"{flow.pk}::9999999999999999:exit:menu:one", f"{flow.pk}:::exit:menu:one", "١::1:a:b:c"):
        answer = admin_client.get("/admin/routing/contact/", {"way": odd})
        assert answer.status_code == 200
        assert one.reference not in answer.content.decode()


def test_whoever_may_not_see_contacts_sees_no_counts_either(flow: Flow) -> None:
    contact = Caller(flow).contact
    client = person("routing.view_flow")
    for view in ("traffic/", "contacts/", f"contact/{contact.pk}/"):
        assert get(client, flow, view, 403)["error"]


def test_whoever_may_not_see_customers_sees_part_of_their_numbers(flow: Flow) -> None:
    contact = Caller(flow).press("1").contact
    contact.customer = Customer.objects.create(external_id="C-1", name="Ada")
    contact.save(update_fields=["customer"])
    veiled = person("routing.view_flow", "routing.view_contact")
    row = get(veiled, flow, "contacts/", step="menu", exit="one", target="vip")["contacts"][0]
    assert (row["who"], row["sender"]) == ("+49…01", "+49…01")
    whole = get(veiled, flow, f"contact/{contact.pk}/")
    assert "+4915100000001" not in str(whole)
    assert "Ada" not in str(whole)
    assert whole["contact"]["at"] == contact.started_at.isoformat()


def test_a_contacts_way_is_told_visit_by_visit(admin_client: Client, flow: Flow) -> None:
    contact = Caller(flow).wait().wait().press("1").hang_up().contact
    found = get(admin_client, flow, f"contact/{contact.pk}/")
    assert [(visit["step"], visit["exit"], visit["stop"]) for visit in found["visits"]] == [
        ("call", "started", ""),
        ("menu", "timed_out", ""),
        ("menu", "one", ""),
        ("vip", "", "hung_up"),
    ]
    assert [round(visit["spent_ms"] / 1000) for visit in found["visits"]] == [0, 2, 1, 1]
    assert found["edges"] == {"call:started": [1], "menu:timed_out": [2], "menu:one": [3]}
    assert [[step["visit"] for step in turn["steps"]] for turn in found["turns"]] == [[1, 2], [2], [2, 3], [3, 4], [4]]
    assert found["title"] == f"Contact {contact.reference} · version 1"
    assert found["definition"] == menu()
    assert found["analysis"]["steps"]["menu"]["exits"]
    assert found["contact"]["is_open"] is False


def test_an_old_contact_is_shown_in_the_version_that_it_went_through(admin_client: Client, flow: Flow) -> None:
    contact = Caller(flow).press("1").contact
    flow = published("line", menu(two="vip"))
    found = get(admin_client, flow, f"contact/{contact.pk}/")
    assert found["version"]["number"] == 1
    assert found["definition"] == menu()


def test_asking_again_leaves_out_what_is_known(admin_client: Client, flow: Flow) -> None:
    caller = Caller(flow).press("1")
    contact = caller.contact
    again = get(admin_client, flow, f"contact/{contact.pk}/", known="2")
    assert "definition" not in again
    assert len(again["turns"]) == 2
    caller.hang_up()
    over = get(admin_client, flow, f"contact/{contact.pk}/", known="3")
    assert "turns" not in over
    assert over["contact"]["is_open"] is False


def test_a_way_through_a_sub_flow_is_shown_on_both_canvases(admin_client: Client, flow: Flow) -> None:
    inner = menu()
    inner["steps"][2] = {"id": "vip", "type": "end", "settings": {"result": "worth"}}
    sub = published("sub", inner)
    outer = {
        "format": 1,
        "steps": [
            {"id": "call", "type": "call", "exits": {"started": "who"}},
            {
                "id": "who",
                "type": "subflow",
                "settings": {"flow": "sub", "results": ["worth"]},
                "exits": {"worth": "team"},
            },
            {"id": "team", "type": "queue", "settings": {"queue": "vip"}},
        ],
    }
    main = published("main", outer)
    contact = Caller(main).wait().wait().press("1").contact
    found = get(admin_client, main, f"contact/{contact.pk}/")
    assert [(visit["step"], visit["depth"], visit["is_inside"]) for visit in found["visits"]] == [
        ("call", 0, False),
        ("who", 0, False),
        ("who", 1, True),
        ("who", 1, True),
        ("who", 1, True),
        ("who", 1, True),
        ("team", 0, False),
    ]
    assert found["edges"] == {"call:started": [1], "who:worth": [2]}
    assert found["visits"][1]["spent_ms"] >= 1900
    inside = found["visits"][3]["flow"]
    assert inside == {"name": "Sub", "url": f"/admin/routing/flow/{sub.pk}/change/?contact={contact.pk}"}
    within = get(admin_client, sub, f"contact/{contact.pk}/")
    assert [visit["step"] for visit in within["visits"]] == ["", "", "call", "menu", "menu", "vip", ""]
    assert within["edges"] == {"call:started": [3], "menu:timed_out": [4], "menu:one": [5]}
    assert within["definition"] == inner


def test_a_contact_of_another_flow_says_where_it_is_and_one_of_none_says_so(admin_client: Client, flow: Flow) -> None:
    other = published("other", menu())
    contact = Caller(other).contact
    refused = get(admin_client, flow, f"contact/{contact.pk}/", 404)
    assert refused["elsewhere"] == f"/admin/routing/flow/{other.pk}/change/?contact={contact.pk}"
    Contact.objects.filter(pk=contact.pk).update(version=None)
    assert "no flow" in get(admin_client, flow, f"contact/{contact.pk}/", 404)["error"]
    for pk in (0, contact.pk + 1000, 2**70):
        assert get(admin_client, flow, f"contact/{pk}/", 404)["error"]


def test_the_contacts_page_leads_to_the_canvas(admin_client: Client, flow: Flow) -> None:
    contact = Caller(flow).contact
    page = admin_client.get(f"/admin/routing/contact/{contact.pk}/change/").content.decode()
    assert f"/admin/routing/flow/{flow.pk}/change/?contact={contact.pk}" in page
    Contact.objects.filter(pk=contact.pk).update(version=None)
    page = admin_client.get(f"/admin/routing/contact/{contact.pk}/change/").content.decode()
    assert "It walked through no flow" in page
    assert "?contact=" not in page
