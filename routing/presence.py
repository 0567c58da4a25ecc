"""Who has a draft open at this moment, and at which step: in Redis, forgotten by itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

# A tab says every 8 seconds that it is there; three lost messages, and it is gone.
SECONDS = 30
# Enough for a whole department; more than these are not shown.
_MOST = 50


@dataclass(frozen=True, slots=True)
class Present:
    """One tab of somebody."""

    session: str
    name: str
    step: str
    seconds_ago: int
    own: bool
    """It is another tab of the same person."""


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_timeout=1.0,
        socket_connect_timeout=0.5,
        # One more try, for a server that was restarted since the connection was last used.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.exceptions.ConnectionError,)),
    )


def _key(flow_id: int) -> str:
    return f"pareto:presence:{flow_id}"


def be_present(*, flow_id: int, session: str, user_id: int, name: str, step: str, now_s: float) -> list[Present]:
    """Says that this tab is there, and who else is. Tabs of the same person count as others: they save, too."""
    key = _key(flow_id)
    with _redis().pipeline() as pipe:
        pipe.hset(key, f"{user_id}:{session}", json.dumps({"name": name, "step": step, "at": now_s}))
        pipe.expire(key, 2 * SECONDS)
        pipe.hgetall(key)
        found: dict[str, str] = pipe.execute()[-1]
    others, gone = [], []
    for field, raw in found.items():
        seen = json.loads(raw)
        age = now_s - seen["at"]
        if age > SECONDS:
            gone.append(field)
        elif field != f"{user_id}:{session}":
            own = field.startswith(f"{user_id}:")
            others.append(Present(field, seen["name"], seen["step"], max(0, round(age)), own))
    if gone:
        _redis().hdel(key, *gone)
    return sorted(others, key=lambda one: (one.name, one.session))[:_MOST]


def leave(*, flow_id: int, session: str, user_id: int) -> None:
    """The tab was closed."""
    _redis().hdel(_key(flow_id), f"{user_id}:{session}")
