"""The guard at the door: which addresses workers may talk to, checked on the very socket that is opened.

A name is looked up once, its answers are checked, and the connection goes to a checked address. Nothing is
looked up again in between, so an answer that changes (DNS rebinding) changes nothing. TLS still sees the name.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LookupTimeout
from functools import lru_cache
from typing import Any, TypeAlias

from django.conf import settings
from django.utils.translation import gettext as _
from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressRefused(Exception):
    """The address is internal and no entry of the operator's allow-list names it."""


@lru_cache(maxsize=16)
def _allowed(
    entries: tuple[str, ...],
) -> tuple[frozenset[tuple[str, int | None]], tuple[tuple[Network, int | None], ...]]:
    """ENRICHMENT_ALLOWED_HOSTS as names and networks, each with a port or None for any. Raises ValueError."""
    names, networks = set(), []
    for entry in entries:
        host, port = _split(entry.strip().lower())
        try:
            networks.append((ipaddress.ip_network(host.strip("[]"), strict=False), port))
        except ValueError:
            if not host or set(host) & set("/ []@"):
                raise ValueError(f"ENRICHMENT_ALLOWED_HOSTS: “{entry}” is no host, address or network.") from None
            names.add((host.rstrip("."), port))
    return frozenset(names), tuple(networks)


def _split(entry: str) -> tuple[str, int | None]:
    """Host and port of `crm:8080`, `10.0.0.0/8:443`, `[::1]:80`, `::1`."""
    host, colon, port = entry.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        return host, int(port)
    return entry, None


def check_allow_list() -> str:
    """What is wrong with the operator's allow-list; empty when nothing is."""
    try:
        _allowed(tuple(settings.ENRICHMENT_ALLOWED_HOSTS))
    except ValueError as error:
        return str(error)
    return ""


def is_public(address: Address) -> bool:
    """Whether the address belongs to the open internet. One inside another (mapped, 6to4, NAT64) counts as what it hides."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in EXTRA_BLOCKED_NET_RANGES)
    )


def may_reach(host: str, address: Address, port: int) -> bool:
    """Whether a socket may be opened to `address`, which `host` resolved to."""
    if is_public(address):
        return True
    names, networks = _allowed(tuple(settings.ENRICHMENT_ALLOWED_HOSTS))
    name = host.lower().rstrip(".")
    if (name, None) in names or (name, port) in names:
        return True
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any(
        allowed_port in {None, port} and (address in network or (mapped is not None and mapped in network))
        for network, allowed_port in networks
    )


# Looking up a name knows no time-out of its own, so it happens aside. Made anew in each process.
_resolver: tuple[int, ThreadPoolExecutor] | None = None


def _look_up(host: str, port: int, timeout_s: float) -> list[tuple[int, Any]]:
    """Family and socket address. Raises OSError, or `LookupTimeout` when nobody answers in time."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return [(socket.AF_INET, (host, port)) if address.version == 4 else (socket.AF_INET6, (host, port, 0, 0))]
    global _resolver  # noqa: PLW0603  a pool of threads does not survive a fork
    if _resolver is None or _resolver[0] != os.getpid():
        _resolver = (os.getpid(), ThreadPoolExecutor(16, "lookup"))
    asked = _resolver[1].submit(socket.getaddrinfo, host, port, 0, socket.SOCK_STREAM)
    return [(family, where) for family, _kind, _proto, _name, where in asked.result(timeout_s)]


def reachable(host: str, port: int, timeout_s: float) -> list[tuple[int, Any]]:
    """Family and socket address of each way to `host` that is allowed; raises `AddressRefused` when none is."""
    found = _look_up(host, port, timeout_s)
    allowed = [one for one in found if may_reach(host, ipaddress.ip_address(one[1][0].partition("%")[0]), port)]
    if not allowed:
        raise AddressRefused(_("The address is internal, and the operator's allow-list does not name it."))
    return allowed


class _Guarded(HTTPConnection):
    """Opens sockets only where `may_reach` says so."""

    def _new_conn(self) -> socket.socket:
        connect_s = self.timeout if isinstance(self.timeout, int | float) else 10.0
        deadline = time.monotonic() + connect_s
        try:
            ways = reachable(self.host.strip("[]"), self.port or self.default_port, connect_s)
        except LookupTimeout:
            raise ConnectTimeoutError(self, "looking up the name took too long") from None
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, "no usable name") from error
        return self._connect(ways, deadline)

    def _connect(self, ways: Sequence[tuple[int, Any]], deadline: float) -> socket.socket:
        failure: OSError | None = None
        for number, (family, where) in enumerate(ways):
            left_s = (deadline - time.monotonic()) / (len(ways) - number)
            if left_s <= 0:
                break
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(left_s)
                sock.connect(where)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        if failure is None or isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "connecting took too long") from failure
        raise NewConnectionError(self, "no connection") from failure


class GuardedHTTPConnection(_Guarded):
    """Guarded, without TLS."""


class GuardedHTTPSConnection(_Guarded, HTTPSConnection):
    """Guarded; the certificate is checked against the name that was asked for."""
