"""A manager says how an API is asked, tries it, and never sees its secret again."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from customers.enrichment import admin as source_admin
from customers.enrichment.models import DataSource
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


def _form(**more: str) -> dict[str, str]:
    return {
        "name": "Loyalty",
        "key": "loyalty",
        "is_active": "on",
        "method": "GET",
        "url": "https://93.184.216.34/customers?phone={{ phone | url_encode }}",
        "headers": "{}",
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
        "mapping": '[{"name": "loyalty_status", "path": "status", "type": "text"}]',
        "not_found_statuses": "[404]",
        "not_found_path": "",
        "breaker_failures": "20",
        "breaker_rest_s": "15",
        **more,
    }


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
        ({"mapping": '[{"name": "x", "path": "a..b", "type": "text"}]'}, "a..b"),
        ({"mapping": "{oops"}, "Enter a valid JSON"),
        ({"headers": "[1]"}, "Headers are names and values"),
        ({"not_found_statuses": "[9]"}, "A list of HTTP statuses"),
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


def test_an_emptied_list_means_none(admin_client: Client, source: DataSource) -> None:
    data = _form(mapping="", headers="", not_found_statuses="")
    assert admin_client.post(_change(source), data).status_code == 302
    source.refresh_from_db()
    assert (source.mapping, source.headers, source.not_found_statuses) == ([], {}, [])


def test_the_mapping_is_shown_one_row_a_line(admin_client: Client, source: DataSource) -> None:
    source.mapping = [{"name": name, "path": "ä", "type": "text"} for name in ("a", "b")]
    source.save()
    form = admin_client.get(_change(source)).context["adminform"].form
    assert form["mapping"].value() != ""
    assert str(form["mapping"]).count("\n  {") >= 2


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
