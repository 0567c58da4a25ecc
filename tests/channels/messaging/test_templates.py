"""Templates: what is sent where free text is not allowed any more, and where they come from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_httpserver import HTTPServer

from channels.messaging.delivery import Account as Sender
from channels.messaging.templates import CannotFill, fetch_templates, filled, parts_of, places_of, reply_by_template
from channels.models import Account, Conversation, Message, Template
from channels.numbers.shop import Refused
from channels.providers.meta import sending as meta
from channels.providers.twilio.messaging import sending as twilio
from tests.channels.messaging.test_admin import signed_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.channels.messaging.conftest import Chat

pytestmark = pytest.mark.django_db
TEXT = "Hello {{1}}, your order {{2}} waits."


def template(chat: Chat, **more: Any) -> Template:
    values = {"name": "waits", "external_id": "waits", "language": "en", "text": TEXT, **more}
    return Template.objects.create(account=chat.number.account, **values)


@pytest.fixture
def late(chat: Chat) -> Chat:
    """Somebody who wrote two days ago."""
    chat.now = timezone.now() - timedelta(days=2)
    chat.write("Hello")
    chat.now = timezone.now()
    return chat


def page(chat: Chat, client: Client, **query: Any) -> str:
    address = reverse("admin:channels_conversation_change", args=[chat.conversation.pk])
    return client.get(address, query).content.decode()


def send(chat: Chat, client: Client, row: Template, *values: str) -> str:
    address = reverse("admin:channels_conversation_template", args=[chat.conversation.pk])
    data = {"template": row.pk, **{f"value-{place}": value for place, value in enumerate(values, start=1)}}
    return client.post(address, data, follow=True).content.decode()


def test_whoever_answers_late_chooses_a_template_fills_it_in_and_it_leaves_as_one(late: Chat) -> None:
    row = template(late)
    client = signed_in("Supervisors")
    text = page(late, client)
    assert "They wrote more than 24 hours ago" in text
    assert "<textarea" not in text
    assert 'data-fills="2"' in text  # the only one is chosen already
    assert "The template is on its way" in send(late, client, row, "Amara", " A-17\n")
    late.wait(1)
    sent = late.asked[-1]
    assert (sent.template, sent.template_values, sent.language) == ("waits", ("Amara", "A-17"), "en")
    assert "Hello Amara, your order A-17 waits." in page(late, client)
    assert Message.objects.get(kind="template").by == User.objects.get()


def test_nothing_leaves_half_filled_in_or_refused_or_of_another_account(late: Chat, start: Callable[..., Chat]) -> None:
    row = template(late)
    client = signed_in("Managers")
    assert "Fill in 2 first" in send(late, client, row, "Amara", "  ")
    refused = template(late, external_id="refused", state="refused")
    other = template(start("whatsapp:+49309018201", provider="twilio"), external_id="HX1")
    for wrong in (refused, other):
        assert "cannot be sent any more" in send(late, client, wrong, "a", "b")
    assert not Message.objects.filter(kind="template").exists()
    text = page(late, client)
    assert f'value="{refused.pk}"' not in text
    assert f'value="{other.pk}"' not in text


def test_readers_send_none_and_who_said_stop_gets_none(late: Chat) -> None:
    row = template(late)
    assert (
        "403" in str(send(late, signed_in("Read-only"), row, "a", "b"))
        or not Message.objects.filter(kind="template").exists()
    )
    late.write("stop")
    Conversation.objects.update(last_inbound_at=late.now - timedelta(days=2))
    assert "They said STOP" in send(late, signed_in("Managers"), row, "a", "b")
    assert not Message.objects.filter(kind="template").exists()


def test_those_in_the_customers_language_come_first(late: Chat) -> None:
    from customers.models import Customer  # noqa: PLC0415

    for language in ("en", "fr", "de_DE"):
        template(late, external_id=language, language=language)
    Conversation.objects.update(customer=Customer.objects.create(external_id="C-1", name="Amara", language="de"))
    text = page(late, signed_in("Managers"))
    assert text.index("de_DE · waits") < text.index("en · waits") < text.index("fr · waits")


def test_without_templates_the_page_says_where_they_come_from(late: Chat) -> None:
    assert "Fetch or add message templates" in page(late, signed_in("Managers"))


def test_while_the_window_is_open_the_page_says_for_how_long(chat: Chat) -> None:
    chat.now = timezone.now() - timedelta(hours=20, minutes=1)
    chat.write("Hello")
    text = page(chat, signed_in("Managers")).replace("\xa0", " ")
    assert "Free text is allowed for 3 hours, 59 minutes more" in text
    assert "<textarea" in text


def test_what_is_filled_in_is_found_in_order_and_once() -> None:
    assert places_of("{{2}} {{1}} {{ 1 }} {{10}}") == ["1", "2", "10"]
    assert places_of("{{order}} for {{name}}") == ["order", "name"]
    assert filled("{{1}} and {{2}}", {"1": "{{2}}", "2": "b"}) == "{{2}} and b"
    assert [(part.text, part.place) for part in parts_of("Hi {{1}}!")] == [("Hi ", ""), ("", "1"), ("!", "")]


def test_names_of_places_are_told_to_both_providers(late: Chat) -> None:
    row = template(late, text="Hello {{name}}")
    reply_by_template(
        conversation_id=late.conversation.pk, template_id=row.pk, values={"name": "Amara"}, by_id=None, now=late.now
    )
    late.wait(1)
    sent = late.asked[-1]
    parameters = meta.whatsapp_body(sent)["template"]["components"][0]["parameters"]
    assert parameters == [{"type": "text", "parameter_name": "name", "text": "Amara"}]
    account = Sender("AC1", "s", "", "http://127.0.0.1:9", "")
    assert ("ContentVariables", '{"name": "Amara"}') in twilio.form_of(sent, account)
    with pytest.raises(CannotFill):
        reply_by_template(conversation_id=late.conversation.pk, template_id=row.pk, values={}, by_id=None, now=late.now)


META_ROWS = {
    "data": [
        {"name": "waits", "language": "en_US", "status": "APPROVED", "components": [
            {"type": "HEADER", "format": "TEXT", "text": "News"}, {"type": "BODY", "text": TEXT},
            {"type": "FOOTER", "text": "Bye"}]},
        {"name": "picture", "language": "en", "status": "APPROVED", "components": [
            {"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Look"}]},
        {"name": "link", "language": "en", "status": "APPROVED", "components": [{"type": "BODY", "text": "Look"},
            {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://a.example/{{1}}"}]}]},
        {"name": "new", "language": "en", "status": "PENDING", "components": [{"type": "BODY", "text": "New"}]},
        {"name": "bad", "language": "en", "status": "REJECTED", "components": [{"type": "BODY", "text": "Bad"}]},
        {"name": 7}, "nonsense",
    ]
}  # fmt: skip


def test_those_of_meta_are_fetched_and_what_is_gone_is_not_offered(
    chat: Chat, httpserver: HTTPServer, settings: Any
) -> None:
    settings.EMULATOR_URL = httpserver.url_for("").rstrip("/")
    settings.ENRICHMENT_ALLOWED_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    account = chat.number.account
    with pytest.raises(Refused, match="WhatsApp Business account"):
        fetch_templates(account=account, now=chat.now)
    account.business_id = "77"
    httpserver.expect_ordered_request(
        "/meta/v23.0/77/message_templates", headers={"Authorization": "Bearer t"}
    ).respond_with_json(META_ROWS)
    typed = template(chat, external_id="typed")
    assert fetch_templates(account=account, now=chat.now) == (5, 1)
    states = dict(Template.objects.exclude(pk=typed.pk).values_list("name", "state"))
    assert states == {
        "waits": "approved", "picture": "elsewhere", "link": "elsewhere", "new": "waiting", "bad": "refused"
    }  # fmt: skip
    httpserver.expect_ordered_request("/meta/v23.0/77/message_templates").respond_with_json({"data": []})
    assert fetch_templates(account=account, now=chat.now) == (0, 0)
    assert list(Template.objects.filter(state="approved")) == [typed]
    httpserver.expect_ordered_request("/meta/v23.0/77/message_templates").respond_with_json(
        {"error": {"message": "Unknown id"}}, status=400
    )
    with pytest.raises(Refused, match="Unknown id"):
        fetch_templates(account=account, now=chat.now)


def test_those_of_twilio_are_fetched_with_their_ids(
    start: Callable[..., Chat], httpserver: HTTPServer, settings: Any
) -> None:
    chat = start("whatsapp:+49309018201", provider="twilio")
    settings.EMULATOR_URL = httpserver.url_for("").rstrip("/")
    settings.ENRICHMENT_ALLOWED_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    rows = [
        {"sid": "HX1", "friendly_name": "waits", "language": "de", "variables": {"1": "A", "2": "B"},
         "types": {"twilio/text": {"body": TEXT}}, "approval_requests": {"status": "approved"}},
        {"sid": "HX2", "friendly_name": "pic", "language": "de", "variables": {"1": "url"},
         "types": {"twilio/media": {"body": "Look", "media": ["{{1}}"]}}, "approval_requests": {"status": "approved"}},
        {"sid": "HX3", "friendly_name": "raw", "language": "de", "types": {"twilio/text": {"body": "Raw"}},
         "approval_requests": {"status": "unsubmitted"}},
    ]  # fmt: skip
    elsewhere = {"next_page_url": "https://somebody-else.example/v1/ContentAndApprovals"}
    httpserver.expect_request("/twilio/content/v1/ContentAndApprovals").respond_with_json(
        {"contents": rows, "meta": elsewhere}
    )
    assert fetch_templates(account=chat.number.account, now=chat.now) == (3, 1)
    states = dict(Template.objects.values_list("external_id", "state"))
    assert states == {"HX1": "approved", "HX2": "elsewhere", "HX3": "waiting"}


def test_managers_fetch_and_add_them_others_only_look(chat: Chat) -> None:
    fetch = reverse("admin:channels_template_fetch")
    one = reverse("admin:channels_template_fetch_one", args=[chat.number.account_id])
    add = reverse("admin:channels_template_add")
    manager, reader = signed_in("Managers"), signed_in("Read-only")
    assert "meta" in manager.get(fetch).content.decode()
    assert manager.get(one).status_code == 405
    assert "WhatsApp Business account" in manager.post(one, follow=True).content.decode()
    data = {"account": chat.number.account_id, "name": "waits", "language": "en", "text": TEXT, "state": "approved"}
    assert manager.post(add, data).status_code == 302
    row = Template.objects.get()
    assert (row.external_id, row.fetched_at) == ("waits", None)
    Account.objects.update(provider="twilio")
    assert "begins with HX" in manager.post(add, data | {"language": "de"}).content.decode()
    assert reader.get(reverse("admin:channels_template_changelist")).status_code == 200
    assert {reader.get(fetch).status_code, reader.post(one).status_code, reader.get(add).status_code} == {403}
