"""Our headers behind a SIP address keep the carrier's limits, whatever is in them."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.providers.twilio.sip import UndialableAddress, header_part, with_headers

names = st.sampled_from(["X-Contact", "X-Tier", "X-Customer", "X-Reason", "X-Zone", "x-a", "Via", "X-", "X-a b", ""])
values = st.text(max_size=700)


def test_headers_stand_behind_the_address_and_its_parameters() -> None:
    uri = with_headers("sip:vip@10.0.0.5:5060;transport=tcp", {"X-Tier": "gold", "X-Contact": "AB23"})
    assert uri == "sip:vip@10.0.0.5:5060;transport=tcp?X-Contact=AB23&X-Tier=gold"


def test_an_ampersand_in_a_value_is_written_as_an_escape() -> None:
    assert header_part({"X-Reason": "gold & above=yes?"}) == "X-Reason=gold%20%26%20above%3Dyes%3F"


def test_no_headers_leave_the_address_alone() -> None:
    assert with_headers("sip:vip@pbx.example.com", {"X-Tier": ""}) == "sip:vip@pbx.example.com"


def test_a_line_break_in_a_value_adds_no_header_of_its_own() -> None:
    part = header_part({"X-Reason": "gold\r\nX-Admin: yes\x00"})
    assert unquote(part) == "X-Reason=gold X-Admin: yes"


def test_names_that_are_none_are_left_out() -> None:
    assert header_part({"Via": "1", "X-": "2", "X-a b": "3", "X-Ok": "4"}) == "X-Ok=4"


def test_the_least_important_header_is_clipped_first() -> None:
    part = header_part({"X-Reason": "r" * 2000, "X-Customer": "c" * 300, "X-Tier": "gold", "X-Contact": "AB23"})
    read = dict(parse_qsl(part))
    assert list(read) == ["X-Contact", "X-Tier", "X-Customer", "X-Reason"]
    assert read["X-Customer"] == "c" * 300
    assert len(part) == 1023


def test_a_header_that_would_be_cut_to_nothing_is_dropped() -> None:
    part = header_part({"X-Contact": "AB23", "X-Tier": "t" * 990, "X-Reason": "gold"})
    assert "X-Reason" not in part


@given(headers=st.dictionaries(names, values, max_size=8))
def test_whatever_the_values_the_part_is_short_ascii_and_whole(headers: dict[str, str]) -> None:
    part = header_part(headers)
    assert len(part) < 1024
    assert part.isascii()
    for name, value in parse_qsl(part, strict_parsing=True, errors="strict") if part else ():
        original = " ".join("".join(" " if not c.isprintable() else c for c in headers[name]).split())
        assert name.lower().startswith("x-")
        assert "\n" not in value
        assert "\r" not in value
        assert original.replace(" ", "").startswith("".join(c for c in value if c.isprintable()).replace(" ", ""))


@pytest.mark.parametrize(
    "uri", ["sip:vip@pbx.example.com?X-A=1", "sip:" + "v" * 250 + "@x.de", "sip:v ip@x.de", "sip:vip@x.de\n"]
)
def test_an_address_that_the_carrier_refuses_is_not_dialled(uri: str) -> None:
    with pytest.raises(UndialableAddress):
        with_headers(uri, {})
