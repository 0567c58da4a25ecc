"""Keys, scopes, throttles, problems, pages and repeated requests, as a program meets them at one plain resource."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from access import throttles
from access.keys import find_key, make_key, revoke_key
from access.models import ApiKey, KeptAnswer
from customers.models import Tier
from tests.access.program import NOW, Program

pytestmark = pytest.mark.django_db
Programs = Callable[..., Program]
GOLD = {"key": "gold", "name": "Gold", "rank": 1, "head_start_s": 300}


def problem(response: Any, status: int, kind: str) -> dict[str, Any]:
    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json"), (
        response.content
    )
    said: dict[str, Any] = json.loads(response.content)
    assert said["type"] == f"urn:pareto:problem:{kind}", said
    assert said["status"] == status
    assert said["title"]
    assert said["detail"]
    return said


class TestKeys:
    def test_only_the_hash_of_a_key_is_kept(self) -> None:
        made = make_key(name="CRM", scopes=["tiers:read"], by=None, now=NOW)
        assert made.text.startswith(f"{made.key.prefix}_")
        row = ApiKey.objects.values().get()
        assert made.text not in repr(row)
        assert made.text.rpartition("_")[2] not in repr(row)
        found = find_key(made.text)
        assert found is not None
        assert found.pk == made.key.pk

    @pytest.mark.parametrize(
        "change", [lambda t: t[:-1] + ("a" if t[-1] != "a" else "b"), lambda t: t + "x", lambda t: t[3:], str.upper]
    )
    def test_nothing_but_the_key_itself_is_found(self, change: Callable[[str], str]) -> None:
        made = make_key(name="CRM", scopes=["tiers:read"], by=None, now=NOW)
        assert find_key(change(made.text)) is None

    def test_a_scope_that_there_is_not_is_refused(self) -> None:
        with pytest.raises(ValueError, match="tiers:eat"):
            make_key(name="CRM", scopes=["tiers:eat"], by=None, now=NOW)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": "Bearer"},
            {"Authorization": "Basic abc"},
            {"Authorization": "Bearer pk_12345678_" + "x" * 40},
        ],
    )
    def test_without_a_key_that_opens_nothing_is_answered(self, headers: dict[str, str]) -> None:
        response = Client().get("/api/v1/tiers/", headers=headers)
        problem(response, 401, "unauthenticated")
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="Pareto"'

    def test_a_revoked_key_is_told_so(self, program: Programs) -> None:
        one = program("tiers:read")
        assert one.get("tiers/").status_code == 200
        assert revoke_key(key_id=one.key.pk, now=timezone.now())
        assert "revoked" in problem(one.get("tiers/"), 401, "unauthenticated")["detail"]
        assert not revoke_key(key_id=one.key.pk, now=timezone.now())

    def test_an_expired_key_is_told_so(self, program: Programs) -> None:
        one = program("tiers:read", expires_at=timezone.now() - timedelta(seconds=1))
        assert "expired" in problem(one.get("tiers/"), 401, "unauthenticated")["detail"]

    def test_a_key_without_the_scope_is_told_which_one_it_lacks(self, program: Programs) -> None:
        one = program("tiers:read")
        said = problem(one.post("tiers/", GOLD), 403, "missing-scope")
        assert said["missing_scope"] == "tiers:write"
        assert not Tier.objects.exists()

    def test_last_use_is_written_at_most_once_a_minute(self, program: Programs) -> None:
        one = program("tiers:read")
        one.get("tiers/")
        first = ApiKey.objects.get().last_used_at
        assert first is not None
        assert ApiKey.objects.get().last_used_from == "127.0.0.1"
        one.get("tiers/")
        assert ApiKey.objects.get().last_used_at == first
        ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
        one.get("tiers/")
        assert ApiKey.objects.get().last_used_at > first - timedelta(seconds=1)  # type: ignore[operator]

    def test_a_key_opens_only_from_its_networks(self, program: Programs) -> None:
        inside, outside = (
            program("tiers:read", networks=["127.0.0.0/8"]),
            program("tiers:read", networks=["10.0.0.0/8"]),
        )
        assert inside.get("tiers/").status_code == 200
        assert "127.0.0.1" in problem(outside.get("tiers/"), 403, "network-not-allowed")["detail"]

    def test_nobody_gets_in_by_writing_an_address_into_a_header(self, program: Programs, settings: Any) -> None:
        one = program("tiers:read", networks=["10.0.0.0/8"])
        problem(one.get("tiers/", X_Forwarded_For="10.1.2.3"), 403, "network-not-allowed")
        settings.PROXY_HOPS = 1
        # What our proxy saw is the last entry; whatever stands before it the client wrote.
        problem(one.get("tiers/", X_Forwarded_For="10.1.2.3, 203.0.113.9"), 403, "network-not-allowed")
        assert one.get("tiers/", X_Forwarded_For="203.0.113.9, 10.1.2.3").status_code == 200
        problem(one.get("tiers/"), 403, "network-not-allowed")

    def test_the_log_says_which_key_did_it(self, program: Programs) -> None:
        one = program("tiers:write", name="CRM sync")
        assert one.post("tiers/", GOLD, X_Forwarded_For="no address at all").status_code == 201
        entry = LogEntry.objects.get(content_type__model="tier")
        assert entry.actor == one.key.user
        assert entry.actor.get_full_name() == "CRM sync (API key)"
        assert entry.remote_addr == "127.0.0.1"

    def test_the_user_of_a_key_cannot_sign_in(self, program: Programs) -> None:
        user = program("tiers:read").key.user
        assert not user.is_active
        assert not user.is_staff
        assert not user.has_usable_password()


class TestThrottles:
    def test_every_answer_says_what_is_left(self, program: Programs) -> None:
        one = program("tiers:read", requests_per_minute=3)
        lefts = [one.get(path).headers["RateLimit-Remaining"] for path in ("tiers/", "tiers/none/", "tiers/?nothing=1")]
        assert lefts == ["2", "1", "0"]
        response = one.get("tiers/")
        problem(response, 429, "too-many-requests")
        assert response.headers["RateLimit-Limit"] == "3"
        assert response.headers["RateLimit-Policy"] == "3;w=60"
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        assert response.headers["Retry-After"] == response.headers["RateLimit-Reset"]

    def test_one_key_takes_nothing_from_another(self, program: Programs) -> None:
        one, other = program("tiers:read", requests_per_minute=1), program("tiers:read", requests_per_minute=1)
        assert one.get("tiers/").status_code == 200
        assert one.get("tiers/").status_code == 429
        assert other.get("tiers/").status_code == 200

    def test_without_redis_nobody_is_kept_waiting(self, program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
        import redis  # noqa: PLC0415

        monkeypatch.setattr(throttles, "_client", lambda: redis.Redis(port=1, socket_connect_timeout=0.2))
        response = program("tiers:read").get("tiers/")
        assert response.status_code == 200
        assert "RateLimit-Limit" not in response.headers


class TestProblems:
    def test_an_address_that_there_is_not(self, program: Programs) -> None:
        problem(Client().get("/api/v1/nothing/"), 404, "not-found")
        problem(Client().post("/api/nothing"), 404, "not-found")
        assert "slash" in problem(Client().get("/api/v1/tiers"), 404, "not-found")["detail"]
        problem(program("tiers:read").get("tiers/none/"), 404, "not-found")

    def test_a_method_that_there_is_not(self, program: Programs) -> None:
        response = program("tiers:read").send("PUT", "tiers/", GOLD)
        problem(response, 405, "method-not-allowed")
        assert "GET" in response.headers["Allow"]
        problem(program("tiers:read").send("OPTIONS", "tiers/"), 405, "method-not-allowed")

    def test_a_body_that_is_no_json(self, program: Programs) -> None:
        one = program("tiers:write")
        said = problem(one.post("tiers/", '{"key": "gold",\n "rank": }'), 400, "unreadable")
        assert "line 2" in said["detail"]
        said = problem(one.post("tiers/", '{"name": "NaN \\"Infinity",\n "rank": -Infinity}'), 400, "unreadable")
        assert "-Infinity is no number in JSON: line 2, column 10" in said["detail"]
        for body in (
            '{"rank": NaN}',
            '{"rank": 1, "rank": 2}',
            b"\xff\xfe",
            '{"name": "a\\u0000b"}',
            '{"name": "\\ud800"}',
            "[" * 5000 + "]" * 5000,
        ):
            problem(one.post("tiers/", body), 400, "unreadable")

    def test_a_body_of_another_kind(self, program: Programs) -> None:
        one = program("tiers:write")
        problem(
            one.post("tiers/", "a=1", content_type="application/x-www-form-urlencoded"), 415, "unsupported-media-type"
        )
        problem(one.post("tiers/", GOLD, Content_Encoding="br"), 415, "unsupported-media-type")

    def test_an_answer_of_another_kind(self, program: Programs) -> None:
        problem(program("tiers:read").get("tiers/", Accept="text/html"), 406, "not-acceptable")

    def test_a_body_that_is_too_large(self, program: Programs, settings: Any) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
        one = program("tiers:write")
        problem(one.post("tiers/", {"name": "x" * 1000}), 413, "too-large")
        problem(one.post("tiers/", {"name": "x" * 1000}, Idempotency_Key="a"), 413, "too-large")
        # Packed, a megabyte of blanks is a thousand bytes: what counts is what comes out.
        bomb = gzip.compress(b" " * 900_000)
        assert len(bomb) < 1000
        problem(one.post("tiers/", bomb, Content_Encoding="gzip"), 413, "too-large")

    def test_a_packed_body_is_unpacked(self, program: Programs) -> None:
        one = program("tiers:write")
        packed = gzip.compress(json.dumps(GOLD).encode())
        assert one.post("tiers/", packed, Content_Encoding="gzip").status_code == 201
        problem(one.post("tiers/", packed[:-9], Content_Encoding="gzip"), 400, "unreadable")
        problem(one.post("tiers/", b"not gzip", Content_Encoding="gzip"), 400, "unreadable")

    def test_each_wrong_value_is_named_with_its_place(self, program: Programs) -> None:
        body = {"key": "no blanks", "name": 7, "rank": "1", "colour": "#fff", "customers": 3}
        said = problem(program("tiers:write").post("tiers/", body), 400, "invalid")
        assert {one["pointer"] for one in said["errors"]} == {"/key", "/name", "/rank", "/colour", "/customers"}

    def test_a_list_where_an_object_belongs_is_refused(self, program: Programs) -> None:
        problem(program("tiers:write").post("tiers/", [None, None]), 400, "invalid")

    def test_a_name_that_is_taken_is_a_conflict(self, program: Programs) -> None:
        one = program("tiers:write")
        assert one.post("tiers/", GOLD).status_code == 201
        said = problem(one.post("tiers/", {**GOLD, "key": "other", "rank": 2}), 409, "conflict")
        assert [one["pointer"] for one in said["errors"]] == ["/name"]

    def test_what_nobody_reads_in_a_query_is_refused(self, program: Programs) -> None:
        one = program("tiers:read")
        assert problem(one.get("tiers/?ranks=1"), 400, "invalid-query")["errors"][0]["pointer"] == "?ranks"
        for query in (
            "rank=a",
            "order=color",
            "fields=name,nothing",
            "fields=",
            "limit=0",
            "limit=1001",
            "limit=a",
            "search=%00",
            "rank=1&rank=2",
            "rank=0.5",
            "rank=",
        ):
            problem(one.get(f"tiers/?{query}"), 400, "invalid-query")
        problem(one.get("tiers/?cursor=nonsense"), 404, "no-such-page")

    def test_whatever_breaks_is_still_a_problem(self, program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
        one = program("tiers:read")
        monkeypatch.setattr("customers.api.tiers.Tiers.get_queryset", lambda _self: 1 / 0)
        said = problem(one.get("tiers/"), 500, "failed")
        assert "ZeroDivision" not in json.dumps(said)

    def test_a_database_that_is_away_is_told_with_the_time_to_come_back(
        self, program: Programs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = program("tiers:read")

        def away(_text: str) -> None:
            raise OperationalError("the connection is lost")

        monkeypatch.setattr("access.authentication.find_key", away)
        response = one.get("tiers/")
        problem(response, 503, "unavailable")
        assert response.headers["Retry-After"] == "2"


class TestPages:
    @pytest.fixture(autouse=True)
    def _tiers(self) -> None:
        Tier.objects.bulk_create(Tier(key=f"t{n}", name=f"Tier {9 - n}", rank=n) for n in range(1, 8))

    def test_all_rows_are_met_once_there_and_back(self, program: Programs) -> None:
        one = program("tiers:read")
        for order, keys in (
            ("rank", [1, 2, 3, 4, 5, 6, 7]),
            ("-name", [1, 2, 3, 4, 5, 6, 7]),
            ("-rank", [7, 6, 5, 4, 3, 2, 1]),
        ):
            page = one.get(f"tiers/?limit=3&order={order}").json()
            assert page["previous"] is None
            seen, pages = [row["key"] for row in page["results"]], [page]
            while page["next"]:
                page = one.get(page["next"].removeprefix("http://testserver")).json()
                pages.append(page)
                seen += [row["key"] for row in page["results"]]
            assert seen == [f"t{n}" for n in keys]
            back = [
                one.get(later["previous"].removeprefix("http://testserver")).json() for later in reversed(pages[1:])
            ]
            assert [p["results"] for p in back] == [p["results"] for p in reversed(pages[:-1])]
            assert back[-1]["previous"] is None

    def test_a_row_that_comes_meanwhile_moves_nothing(self, program: Programs) -> None:
        one = program("tiers:read")
        page = one.get("tiers/?limit=3&order=-rank").json()
        Tier.objects.create(key="new", name="New", rank=100)
        rows = one.get(page["next"].removeprefix("http://testserver")).json()["results"]
        assert [row["key"] for row in rows] == ["t4", "t3", "t2"]

    def test_a_cursor_belongs_to_its_order(self, program: Programs) -> None:
        one = program("tiers:read")
        following = one.get("tiers/?limit=3").json()["next"].removeprefix("http://testserver")
        problem(one.get(f"{following}&order=name"), 404, "no-such-page")

    def test_only_the_fields_that_were_asked_for(self, program: Programs) -> None:
        one = program("tiers:read")
        assert one.get("tiers/?fields=key,rank&limit=1").json()["results"] == [{"key": "t1", "rank": 1}]
        assert one.get("tiers/t2/?fields=name").json() == {"name": "Tier 7"}

    def test_search_and_filter(self, program: Programs) -> None:
        one = program("tiers:read")
        assert [row["key"] for row in one.get("tiers/?search=tier 5").json()["results"]] == ["t4"]
        assert [row["key"] for row in one.get("tiers/?rank=6").json()["results"]] == ["t6"]

    def test_a_list_costs_as_many_queries_as_a_row(self, program: Programs, django_assert_num_queries: Any) -> None:
        one = program("tiers:read")
        one.get("tiers/")
        with django_assert_num_queries(3):  # the key, the counts, the rows
            one.get("tiers/")


class TestRepeatedRequests:
    def test_the_same_request_is_answered_the_same_and_done_once(self, program: Programs) -> None:
        one = program("tiers:write")
        first = one.post("tiers/", GOLD, Idempotency_Key="abc")
        again = one.post("tiers/", GOLD, Idempotency_Key="abc")
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.content == again.content
        assert first.headers["Location"] == again.headers["Location"]
        assert again.headers["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first.headers
        assert Tier.objects.count() == 1

    def test_another_request_under_the_same_name_is_refused(self, program: Programs) -> None:
        one = program("tiers:write")
        one.post("tiers/", GOLD, Idempotency_Key="abc")
        problem(one.post("tiers/", {**GOLD, "key": "b"}, Idempotency_Key="abc"), 409, "idempotency-key-used")

    def test_a_refusal_is_kept_too(self, program: Programs) -> None:
        one = program("tiers:write")
        first = one.post("tiers/", {"rank": 1}, Idempotency_Key="abc")
        again = one.post("tiers/", {"rank": 1}, Idempotency_Key="abc")
        problem(again, 400, "invalid")
        assert first.content == again.content

    def test_what_failed_here_is_undone_and_may_come_again(
        self, program: Programs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = program("tiers:write")
        with monkeypatch.context() as patch:
            patch.setattr("customers.api.tiers.Tiers.shown", lambda _self, _row: 1 / 0)
            problem(one.post("tiers/", GOLD, Idempotency_Key="abc"), 500, "failed")
        assert not Tier.objects.exists()
        assert not KeptAnswer.objects.exists()
        assert one.post("tiers/", GOLD, Idempotency_Key="abc").status_code == 201

    def test_names_of_two_keys_are_two_names(self, program: Programs) -> None:
        one, other = program("tiers:write"), program("tiers:write")
        one.post("tiers/", GOLD, Idempotency_Key="abc")
        problem(other.post("tiers/", GOLD, Idempotency_Key="abc"), 409, "conflict")

    def test_a_name_that_is_none_is_refused(self, program: Programs) -> None:
        problem(program("tiers:write").post("tiers/", GOLD, Idempotency_Key=" "), 400, "invalid-idempotency-key")

    @pytest.mark.django_db(transaction=True)
    def test_two_at_the_same_moment_do_it_once(self, program: Programs) -> None:
        one = program("tiers:write")
        answers: list[Any] = []

        def send() -> None:
            other = Program(one.key, one.text)
            answers.append(other.post("tiers/", GOLD, Idempotency_Key="abc"))
            connection.close()

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Tier.objects.count() == 1
        assert {answer.status_code for answer in answers} <= {201, 409}
        for answer in answers:
            if answer.status_code == 409:
                problem(answer, 409, "under-way")
                assert answer.headers["Retry-After"] == "1"


class TestWriting:
    def test_a_row_is_added_changed_and_deleted(self, program: Programs) -> None:
        one = program("tiers:read", "tiers:write")
        made = one.post("tiers/", GOLD)
        assert made.headers["Location"] == "http://testserver/api/v1/tiers/gold/"
        assert made.json() == {**GOLD, "answer_within_s": None, "color": "#64748b", "customers": 0}
        assert one.patch("tiers/gold/", {"answer_within_s": 20}).json()["answer_within_s"] == 20
        said = problem(one.patch("tiers/gold/", {"key": "silver"}), 400, "invalid")
        assert said["errors"][0]["pointer"] == "/key"
        assert one.delete("tiers/gold/").status_code == 204
        problem(one.get("tiers/gold/"), 404, "not-found")


class TestPagesOfTheApi:
    def test_the_docs_come_from_this_server_alone(self) -> None:
        page = Client().get("/api/docs/").content.decode()
        assert "swagger" in page
        assert "//cdn" not in page
        assert "https://" not in page

    def test_the_schema_is_open_to_anybody(self) -> None:
        response = Client().get("/api/schema/")
        assert response.status_code == 200
        assert b"openapi: 3.1.0" in response.content

    def test_a_key_can_ask_what_it_may(self, program: Programs) -> None:
        body = program("tiers:read", networks=["127.0.0.1"]).get("").json()
        assert body["scopes"] == ["tiers:read"]
        assert body["networks"] == ["127.0.0.1"]


@pytest.mark.django_db
def test_the_schema_comes_in_the_form_that_its_address_asks_for(client: Client) -> None:
    assert client.get("/api/schema/?format=json").json()["openapi"].startswith("3.")
    assert client.get("/api/schema/").content.startswith(b"openapi:")
