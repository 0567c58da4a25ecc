"""A manager says how an API is asked, tries it, and never sees its secret again."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from customers.enrichment import admin as source_admin
from customers.enrichment.models import DataSource
from customers.enrichment.questions import Leaf
from customers.enrichment.services import Exchange, Result, Trial

pytestmark = pytest.mark.django_db
SECRET = "s3cret-of-the-crm"


@pytest.fixture
def source() -> DataSource:
    return DataSource.objects.create(
        key="loyalty",
        name="Loyalty",
        url="https://93.184.216.34/customers?phone={{ phone | url_encode }}&lang={{ language }}",
        auth="bearer",
        secret=SECRET,
        mapping=[{"name": "loyalty_status", "path": "status", "type": "text"}],
    )


def _form(**more: Any) -> dict[str, Any]:
    return {
        "name": "Loyalty",
        "key": "loyalty",
        "is_active": "on",
        "method": "GET",
        "url": "https://93.184.216.34/customers?phone={{ phone | url_encode }}",
        "body": "",
        "auth": "bearer",
        "auth_name": "",
        "secret": "",
        "token_url": "",
        "scope": "",
        "connect_timeout_s": "1",
        "total_timeout_s": "6",
        "retries": "1",
        "cache_s": "60",
        "last_known_s": "86400",
        **_values(("loyalty_status", "status", "text", "")),
        "not_found_statuses": "404",
        "not_found_path": "",
        "breaker_failures": "20",
        "breaker_rest_s": "15",
        **more,
    }


def _values(*rows: tuple[str, str, str, str]) -> dict[str, list[str]]:
    """The table of values as a browser sends it."""
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    names = ("name", "path", "type", "default")
    return {f"mapping-{name}": list(column) for name, column in zip(names, columns, strict=True)}


def _headers(*rows: tuple[str, str]) -> dict[str, list[str]]:
    return {"headers-name": [name for name, _ in rows], "headers-value": [value for _, value in rows]}


def _change(source: DataSource) -> str:
    return reverse("admin:enrichment_datasource_change", args=[source.pk])


def test_the_secret_is_never_on_the_page(admin_client: Client, source: DataSource) -> None:
    page = admin_client.get(_change(source)).content.decode()
    assert SECRET not in page
    assert "A secret is stored. It stays if you leave this empty." in page
    again = admin_client.post(_change(source), _form(secret="typed-anew", name="")).content.decode()
    assert "typed-anew" not in again


@pytest.mark.parametrize(
    ("typed", "kept"),
    [({"secret": ""}, SECRET), ({"secret": "new"}, "new"), ({"forget_secret": "on", "auth": "none"}, "")],
)
def test_an_empty_secret_keeps_the_stored_one(
    admin_client: Client, source: DataSource, typed: dict[str, str], kept: str
) -> None:
    assert admin_client.post(_change(source), _form(**typed)).status_code == 302
    source.refresh_from_db()
    assert (source.secret or "") == kept


def test_a_reader_sees_that_there_is_a_secret_and_not_which(client: Client, source: DataSource) -> None:
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_datasource"))
    client.force_login(reader)
    page = client.get(_change(source)).content.decode()
    assert SECRET not in page
    assert "stored" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_values(("x", "a..b", "text", "")), "a..b"),
        (_values(("x", "a", "text", ""), ("x", "b", "text", "")), "is there twice"),
        (_values(("", "a", "text", "")), "A name is made of letters"),
        (_values(("x", "a", "colour", "")), "The type is one of"),
        (_values(("x", "a", "number", "many")), "Row 1: What stands for a missing value is no number."),
        (_headers(("", "de")), "The value “de” has no header."),
        (_headers(("A", "1"), ("a", "2")), "The header a is there twice."),
        (_headers(("Host", "1")), "is set by Pareto itself"),
        ({"not_found_statuses": "9"}, "HTTP statuses have three digits"),
        ({"not_found_statuses": "404 gone"}, "HTTP statuses have three digits"),
        ({"url": "https://127.0.0.2:1/"}, "is an internal address"),
        ({"url": "https://{{ host }}/"}, "host"),
        ({"auth": "header"}, "Say the name of the header"),
        ({"connect_timeout_s": "9"}, "The time to connect cannot be longer"),
    ],
)
def test_what_would_fail_while_a_caller_waits_is_refused_in_words(
    admin_client: Client, change: dict[str, str], words: str
) -> None:
    data = _form(secret="x") | change
    page = admin_client.post(reverse("admin:enrichment_datasource_add"), data).content.decode()
    assert words in page
    assert not DataSource.objects.exists()


def test_an_emptied_table_means_none(admin_client: Client, source: DataSource) -> None:
    blank = _values(("", "", "text", "")) | _headers(("", ""))
    data = _form(**blank, not_found_statuses="")
    assert admin_client.post(_change(source), data).status_code == 302
    source.refresh_from_db()
    assert (source.mapping, source.headers, source.not_found_statuses) == ([], {}, [])


def test_tables_keep_what_is_typed_each_in_its_kind(admin_client: Client, source: DataSource) -> None:
    rows = [
        ("status", "status", "text", "none"),
        ("orders", "length(orders)", "number", "0"),
        ("vip", "vip", "boolean", "no"),
        ("tags", "tags", "list", "a, b"),
    ]
    data = _form(**_values(*rows), **_headers((" Accept-Language ", "{{ language }}")), not_found_statuses="404, 410")
    assert admin_client.post(_change(source), data).status_code == 302
    source.refresh_from_db()
    assert [row.get("default") for row in source.mapping] == ["none", 0, False, ["a", "b"]]
    assert source.headers == {"Accept-Language": "{{ language }}"}
    assert source.not_found_statuses == [404, 410]
    # What is shown is what would be sent again.
    form = admin_client.get(_change(source)).context["adminform"].form
    shown = str(form["mapping"])
    assert all(f'value="{text}"' in shown for text in ("length(orders)", "0", "no", "a, b"))
    columns = ("name", "path", "type", "default")
    assert not form.fields["mapping"].has_changed(
        source.mapping, [dict(zip(columns, row, strict=True)) for row in rows]
    )


def test_a_row_that_is_wrong_is_still_there_to_be_mended(admin_client: Client, source: DataSource) -> None:
    page = admin_client.post(_change(source), _form(**_values(("my status", "a..b", "text", "")))).content.decode()
    assert 'value="my status"' in page
    assert 'value="a..b"' in page


class TestTryIt:
    @pytest.fixture(autouse=True)
    def _answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[dict[str, str]] = []
        self.trial = Trial(
            Result("found", {"loyalty_status": "gold"}, "fresh", 48.0),
            Exchange(
                "GET",
                "https://crm.example/?phone=1",
                {"Authorization": "Bearer •••"},
                "",
                200,
                {},
                '{"status": "gold"}',
            ),
            ("“orders” was not there.",),
            (
                Leaf("status", "status", "text", "gold"),
                Leaf("name.last", "last", "text", "Example"),
                Leaf("vip", "loyalty_status", "boolean", "yes"),
            ),
        )

        def answer(*, source: DataSource, inputs: dict[str, str]) -> Trial:
            assert source.pk
            self.asked.append(inputs)
            return self.trial

        monkeypatch.setattr(source_admin, "try_source", answer)

    def _address(self, source: DataSource) -> str:
        return reverse("admin:enrichment_datasource_try", args=[source.pk])

    def test_it_asks_for_what_the_placeholders_need_and_asks_nobody_yet(
        self, admin_client: Client, source: DataSource
    ) -> None:
        page = admin_client.get(self._address(source)).content.decode()
        assert 'name="phone"' in page
        assert 'name="language"' in page
        assert self.asked == []

    def test_it_shows_values_request_and_answer(self, admin_client: Client, source: DataSource) -> None:
        data = {"phone": " +4915100000002 ", "language": "de", "other": "x"}
        page = admin_client.post(self._address(source), data).content.decode()
        assert self.asked == [{"phone": "+4915100000002", "language": "de"}]
        assert "It answered" in page
        assert "<td>gold</td>" in page
        assert "Authorization: Bearer •••" in page
        assert "“orders” was not there." in page

    def test_what_is_not_taken_yet_is_offered_under_a_free_name(self, admin_client: Client, source: DataSource) -> None:
        page = admin_client.post(self._address(source), {"phone": "+4915100000002"})
        assert [(leaf.path, leaf.name) for leaf in page.context["offered"]] == [
            ("name.last", "last"),
            ("vip", "loyalty_status_2"),
        ]

    def test_ticked_values_are_taken_and_the_others_are_not(self, admin_client: Client, source: DataSource) -> None:
        data = {
            "take": ["2"],
            "path-1": "name.last",
            "name-1": "last",
            "type-1": "text",
            "path-2": "vip",
            "name-2": "is_vip",
            "type-2": "boolean",
        }
        assert admin_client.post(self._address(source), data).url == _change(source)  # type: ignore[attr-defined]
        source.refresh_from_db()
        assert source.mapping == [
            {"name": "loyalty_status", "path": "status", "type": "text"},
            {"name": "is_vip", "path": "vip", "type": "boolean"},
        ]
        assert self.asked == []

    def test_a_value_that_cannot_be_is_refused_in_words(self, admin_client: Client, source: DataSource) -> None:
        data = {"take": ["1"], "path-1": "a..b", "name-1": "loyalty_status", "type-1": "text"}
        page = admin_client.post(self._address(source), data, follow=True).content.decode()
        assert "is there twice" in page
        assert "a..b" in page
        source.refresh_from_db()
        assert len(source.mapping) == 1

    def test_a_failure_is_said_in_its_words(self, admin_client: Client, source: DataSource) -> None:
        self.trial = Trial(Result("failed", error="No worker took the request within 3 seconds."))
        page = admin_client.post(self._address(source), {}).content.decode()
        assert "No worker took the request within 3 seconds." in page

    def test_only_those_who_may_change_a_source_let_it_be_asked(self, client: Client, source: DataSource) -> None:
        reader = User.objects.create_user("reader", is_staff=True)
        reader.user_permissions.add(Permission.objects.get(codename="view_datasource"))
        client.force_login(reader)
        assert client.post(self._address(source), {}).status_code == 403
        assert self.asked == []

    def test_a_source_that_is_not_there_is_no_error(self, admin_client: Client) -> None:
        assert admin_client.get("/admin/enrichment/datasource/999/try/").status_code == 404


def test_placeholders_are_found_in_address_headers_and_body_once_each() -> None:
    source = DataSource(
        url="https://a/?p={{ phone | url_encode }}",
        headers={"X-Who": "{{who}}"},
        body='{"p": {{- phone }}, "t": {{ t }}}',
    )
    assert source_admin.placeholders(source) == ["phone", "who", "t"]


def test_the_list_shows_the_address_without_its_query(admin_client: Client, source: DataSource) -> None:
    page: Any = admin_client.get(reverse("admin:enrichment_datasource_changelist")).content.decode()
    assert "GET https://93.184.216.34/customers" in page
    assert "{{ phone" not in page
