"""What people sent beside words: from the provider's own hosts alone, to whoever may read the conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_httpserver import HTTPServer
from werkzeug import Response

from channels.admin import attachments
from channels.messaging import media
from channels.messaging.delivery import Account
from channels.messaging.media import Media, MediaSource, NoMedia, fetch, is_at
from channels.messaging.played import picture
from channels.models import Message
from channels.provider import providers
from tests.channels.messaging.test_admin import signed_in

if TYPE_CHECKING:
    from tests.channels.messaging.conftest import Chat

HOSTS = ("api.example.com", ".cdn.example", "store.example/ours/")
TWILIO = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"


@pytest.mark.parametrize(
    ("url", "is_there"),
    [
        ("https://api.example.com/x", True),
        ("https://a.b.cdn.example/x", True),
        ("https://store.example/ours/x", True),
        ("https://api.example.com:443/x", True),
        ("http://api.example.com/x", False),
        ("https://api.example.com:8443/x", False),
        ("https://api.example.com@evil.example/x", False),
        ("https://evil.example/api.example.com", False),
        ("https://eviltapi.example.com.evil.example/", False),
        ("https://evilcdn.example/x", False),
        ("https://store.example/theirs/x", False),
        ("https://api.example.com\\@evil.example/", False),
        ("https://api.example.com:x/", False),
        ("//api.example.com/x", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_an_address_is_the_providers_only_if_its_host_is(url: str, is_there: bool) -> None:
    assert is_at(url, HOSTS) is is_there


def account(**more: Any) -> Account:
    values = {"external_id": "AC1", "secret": "s", "access_token": "t", "api": "", "callbacks": ""} | more
    return Account(**values)


def source(provider: str, found: dict[str, str], channel: str = "whatsapp", **more: Any) -> MediaSource | None:
    place: MediaSource | None = providers()[provider].media_source(
        media=found, channel=channel, sender=f"{channel}:77", account=account(**more)
    )
    return place


def test_a_file_at_twilio_is_asked_for_as_the_account_and_its_store_as_nobody() -> None:
    found = source("twilio", {"url": TWILIO})
    assert found is not None
    assert (found.url, found.headers) == (TWILIO, {"authorization": "Basic QUMxOnM="})
    assert is_at("https://mms.twiliocdn.com/AC1/x", found.hosts)
    assert not is_at("https://mms.twiliocdn.com/AC1/x", found.known_by)
    played = source("twilio", {"url": TWILIO}, api="http://127.0.0.1:1/emulator/twilio")
    assert played is not None
    assert played.url == "http://127.0.0.1:1/emulator/twilio" + TWILIO.removeprefix("https://api.twilio.com")


def test_a_file_of_whatsapp_is_looked_up_by_its_id() -> None:
    found = source("meta", {"id": "123", "type": "image/jpeg"})
    assert found is not None
    assert found.url == "https://graph.facebook.com/v23.0/123?phone_number_id=77"
    assert (found.is_told, found.headers) == (True, {"Authorization": "Bearer t"})
    assert is_at("https://lookaside.fbsbx.com/x", found.known_by)


@pytest.mark.parametrize(
    ("provider", "channel", "found"),
    [
        ("twilio", "sms", {"url": "https://evil.example/x"}),
        ("twilio", "sms", {"id": "1"}),
        ("meta", "whatsapp", {"id": "../me"}),
        ("meta", "whatsapp", {"url": "https://lookaside.fbsbx.com/x"}),
        ("meta", "messenger", {"url": "https://www.bing.com/maps", "type": "location"}),
        ("meta", "instagram", {"url": "http://x.fbcdn.net/1"}),
    ],
)
def test_what_does_not_lie_with_the_provider_is_not_asked_for(
    provider: str, channel: str, found: dict[str, str]
) -> None:
    assert source(provider, found, channel) is None


def test_signalwires_own_space_alone_is_told_who_asks() -> None:
    more = {"carrier": "signalwire", "api_url": "us.signalwire.com"}
    found = source("twilio", {"url": "https://us.signalwire.com/api/laml/2010-04-01/Accounts/1/Media/1"}, **more)
    assert found is not None
    assert found.known_by == ("us.signalwire.com",)
    assert is_at("https://files.signalwire.com/x", found.hosts)


# --- over HTTP: what the emulator plays stands for every host ------------------------------------


@pytest.fixture
def there(httpserver: HTTPServer) -> Callable[..., MediaSource]:
    base = httpserver.url_for("/far")

    def made(path: str = "/1", **more: Any) -> MediaSource:
        return MediaSource(base + path, ("api.example.com",), {"Authorization": "me"}, emulator=base, **more)

    return made


def test_the_file_is_fetched_where_the_provider_says_it_is(
    httpserver: HTTPServer, there: Callable[..., MediaSource]
) -> None:
    asked = {"Authorization": "me"}
    httpserver.expect_request("/far/1", headers=asked).respond_with_json({"url": httpserver.url_for("/far/2")})
    httpserver.expect_request("/far/2").respond_with_response(Response(status=307, headers={"Location": "/far/3"}))
    httpserver.expect_request("/far/3").respond_with_data(b"%PDF", content_type="application/pdf; x=y")
    assert fetch(there(is_told=True)) == Media(b"%PDF", "application/pdf")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Response(status=404), 404),
        (Response(status=401), 502),
        (Response(status=302, headers={"Location": "https://evil.example/x"}), 502),
        (Response(status=302, headers={"Location": "http://127.0.0.1:1/admin/"}), 502),
        (Response(status=302, headers={"Location": "/far/1"}), 502),
        (Response(b"x" * 2001), 413),
        (Response(b"no JSON"), 502),
        (Response(b'{"url": 7}'), 502),
    ],
)
def test_whatever_else_is_answered_is_told_in_a_sentence(
    httpserver: HTTPServer,
    there: Callable[..., MediaSource],
    monkeypatch: pytest.MonkeyPatch,
    answer: Response,
    status: int,
) -> None:
    monkeypatch.setattr(media, "MOST_BYTES", 2000)
    httpserver.expect_request("/far/1").respond_with_response(answer)
    with pytest.raises(NoMedia) as raised:
        fetch(there(is_told=answer.status_code == 200 and len(answer.data) < 100))
    assert raised.value.status == status


def test_nobody_there_is_told_too() -> None:
    with pytest.raises(NoMedia) as raised:
        fetch(MediaSource("http://127.0.0.1:1/x/1", (), emulator="http://127.0.0.1:1/x"))
    assert raised.value.status == 504


# --- the page ------------------------------------------------------------------------------------


@pytest.fixture
def shown(chat: Chat) -> Message:
    attached = [
        {"id": "11", "type": "image/png"},
        {"id": "12", "type": "application/pdf", "name": 'the "bill"\r\n.pdf'},
    ]
    chat.write("Look", type="image", media=attached)
    found: Message = chat.conversation.messages.get(direction="in")
    return found


def address(message: Message, place: int = 0) -> str:
    return reverse("admin:channels_conversation_media", args=[message.conversation_id, message.pk, place])


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    def give(what: Any) -> None:
        def fetched(_source: MediaSource) -> Media:
            if isinstance(what, Exception):
                raise what
            found: Media = what
            return found

        monkeypatch.setattr(attachments, "fetch", fetched)

    return give


@pytest.mark.django_db
def test_pictures_are_shown_and_everything_else_is_saved(shown: Message, given: Callable[[Any], None]) -> None:
    client = signed_in("Read-only")
    page = client.get(reverse("admin:channels_conversation_change", args=[shown.conversation_id])).content.decode()
    assert f'<img class="p-picture" src="{address(shown)}" alt="Picture (image/png)"' in page
    assert f'href="{address(shown, 1)}"' in page
    given(Media(picture(), "text/html"))
    answer = client.get(address(shown))
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "image/png",
        f'inline; filename="attachment-{shown.pk}.png"',
    )
    for body, kind, sent in (
        (b"<script>", "image/png", "application/octet-stream"),
        (b"<svg>", "image/svg+xml", "application/octet-stream"),
        (b"<script>", "text/html", "application/octet-stream"),
        (b"%PDF", "application/pdf", "application/pdf"),
        (b"x", "a/b\r\nSet-Cookie: x", "application/octet-stream"),
    ):
        given(Media(body, kind))
        answer = client.get(address(shown, 1))
        assert (answer.content, answer["Content-Type"]) == (body, sent)
        assert answer["Content-Disposition"] == 'attachment; filename="the _bill_.pdf"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["Cache-Control"].startswith("private")


@pytest.mark.django_db
def test_only_who_may_read_the_conversation_sees_them(shown: Message, given: Callable[[Any], None]) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415

    given(Media(picture(), "image/png"))
    assert Client().get(address(shown)).status_code == 302
    stranger = Client()
    stranger.force_login(User.objects.create_user("stranger", is_staff=True))
    assert stranger.get(address(shown)).status_code == 403
    client = signed_in("Managers")
    assert client.get(address(shown)).status_code == 200
    assert client.post(address(shown)).status_code == 405
    assert client.get(address(shown, 2)).status_code == 404
    ours = shown.conversation.messages.filter(direction="out").get()
    assert client.get(address(ours)).status_code == 404
    Message.objects.filter(pk=shown.pk).update(deleted_at=shown.occurred_at)
    assert client.get(address(shown)).status_code == 404


@pytest.mark.django_db
def test_what_cannot_be_had_says_why(shown: Message, given: Callable[[Any], None]) -> None:
    given(NoMedia("The provider does not have it any more.", 404))
    answer = signed_in("Managers").get(address(shown))
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert b"not have it any more" in answer.content
