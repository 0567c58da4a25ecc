"""What reaches the log: enough to find a call, and nobody's number."""

from __future__ import annotations

import pytest

from config.logs import mask
from customers.privacy.masking import masked as mask_number


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+4915100000001", "+49…01"),
        ("whatsapp:+4915100000001", "whatsapp:+49…01"),
        ("4915100000001", "491…01"),
        ("from 030 901820-00.", "from 030…00."),
        ("+49 (151) 0000-0001", "+49…01"),
        ("sip:+4915100000001@x", "sip:+49…01@x"),
        ("x+4915100000001", "x+49…01"),
    ],
)
def test_a_number_is_cut(text: str, shown: str) -> None:
    assert mask_number(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "SM30631367860863381100000000000001",
        "CA00000000000000000000000000000001",
        "e79cfa55bc7b192a7f75e94312345678",
        "12345678123456781234567812345678",
        "12345678-1234-1234-1234-123456789012",
        "wamid.HBgNNDkx1234567890TEwMDAwMDAwMRUCABIYFDNB",
        "message 1234567 of 2026",
    ],
)
def test_an_id_stays_whole(text: str) -> None:
    assert mask_number(text) == text


def test_secrets_go_whatever_they_are() -> None:
    event = {"auth_token": "abc", "to": "+4915100000001", "timestamp": "2026-11-23T12:00:00"}
    assert mask(None, "", event) == {"auth_token": "***", "to": "+49…01", "timestamp": "2026-11-23T12:00:00"}


def test_numbers_are_cut_wherever_they_stand_in_an_event() -> None:
    event = {"facts": {"from": ["+4915100000001"], "token": "abc"}, "why": ValueError("wilma@example.com"), "rows": 5}
    assert mask(None, "", event) == {
        "facts": {"from": ["+49…01"], "token": "***"}, "why": "w…@example.com", "rows": 5
    }  # fmt: skip
