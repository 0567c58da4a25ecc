"""Voice webhooks through the real runner: one contact a call, the first answer again for a duplicate, few queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from channels.models import Account, Number
from channels.providers.twilio.emulator.twiml import Verb, parse
from channels.providers.twilio.signature import sign
from queues.models import SipAddress
from routing.models import Contact, Flow, Turn

ACCOUNT, SECRET = "AC00000000000000000000000000000001", "demo-token"
VOICE, STATUS = "/webhooks/twilio/voice/", "/webhooks/twilio/voice/status/"

Post = Callable[..., Any]


@pytest.fixture
def post(number: Number, settings: LazySettings) -> Post:
    settings.PUBLIC_URL = ""
    client = Client()

    def post_(path: str = VOICE, *, secret: str = SECRET, **more: str) -> Any:
        form = {
            "AccountSid": ACCOUNT,
            "CallSid": "CA1",
            "CallStatus": "ringing",
            "From": "+4915100000002",
            "To": "+49309018200",
        } | more
        signature = sign(secret, f"http://testserver{path}", {name: [value] for name, value in form.items()})
        return client.post(
            path,
            urlencode(form),
            content_type="application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": signature},
        )

    return post_


def verbs(response: Any) -> list[Verb]:
    assert response.status_code == 200
    return list(parse(response.content))


def path_of(verb: Verb) -> str:
    return verb.attributes["action"].removeprefix("http://testserver")


def test_a_call_is_one_contact_from_its_first_webhook_to_its_end(post: Post) -> None:
    (gather,) = verbs(post())
    (dial,) = verbs(post(path_of(gather), Digits="1"))
    assert dial.children[0].text.startswith("sip:vip@pbx.example.com?X-Contact=")
    verbs(post(path_of(dial), DialCallStatus="completed", DialCallDuration="30", CallStatus="in-progress"))
    assert post(STATUS, CallStatus="completed", CallDuration="41").status_code == 204
    contact = Contact.objects.get()
    assert (contact.state, contact.outcome, contact.queue and contact.queue.key) == ("ended", "connected", "vip")


def test_the_same_webhook_again_gets_the_first_answer_and_changes_nothing(post: Post) -> None:
    first = post()
    path = path_of(verbs(first)[0])
    second = post(path, Digits="1")
    assert post().content == first.content
    # Even when the carrier tells it differently the second time.
    assert post(path, Digits="2").content == second.content
    assert (Contact.objects.count(), Turn.objects.count()) == (1, 2)


def test_a_status_may_come_twice_and_of_a_call_that_never_was(post: Post) -> None:
    post()
    for _ in range(2):
        assert post(STATUS, CallStatus="completed").status_code == 204
    assert post(STATUS, CallStatus="completed", CallSid="CA2").status_code == 204
    assert Contact.objects.get().outcome == "abandoned"


def test_who_is_refused_leaves_no_trace(post: Post) -> None:
    assert post(secret="wrong").status_code == 403
    assert post(To="+49300000000").status_code == 404
    assert post(AccountSid="AC2").status_code == 403
    Account.objects.update(is_active=False)
    assert post().status_code == 403
    assert not Contact.objects.exists()


def test_a_number_without_a_live_flow_goes_straight_to_its_fallback_queue(post: Post) -> None:
    Flow.objects.update(live=None)
    (dial,) = verbs(post())
    assert dial.children[0].text.startswith("sip:standard@pbx.example.com")
    assert Contact.objects.get().fell_back


def test_a_fallback_queue_without_an_address_says_sorry(post: Post) -> None:
    Flow.objects.update(live=None)
    SipAddress.objects.all().delete()
    assert [verb.name for verb in verbs(post())] == ["Say", "Hangup"]


def test_a_webhook_makes_three_round_trips_to_the_database_at_most(post: Post) -> None:
    post(CallSid="CA0")
    with CaptureQueriesContext(connection) as queries:
        path = path_of(verbs(post())[0])
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) <= 3
    with CaptureQueriesContext(connection) as queries:
        post(path, Digits="1")
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) <= 3


def test_a_number_is_kept_out_of_the_log(post: Post) -> None:
    with capture_logs() as lines:
        post(secret="wrong")
        post(To="+49300000000")
    # Before anything masks them: what is not said cannot leak.
    assert [line["event"] for line in lines].count("webhook refused") == 2
    assert "4915100000002" not in str(lines)
    assert "49300000000" not in str(lines)
