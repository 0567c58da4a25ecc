"""Which addresses workers may talk to, and which sockets really open."""

from __future__ import annotations

import _socket
import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.enrichment import guard
from customers.enrichment.checks import allow_list_is_readable

INTERNAL = [
    "127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "255.255.255.255", "224.0.0.1", "192.0.0.8", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "fd00:ec2::254",
]  # fmt: skip


@pytest.mark.parametrize("address", INTERNAL)
def test_internal_addresses_are_refused_unless_they_are_named(address: str, settings: Any) -> None:
    settings.ENRICHMENT_ALLOWED_HOSTS = []
    assert not guard.may_reach("crm.example.com", ipaddress.ip_address(address), 443)
    settings.ENRICHMENT_ALLOWED_HOSTS = [address]
    assert guard.may_reach("crm.example.com", ipaddress.ip_address(address), 443)


@given(st.ip_addresses())
def test_whatever_is_not_global_is_not_public(address: Any) -> None:
    if guard.is_public(address):
        assert address.is_global
        assert not address.is_private
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_a_mapped_address_counts_as_the_one_it_hides(address: ipaddress.IPv4Address) -> None:
    assert guard.is_public(ipaddress.ip_address(f"::ffff:{address}")) == guard.is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "::1", "localhost"])
def test_no_spelling_of_this_machine_gets_through(host: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENRICHMENT_ALLOWED_HOSTS = []
    # The C function: none of these names leaves this machine, which the closed network of tests cannot know.
    monkeypatch.setattr(socket, "getaddrinfo", _socket.getaddrinfo)
    with pytest.raises(guard.AddressRefused):
        guard.reachable(host, 80, 1.0)


@pytest.mark.parametrize(
    ("entry", "reached", "refused"),
    [
        ("crm.internal", ("crm.internal", "10.0.0.5", 80), ("other.internal", "10.0.0.5", 80)),
        ("CRM.internal:8443", ("crm.INTERNAL.", "10.0.0.5", 8443), ("crm.internal", "10.0.0.5", 443)),
        ("10.0.0.0/8", ("any", "10.9.9.9", 1), ("any", "11.0.0.1.invalid", 1)),
        ("10.0.0.0/8:443", ("any", "10.9.9.9", 443), ("any", "10.9.9.9", 80)),
        ("[::1]:8000", ("any", "::1", 8000), ("any", "::1", 8001)),
        ("10.0.0.5", ("any", "::ffff:10.0.0.5", 80), ("any", "10.0.0.6", 80)),
    ],
)
def test_an_entry_opens_what_it_names_and_no_more(
    entry: str, reached: tuple[str, str, int], refused: tuple[str, str, int], settings: Any
) -> None:
    settings.ENRICHMENT_ALLOWED_HOSTS = [entry]
    assert guard.may_reach(reached[0], ipaddress.ip_address(reached[1]), reached[2])
    if not refused[1].endswith(".invalid"):
        assert not guard.may_reach(refused[0], ipaddress.ip_address(refused[1]), refused[2])


def test_the_socket_goes_to_the_checked_address_even_if_the_name_changes_meanwhile(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENRICHMENT_ALLOWED_HOSTS = []
    answers = iter([[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))]])
    # A second look-up would find the iterator empty.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args: next(answers))
    opened: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _self, where: opened.append(where))
    guard.GuardedHTTPConnection("rebind.example.com", 80, timeout=1.0)._new_conn().close()
    assert opened == [("93.184.216.34", 80)]


def test_of_several_addresses_only_the_public_ones_are_used(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENRICHMENT_ALLOWED_HOSTS = []
    both = [(socket.AF_INET, 1, 6, "", (where, 80)) for where in ("10.0.0.1", "93.184.216.34")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args: both)
    assert guard.reachable("mixed.example.com", 80, 1.0) == [(socket.AF_INET, ("93.184.216.34", 80))]


def test_an_allow_list_that_cannot_be_read_is_said_at_the_start(settings: Any) -> None:
    settings.ENRICHMENT_ALLOWED_HOSTS = ["10.0.0.0/99"]
    assert [one.id for one in allow_list_is_readable()] == ["enrichment.E001"]
    settings.ENRICHMENT_ALLOWED_HOSTS = ["10.0.0.0/9", "crm", "[::1]:80"]
    assert allow_list_is_readable() == []
