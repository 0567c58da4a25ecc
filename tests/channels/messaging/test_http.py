"""Which failures of a provider pass, and when to come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from channels.messaging.delivery import Later, Unsure
from channels.messaging.http import later


def answer(status: int, retry_after: str = "") -> requests.Response:
    found = requests.Response()
    found.status_code = status
    if retry_after:
        found.headers["Retry-After"] = retry_after
    return found


def test_a_date_in_retry_after_is_waited_for() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    found = later(answer(429, at), "too much")
    assert isinstance(found, Later)
    assert found.after_s is not None
    assert 85 <= found.after_s <= 90
    assert found.whole_number


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("99999", 3600.0), ("soon", None), ("Mon, 01 Jan 1990 00:00:00 GMT", 0.0)]
)
def test_seconds_and_nonsense_are_told_apart(header: str, seconds: float | None) -> None:
    found = later(answer(503, header), "away")
    assert isinstance(found, Later)
    assert found.after_s == seconds


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_that_gave_up_leaves_it_open_whether_it_was_sent(status: int) -> None:
    assert later(answer(status), "gateway") == Unsure("gateway")


def test_what_is_wrong_with_the_message_does_not_pass() -> None:
    assert later(answer(400), "bad") is None
