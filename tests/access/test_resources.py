"""Each resource as a program uses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.scopes import SCOPES
from customers.enrichment.models import DataSource
from customers.models import Customer, CustomerChange, Identity, Tier
from customers.privacy.services import erase
from queues.models import Queue
from routing.models import Contact, Flow, FlowVersion
from tests.access.program import Program
from tests.access.test_ground import problem
from tests.access.world import DRAFT, NOW, build

pytestmark = pytest.mark.django_db
Programs = Callable[..., Program]


@pytest.fixture
def all_of_it(program: Programs) -> Program:
    build()
    return program(*SCOPES, name="CRM sync")


class TestCustomers:
    # What changes in one transaction is one version.
    @pytest.mark.django_db(transaction=True)
    def test_whoever_says_what_they_read_overwrites_nobody(self, all_of_it: Program) -> None:
        made = all_of_it.post("customers/", {"external_id": "C-2", "name": "Grace"})
        read = made["ETag"]
        assert all_of_it.get("customers/ext:C-2/")["ETag"] == read
        assert all_of_it.patch("customers/ext:C-2/", {"orders": 1}, If_Match="*").status_code == 200
        late = all_of_it.patch("customers/ext:C-2/", {"orders": 7}, If_Match=read)
        problem(late, 412, "changed-since")
        problem(all_of_it.delete("customers/ext:C-2/", If_Match=read), 412, "changed-since")
        assert Customer.objects.get(external_id="C-2").orders == 1
        now = late["ETag"]
        assert now == all_of_it.get("customers/ext:C-2/")["ETag"] != read
        changed = all_of_it.patch("customers/ext:C-2/", {"orders": 8}, If_Match=f'"other", {now}')
        assert (changed.status_code, changed.json()["orders"]) == (200, 8)
        address = {"customer": "C-2", "kind": "email", "value": "grace@example.com"}
        assert all_of_it.post("identities/", address).status_code == 201
        problem(all_of_it.delete("customers/ext:C-2/", If_Match=changed["ETag"]), 412, "changed-since")
        fresh = all_of_it.get("customers/ext:C-2/")["ETag"]
        assert all_of_it.delete("customers/ext:C-2/", If_Match=fresh).status_code == 204

    def test_an_amount_that_may_be_a_thousand_is_refused_as_the_sync_does(self, all_of_it: Program) -> None:
        new = {"external_id": "C-2", "revenue_12m": "1.234"}
        said = problem(all_of_it.post("customers/", new), 400, "invalid")
        assert said["errors"][0]["pointer"] == "/revenue_12m"
        assert "write 1234" in said["errors"][0]["detail"]
        assert all_of_it.post("customers/", new | {"revenue_12m": "1234"}).status_code == 201
        problem(all_of_it.patch("customers/ext:C-2/", {"lifetime_value": "-999.000"}), 400, "invalid")
        for sent, kept in (("1234.567", "1234.57"), ("0.125", "0.12"), ("1.2345", "1.23"), (1.234, "1.23")):
            changed = all_of_it.patch("customers/ext:C-2/", {"lifetime_value": sent})
            assert (changed.status_code, changed.json()["lifetime_value"]) == (200, kept)

    def test_they_are_found_by_what_they_are_worth_and_by_their_tier(self, all_of_it: Program) -> None:
        for number, worth, tier in (("W-1", "10", None), ("W-2", "20", "gold"), ("W-3", "30", "gold")):
            body = {"external_id": number, "revenue_12m": worth, "lifetime_value": worth, "orders": int(worth)}
            assert all_of_it.post("customers/", body | ({"tier": tier} if tier else {})).status_code == 201

        def found(query: str) -> list[str]:
            rows = all_of_it.get(f"customers/?search=W-&{query}").json()["results"]
            return [row["external_id"] for row in rows]

        assert found("revenue_12m_from=20&revenue_12m_to=20.00") == ["W-2"]
        assert found("lifetime_value_to=10") == found("orders_to=10") == found("has_tier=false") == ["W-1"]
        assert found("has_tier=true") == found("tier=gold") == ["W-2", "W-3"]
        said = problem(all_of_it.get("customers/?tier=golden"), 404, "unknown-tier")
        assert "gold" in said["detail"].removeprefix("There is no tier “golden”")

    def test_an_address_is_given_and_found_by_the_number_as_addresses_write_it(self, all_of_it: Program) -> None:
        assert all_of_it.post("customers/", {"external_id": "C-2"}).status_code == 201
        address = {"customer": "ext:C-2", "kind": "email", "value": "grace@example.com"}
        assert all_of_it.post("identities/", address).json()["customer"] == "C-2"
        rows = all_of_it.get("identities/?customer=ext:C-2").json()["results"]
        assert rows == all_of_it.get("identities/?customer=C-2").json()["results"] != []

    def test_one_is_added_changed_found_and_deleted(self, all_of_it: Program) -> None:
        body = {
            "external_id": "C-2",
            "name": "Grace",
            "tier": "gold",
            "lifetime_value": "99.9999",
            "orders": 3,
            "attributes": {"loyalty_status": "gold"},
            "identities": [
                {"kind": "phone", "value": "+4915100000009"},
                {"kind": "email", "value": "Grace@Example.com"},
            ],
        }
        made = all_of_it.post("customers/", body)
        assert made.status_code == 201, made.content
        row = made.json()
        assert (row["tier"], row["crm_tier"], row["tier_by"], row["lifetime_value"]) == (
            "gold",
            "gold",
            "crm",
            "100.00",
        )
        assert row["identities"] == [
            {"kind": "email", "value": "grace@example.com"},
            {"kind": "phone", "value": "+4915100000009"},
        ]
        assert all_of_it.get("customers/ext:C-2/").json() == row
        assert all_of_it.get(made.headers["Location"].removeprefix("http://testserver")).json() == row
        for query in (
            "identity=%2B4915100000009",
            "identity=+4915100000009",
            "identity=GRACE@example.com",
            "external_id=C-2",
            "search=grac",
            "search=0151 00000009",
            "identity=004915100000009",
        ):
            assert [one["external_id"] for one in all_of_it.get(f"customers/?{query}").json()["results"]] == ["C-2"], (
                query
            )
        changed = all_of_it.patch("customers/ext:C-2/", {"orders": 4, "attributes": {"vip": True}}).json()
        assert (changed["orders"], changed["name"]) == (4, "Grace")
        assert changed["attributes"] == {"loyalty_status": "gold", "vip": True}
        assert all_of_it.delete("customers/ext:C-2/").status_code == 204
        problem(all_of_it.get("customers/ext:C-2/"), 404, "not-found")

    def test_a_number_of_the_crm_may_hold_anything(self, all_of_it: Program) -> None:
        for number in ("DE/1001", "PO/1?x#ü", "a b/../c"):
            assert all_of_it.post("customers/", {"external_id": number}).status_code == 201
            address = f"customers/ext:{quote(number, safe='')}/"
            assert all_of_it.patch(address, {"orders": 4}).json()["external_id"] == number
            assert all_of_it.delete(address).status_code == 204
            assert all_of_it.get(address).status_code == 404

    def test_whoever_was_erased_is_not_added_again(self, all_of_it: Program) -> None:
        Contact.objects.update(state="ended")
        erase(customer_id=Customer.objects.get(external_id="C-1").pk, by="ada", now=NOW)
        refused = problem(all_of_it.post("customers/", {"external_id": "C-1", "name": "Ada"}), 409, "conflict")
        assert "was erased" in refused["detail"]
        assert not Customer.objects.filter(external_id="C-1").exists()

    def test_the_history_says_which_key_wrote(self, all_of_it: Program) -> None:
        all_of_it.patch("customers/ext:C-1/", {"name": "Ada Lovelace"})
        line = CustomerChange.objects.get(customer__external_id="C-1")
        assert (line.by, line.via, line.changes["name"]) == ("CRM sync", "api", ["Ada", "Ada Lovelace"])

    def test_a_number_or_an_address_that_is_taken_is_a_conflict(self, all_of_it: Program) -> None:
        said = problem(all_of_it.post("customers/", {"external_id": "C-1"}), 409, "conflict")
        assert said["errors"][0]["pointer"] == "/external_id"
        taken = [{"kind": "phone", "value": "+4915100000001"}]
        problem(all_of_it.post("customers/", {"external_id": "C-3", "identities": taken}), 409, "conflict")
        assert not Customer.objects.filter(external_id="C-3").exists()
        said = problem(all_of_it.patch("customers/ext:C-1/", {"tier": "diamond"}), 409, "conflict")
        assert "gold" in said["detail"]

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"orders": "3"}, "/orders"),
            ({"lifetime_value": "much"}, "/lifetime_value"),
            ({"lifetime_value": 10**12}, "/lifetime_value"),
            ({"identities": [{"kind": "phone", "value": "0151 1"}]}, "/identities/0/value"),
            ({"identities": [{"kind": "fax", "value": "+49151"}]}, "/identities/0/kind"),
            ({"attributes": {"Loyalty": 1}}, "/attributes/Loyalty"),
            ({"last_order_at": "yesterday"}, "/last_order_at"),
            ({"externalid": "C-9"}, "/externalid"),
        ],
    )
    def test_a_wrong_value_is_named_with_its_place(self, all_of_it: Program, body: Any, pointer: str) -> None:
        said = problem(all_of_it.patch("customers/ext:C-1/", body), 400, "invalid")
        assert [one["pointer"] for one in said["errors"]] == [pointer]

    def test_empty_values_come_last_in_every_order(self, all_of_it: Program) -> None:
        for number, value in enumerate((None, "5.00", "7.00", None), start=2):
            Customer.objects.create(external_id=f"C-{number}", lifetime_value=value)
        for order, wanted in (("-lifetime_value", "C-1 C-4 C-3 C-5 C-2"), ("lifetime_value", "C-3 C-4 C-1 C-2 C-5")):
            page, seen = all_of_it.get(f"customers/?limit=2&order={order}&fields=external_id").json(), []
            while True:
                seen += [row["external_id"] for row in page["results"]]
                if not page["next"]:
                    break
                page = all_of_it.get(page["next"].removeprefix("http://testserver")).json()
            assert " ".join(seen) == wanted
            back = page
            while back["previous"]:
                back = all_of_it.get(back["previous"].removeprefix("http://testserver")).json()
            assert " ".join(row["external_id"] for row in back["results"]) == wanted[:7]

    def test_addresses_come_and_go(self, all_of_it: Program) -> None:
        made = all_of_it.post("identities/", {"customer": "C-1", "kind": "email", "value": "ada@example.com"})
        assert made.status_code == 201, made.content
        found = all_of_it.get("identities/?value=ada@example.com").json()["results"]
        assert found == [made.json()]
        assert all_of_it.delete(f"identities/{made.json()['id']}/").status_code == 204
        assert list(Identity.objects.values_list("value", flat=True)) == ["+4915100000001"]
        problem(
            all_of_it.post("identities/", {"customer": "C-9", "kind": "email", "value": "a@example.com"}),
            409,
            "conflict",
        )


class TestConfiguration:
    def test_a_queue_with_its_addresses(self, all_of_it: Program) -> None:
        addresses = [{"uri": "sip:a@pbx.example.com", "ring_s": 20}, {"uri": "sip:b@pbx.example.com"}]
        body = {"key": "std", "name": "Standard", "overflow": "vip", "hours": "office", "sip_addresses": addresses}
        made = all_of_it.post("queues/", body)
        assert made.status_code == 201, made.content
        assert [one["uri"] for one in made.json()["sip_addresses"]] == [
            "sip:a@pbx.example.com",
            "sip:b@pbx.example.com",
        ]
        changed = all_of_it.patch("queues/std/", {"sip_addresses": addresses[::-1]}).json()
        assert [one["uri"] for one in changed["sip_addresses"]] == ["sip:b@pbx.example.com", "sip:a@pbx.example.com"]
        assert (
            all_of_it.patch("queues/std/", {"answer_within_s": 5}).json()["sip_addresses"] == changed["sip_addresses"]
        )
        problem(all_of_it.patch("queues/std/", {"overflow": "std"}), 409, "conflict")
        problem(all_of_it.patch("queues/std/", {"sip_addresses": [{"uri": "tel:123"}]}), 409, "conflict")
        assert Queue.objects.get(key="std").sip_addresses.count() == 2

    def test_what_is_in_use_is_not_deleted(self, all_of_it: Program) -> None:
        problem(all_of_it.delete("queues/vip/"), 409, "in-use")
        assert all_of_it.delete("tiers/gold/").status_code == 204
        assert Customer.objects.get().tier is None

    def test_a_number_changes_its_flow(self, all_of_it: Program) -> None:
        row = all_of_it.get("numbers/?search=901820").json()["results"][0]
        assert (row["flow"], row["fallback_queue"], row["has_access_token"]) == ("priority", "vip", False)
        assert all_of_it.patch(f"numbers/{row['id']}/", {"flow": None}).json()["flow"] is None
        problem(all_of_it.patch(f"numbers/{row['id']}/", {"address": "+4930"}), 400, "invalid")

    def test_the_secret_of_a_source_goes_in_and_never_comes_out(self, all_of_it: Program) -> None:
        body = {
            "key": "erp",
            "name": "ERP",
            "url": "https://192.0.2.9/{{ phone }}",
            "auth": "bearer",
            "secret": "tip-top",
        }
        made = all_of_it.post("data-sources/", body)
        assert made.status_code == 409, made.content  # 192.0.2.0/24 is no public network
        made = all_of_it.post("data-sources/", {**body, "url": "https://erp.example.com/{{ phone }}"})
        assert made.status_code == 201, made.content
        assert made.json()["has_secret"] is True
        assert "tip-top" not in made.content.decode() + all_of_it.get("data-sources/erp/").content.decode()
        assert DataSource.objects.get(key="erp").secret == "tip-top"
        assert all_of_it.patch("data-sources/erp/", {"cache_s": 5}).status_code == 200
        assert DataSource.objects.get(key="erp").secret == "tip-top"
        assert "tip-top" not in repr(list(LogEntry.objects.values_list("changes", flat=True)))


class TestFlows:
    def test_a_draft_is_replaced_only_by_who_saw_it(self, all_of_it: Program) -> None:
        flow = all_of_it.get("flows/priority/").json()
        assert flow["definition"] == DRAFT  # by the name by which it is sent back
        body = {"revision": flow["revision"], "definition": {**DRAFT, "steps": DRAFT["steps"][:1]}}
        changed = all_of_it.send("PUT", "flows/priority/draft/", body)
        assert changed.status_code == 200, changed.content
        assert changed.json()["revision"] == flow["revision"] + 1
        said = problem(all_of_it.send("PUT", "flows/priority/draft/", body), 409, "draft-is-stale")
        assert said["revision"] == flow["revision"] + 1
        assert "CRM sync" in said["detail"]

    def test_a_flow_is_added_checked_published_and_rolled_back(self, all_of_it: Program) -> None:
        broken = {"format": 1, "steps": [{**DRAFT["steps"][0], "exits": {"started": "nowhere"}}]}
        made = all_of_it.post("flows/", {"key": "night", "name": "Night", "definition": broken})
        assert made.status_code == 201, made.content
        verdict = all_of_it.get("flows/night/validate/").json()
        assert verdict["ok"] is False
        said = problem(all_of_it.post("flows/night/publish/"), 409, "flow-refused")
        assert said["errors"]
        all_of_it.send("PUT", "flows/night/draft/", {"revision": 1, "definition": DRAFT})
        first = all_of_it.post("flows/night/publish/", {"note": "One", "revision": 2}).json()
        assert (first["number"], first["note"], first["published_by"]) == (1, "One", "CRM sync (API key)")
        problem(all_of_it.post("flows/night/publish/", {"revision": 1}), 409, "draft-is-stale")
        other = {**DRAFT, "steps": [DRAFT["steps"][0], {**DRAFT["steps"][1], "title": "VIPs"}]}
        all_of_it.send("PUT", "flows/night/draft/", {"revision": 2, "definition": other})
        assert all_of_it.post("flows/night/publish/").json()["number"] == 2
        back = all_of_it.post("flows/night/versions/1/roll-back/", {"note": "Too early"}).json()
        assert (back["number"], back["live"]) == (3, True)
        assert [row["number"] for row in all_of_it.get("flows/night/versions/").json()["results"]] == [3, 2, 1]
        assert all_of_it.get("flows/night/versions/1/").json()["definition"] == Flow.objects.get(key="night").draft
        assert FlowVersion.objects.get(flow__key="night", number=3).published_by == all_of_it.key.user
        problem(all_of_it.post("flows/night/versions/9/roll-back/"), 404, "not-found")

    @pytest.mark.parametrize("form", ["json", "yaml"])
    def test_what_is_exported_can_be_imported(self, all_of_it: Program, form: str) -> None:
        file = all_of_it.get(f"flows/priority/export/?file_format={form}", Accept="*/*")
        assert file.headers["Content-Type"] == f"application/{form}"
        assert f'filename="priority.{form}"' in file.headers["Content-Disposition"]
        text = file.content.decode()
        assert all_of_it.post("flows/validate/", {"text": text}).json()["ok"] is True
        same = all_of_it.post("flows/import/", {"text": text})
        assert (same.status_code, same.json()["changed"]) == (200, False), same.content
        copy = all_of_it.post("flows/import/", {"text": text, "key": "copy", "name": "Copy", "publish": True})
        assert (copy.status_code, copy.json()["published"]) == (201, 1)

    def test_a_bad_file_is_refused_with_every_fault_and_where_it_is(self, all_of_it: Program) -> None:
        file = json.loads(all_of_it.get("flows/priority/export/").content)
        file["definition"]["steps"][1]["settings"]["queue"] = "nobody"
        said = problem(all_of_it.post("flows/import/", {"text": json.dumps(file, indent=1)}), 409, "flow-refused")
        assert said["errors"][0]["pointer"]
        assert said["errors"][0]["line"] > 1
        problem(all_of_it.post("flows/import/", {"text": "no flow"}), 409, "flow-refused")

    def test_a_flow_of_another_system_takes_nobodys_place_unless_it_is_said(self, all_of_it: Program) -> None:
        def studio(say: str) -> str:
            ways = [{"event": "incomingCall", "next": "hi"}, {"event": "incomingMessage"}, {"event": "incomingRequest"}]
            states = [
                {"name": "Trigger", "type": "trigger", "transitions": ways, "properties": {}},
                {
                    "name": "hi",
                    "type": "say-play",
                    "transitions": [{"event": "audioComplete"}],
                    "properties": {"say": say, "loop": 1},
                },
            ]
            return json.dumps({"description": "A New Flow", "initial_state": "Trigger", "flags": {}, "states": states})

        first = all_of_it.post("flows/import/", {"text": studio("One")})
        assert first.status_code == 201, first.content
        key = first.json()["key"]
        assert all_of_it.post("flows/import/", {"text": studio("One")}).json()["changed"] is False
        said = problem(all_of_it.post("flows/import/", {"text": studio("Two")}), 409, "another-flow")
        assert said["key"] == key
        assert "One" in json.dumps(Flow.objects.get(key=key).draft)
        assert all_of_it.post("flows/import/", {"text": studio("Two"), "key": key}).json()["changed"] is True
        assert all_of_it.post("flows/import/", {"text": studio("Three"), "replace": True}).json()["changed"] is True

    def test_publishing_on_import_needs_the_scope_for_it(self, program: Programs) -> None:
        build()
        one = program("flows:read", "flows:write")
        text = one.get("flows/priority/export/").content.decode()
        said = problem(one.post("flows/import/", {"text": text, "publish": True}), 403, "missing-scope")
        assert said["missing_scope"] == "flows:publish"


class TestContacts:
    def test_a_contact_says_why_with_its_trace(self, program: Programs) -> None:
        build()
        row = program("contacts:read", "contacts:read_personal").get("contacts/ABCDEFGHJK/").json()
        assert (row["queue"], row["tier"], row["flow"], row["version"], row["customer"]) == (
            "vip",
            "gold",
            "priority",
            1,
            "C-1",
        )
        assert row["why"] == "Went to VIP: the caller +4915100000001 is gold."
        assert row["turns"][0]["event"]["text"] == "My name is Ada"
        assert row["turns"][0]["trace"][0]["exit"] == "started"

    def test_without_the_scope_nobody_can_be_called_back(self, program: Programs) -> None:
        build()
        one = program("contacts:read")
        for path in ("contacts/", "contacts/ABCDEFGHJK/", "contacts/?search=ABCDEFGHJK"):
            said = one.get(path).content.decode()
            assert "ABCDEFGHJK" in said
            for secret in ("15100000001", "My name"):
                assert secret not in said, path
        problem(one.get("contacts/?search=%2B4915100000001"), 400, "invalid-query")
        assert (
            program("contacts:read", "contacts:read_personal")
            .get("contacts/?search=%2B4915100000001")
            .json()["results"]
        )

    def test_filters(self, program: Programs) -> None:
        build()
        one = program("contacts:read")
        for query, found in (
            ("queue=vip", 1),
            ("queue=std", 0),
            ("outcome=connected&channel=voice", 1),
            ("started_from=2026-11-01T12:00:00Z", 1),
            ("started_before=2026-11-01T12:00:00Z", 0),
            ("customer=C-1", 1),
            ("fell_back=true", 0),
        ):
            assert len(one.get(f"contacts/?{query}").json()["results"]) == found, query
        problem(one.get("contacts/?started_from=soon"), 400, "invalid-query")
        problem(one.post("contacts/", {}), 405, "method-not-allowed")


LISTS = {
    "customers/": 4,  # the key, rows, identities, consents
    "customers/?fields=external_id,name": 2,
    "identities/": 2,
    "tiers/": 3,
    "queues/": 3,
    "numbers/": 2,
    "data-sources/": 2,
    "flows/": 2,
    "flows/priority/versions/": 3,
    "contacts/": 2,
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_asks_as_often_for_many_rows_as_for_one(all_of_it: Program, path: str) -> None:
    all_of_it.get(path)
    for number in range(2, 9):
        tier = Tier.objects.create(key=f"t{number}", name=f"Tier {number}", rank=number)
        customer = Customer.objects.create(external_id=f"C-{number}", tier=tier, crm_tier=tier)
        Identity.objects.create(customer=customer, kind="phone", value=f"+491510000000{number}")
        queue = Queue.objects.create(key=f"q{number}", name=f"Queue {number}", overflow=Queue.objects.first())
        old = Contact.objects.get(external_id="CA1")
        old.pk, old.reference, old.external_id, old.queue, old.customer = (
            None,
            f"R{number}",
            f"CA{number}",
            queue,
            customer,
        )
        old._state.adding = True
        old.save()
        flow = Flow.objects.create(key=f"f{number}", name=f"Flow {number}", draft=DRAFT)
        FlowVersion.objects.create(
            flow=Flow.objects.get(key="priority"), number=number, definition={}, published_at=old.started_at
        )
        assert flow.pk
    with CaptureQueriesContext(connection) as queries:
        response = all_of_it.get(path)
    assert response.status_code == 200
    assert len(queries) == LISTS[path], "\n".join(one["sql"][:200] for one in queries)
