"""Whoever knocks at an address of the canvas: strangers, readers, broken bodies; never an error of the server."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queues.models import Queue, SipAddress
from routing.engine import limits
from routing.models import Contact, Flow, FlowVersion
from routing.services import create_flow, publish_flow, save_draft

pytestmark = pytest.mark.django_db

GETS = ("document/", "versions/", "versions/{version}/", "compare/")
POSTS: dict[str, dict[str, Any]] = {
    "draft/": {"revision": 1, "definition": {"steps": []}},
    "analyse/": {"definition": {"steps": []}},
    "publish/": {"revision": 1, "note": ""},
    "roll-back/": {"version": 1},
    "presence/": {"session": "tab", "step": ""},
    "subflow/": {"revision": 1, "steps": ["team"], "name": "Team", "key": "team"},
}
# What a reader may do: whoever looks at a draft is seen by those who draw it.
HARMLESS = {"analyse/", "presence/"}


def definition(title: str = "Call") -> dict[str, Any]:
    return {
        "format": 1,
        "steps": [
            {"id": "call", "type": "call", "title": title, "exits": {"started": "team"}},
            {"id": "team", "type": "queue", "settings": {"queue": "vip"}, "exits": {"unanswered": "bye"}},
            {"id": "bye", "type": "end"},
        ],
    }


@pytest.fixture
def flow() -> Flow:
    queue = Queue.objects.create(key="vip", name="VIP")
    SipAddress.objects.create(queue=queue, uri="sip:vip@pbx.example.com")
    return create_flow(key="line", name="Line", definition=definition(), by=None, now=timezone.now())


@pytest.fixture
def version(flow: Flow) -> FlowVersion:
    return publish_flow(flow_id=flow.pk, by=None, now=timezone.now())


def at(flow_id: object, view: str, **more: object) -> str:
    return f"/admin/routing/flow/{flow_id}/canvas/{view.format(**more)}"


def post(client: Client, address: str, body: Any) -> Any:
    return client.post(
        address, body if isinstance(body, str | bytes) else json.dumps(body), content_type="application/json"
    )


def staff(client: Client, *permissions: str) -> Client:
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


# --- who may ----------------------------------------------------------------------------------
@pytest.mark.parametrize("view", [*GETS, *POSTS])
def test_a_stranger_is_sent_to_sign_in(client: Client, flow: Flow, view: str) -> None:
    address = at(flow.pk, view, version=1)
    answer = client.get(address) if view in GETS else post(client, address, POSTS[view])
    assert answer.status_code == 302
    assert "/login/" in answer.headers["Location"]


@pytest.mark.parametrize("view", [*GETS, *POSTS])
def test_staff_who_may_not_see_flows_is_told_so(client: Client, flow: Flow, view: str) -> None:
    staff(client, "view_contact")
    address = at(flow.pk, view, version=1)
    answer = client.get(address) if view in GETS else post(client, address, POSTS[view])
    assert answer.status_code == 403
    assert "not allowed" in answer.json()["error"]


@pytest.mark.parametrize("view", POSTS)
def test_a_reader_changes_nothing(client: Client, flow: Flow, version: FlowVersion, view: str) -> None:
    staff(client, "view_flow", "view_flowversion")
    answer = post(client, at(flow.pk, view), {**POSTS[view], "version": version.pk})
    assert answer.status_code == (200 if view in HARMLESS else 403)
    flow.refresh_from_db()
    assert (flow.draft, flow.draft_revision, FlowVersion.objects.count()) == (definition(), 1, 1)


@pytest.mark.parametrize("view", GETS)
def test_a_reader_sees_everything(client: Client, flow: Flow, version: FlowVersion, view: str) -> None:
    staff(client, "view_flow")
    assert client.get(at(flow.pk, view, version=version.pk)).status_code == 200


def test_an_editor_draws_but_neither_publishes_nor_goes_back(client: Client, flow: Flow, version: FlowVersion) -> None:
    staff(client, "view_flow", "change_flow")
    assert post(client, at(flow.pk, "draft/"), {"revision": 1, "definition": definition("New")}).status_code == 200
    assert post(client, at(flow.pk, "publish/"), {"revision": 2, "note": ""}).status_code == 403
    assert post(client, at(flow.pk, "roll-back/"), {"version": version.pk}).status_code == 403
    body = {"revision": 2, "steps": ["team", "bye"], "name": "Team", "key": ""}
    assert post(client, at(flow.pk, "subflow/"), body).status_code == 403


def test_whoever_may_publish_and_not_change_does_not_go_back(client: Client, flow: Flow, version: FlowVersion) -> None:
    staff(client, "view_flow", "publish_flow")
    assert post(client, at(flow.pk, "roll-back/"), {"version": version.pk}).status_code == 403


# --- what is not there ------------------------------------------------------------------------
@pytest.mark.parametrize("view", [*GETS, *POSTS])
@pytest.mark.parametrize("number", ["999999", "9" * 30])
def test_a_flow_that_is_not_there_is_said_so_in_json(admin_client: Client, view: str, number: str) -> None:
    address = at(number, view, version=1)
    answer = admin_client.get(address) if view in GETS else post(admin_client, address, POSTS[view])
    assert answer.status_code == 404
    assert "no such flow" in answer.json()["error"]


def test_a_version_of_another_flow_is_not_there(admin_client: Client, flow: Flow, version: FlowVersion) -> None:
    other = create_flow(key="other", name="Other", definition=definition(), by=None, now=timezone.now())
    assert admin_client.get(at(other.pk, "versions/{version}/", version=version.pk)).status_code == 404
    assert admin_client.get(at(other.pk, "versions/{version}/", version="9" * 30)).status_code == 404
    assert post(admin_client, at(other.pk, "roll-back/"), {"version": version.pk}).status_code == 404
    compared = admin_client.get(at(other.pk, "compare/"), {"a": str(version.pk), "b": "draft"})
    assert compared.status_code == 404


@pytest.mark.parametrize("view", POSTS)
def test_the_other_method_is_refused_with_a_sentence(admin_client: Client, flow: Flow, view: str) -> None:
    answer = admin_client.get(at(flow.pk, view))
    assert answer.status_code == 405
    assert answer.json()["error"]


# --- broken bodies ----------------------------------------------------------------------------
BROKEN: list[str | bytes] = ["", "{", "[]", "null", '"text"', "12", "NaN", b"\xff\xfe", "[" * 100_000, '{"a":' * 90_000]


@pytest.mark.parametrize("view", POSTS)
@pytest.mark.parametrize("body", BROKEN, ids=[repr(body[:12]) for body in BROKEN])
def test_a_broken_body_gets_a_sentence(admin_client: Client, flow: Flow, view: str, body: str | bytes) -> None:
    answer = post(admin_client, at(flow.pk, view), body)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10
    flow.refresh_from_db()
    assert flow.draft_revision == 1


ODD: list[Any] = [None, True, -1, 1.5, 2**70, "1", "x\0y", "\ud800", [], {}, [[]], {"steps": 3}]


@pytest.mark.parametrize("view", POSTS)
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_value_of_the_wrong_kind_gets_a_sentence(admin_client: Client, flow: Flow, view: str, odd: Any) -> None:
    for name in POSTS[view]:
        answer = post(admin_client, at(flow.pk, view), {**POSTS[view], name: odd})
        assert answer.status_code in {200, 400, 404, 409, 422}, (name, answer.content)
        if answer.status_code != 200:
            assert answer.json()["error"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["steps", "id", "type", "exits", "settings", "layout", "notes"]), inner)
        ),
        max_leaves=12,
    )
)
def test_whatever_is_called_a_flow_is_analysed_or_refused(admin_client: Client, flow: Flow, body: Any) -> None:
    answer = post(admin_client, at(flow.pk, "analyse/"), {"definition": body})
    assert answer.status_code in {200, 400}


def test_ten_megabytes_are_refused_and_the_draft_is_untouched(admin_client: Client, flow: Flow) -> None:
    large = definition()
    large["steps"][0]["title"] = "x" * 10_000_000
    for body in ({"revision": 1, "definition": large}, {"revision": 1, "definition": {"steps": ["x"] * 300_000}}):
        answer = post(admin_client, at(flow.pk, "draft/"), body)
        assert answer.status_code == 400
        assert "too large" in answer.json()["error"]
    beyond = b'{"definition": "' + b"x" * 13_000_000 + b'"}'
    assert "too large" in post(admin_client, at(flow.pk, "draft/"), beyond).json()["error"]
    flow.refresh_from_db()
    assert flow.draft == definition()


def test_ten_thousand_steps_are_refused_with_the_limit(admin_client: Client, flow: Flow) -> None:
    many = {"steps": [{"id": f"s{number}", "type": "end"} for number in range(10_000)]}
    answer = post(admin_client, at(flow.pk, "draft/"), {"revision": 1, "definition": many})
    assert answer.status_code == 400
    assert str(limits.STEPS) in answer.json()["error"]
    assert answer.json()["analysis"]["faults"]


def test_a_step_type_that_does_not_exist_is_refused_and_the_draft_untouched(admin_client: Client, flow: Flow) -> None:
    strange = definition()
    strange["steps"][1]["type"] = "teleport"
    answer = post(admin_client, at(flow.pk, "draft/"), {"revision": 1, "definition": strange})
    assert answer.status_code == 400
    assert "teleport" in answer.content.decode()
    before = flow.draft
    flow.refresh_from_db()
    assert (flow.draft, flow.draft_revision) == (before, 1)


def test_a_step_type_that_is_no_more_stays_in_the_draft_that_has_it(admin_client: Client, flow: Flow) -> None:
    strange = definition()
    strange["steps"][1]["type"] = "teleport"
    Flow.objects.filter(pk=flow.pk).update(draft=strange)
    strange = {**strange, "steps": [{**strange["steps"][0], "title": "Renamed"}, *strange["steps"][1:]]}
    answer = post(admin_client, at(flow.pk, "draft/"), {"revision": 1, "definition": strange})
    assert answer.status_code == 200
    found = answer.json()["analysis"]
    assert "teleport" in found["faults"][0]["message"]
    assert [exit_["name"] for exit_ in found["steps"]["team"]["exits"]] == ["unanswered"]
    assert post(admin_client, at(flow.pk, "publish/"), {"revision": 2, "note": ""}).status_code == 422


def test_a_note_that_is_too_long_is_refused(admin_client: Client, flow: Flow) -> None:
    answer = post(admin_client, at(flow.pk, "publish/"), {"revision": 1, "note": "x" * 501})
    assert answer.status_code == 400
    assert "500" in answer.json()["error"]


def test_without_its_token_a_request_changes_nothing(flow: Flow, admin_user: User) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(admin_user)
    body = {"revision": 1, "definition": definition("Forged")}
    assert post(careful, at(flow.pk, "draft/"), body).status_code == 403
    flow.refresh_from_db()
    assert flow.draft == definition()


# --- what runs on ------------------------------------------------------------------------------
def test_versions_say_how_many_contacts_are_under_way_and_which_flows_walk_through_them(
    admin_client: Client, flow: Flow, version: FlowVersion
) -> None:
    now = timezone.now()
    for number, state in enumerate(("in_flow", "handed_over", "ended")):
        Contact.objects.create(
            reference=f"R{number}",
            origin="o",
            external_id=str(number),
            channel="voice",
            version=version,
            state=state,
            started_at=now,
            last_event_at=now,
            ended_at=now if state == "ended" else None,
        )
    outer = {
        "steps": [
            {"id": "call", "type": "call", "exits": {"started": "in"}},
            {"id": "in", "type": "subflow", "settings": {"flow": "line"}, "exits": {"done": "bye"}},
            {"id": "bye", "type": "end"},
        ]
    }
    around = create_flow(key="around", name="Around", definition=outer, by=None, now=now)
    publish_flow(flow_id=around.pk, by=None, now=now)
    save_draft(flow_id=flow.pk, definition=definition("2nd"), revision=1, by=None, now=now)
    publish_flow(flow_id=flow.pk, by=None, now=now, note="Better")
    second, first = admin_client.get(at(flow.pk, "versions/")).json()
    assert (second["number"], second["live"], second["contacts_open"], second["used_by"]) == (2, True, 0, [])
    assert (first["number"], first["live"], first["contacts_open"], first["used_by"]) == (1, False, 2, ["Around"])


@pytest.mark.parametrize(
    ("view", "most"),
    [("document/", 25), ("versions/", 7), ("versions/{version}/", 17), ("compare/", 16)],
)
def test_reading_asks_the_database_a_bounded_number_of_times(
    admin_client: Client, flow: Flow, version: FlowVersion, view: str, most: int
) -> None:
    for number in range(5):
        save_draft(
            flow_id=flow.pk, definition=definition(str(number)), revision=number + 1, by=None, now=timezone.now()
        )
        publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
        Queue.objects.create(key=f"q{number}", name=f"Q{number}")
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert admin_client.get(at(flow.pk, view, version=version.pk)).status_code == 200
    assert len(found) <= most, [query["sql"][:90] for query in found]


@pytest.mark.parametrize(("view", "most"), [("draft/", 24), ("analyse/", 16), ("presence/", 5), ("publish/", 42)])
def test_writing_asks_the_database_a_bounded_number_of_times(
    admin_client: Client, flow: Flow, view: str, most: int
) -> None:
    body = {**POSTS[view]}
    if "definition" in body:
        body["definition"] = definition("New")
    with CaptureQueriesContext(connection) as found:
        assert post(admin_client, at(flow.pk, view), body).status_code == 200
    assert len(found) <= most, [query["sql"][:90] for query in found]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_the_same_time_one_wins_and_the_other_is_told() -> None:
    queue = Queue.objects.create(key="vip", name="VIP")
    SipAddress.objects.create(queue=queue, uri="sip:vip@pbx.example.com")
    flow = create_flow(key="line", name="Line", definition=definition(), by=None, now=timezone.now())
    people = [User.objects.create_superuser(name) for name in ("anna", "bert")]
    together = threading.Barrier(2)
    answers: dict[str, Any] = {}

    def save(user: User) -> None:
        client = Client()
        client.force_login(user)
        together.wait(timeout=10)
        try:
            answers[user.username] = post(
                client, at(flow.pk, "draft/"), {"revision": 1, "definition": definition(f"Of {user.username}")}
            )
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=save, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    by_status = {answer.status_code: (name, answer.json()) for name, answer in answers.items()}
    assert sorted(by_status) == [200, 409]
    winner, loser = by_status[200][0], by_status[409]
    assert loser[1]["by"] == winner
    assert loser[1]["definition"]["steps"][0]["title"] == f"Of {winner}"
    flow.refresh_from_db()
    assert (flow.draft_revision, flow.draft["steps"][0]["title"]) == (2, f"Of {winner}")
