"""How many requests a key may send: counted a minute, in Redis, and told in the headers of every answer."""

from __future__ import annotations

import os
from dataclasses import dataclass

import redis
import structlog
from django.conf import settings

WINDOW_S = 60
_log = structlog.get_logger(__name__)
_clients: dict[int, redis.Redis] = {}


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of this minute. `remaining` is below 0 for a request that is one too many."""

    limit: int
    remaining: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.remaining)),
            "RateLimit-Reset": str(self.reset_s),
            "RateLimit-Policy": f"{self.limit};w={WINDOW_S}",
        }


def take(*, key_id: int, limit: int, now: float) -> Allowance | None:
    """Counts one request. None where Redis cannot be asked: then nobody is kept waiting for it."""
    window, passed_s = divmod(now, WINDOW_S)
    name = f"pareto:api:{key_id}:{int(window)}"
    try:
        pipeline = _client().pipeline(transaction=False)
        pipeline.incr(name)
        pipeline.expire(name, WINDOW_S * 2)
        count = int(pipeline.execute()[0])
    except redis.RedisError as error:
        _log.warning("requests_not_counted", why=type(error).__name__)
        return None
    return Allowance(limit, limit - count, max(1, round(WINDOW_S - passed_s)))


def _client() -> redis.Redis:
    found = _clients.get(os.getpid())
    if found is None:
        found = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.3)
        _clients[os.getpid()] = found
    return found
