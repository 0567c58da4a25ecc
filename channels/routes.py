"""Where a number leads: one query, and a copy of each answer for the time when the database is away."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from channels.models import Account
from customers.selectors import FACTS, FACTS_FROM, FACTS_WHERE, CustomerFacts, read_facts
from routing.engine.steps.to_queue import addresses
from routing.engine.world import Address
from routing.runner.surroundings import surroundings

log = structlog.get_logger(__name__)

# One query on the way of every call, hence by hand: unique indexes, then primary keys. The first webhook of a call
# learns in the same round trip who calls.
_COLUMNS = "a.secret, n.address, f.live_id, q.key, (SELECT number FROM queues_revision), a.carrier"
_FROM = """channels_account a
  LEFT JOIN channels_number n ON n.account_id = a.id AND n.address = %s AND n.is_active
  LEFT JOIN routing_flow f ON f.id = n.flow_id
  LEFT JOIN queues_queue q ON q.id = n.fallback_queue_id"""
_WHERE = "a.provider = %s AND a.external_id = %s AND a.is_active"
_FIND = f"SELECT {_COLUMNS} FROM {_FROM} WHERE {_WHERE}"  # noqa: S608  our own parts
_FIND_WITH_CALLER = f"""
SELECT {_COLUMNS}, {FACTS}
  FROM {_FROM}
  LEFT JOIN ({FACTS_FROM}) ON {FACTS_WHERE}
 WHERE {_WHERE}
"""  # noqa: S608  our own parts


@dataclass(frozen=True, slots=True)
class AccountOnly:
    """A known account, but no such number of it."""

    origin: str
    secret: str
    carrier: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A number of ours and what it starts."""

    origin: str
    secret: str
    recipient: str
    version_id: int | None
    fallback_queue: str
    fallback: tuple[Address, ...]
    """Whom to put through to when nothing else works, in order."""
    queues_revision: int
    customer: CustomerFacts | None = None
    """Who calls, where that was asked for."""
    is_last_known: bool = False
    """The database is away; this is what it said last."""
    carrier: str = ""
    """Which of the provider's carriers it is; empty: the provider itself."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What an account's webhooks are verified with."""

    secret: str
    carrier: str = ""


class RouteUnavailable(Exception):
    """The database is away, and nothing is remembered of this number."""


# How long a database that refused is left alone, in seconds.
_AWAY_S = 1.0
_away_until = 0.0
_remembered: dict[tuple[str, str, str], dict[str, Any]] = {}
# Short time-outs: this copy is for bad times, and must not make them worse.
_redis = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.3)


def find_route(
    provider: str, account_id: str, address: str, caller: tuple[str, str] | None = None
) -> Route | AccountOnly | None:
    """The route of a number. None: no such active account. Raises RouteUnavailable.

    `caller` is kind and value of an identity, whose customer then comes with the route.
    """
    global _away_until  # noqa: PLW0603  a time, for this process
    where = (provider, account_id, address)
    if time.monotonic() < _away_until and (known := _recall(where)):
        return known
    try:
        with connection.cursor() as cursor:
            if caller:
                cursor.execute(_FIND_WITH_CALLER, (address, *caller, provider, account_id))
            else:
                cursor.execute(_FIND, (address, provider, account_id))
            row = cursor.fetchone()
        if row is None:
            return None
        if row[1] is None:
            return AccountOnly(f"{provider}:{account_id}", decrypted(row[0]), row[5])
        line = tuple(found for _, found in addresses(surroundings(row[4]).world, row[3]))
    except DatabaseError:
        # The next callers need not wait for the same refusal.
        _away_until = time.monotonic() + _AWAY_S
        if known := _recall(where):
            return known
        raise RouteUnavailable from None
    _remember(where, row, line)
    return Route(
        origin=f"{provider}:{account_id}",
        secret=decrypted(row[0]),
        recipient=row[1],
        version_id=row[2],
        fallback_queue=row[3],
        fallback=line,
        queues_revision=row[4],
        customer=read_facts(row[6:]) if caller else None,
        carrier=row[5],
    )


def account_seal(provider: str, account_id: str) -> Seal | None:
    """What webhooks of an account are verified with; None if there is no such active account."""
    row = (
        Account.objects.filter(provider=provider, external_id=account_id, is_active=True)
        .values_list("secret", "carrier")
        .first()
    )
    return Seal(*row) if row and row[0] else None


def _remember(where: tuple[str, str, str], row: tuple[Any, ...], line: tuple[Address, ...]) -> None:
    """Keeps what is needed to answer without a database: in memory, and in Redis for processes that start then."""
    copy = {"secret": row[0], "recipient": row[1], "queue": row[3], "line": [[one.uri, one.ring_s] for one in line]}
    copy["carrier"] = row[5]
    if _remembered.get(where) == copy:
        return
    _remembered[where] = copy
    try:
        # The secret stays as encrypted as it is in the database.
        _redis.set(_key(where), json.dumps(copy))
    except redis.RedisError as error:
        log.warning("route not kept in redis", error=type(error).__name__)


def _recall(where: tuple[str, str, str]) -> Route | None:
    copy = _remembered.get(where)
    if copy is None:
        try:
            found = _redis.get(_key(where))
        except redis.RedisError:
            found = None
        if not isinstance(found, bytes):
            return None
        copy = json.loads(found)
    return Route(
        origin=f"{where[0]}:{where[1]}",
        secret=decrypted(copy["secret"]),
        recipient=copy["recipient"],
        version_id=None,
        fallback_queue=copy["queue"],
        fallback=tuple(Address(uri, ring_s) for uri, ring_s in copy["line"]),
        queues_revision=0,
        is_last_known=True,
        carrier=copy.get("carrier", ""),
    )


def _key(where: tuple[str, str, str]) -> str:
    return "route:" + ":".join(where)


@lru_cache(maxsize=1024)
def decrypted(secret: str) -> str:
    """Cached by its ciphertext: deriving and decrypting would cost more than the rest of the webhook."""
    field: Any = Account._meta.get_field("secret")  # noqa: SLF001  Django's own name for its documented API
    return str(field.f.decrypt(secret.encode()).decode())
