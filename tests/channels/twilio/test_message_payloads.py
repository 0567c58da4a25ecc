"""Each kind of message in the vendor's form (`payloads/`, each with the page that shows it; the values are ours)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.messaging.inbound import Malformed
from channels.providers.twilio.messaging.inbound import read_message, read_post, read_status

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CASES = json.loads((Path(__file__).parent / "payloads" / "messages.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_form_tells_what_it_should(case: dict[str, Any]) -> None:
    event = read_message(read_post({name: [value] for name, value in case["form"].items()}), NOW)
    found = {"channel": event.channel, "sender": event.sender, "recipient": event.recipient, **event.body}
    # As it is kept.
    assert json.loads(json.dumps({name: found[name] for name in case["expected"]})) == case["expected"]
    assert event.external_id == case["form"]["MessageSid"]


@pytest.mark.parametrize(
    ("status", "state"),
    [("sent", "sent"), ("delivered", "delivered"), ("read", "read"), ("undelivered", "failed"), ("failed", "failed")],
)
def test_a_status_is_about_our_message_whoever_it_went_to(status: str, state: str) -> None:
    form = {
        "AccountSid": ["AC1"],
        "MessageSid": ["SM1"],
        "From": ["whatsapp:+49309018201"],
        "To": ["whatsapp:+4915100000001"],
    }
    event = read_status(read_post({**form, "MessageStatus": [status], "ErrorCode": ["63016"]}), "m5", NOW)
    assert event
    assert (event.recipient, event.sender) == ("whatsapp:+49309018201", "whatsapp:+4915100000001")
    assert (event.body["state"], event.body["token"], event.body["message"]) == (state, "m5", "SM1")
    assert ("63016" in event.body["error"]) is (state == "failed")


def test_a_reaction_is_about_a_message_and_is_none() -> None:
    form = {**CASES[0]["form"], "MessageType": "reaction", "Body": "👍", "OriginalRepliedMessageSid": "SM9"}
    event = read_message(read_post({name: [value] for name, value in form.items()}), NOW)
    assert (event.kind, event.body) == ("reaction", {"message": "SM9", "emoji": "👍"})


def test_the_steps_before_sent_tell_nothing() -> None:
    form = {"AccountSid": ["AC1"], "MessageSid": ["SM1"], "From": ["+49309018200"], "To": ["+4915100000001"]}
    assert read_status(read_post({**form, "MessageStatus": ["queued"]}), "", NOW) is None


@pytest.mark.parametrize("missing", ["AccountSid", "From", "To"])
def test_a_form_without_what_matters_is_refused(missing: str) -> None:
    form = {name: [value] for name, value in CASES[0]["form"].items() if name != missing}
    with pytest.raises(Malformed):
        read_message(read_post(form), NOW)
