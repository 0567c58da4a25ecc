"""Connections to Redis: the client, and a shorter way beside it for what every call asks."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.retry import Retry

# The longest that a blocking command waits before it is sent again.
SLICE_S = 2.0
_SOCKET_S = 0.7

_clients: dict[tuple[int, str], redis.Redis] = {}
# Connections that `exchange` took out of a client's pool and keeps; the last one used is the next one taken.
_idle: dict[tuple[int, str], list[Any]] = {}


def client(*, waits: bool = False) -> redis.Redis:
    """This process's client; those that wait have connections of their own, so that they cannot use up the others'."""
    name = (os.getpid(), f"{waits}{settings.REDIS_URL}")
    found = _clients.get(name)
    if found is None:
        for pid, _url in list(_clients):
            if pid != name[0]:
                _clients.clear()  # sockets of the process we were forked from
                _idle.clear()
                break
        pool = redis.ConnectionPool.from_url(
            settings.REDIS_URL,
            max_connections=settings.MAX_WAITING_WEBHOOKS * 2 + 16 if waits else 256,
            socket_connect_timeout=0.3,
            socket_timeout=SLICE_S + _SOCKET_S if waits else _SOCKET_S,
            # One more try, for a server that was restarted since the connection was last used.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.exceptions.ConnectionError,)),
        )
        found = _clients[name] = redis.Redis(connection_pool=pool)
    return found


def exchange(request: bytes, replies: int = 1) -> list[Any]:
    """Sends `packed` commands in one go and reads as many replies.

    Past the client's bookkeeping, which takes longer than the server does. Nothing is sent twice: a connection that went
    stale since it was last used raises ConnectionError, and who cannot do without asks again by the client.
    """
    idle = _idle.setdefault((os.getpid(), settings.REDIS_URL), [])
    pool = client().connection_pool
    try:
        wire = idle.pop()
    except IndexError:
        wire = pool.get_connection()
    try:
        wire.send_packed_command([request], check_health=False)
        answers = [wire.read_response() for _ in range(replies)]
    except BaseException as error:
        # Half an answer may be left in it; but a server that does not know a script has said all that it says.
        if not isinstance(error, NoScriptError):
            wire.disconnect()
        pool.release(wire)
        if isinstance(error, redis.exceptions.ConnectionError):
            # The server was restarted, most likely, and the others are as stale.
            _give_back(idle, pool)
        raise
    idle.append(wire)
    return answers


def _give_back(idle: list[Any], pool: Any) -> None:
    while idle:
        try:
            wire = idle.pop()
        except IndexError:  # another thread took the last one
            return
        wire.disconnect()
        pool.release(wire)


def packed(*parts: str | bytes | int) -> bytes:
    """A command as the protocol has it."""
    said = [b"*%d\r\n" % len(parts)]
    for part in parts:
        text = part if isinstance(part, bytes) else str(part).encode()
        said.append(b"$%d\r\n%b\r\n" % (len(text), text))
    return b"".join(said)


class Script:
    """A script that is sent by its hash, and whole only where the server does not know it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[str], *args: Any) -> Any:
        try:
            return exchange(packed("EVALSHA", self.sha, len(keys), *keys, *args))[0]
        except (NoScriptError, redis.exceptions.ConnectionError):
            return client().eval(self.text, len(keys), *keys, *args)
