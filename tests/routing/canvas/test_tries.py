"""Trying a flow by its address: what it answers, whom it lets ask what, and that nothing real is touched."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.enrichment import services as enrichment
from customers.enrichment.models import DataSource
from customers.enrichment.questions import Asked, Question, Result
from customers.models import Customer, Identity, Tier
from queues.models import Queue, SipAddress
from routing.models import Contact, Flow, FlowCase, FlowVersion
from routing.services import create_flow, publish_flow, save_draft
from routing.simulator import oracle
from routing.simulator.reading import look_of

pytestmark = pytest.mark.django_db

NOW = "2026-03-02T10:00:00+00:00"
GOLD = {"fetches": {"loyalty": {"values": {"status": "gold"}}}}


def definition(wanted: str = "gold") -> dict[str, Any]:
    rule = {"conditions": [{"variable": "loyalty.status", "operator": "equals", "value": wanted}]}
    greeting = {"text": {"en": "Welcome, {{ customer.name }}."}}
    return {
        "format": 1,
        "steps": [
            {"id": "call", "type": "call", "exits": {"started": "greet"}},
            {"id": "greet", "type": "say", "settings": {"prompt": greeting}, "exits": {"done": "loyalty"}},
            {
                "id": "loyalty",
                "type": "fetch",
                "settings": {"source": "loyalty", "save_as": "loyalty"},
                "exits": {"found": "worth", "failed": "standard"},
            },
            {
                "id": "worth",
                "type": "branch",
                "settings": {"rules": [{"name": "gold", "label": "Gold", "when": rule}]},
                "exits": {"gold": "vip", "otherwise": "standard"},
            },
            {"id": "vip", "type": "queue", "title": "VIP team", "settings": {"queue": "vip"}, "exits": {"unanswered": "bye"}},
            {"id": "standard", "type": "queue", "settings": {"queue": "standard"}, "exits": {"unanswered": "bye"}},
            {"id": "bye", "type": "end"},
        ],
    }  # fmt: skip


@pytest.fixture
def flow() -> Flow:
    for key, name in (("vip", "VIP"), ("standard", "Standard")):
        SipAddress.objects.create(queue=Queue.objects.create(key=key, name=name), uri=f"sip:{key}@pbx.example.com")
    DataSource.objects.create(
        key="loyalty",
        name="Loyalty API",
        url="http://127.0.0.1:1/{{ phone }}",
        mapping=[{"name": "status", "path": "status", "type": "text"}],
    )
    return create_flow(key="line", name="Line", definition=definition(), by=None, now=timezone.now())


@pytest.fixture
def anna() -> Customer:
    gold = Tier.objects.create(key="gold", name="Gold", rank=1, head_start_s=300)
    anna = Customer.objects.create(
        external_id="C-77", name="Anna Muster", tier=gold, attributes={"status": "gold", "note": "secret"}
    )
    Identity.objects.create(customer=anna, kind="phone", value="+4915112345678")
    return anna


def address(flow: Flow, view: str) -> str:
    return f"/admin/routing/flow/{flow.pk}/canvas/{view}/"


def post(client: Client, flow: Flow, view: str, **body: Any) -> Any:
    return client.post(address(flow, view), json.dumps(body), content_type="application/json")


def attempt(client: Client, flow: Flow, draft: Any = None, **said: Any) -> Any:
    return post(client, flow, "try", definition=draft or definition(), scenario={"at": NOW, **said})


@pytest.fixture
def reader(client: Client) -> Client:
    return with_permissions(client, "reader", "view_flow")


def with_permissions(client: Client, name: str, *names: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


def test_the_first_question_is_answered_with_something_to_begin_with(admin_client: Client, flow: Flow) -> None:
    found = post(admin_client, flow, "try", definition=definition(), time_zone="Europe/Berlin").json()
    (fetch,) = found["setup"]["fetches"]
    assert (fetch["path"], fetch["source_name"], [one["name"] for one in fetch["fields"]]) == (
        "loyalty",
        "Loyalty API",
        ["status"],
    )
    assert [one["name"] for one in found["setup"]["customer"]] == ["name", "status"]
    assert found["scenario"]["time_zone"] == "Europe/Berlin"
    # Nobody is known at first, so that the data source knows nothing of them either.
    assert found["scenario"]["fetches"] == {"loyalty": {"answer": "not_found"}}
    assert settings.TIME_ZONE in found["setup"]["zones"]
    again = post(admin_client, flow, "try", definition=definition(), scenario=found["scenario"])
    assert again.status_code == 200


def test_a_try_says_what_is_heard_which_way_is_taken_and_why(reader: Client, flow: Flow) -> None:
    caller = {"number": "+49301", "kind": "made_up", "values": {"name": "Anna"}}
    found = attempt(reader, flow, caller=caller, **GOLD).json()["result"]
    assert [one["text"] for one in found["turns"][0]["heard"]] == ["Welcome, Anna.", "It rings at VIP"]
    assert list(found["edges"]) == ["call:started", "greet:done", "loyalty:found", "worth:gold"]
    assert [visit["step"] for visit in found["visits"]] == ["call", "greet", "loyalty", "worth", "vip"]
    assert found["waits_for"] == {"kind": "transfer", "name": "VIP", "to": "sip:vip@pbx.example.com", "ring_s": 30}
    assert found["end"]["queue"] == {"key": "vip", "name": "VIP"}
    assert found["end"]["headers"]["X-Reason"]
    assert "decided by the draft of “Line”" in found["end"]["why"]
    assert found["expected"] == {"outcome": "transferred", "queue": "vip", "end": "vip"}
    worth = found["visits"][3]
    assert worth["lines"][0]["text"].startswith("Gold")
    vip = found["visits"][4]
    assert vip["values"]["loyalty status"] == "“gold”"


@pytest.mark.parametrize("answer", ["typed", "not_found", "fails"])
def test_whoever_reads_a_try_meets_names_and_no_keys(reader: Client, flow: Flow, answer: str) -> None:
    DataSource.objects.filter(key="loyalty").update(key="crm_v2")
    text = json.dumps(definition()).replace('"source": "loyalty"', '"source": "crm_v2"')
    fetches = {"loyalty": {"answer": answer, "values": {"status": "gold"} if answer == "typed" else {}}}
    body = {"definition": json.loads(text), "scenario": {"at": NOW, "fetches": fetches}}
    found = post(reader, flow, "try", **body).json()["result"]
    told = [visit["lines"] for visit in found["visits"]], found["end"]["why"], found["turns"], found["notes"]
    assert "Loyalty API" in json.dumps(told)
    assert "crm_v2" not in json.dumps(told)
    assert not [name for visit in found["visits"] for name in visit["values"] if "." in name or "_" in name]


def test_the_team_that_a_queue_overflows_into_is_named_as_that(reader: Client, flow: Flow) -> None:
    """No line on the canvas leads there."""
    Queue.objects.filter(key="vip").update(overflow=Queue.objects.get(key="standard"))
    unanswered = {"do": "transfer", "result": "no_answer"}
    found = attempt(reader, flow, **GOLD, inputs=[unanswered]).json()["result"]
    (visit,) = [one for one in found["visits"] if one["step"] == "vip"]
    assert visit["way"] == "→ overflows into Standard"
    assert visit["lines"][-1]["text"] == "Nobody of “VIP” answered: “Standard” rings, which that queue overflows into."
    answered = {"do": "transfer", "result": "answered", "seconds": 60}
    over = attempt(reader, flow, **GOLD, inputs=[unanswered, answered]).json()["result"]
    (visit,) = [one for one in over["visits"] if one["step"] == "vip"]
    assert sum("overflows into" in line["text"] for line in visit["lines"]) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"values": {"status": "gold"}}, "the answer made up for this try"),
        ({"answer": "not_found"}, "does not know this customer"),
        ({"answer": "fails", "last_known": {"status": "gold"}}, "its last known answer"),
    ],
)
def test_nobody_is_said_to_have_been_asked_whom_nobody_asked(
    reader: Client, flow: Flow, answer: dict[str, Any], words: str
) -> None:
    found = attempt(reader, flow, fetches={"loyalty": answer}).json()["result"]
    assert "asked just now" not in json.dumps(found)
    (visit,) = [one for one in found["visits"] if one["step"] == "loyalty"]
    assert words in visit["lines"][0]["text"]


def test_a_key_more_is_the_same_try_with_one_more_input(reader: Client, flow: Flow) -> None:
    busy = [{"do": "transfer", "result": "busy", "sip_code": 486}]
    found = attempt(reader, flow, inputs=busy, **GOLD).json()["result"]
    assert found["status"] == "ended"
    assert [turn["event"] for turn in found["turns"]] == ["The contact arrived", "It was busy (SIP 486)"]
    assert found["edges"]["vip:unanswered"] == [5]
    assert found["end"]["outcome_label"] == "nobody answered"


def test_a_line_that_stands_in_for_another_is_the_one_that_lights_up(reader: Client, flow: Flow) -> None:
    found = attempt(reader, flow, fetches={"loyalty": {"answer": "not_found"}}).json()["result"]
    assert found["edges"]["loyalty:failed"] == [3]
    assert "loyalty:not_found" not in found["edges"]


def test_nothing_real_is_touched(
    admin_client: Client, flow: Flow, anna: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a try reached for something real")

    monkeypatch.setattr(enrichment, "publish", never)
    monkeypatch.setattr("celery.app.base.Celery.send_task", never)
    monkeypatch.setattr(socket.socket, "connect", never)
    before = {model: model.objects.count() for model in (Contact, FlowVersion, FlowCase, Flow)}
    busy = [{"do": "transfer", "result": "busy"}]
    with CaptureQueriesContext(connection) as queries:
        answer = attempt(admin_client, flow, inputs=busy, caller={"kind": "real", "customer_id": anna.pk}, **GOLD)
    assert answer.status_code == 200
    statements = [query["sql"] for query in queries]
    assert [one for one in statements if not one.lstrip().upper().startswith(("SELECT", "WITH NEWEST"))] == []
    assert {model: model.objects.count() for model in before} == before
    flow.refresh_from_db()
    assert flow.draft_revision == 1


def test_a_draft_with_errors_is_not_run_and_the_faults_are_named(reader: Client, flow: Flow) -> None:
    draft = definition()
    draft["steps"][4]["settings"]["queue"] = "gone"
    answer = attempt(reader, flow, draft)
    assert answer.status_code == 422
    assert "There is no queue “gone”" in answer.json()["error"]
    assert answer.json()["analysis"]["faults"][0]["step"] == "vip"


def test_a_draft_with_warnings_is_run(reader: Client, flow: Flow) -> None:
    draft = definition()
    draft["steps"].append({"id": "lonely", "type": "end"})
    assert attempt(reader, flow, draft, **GOLD).status_code == 200


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"at": "yesterday"}, "at"),
        ({"inputs": [{"do": "keys", "keys": "hello"}]}, "inputs[0].keys"),
        ({"fetches": {"loyalty": {"answer": "typed", "after_s": 1e9}}}, "fetches.loyalty.after_s"),
    ],
)
def test_a_wrong_scenario_is_refused_with_each_fault(reader: Client, flow: Flow, said: Any, place: str) -> None:
    answer = post(reader, flow, "try", definition=definition(), scenario={"at": NOW, **said})
    assert answer.status_code == 400
    assert place in [fault["where"] for fault in answer.json()["faults"]]


@pytest.mark.parametrize("depth", [50, 300, 900, 5_000])
@pytest.mark.parametrize("place", ["values", "last_known"])
def test_values_nested_deeply_are_a_clear_answer(admin_client: Client, flow: Flow, depth: int, place: str) -> None:
    nested = "[" * depth + "]" * depth
    answer = '{"answer": "fails", "' + place + '": {"status": ' + nested + "}}"
    scenario = '{"at": "' + NOW + '", "fetches": {"loyalty": ' + answer + "}}"
    body = '{"name": "deep", "definition": ' + json.dumps(definition()) + ', "scenario": ' + scenario + "}"
    for view in ("try", "cases"):
        found = admin_client.post(address(flow, view), body, content_type="application/json")
        assert found.status_code in {200, 400}, found.content
    admin_client.post(address(flow, "cases/run"), json.dumps({"definition": definition()}), "application/json")


@pytest.mark.parametrize(
    "said",
    [
        {"caller": {"number": "+49\0"}},
        {"fetches": {"loyalty": {"values": {"status": "\ud800"}}}},
        {"fetches": {"loyalty": {"values": {"status": 10**4000}}}},
        {"fetches": {"loyalty": {"values": {"status": {"a": [1, {"b": None}]}}}}},
        {"caller": {"kind": "made_up", "values": {"tier": ["gold"], "language": 3, "name": {}}}},
        {"caller": {"kind": "real"}},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": "9999-12-31T23:59:59Z", "fetches": {"loyalty": {"after_s": 3600}}},
        {"inputs": [{"do": "silence"}] * 200},
        {"called": "nonsense", "details": {"from": "somebody else", "reference": "mine"}},
        {"fallback_queue": "gone", "trigger": "message"},
        {"replies": [{"source": "loyalty", "inputs": {}, "status": "found"}]},
    ],
)
def test_odd_scenarios_are_a_clear_answer(admin_client: Client, flow: Flow, said: Any) -> None:
    for view in ("try", "cases"):
        body = {"definition": definition(), "scenario": {"at": NOW, **said}, "name": "odd"}
        assert post(admin_client, flow, view, **body).status_code in {200, 400}


def test_a_real_customer_needs_the_right_to_see_customers(client: Client, flow: Flow, anna: Customer) -> None:
    with_permissions(client, "reader", "view_flow")
    real = {"kind": "real", "customer_id": anna.pk, "number": "+4915112345678"}
    assert attempt(client, flow, caller=real).status_code == 403
    assert client.get(address(flow, "try/customers") + "?q=Anna").status_code == 403
    with_permissions(client, "other", "view_flow", "view_customer", "view_identity")
    found = attempt(client, flow, caller=real, fetches={"loyalty": {"answer": "fails"}}).json()["result"]
    assert found["turns"][0]["heard"][0]["text"] == "Welcome, Anna Muster."
    # The API failed, and the CRM had synced the status.
    assert found["end"]["queue"]["key"] == "vip"
    assert attempt(client, flow, caller={"kind": "real", "customer_id": 10**9}).status_code == 400


@pytest.mark.parametrize("text", ["anna", "C-77", "0049 151 1234", "+49151123"])
def test_customers_are_found_by_name_and_number(admin_client: Client, flow: Flow, anna: Customer, text: str) -> None:
    (found,) = admin_client.get(address(flow, "try/customers"), {"q": text}).json()["customers"]
    assert found == {
        "id": anna.pk,
        "name": "Anna Muster",
        "external_id": "C-77",
        "tier": "Gold",
        "addresses": ["+4915112345678"],
    }
    assert admin_client.get(address(flow, "try/customers"), {"q": "nobody"}).json() == {"customers": []}


def test_a_real_fetch_needs_the_right_to_change_the_flow_and_is_asked_once(
    client: Client, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Question] = []

    def ask(questions: list[Question], **_: Any) -> Asked:
        asked.extend(questions)
        return Asked({one.key: Result("found", {"status": "gold"}, "fresh", 41.0) for one in questions}, ())

    monkeypatch.setattr("routing.simulator.oracle.ask", ask)
    real = {"fetches": {"loyalty": {"answer": "real"}}, "caller": {"number": "+49301"}}
    with_permissions(client, "reader", "view_flow", "view_customer")
    assert attempt(client, flow, **real).status_code == 403
    with_permissions(client, "editor", "view_flow", "change_flow")
    first = attempt(client, flow, **real).json()["result"]
    assert asked == [Question("loyalty", {"phone": "+49301"})]
    assert first["end"]["queue"]["key"] == "vip"
    attempt(client, flow, replies=first["replies"], **real)
    assert len(asked) == 1


def test_a_worker_that_does_not_answer_is_a_sentence(
    admin_client: Client, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routing.simulator.oracle.ask", lambda questions, **_: Asked({}, (questions[0].key,)))
    monkeypatch.setattr("routing.simulator.oracle.wait", lambda *_, **__: {})
    found = attempt(admin_client, flow, fetches={"loyalty": {"answer": "real"}}).json()["result"]
    loyalty = next(visit for visit in found["visits"] if visit["step"] == "loyalty")
    assert "No answer" in json.dumps(loyalty["lines"])
    assert found["end"]["queue"]["key"] == "standard"


def test_what_was_never_recorded_says_so(admin_client: Client, flow: Flow) -> None:
    found = attempt(admin_client, flow, fetches={"loyalty": {"answer": "recorded"}}).json()["result"]
    assert "Nothing is recorded" in json.dumps(found["visits"])


def test_a_contact_of_the_past_becomes_a_scenario(client: Client, admin_client: Client, flow: Flow) -> None:
    contact = Contact.objects.create(
        reference="K7QM2",
        origin="test",
        external_id="CA1",
        channel="voice",
        sender="+4915112345678",
        recipient="+4930901820",
        started_at=NOW,
        last_event_at=NOW,
        run={
            "trigger": "call",
            "scope": {"contact": {"from": "+4915112345678", "country": "DE", "language": "de"}, "customer": {}},
            "fetches": {
                "loyalty": {"source": "loyalty", "answer": {"status": "found", "values": {"status": "gold"}, "rung": "fresh", "ms": 12}}
            },
        },
    )  # fmt: skip
    for number, event in enumerate(
        [{"event": "ContactStarted"}, {"event": "TransferEnded", "status": "busy", "sip_code": 486, "seconds": None}]
    ):
        contact.turns.create(number=number, event=event, effects=[], trace=[], at=NOW, took_ms=1)
    found = post(admin_client, flow, "try", definition=definition(), contact=contact.pk).json()["scenario"]
    tried = post(admin_client, flow, "try", definition=definition(), scenario=found).json()["result"]
    assert [turn["event"] for turn in tried["turns"]][1] == "It was busy (SIP 486)"
    assert tried["end"]["queue"]["key"] == "vip"
    with_permissions(client, "reader", "view_flow", "view_contact")
    assert post(client, flow, "try", definition=definition(), contact=contact.pk).status_code == 403


# --- test cases -------------------------------------------------------------------------------
def keep(client: Client, flow: Flow, name: str = "Gold goes to VIP", **said: Any) -> Any:
    return post(client, flow, "cases", definition=definition(), name=name, scenario={"at": NOW, **(said or GOLD)})


def test_a_case_is_kept_with_how_it_ended_and_passes(admin_client: Client, flow: Flow) -> None:
    answer = keep(admin_client, flow).json()
    assert answer["case"]["expected"] == {"outcome": "transferred", "queue": "vip", "end": "vip"}
    assert answer["result"]["state"] == "passes"
    (listed,) = admin_client.get(address(flow, "cases")).json()["cases"]
    assert listed["name"] == "Gold goes to VIP"
    assert post(admin_client, flow, "cases/run", definition=definition()).json()["results"][0]["state"] == "passes"


def test_a_case_says_what_differs_in_words(admin_client: Client, flow: Flow) -> None:
    keep(admin_client, flow)
    (found,) = post(admin_client, flow, "cases/run", definition=definition("platinum")).json()["results"]
    assert found["state"] == "differs"
    assert found["sentences"] == [
        "Queue: expected VIP, got Standard.",
        "Last step: expected “VIP team”, got “Transfer to queue”.",
    ]


def test_a_case_of_a_real_customer_holds_nobody(admin_client: Client, flow: Flow, anna: Customer) -> None:
    real = {"kind": "real", "customer_id": anna.pk, "number": "+4915112345678"}
    answer = keep(admin_client, flow, caller=real, fetches={"loyalty": {"answer": "fails"}}).json()
    kept = json.dumps(answer["case"])
    assert answer["result"]["state"] == "passes"
    for personal in ("Muster", "C-77", "12345678", "secret", "customer_id"):
        assert personal not in kept


def test_a_case_holds_nobodys_number_name_or_mail_wherever_they_came_from(admin_client: Client, flow: Flow) -> None:
    answer = keep(
        admin_client,
        flow,
        caller={
            "number": "whatsapp:+4915112345678",
            "kind": "made_up",
            "values": {"name": "Erika Muster", "status": "gold", "tier": "gold", "orders": 7},
        },
        details={"ProfileName": "Erika M.", "WaId": "4915112345678", "country": "DE"},
        fetches={
            "loyalty": {
                "values": {
                    "status": "gold",
                    "email": "erika.muster@example.org",
                    "contact": {"first_name": "Erika", "mobile": "0170 7654321"},
                    "note": "Ask for Erika Muster at +49 30 9018123, or erika@muster.example.org.",
                }
            }
        },
        inputs=[{"do": "words", "words": "This is Erika Muster"}],
    ).json()
    kept = json.dumps(answer["case"], ensure_ascii=False)
    for personal in ("Erika", "Muster", "erika", "12345678", "7654321", "9018123", "0170 7"):
        assert personal not in kept
    scenario = answer["case"]["scenario"]
    assert scenario["caller"]["number"] == "whatsapp:+4915100000000"
    assert scenario["caller"]["values"] == {"name": "Anna Example", "status": "gold", "tier": "gold", "orders": 7}
    assert scenario["details"] == {"ProfileName": "Anna Example", "WaId": "4915100000000", "country": "DE"}
    assert scenario["fetches"]["loyalty"]["values"]["email"] == "anna.example@example.org"
    # What decides is as it was: it still ends as it did.
    assert answer["result"]["state"] == "passes"


def test_only_a_few_people_really_ask_at_once_and_the_next_gets_a_sentence(
    admin_client: Client, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Result("found", {"status": "gold"}, "fresh", 41.0)
    monkeypatch.setattr("routing.simulator.oracle.ask", lambda questions, **_: Asked({questions[0].key: known}, ()))
    real = {"fetches": {"loyalty": {"answer": "real"}}}
    seats = [oracle._SEATS.acquire(blocking=False) for _ in range(oracle.AT_ONCE)]
    try:
        assert all(seats)
        refused = attempt(admin_client, flow, **real)
        assert (refused.status_code, "only a few" in refused.json()["error"]) == (429, True)
        # Whatever is typed in goes on.
        assert attempt(admin_client, flow, **GOLD).status_code == 200
    finally:
        for _ in seats:
            oracle._SEATS.release()
    for _ in range(oracle.AT_ONCE + 1):
        assert attempt(admin_client, flow, **real).json()["result"]["end"]["queue"]["key"] == "vip"


def test_a_real_answer_is_kept_in_the_case(admin_client: Client, flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Result("found", {"status": "gold"}, "fresh", 41.0)
    monkeypatch.setattr("routing.simulator.oracle.ask", lambda questions, **_: Asked({questions[0].key: known}, ()))
    answer = keep(admin_client, flow, fetches={"loyalty": {"answer": "real"}}).json()
    monkeypatch.undo()
    assert answer["case"]["scenario"]["replies"][0]["values"] == {"status": "gold"}
    (found,) = post(admin_client, flow, "cases/run", definition=definition()).json()["results"]
    assert found["state"] == "passes"


def test_cases_are_renamed_expected_otherwise_ordered_and_deleted(admin_client: Client, flow: Flow) -> None:
    first = keep(admin_client, flow, "First").json()["case"]
    second = keep(admin_client, flow, "Second").json()["case"]
    assert keep(admin_client, flow, "First").status_code == 400
    assert keep(admin_client, flow, "  ").status_code == 400
    changed = post(
        admin_client, flow, f"cases/{first['id']}", definition=definition(), name="1st", expected={"queue": "standard"}
    ).json()
    assert (changed["case"]["name"], changed["result"]["state"]) == ("1st", "differs")
    refused = post(admin_client, flow, f"cases/{first['id']}", definition=definition(), expected={"outcome": "x"})
    assert refused.status_code == 400
    assert post(admin_client, flow, "cases/order", ids=[second["id"], first["id"]]).status_code == 200
    assert [one["name"] for one in admin_client.get(address(flow, "cases")).json()["cases"]] == ["Second", "1st"]
    assert admin_client.delete(address(flow, f"cases/{first['id']}")).status_code == 200
    assert FlowCase.objects.count() == 1
    assert admin_client.get(address(flow, f"cases/{first['id']}")).status_code == 404


def test_whoever_may_only_look_runs_cases_and_keeps_none(reader: Client, flow: Flow) -> None:
    assert keep(reader, flow).status_code == 403
    assert post(reader, flow, "cases/run", definition=definition()).status_code == 200
    assert reader.get(address(flow, "cases")).json() == {"cases": []}


def test_publishing_shows_what_differs_and_goes_on_only_when_told(admin_client: Client, flow: Flow) -> None:
    keep(admin_client, flow)
    first = publish_flow(flow_id=flow.pk, by=None, now=timezone.now())
    save_draft(flow_id=flow.pk, definition=definition("platinum"), revision=1, by=None, now=timezone.now())
    answer = post(admin_client, flow, "publish", revision=2, note="", despite_cases=False)
    assert answer.status_code == 409
    assert answer.json()["cases"][0]["sentences"][0] == "Queue: expected VIP, got Standard."
    assert FlowVersion.objects.count() == 1
    assert post(admin_client, flow, "publish", revision=2, note="", despite_cases=True).status_code == 200
    # Back to what passes: nothing to ask.
    assert post(admin_client, flow, "roll-back", version=first.pk).status_code == 200
    second = FlowVersion.objects.get(number=2)
    assert post(admin_client, flow, "roll-back", version=second.pk).status_code == 409
    assert post(admin_client, flow, "roll-back", version=second.pk, despite_cases=True).status_code == 200


def test_the_text_form_offers_to_publish_all_the_same(admin_client: Client, flow: Flow) -> None:
    keep(admin_client, flow)
    form = {
        "name": "Line",
        "key": "line",
        "description": "",
        "text": json.dumps(definition("platinum")),
        "revision": "1",
        "note": "",
        "_publish": "1",
    }
    page = admin_client.post(f"/admin/routing/flow/{flow.pk}/change/?text=1", form)
    text = page.content.decode()
    assert "1 test case would end otherwise than expected" in text
    assert "Queue: expected VIP, got Standard." in text
    assert 'name="_despite_cases"' in text
    flow.refresh_from_db()
    assert (flow.draft, flow.live) == (definition(), None)
    page = admin_client.post(f"/admin/routing/flow/{flow.pk}/change/?text=1", form | {"_despite_cases": "on"})
    assert page.status_code == 302
    flow.refresh_from_db()
    assert flow.live is not None


ANSWERS = [{"name": "sales", "label": "Sales"}, {"name": "help", "label": "Help"}]


def written() -> dict[str, Any]:
    """Asks in writing what it is, offers answers, and hands over."""
    question = {"text": {"en": "You wrote {{ contact.text }}. What is it?"}}
    settings_ = {"question": question, "choices": ANSWERS, "timeout_min": 10, "retries": 1}
    exits = {"sales": "vip", "help": "vip", "invalid": "bye", "timed_out": "bye"}
    return {
        "format": 1,
        "steps": [
            {"id": "message", "type": "message", "exits": {"started": "what"}},
            {"id": "what", "type": "ask_choice", "settings": settings_, "exits": exits},
            {"id": "vip", "type": "queue", "settings": {"queue": "vip"}, "exits": {"unanswered": "bye"}},
            {"id": "bye", "type": "end"},
        ],
    }


def write(client: Client, flow: Flow, draft: Any = None, channel: str = "whatsapp", *inputs: Any) -> Any:
    said = {"trigger": "message", "channel": channel, "details": {"text": "Hi"}, "inputs": list(inputs)}
    return attempt(client, flow, draft or written(), **said).json()["result"]


@pytest.mark.parametrize("channel", ["whatsapp", "messenger", "instagram"])
def test_a_question_stands_in_the_conversation_with_its_buttons_and_one_is_pressed(
    reader: Client, flow: Flow, channel: str
) -> None:
    (asked,) = write(reader, flow, None, channel)["turns"][0]["heard"]
    assert (asked["text"], asked["look"]) == ("You wrote Hi. What is it?", "buttons")
    assert [one["label"] for one in asked["choices"]] == ["Sales", "Help"]
    press = {"do": "words", "words": "Sales", "payload": asked["choices"][0]["payload"]}
    pressed = write(reader, flow, None, channel, press)
    assert pressed["turns"][1]["event"] == "They chose “Sales”"
    assert pressed["end"]["queue"] == {"key": "vip", "name": "VIP"}
    assert pressed["waits_for"] == {"kind": "transfer", "name": "VIP"}


def test_where_a_channel_has_no_buttons_the_answers_are_numbered_and_a_number_answers(
    reader: Client, flow: Flow
) -> None:
    found = write(reader, flow, None, "sms")
    (asked,) = found["turns"][0]["heard"]
    assert asked["text"] == "You wrote Hi. What is it?\n\n1. Sales\n2. Help"
    assert [(one["label"], one["words"]) for one in found["waits_for"]["choices"]] == [("Sales", "1"), ("Help", "2")]
    answered = write(reader, flow, None, "sms", {"do": "words", "words": "2"})
    assert answered["turns"][1]["event"] == "They wrote “2”"
    assert answered["edges"]["what:help"] == [2]


@pytest.mark.parametrize(
    ("count", "label", "look"), [(3, "Twenty characters ok", "buttons"), (4, "Sales", "list"), (11, "Sales", "numbers")]
)
def test_whatsapp_shows_three_buttons_or_a_list_of_ten(count: int, label: str, look: str) -> None:
    assert look_of("whatsapp", "What is it?", [label] * count) == look
    assert look_of("whatsapp", "", [label] * count) == "numbers"


def test_a_reply_that_does_not_come_takes_as_long_as_the_step_waits_and_each_round_says_how_it_stood(
    reader: Client, flow: Flow
) -> None:
    silence = {"do": "silence"}
    found = write(reader, flow, None, "whatsapp", silence, {"do": "words", "words": "help"})
    assert [turn["event"] for turn in found["turns"]] == [
        "They wrote “Hi”",
        "No reply for 10 minutes",
        "They wrote “help”",
    ]
    assert found["turns"][1]["at"] == "2026-03-02T10:10:00+00:00"
    what = next(visit["number"] for visit in found["visits"] if visit["path"] == "what")
    ways = [turn["ways"][turn["visits"].index(what)] for turn in found["turns"]]
    assert ways == ["· waits for the reply", "· asks again", "→ Help"]
    assert write(reader, flow)["waits_for"]["timeout"] == "10 minutes"


def test_nothing_that_is_told_of_a_message_speaks_of_a_caller(reader: Client, flow: Flow) -> None:
    rounds = [
        [{"do": "silence"}, {"do": "silence"}],
        [{"do": "words", "words": "A-17"}, {"do": "hang_up"}],
        [{"do": "words", "words": "1"}, {"do": "transfer", "result": "no_answer"}],
    ]
    for inputs in rounds:
        told = json.dumps(write(reader, flow, None, "sms", *inputs)).lower()
        assert not any(word in told for word in ("caller", "hung up", "the call ", "the line", "rings at")), told


def test_a_call_offers_the_keys_of_a_question_with_choices(reader: Client, flow: Flow) -> None:
    draft = written()
    draft["steps"][0] |= {"id": "call", "type": "call"}
    found = attempt(reader, flow, draft).json()["result"]
    assert [(one["label"], one["keys"]) for one in found["waits_for"]["choices"]] == [("Sales", "1"), ("Help", "2")]
    pressed = attempt(reader, flow, draft, inputs=[{"do": "keys", "keys": "2"}]).json()["result"]
    assert pressed["edges"]["what:help"] == [2]
