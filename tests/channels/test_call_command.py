"""`./manage.py call`: what it prints is what happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from channels.models import Number
from channels.providers.twilio.emulator.setup import Line
from queues.models import SipAddress
from routing.models import Contact

FROM, TO = "+4915100000002", "+49309018200"
Server = Callable[..., None]


@pytest.fixture(autouse=True)
def no_public_url(settings: LazySettings) -> None:
    settings.PUBLIC_URL = ""


def place(*options: str, sender: str = FROM, recipient: str = TO) -> str:
    out = StringIO()
    call_command("call", sender, recipient, *options, stdout=out)
    return out.getvalue()


def result(*options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place("--json", *options))
    return found


def test_a_caller_who_presses_a_key_ends_in_its_queue(number: Number, server: Server) -> None:
    found = result("--press", "1")
    contact = Contact.objects.get(external_id=found["call_sid"])
    assert (
        found.items()
        >= {
            "outcome": "transferred",
            "sip_uri": "sip:vip@pbx.example.com",
            "queue": "VIP",
            "heard": ["For sales press 1 & wait."],
            "reference": contact.reference,
            "error": None,
        }.items()
    )
    assert found["sip_headers"]["X-Contact"] == contact.reference
    assert len(found["answered_in_ms"]) == 3
    assert (contact.queue and contact.queue.name, contact.state) == ("VIP", "ended")


def test_words_are_heard_too(number: Number, server: Server) -> None:
    assert result("--say", "sales please")["queue"] == "VIP"


def test_silence_ends_in_the_other_queue(number: Number, server: Server) -> None:
    assert result()["queue"] == "Standard"


def test_a_caller_may_hang_up_before_anything_is_decided(number: Number, server: Server) -> None:
    found = result("--hangup-after", "1")
    assert found.items() >= {"outcome": "hung_up", "sip_uri": None, "queue": None, "sip_headers": {}}.items()
    assert Contact.objects.get().state == "ended"


def test_a_queue_that_is_busy_ends_with_a_message(number: Number, server: Server) -> None:
    found = result("--dial", "busy")
    assert found["outcome"] == "voicemail"
    assert found["heard"] == ["For sales press 1 & wait.", "Speak after the tone.", "Good-bye."]
    assert result("--dial", "busy", "--message", "0")["outcome"] == "ended"


def test_one_address_may_be_busy(number: Number, server: Server) -> None:
    vip = SipAddress.objects.get(uri="sip:vip@pbx.example.com").queue
    SipAddress.objects.create(queue=vip, uri="sip:vip2@pbx.example.com", position=2)
    found = result("--press", "1", "--dial", "sip:vip@pbx.example.com=busy")
    assert found["sip_uri"] == "sip:vip2@pbx.example.com"
    assert [leg["ended"] for leg in found["dialled"]] == ["busy", "completed"]


def test_without_json_it_reads_as_a_story(number: Number, server: Server) -> None:
    text = place("--press", "1")
    for words in ("hears    “For sales press 1 & wait.”", "rings    sip:vip@pbx.example.com", "queue    VIP"):
        assert words in text


def test_a_number_that_is_none_of_ours_is_told_with_those_that_are(number: Number, server: Server) -> None:
    with pytest.raises(CommandError, match=r"\+49301 is none of our numbers. Known: \+49309018200."):
        place(recipient="+49301")


@pytest.mark.django_db
def test_a_house_without_numbers_says_where_to_add_one(server: Server) -> None:
    with pytest.raises(CommandError, match="Add one in the admin"):
        place()


def test_a_number_that_is_switched_off_is_told(number: Number, server: Server) -> None:
    Number.objects.update(is_active=False)
    with pytest.raises(CommandError, match="switched off"):
        place()


def test_a_server_that_is_not_running_is_told(number: Number, server: Server) -> None:
    server("http://127.0.0.1:9999")
    with pytest.raises(CommandError, match=r"http://127\.0\.0\.1:8000\. Start it with `make run`"):
        place()


def test_the_port_of_the_environment_is_where_the_server_is(
    number: Number, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8123")
    server("http://127.0.0.1:8123")
    assert result()["outcome"] == "transferred"


def test_a_public_address_that_is_not_reached_from_here_is_signed_for_and_gone_around(
    number: Number, server: Server, settings: LazySettings
) -> None:
    settings.PUBLIC_URL = "https://calls.example.com"
    settings.ALLOWED_HOSTS = ["calls.example.com"]
    assert result()["outcome"] == "transferred"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    assert result("--url", "http://127.0.0.1:8000/")["outcome"] == "transferred"


def test_a_way_to_answer_that_there_is_none_is_told(number: Number, server: Server) -> None:
    with pytest.raises(CommandError, match="“asleep” is no way"):
        place("--dial", "asleep")


def test_a_call_that_fails_prints_what_happened_and_fails(
    number: Number, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Line("AC00000000000000000000000000000001", "another-token", TO)
    monkeypatch.setattr("channels.management.commands.call.find_line", lambda _: wrong)
    out = StringIO()
    with pytest.raises(CommandError, match=r"11200: .* 403 \(bad signature\)"):
        call_command("call", FROM, TO, "--json", stdout=out)
    assert json.loads(out.getvalue()).items() >= {"outcome": "error", "queue": None, "reference": None}.items()
    assert not Contact.objects.exists()
