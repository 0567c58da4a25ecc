"""Answers, claims and breakers in Redis: what makes many workers and web servers ask an API once.

A question has three keys, a source four. All keys of a source carry its name in braces, so that a cluster keeps them
on one node, and each step is one script, hence one round trip:

- `look`: a known answer, or the breaker's word, or the claim to ask. A claim is a short lease that the worker renews
  (see `keeper`), so a worker that died is noticed within seconds.
- `land`: the answer, its copy as last known value, the breaker's count, the claim given back.

The answer is the only element of a list: readers look at it, and those who wait are woken by `BLMOVE` onto the same
list, which leaves it there for the others.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from redis.exceptions import RedisError

from customers.enrichment.questions import JSON, Result, Rung, Status
from customers.enrichment.wires import SLICE_S, Script, client, exchange, packed

# How long a claim holds without news of its worker; also how long a task may lie in the queue unnoticed.
LEASE_S = 3.0
# Whoever asked comes back within this time for an answer that is not to be kept at all.
SHARED_S = 10.0
# A failure is shared by those who asked meanwhile, and asked for again soon.
FAILED_S = 2.0
_TRIPPED_S = 86_400
_SHAPE = 12  # characters of Source.shape, before the JSON

Unavailable = (RedisError, OSError)

_LOOK = f"""
local known = redis.call('MGET', KEYS[3], KEYS[4], KEYS[5], KEYS[6])
local shape = known[4]
if shape == 'off' then return {{'off'}} end
local answer = redis.call('LINDEX', KEYS[1], 0)
if answer and (not shape or string.sub(answer, 1, {_SHAPE}) == shape) then return {{'known', answer}} end
if known[1] then return {{known[1] == ARGV[1] and 'claimed' or 'pending'}} end
if known[2] or (known[3] and not redis.call('SET', KEYS[7], ARGV[1], 'NX', 'PX', ARGV[2])) then
  local last = redis.call('GET', KEYS[2])
  if last and shape and string.sub(last, 1, {_SHAPE}) ~= shape then last = false end
  return {{'open', last or ''}}
end
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[1])
return {{'claimed'}}
"""
# KEYS: answer, last known, claim, rest, tripped, failures, probe
# ARGV: token, answer, its life, last known's life (0: none), alive ('1', '0' or ''), failures allowed, rest
_LAND = f"""
local answer = ARGV[2]
if ARGV[5] == '1' then redis.call('DEL', KEYS[4], KEYS[5], KEYS[6], KEYS[7]) end
if ARGV[5] == '0' then
  local failures = redis.call('INCR', KEYS[6])
  redis.call('PEXPIRE', KEYS[6], math.max(600000, ARGV[7] * 10))
  if failures >= tonumber(ARGV[6]) or redis.call('EXISTS', KEYS[5]) == 1 then
    redis.call('SET', KEYS[4], '1', 'PX', ARGV[7])
    redis.call('SET', KEYS[5], '1', 'EX', {_TRIPPED_S})
    redis.call('DEL', KEYS[7])
  end
end
if ARGV[8] == 'failed' then
  local last = ARGV[4] ~= '0' and redis.call('GET', KEYS[2])
  if last and string.sub(last, 1, {_SHAPE}) == string.sub(answer, 1, {_SHAPE}) then answer = answer .. '\\n' .. last end
elseif ARGV[4] ~= '0' then
  redis.call('SET', KEYS[2], answer, 'PX', ARGV[4])
end
redis.call('DEL', KEYS[1])
redis.call('RPUSH', KEYS[1], answer)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
if redis.call('GET', KEYS[7]) == ARGV[1] then redis.call('DEL', KEYS[7]) end
return 1
"""
# For a task that lay in the queue for longer than its lease: whether it is still the one to ask. The oldest is, or
# under load each would be given up for a younger one; the R says that it runs.
_RECLAIM = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local held = redis.call('GET', KEYS[2])
if held and string.sub(held, 1, 1) == 'R' then return 0 end
redis.call('SET', KEYS[2], 'R' .. ARGV[1], 'PX', ARGV[2])
return 1
"""
_RENEW = """
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('PEXPIRE', key, ARGV[2]) end
end
return 1
"""
_RELEASE = """
for _, key in ipairs(KEYS) do if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end end
return 1
"""


_Look = Literal["known", "off", "open", "pending", "claimed"]


@dataclass(frozen=True, slots=True)
class Landing:
    """What a worker brings home for one question."""

    status: Status
    values: dict[str, JSON]
    error: str
    ms: float
    shape: str
    is_alive: bool | None
    keep_s: float
    last_known_s: int
    breaker_failures: int
    breaker_rest_s: int


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of everything that belongs to one question."""

    answer: str
    last: str
    claim: str
    rest: str
    tripped: str
    failures: str
    probe: str
    shape: str

    @classmethod
    def of(cls, question: str) -> Keys:
        """`question` is `Question.key`: the source's key, a colon, a digest."""
        source, _, digest = question.rpartition(":")
        its = f"pareto:fetch:{{{source}}}:"
        mine = its + digest
        return cls(
            f"{mine}:a",
            f"{mine}:l",
            f"{mine}:c",
            f"{its}rest",
            f"{its}tripped",
            f"{its}failures",
            f"{its}probe",
            f"{its}shape",
        )


_look, _land, _reclaim, _renew, _release = (Script(text) for text in (_LOOK, _LAND, _RECLAIM, _RENEW, _RELEASE))


def glance(question: str, *, since: float = 0.0) -> Result | None:
    """An answer that `look` would call known, by two plain reads: half of what the script costs Redis. None: `look`."""
    keys = Keys.of(question)
    try:
        shape, answer = exchange(packed("GET", keys.shape) + packed("LINDEX", keys.answer, 0), replies=2)
    except RedisError:
        return None  # `look` has another way to ask
    if answer is None or (shape is not None and answer[:_SHAPE] != shape):
        return None
    return _decode(answer, since=since)


def look(question: str, *, token: str, lease_s: float, since: float = 0.0) -> tuple[_Look, Result | None]:
    """Whether the answer is known, the source is off or resting, someone asks already, or the caller is to ask now.

    An answer that was given after `since` (wall clock, seconds) counts as fresh: it came for this very contact.
    """
    keys = Keys.of(question)
    names = (keys.answer, keys.last, keys.claim, keys.rest, keys.tripped, keys.shape, keys.probe)
    said = _look(names, token, int(lease_s * 1000))
    word: _Look = said[0].decode()
    if word == "known":
        return word, _decode(said[1], since=since)
    if word == "open":
        return word, _last_known(said[1]) if said[1] else None
    return word, None


def last_known(question: str) -> Result | None:
    """The last answer that is still kept, as long as its source was not changed since."""
    keys = Keys.of(question)
    stored, shape = cast("list[bytes | None]", client().mget(keys.last, keys.shape))
    if stored is None or (shape is not None and stored[:_SHAPE] != shape):
        return None
    return _last_known(stored)


def wait(questions: Sequence[str], *, timeout_s: float) -> dict[str, Result]:
    """The answers that come within the time; returns as soon as all are there."""
    deadline = time.monotonic() + timeout_s
    found: dict[str, Result] = {}
    for question in questions:
        key = Keys.of(question).answer
        answer = _wait_for(key, deadline)
        if answer is not None:
            found[question] = _decode(answer, since=0.0, fresh=True)
    return found


def send(mailbox: str, text: str, *, life_s: float) -> None:
    """Puts a text where `receive` waits for it."""
    with client().pipeline(transaction=False) as pipe:
        pipe.rpush(mailbox, text)
        pipe.pexpire(mailbox, int(life_s * 1000))
        pipe.execute()


def receive(mailbox: str, *, timeout_s: float) -> str | None:
    """The next text, or None when none comes in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        left_s = deadline - time.monotonic()
        got = client(waits=True).blpop([mailbox], timeout=min(max(round(left_s, 3), 0.001), SLICE_S))
        if got is not None:
            return cast("bytes", got[1]).decode()
        if left_s <= SLICE_S:
            return None


def _wait_for(key: str, deadline: float) -> bytes | None:
    """In slices, so that a server that hangs is noticed. What is there already is taken in any case."""
    while True:
        left_s = deadline - time.monotonic()
        # For Redis 0 would be for ever.
        slice_s = min(max(round(left_s, 3), 0.001), SLICE_S)
        # The stubs of redis-py know neither parts of seconds nor that nothing is decoded here.
        answer = cast("bytes | None", client(waits=True).blmove(key, key, cast("int", slice_s), "LEFT", "RIGHT"))
        if answer is not None or left_s <= SLICE_S:
            return answer


def land(question: str, landing: Landing, *, token: str) -> None:
    """Makes the answer known, wakes who waits, counts for the breaker and gives the claim back."""
    keys = Keys.of(question)
    names = (keys.answer, keys.last, keys.claim, keys.rest, keys.tripped, keys.failures, keys.probe)
    content = [landing.status, landing.values, landing.ms, landing.error, round(time.time(), 3)]
    _land(
        names,
        token,
        landing.shape + json.dumps(content, separators=(",", ":"), ensure_ascii=False),
        int(landing.keep_s * 1000),
        landing.last_known_s * 1000,
        "" if landing.is_alive is None else int(landing.is_alive),
        landing.breaker_failures,
        landing.breaker_rest_s * 1000,
        landing.status,
    )


def reclaim(question: str, *, token: str) -> str:
    """For a task that comes late: the token to go on with, or nothing if the question was answered meanwhile."""
    keys = Keys.of(question)
    return f"R{token}" if _reclaim((keys.answer, keys.claim), token, int(LEASE_S * 1000)) else ""


def renew(question: str, *, token: str) -> None:
    """The worker is alive: its claim holds for another while."""
    keys = Keys.of(question)
    _renew((keys.claim, keys.probe), token, int(LEASE_S * 1000))


def release(question: str, *, token: str) -> None:
    """Nobody was found to ask after all."""
    keys = Keys.of(question)
    _release((keys.claim, keys.probe), token)


def announce(source: str, shape: str) -> None:
    """Answers of another shape are not used from now on. `off`: the source is not asked at all."""
    keys = Keys.of(f"{source}:")
    connection = client()
    with connection.pipeline(transaction=False) as pipe:
        pipe.set(keys.shape, shape)
        # What was wrong may be mended: the breaker starts anew.
        pipe.delete(keys.rest, keys.tripped, keys.failures, keys.probe)
        pipe.execute()


def is_resting(source: str) -> bool:
    """Whether the breaker leaves the API alone at this moment."""
    return bool(client().exists(Keys.of(f"{source}:").rest))


def _decode(stored: bytes, *, since: float, fresh: bool = False) -> Result:
    text, _newline, last = stored.partition(b"\n")
    status, values, ms, error, at = json.loads(text[_SHAPE:])
    if status == "failed":
        return _last_known(last, ms=ms, error=error) if last else Result("failed", {}, "none", ms, error)
    rung: Rung = "fresh" if fresh or (since and at >= since) else "cached"
    return Result(status, values, rung, ms if rung == "fresh" else 0.0, error)


def _last_known(stored: bytes, *, ms: float = 0.0, error: str = "") -> Result:
    status, values, _ms, _error, _at = json.loads(stored[_SHAPE:])
    return Result(status, values, "last_known", ms, error)
