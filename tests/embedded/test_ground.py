"""The servers that every test stands on."""

import socket

import pytest
from django.core.cache import cache
from django.db import connection


@pytest.mark.django_db
def test_a_test_talks_to_a_real_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int >= 150000, upper('ö')")
        assert cursor.fetchone() == (True, "Ö")


@pytest.mark.parametrize("turn", [1, 2])
def test_valkey_is_empty_when_a_test_begins(turn: int) -> None:
    assert cache.get("left-behind") is None
    cache.set("left-behind", turn)


@pytest.mark.parametrize("address", ["192.0.2.1", "example.com", "2001:db8::1"])
def test_the_network_ends_at_this_machine(address: str) -> None:
    with pytest.raises(OSError, match="ends at this machine"):
        socket.create_connection((address, 80), timeout=1)
