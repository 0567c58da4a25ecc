"""How fast messages may leave from a number: each gets a place in the number's line, whichever worker asks for it.

The line is one key in Valkey, moved by one script with Valkey's own clock, so that the workers of all machines respect it
together. What has its place waits in the outbox until then and costs nothing meanwhile. Where Valkey is away each process
keeps a line of its own: what is too much then, the provider says, and it is sent again later as ever.
"""

from __future__ import annotations

import threading
import time
from functools import lru_cache

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

# A worker waits so long by itself; writing it down and coming back would cost more.
NAP_S = 0.25
# So much of a second's messages may leave at once.
_AT_ONCE_S = 0.1
# The last place that was given, in microseconds since 1970; until then the next one waits.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local step, slack = tonumber(ARGV[1]), tonumber(ARGV[2])
local place = math.max(last, now - slack)
redis.call('SET', KEYS[1], string.format('%.0f', place + step), 'PX', math.ceil((place + step - now + slack) / 1000) + 1000)
return string.format('%.0f', math.max(place - now, 0))
"""
_own: dict[int, float] = {}
_own_lock = threading.Lock()


def place_in_line(number_id: int, *, per_s: float, messages: int = 1) -> float:
    """Takes the next place for so many messages; in how many seconds it comes. Never raises."""
    step_s = messages / per_s
    # One may always leave at once where nothing left before.
    slack_s = max(_AT_ONCE_S - 1 / per_s, 0.0)
    try:
        wait = _script()(keys=[f"outbox:line:{number_id}"], args=[int(step_s * 1e6), int(slack_s * 1e6)])
        return float(wait) / 1e6
    except redis.RedisError as error:
        log.warning("rate kept by this process alone", why=type(error).__name__)
        return _own_place(number_id, step_s, slack_s)


def _own_place(number_id: int, step_s: float, slack_s: float) -> float:
    with _own_lock:
        now = time.monotonic()
        place = max(_own.get(number_id, 0.0), now - slack_s)
        _own[number_id] = place + step_s
        return max(place - now, 0.0)


@lru_cache(maxsize=1)
def _script() -> redis.commands.core.Script:
    # Not that of the cache: asking it for its client costs more than the question.
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1.0, socket_connect_timeout=1.0)
    return client.register_script(_TAKE)
