"""What providers are handed, field by field, and what we make of their answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.core.cache import cache
from pytest_httpserver import HTTPServer

from channels.messaging.delivery import Account, Later, Outgoing, Refused, Sent, Unsure
from channels.messaging.wording import numbered, parts, segments
from channels.providers.meta import sending as meta
from channels.providers.twilio.messaging import sending as twilio
from channels.providers.twilio.messaging import tappable

TEXT = Outgoing("m7", "whatsapp", "whatsapp:100000000000001", "whatsapp:+4915100000001", "Hello")
ASK = replace(TEXT, text="What?", choices=(("choice:a", "Order"), ("choice:b", "Other")))


@pytest.fixture
def account(httpserver: HTTPServer) -> Iterator[Account]:
    yield Account("AC1", "secret", "token", httpserver.url_for("").rstrip("/"), "https://pareto.example.com")
    httpserver.check_assertions()


def test_whatsapp_gets_text_buttons_lists_media_and_templates() -> None:
    assert meta.whatsapp_body(TEXT) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "4915100000001",
        "biz_opaque_callback_data": "m7",
        "type": "text",
        "text": {"preview_url": False, "body": "Hello"},
    }
    buttons = meta.whatsapp_body(ASK)["interactive"]
    assert buttons["type"] == "button"
    assert [one["reply"]["id"] for one in buttons["action"]["buttons"]] == ["choice:a", "choice:b"]
    four = replace(ASK, choices=tuple((f"choice:{n}", f"Choice {n}") for n in range(4)))
    rows = meta.whatsapp_body(four)["interactive"]
    assert (rows["type"], len(rows["action"]["sections"][0]["rows"])) == ("list", 4)
    long = replace(ASK, choices=(("choice:a", "A label that no button can hold"), ("choice:b", "B")))
    assert meta.whatsapp_body(long)["text"]["body"].endswith("1. A label that no button can hold\n2. B")
    picture = meta.whatsapp_body(replace(TEXT, media=("https://a.example/x.PNG",)))
    assert picture["image"] == {"link": "https://a.example/x.PNG", "caption": "Hello"}
    template = meta.whatsapp_body(replace(TEXT, template="still_there", template_values=("Amara",), language="de-DE"))
    assert template["template"]["language"] == {"code": "de_DE"}
    assert meta.whatsapp_body(replace(TEXT, recipient="whatsapp:DE.42"))["recipient"] == "DE.42"


def test_messenger_gets_quick_replies_and_its_token_back_instagram_only_the_replies() -> None:
    page = replace(ASK, channel="messenger", sender="messenger:1000002", recipient="messenger:77")
    message = meta.messenger_body(page)["message"]
    assert [one["payload"] for one in message["quick_replies"]] == ["choice:a", "choice:b"]
    assert message["metadata"] == "m7"
    assert "metadata" not in meta.messenger_body(replace(page, channel="instagram"))["message"]
    file = meta.messenger_body(replace(page, media=("https://a.example/x.pdf",)))
    assert file["message"]["attachment"]["type"] == "file"


def test_twilio_gets_numbers_where_there_are_no_buttons_and_our_token_in_the_callback() -> None:
    account = Account("AC1", "secret", "", "", "https://pareto.example.com")
    form = dict(twilio.form_of(replace(ASK, channel="sms", sender="+4930", recipient="+4915"), account))
    assert form["Body"] == "What?\n\n1. Order\n2. Other"
    assert form["StatusCallback"] == "https://pareto.example.com/webhooks/twilio/message/status/?message=m7"
    template = dict(twilio.form_of(replace(TEXT, template="HX1", template_values=("a", "b")), account))
    assert json.loads(template["ContentVariables"]) == {"1": "a", "2": "b"}
    assert "Body" not in template


class TestWhatTwilioKeepsForTapping:
    """Contents: asked for once, filled in each time."""

    PATH = "/2010-04-01/Accounts/AC1/Messages.json"

    @pytest.fixture(autouse=True)
    def _nothing_made(self) -> None:
        cache.clear()

    def forms(self, httpserver: HTTPServer) -> list[dict[str, str]]:
        return [dict(parse_qsl(ask.get_data(as_text=True))) for ask, _ in httpserver.log if ask.path == self.PATH]

    def test_one_content_of_variables_serves_every_question_of_its_shape(
        self, httpserver: HTTPServer, account: Account
    ) -> None:
        httpserver.expect_ordered_request("/content/v1/Content", "POST").respond_with_json({"sid": "HX9"}, 201)
        for number in range(2):
            httpserver.expect_ordered_request(self.PATH, "POST").respond_with_json({"sid": f"SM{number}"}, 201)
        assert twilio.deliver(ASK, account) == Sent("SM0")
        other = replace(ASK, text="And how?", choices=(("choice:x", "By post"), ("choice:y", "By {{hand}}")))
        assert twilio.deliver(other, account) == Sent("SM1")
        made = httpserver.log[0][0].get_json()
        said = made["types"]["twilio/quick-reply"]
        assert said["body"] == "{{1}}"
        assert [(one["title"], one["id"]) for one in said["actions"]] == [("{{2}}", "{{3}}"), ("{{4}}", "{{5}}")]
        assert sorted(made["variables"]) == ["1", "2", "3", "4", "5"]
        first, second = self.forms(httpserver)
        assert (first["ContentSid"], "Body" in first) == ("HX9", False)
        values = {"1": "What?", "2": "Order", "3": "choice:a", "4": "Other", "5": "choice:b"}
        assert json.loads(first["ContentVariables"]) == values
        assert json.loads(second["ContentVariables"])["4"] == "By {{hand}}"

    def test_more_than_three_are_a_list_on_whatsapp_and_stay_buttons_on_messenger(self) -> None:
        four = replace(ASK, choices=tuple((f"choice:{n}", f"Choice {n}") for n in range(4)), language="de-DE")
        assert tappable._kind(four) == "list-picker"
        assert tappable._variables("list-picker", four)["2"] == "Auswählen"
        assert len(tappable.types_of("list-picker", 4)["twilio/list-picker"]["items"]) == 4
        assert tappable._kind(replace(four, channel="messenger")) == "quick-reply"

    @pytest.mark.parametrize(
        "ask",
        [
            replace(ASK, channel="sms"),
            replace(ASK, text=""),
            replace(ASK, text="Two\nlines"),
            replace(ASK, text="x" * 1025),
            replace(ASK, choices=tuple((f"choice:{n}", f"{n}") for n in range(11))),
            replace(ASK, choices=(("choice:a", "A label that no row of a list can hold"),)),
        ],
        ids=["sms", "no question", "two lines", "long", "eleven", "long answer"],
    )
    def test_what_cannot_be_tapped_is_asked_in_words(self, ask: Outgoing) -> None:
        assert tappable._kind(ask) is None

    @pytest.mark.parametrize(("status", "body"), [(403, {}), (500, {}), (201, {}), (201, [])])
    def test_a_carrier_that_makes_none_is_asked_in_words_and_not_again_at_each_question(
        self, httpserver: HTTPServer, account: Account, status: int, body: Any
    ) -> None:
        httpserver.expect_oneshot_request("/content/v1/Content", "POST").respond_with_json(body, status)
        httpserver.expect_request(self.PATH, "POST").respond_with_json({"sid": "SM1"}, 201)
        for _ in range(2):
            assert twilio.deliver(ASK, account) == Sent("SM1")
        assert [one["Body"] for one in self.forms(httpserver)] == ["What?\n\n1. Order\n2. Other"] * 2

    def test_a_content_that_is_not_taken_any_more_is_asked_in_words_and_forgotten(
        self, httpserver: HTTPServer, account: Account
    ) -> None:
        httpserver.expect_oneshot_request("/content/v1/Content", "POST").respond_with_json({"sid": "HX9"}, 201)
        httpserver.expect_oneshot_request(self.PATH, "POST").respond_with_json({"code": 21655}, 400)
        httpserver.expect_request(self.PATH, "POST").respond_with_json({"sid": "SM1"}, 201)
        for _ in range(2):
            assert twilio.deliver(ASK, account) == Sent("SM1")
        assert [sorted(form.keys() & {"Body", "ContentSid"}) for form in self.forms(httpserver)] == [
            ["ContentSid"],
            ["Body"],
            ["Body"],
        ]

    def test_who_is_refused_whatever_is_sent_does_not_cost_others_their_buttons(
        self, httpserver: HTTPServer, account: Account
    ) -> None:
        httpserver.expect_oneshot_request("/content/v1/Content", "POST").respond_with_json({"sid": "HX9"}, 201)
        for _ in range(2):
            httpserver.expect_oneshot_request(self.PATH, "POST").respond_with_json({"code": 21610}, 400)
        httpserver.expect_request(self.PATH, "POST").respond_with_json({"sid": "SM1"}, 201)
        assert isinstance(twilio.deliver(ASK, account), Refused)
        assert twilio.deliver(ASK, account) == Sent("SM1")
        assert self.forms(httpserver)[-1]["ContentSid"] == "HX9"

    def test_those_who_copied_twilio_have_no_contents(self, httpserver: HTTPServer, account: Account) -> None:
        path = "/2010-04-01/Accounts/AC1/Messages.json"
        httpserver.expect_request(path, "POST").respond_with_json({"sid": "SM1"}, 201)
        assert twilio.deliver(ASK, replace(account, carrier="somleng")) == Sent("SM1")
        assert "Body" in self.forms(httpserver)[-1]


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind"),
    [
        (200, {"messages": [{"id": "wamid.1"}]}, {}, Sent),
        (200, {"anything": 1}, {}, Unsure),
        (429, {"error": {"code": 4}}, {"Retry-After": "7"}, Later),
        (500, {}, {}, Later),
        (503, "<html>", {}, Later),
        (400, {"error": {"code": 130429, "message": "Rate limit hit"}}, {}, Later),
        (400, {"error": {"code": 131056}}, {}, Later),
        (400, {"error": {"code": 131047, "error_data": {"details": "24 hours"}}}, {}, Refused),
        (401, {"error": {"code": 190}}, {}, Refused),
    ],
)
def test_the_answers_of_the_graph_api(
    httpserver: HTTPServer, account: Account, status: int, body: Any, headers: dict[str, str], kind: type
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    httpserver.expect_request(
        "/v23.0/100000000000001/messages", headers={"Authorization": "Bearer token"}
    ).respond_with_data(text, status=status, headers=headers, content_type="application/json")
    found = meta.deliver(TEXT, account)
    assert isinstance(found, kind)
    if status == 429:
        assert found == Later("429 4", 7.0, whole_number=True)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (201, {"sid": "SM1"}, Sent),
        (201, {}, Unsure),
        (429, {"code": 20429}, Later),
        (500, {}, Later),
        (400, {"code": 21610, "message": "Attempt to send to unsubscribed recipient"}, Refused),
    ],
)
def test_the_answers_of_twilio(httpserver: HTTPServer, account: Account, status: int, body: Any, kind: type) -> None:
    path = "/2010-04-01/Accounts/AC1/Messages.json"
    httpserver.expect_request(path, method="POST").respond_with_json(body, status=status)
    assert isinstance(twilio.deliver(TEXT, account), kind)


def test_whoever_cannot_be_reached_got_nothing() -> None:
    found = meta.deliver(TEXT, Account("1", "s", "t", "http://127.0.0.1:9", ""))
    assert found == Later("cannot be reached")


def test_words_are_numbered_cut_and_counted() -> None:
    assert numbered("", [("a", "Yes")]) == "1. Yes"
    assert parts("One. Two three", 8) == ["One.", "Two", "three"]
    assert "".join(parts("x" * 25, 10)) == "x" * 25
    found = parts("Wörter äé, ш. " * 200, 1_000, in_bytes=True)
    assert max(len(part.encode()) for part in found) <= 1_000
    assert min(len(part.encode()) for part in found[:-1]) > 900
    assert "".join("".join(found).split()) == "".join(("Wörter äé, ш. " * 200).split())
    assert (segments("a" * 160), segments("a" * 161), segments("€" * 80), segments("€" * 81)) == (1, 2, 1, 2)
    assert (segments("ж" * 70), segments("ж" * 71), segments("😀" * 35), segments("😀" * 36)) == (1, 2, 1, 2)
