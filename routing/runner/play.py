"""Plays one event through the engine to the answer, and asks data sources on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from customers.enrichment.services import Question, Result, ask, last_known, wait
from routing.engine.effects import ComeBack, Effect, Fetch, Play, Say
from routing.engine.events import CameBack, ContactStarted, Event, FetchAnswered
from routing.engine.plan import Plan
from routing.engine.run import Advance, Status, advance, first_fetches
from routing.engine.world import World

# Webhooks that wait hold a thread of the web server. Beyond this many, callers are told to come back at
# once, so that a slow API cannot take the threads from callers who do not need it.
_waiting = threading.BoundedSemaphore(settings.MAX_WAITING_WEBHOOKS)


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of the event, and from there on as it passes."""

    start: datetime
    _began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.passed_s())

    def passed_s(self) -> float:
        return time.monotonic() - self._began


@dataclass(slots=True)
class Played:
    """All that one event brought about."""

    state: dict[str, Any]
    effects: list[Effect]
    trace: list[dict[str, Any]]
    status: Status
    stranded: str = ""

    def take(self, step: Advance) -> None:
        self.state = step.state
        self.effects.extend(step.effects)
        self.trace.extend(step.trace)
        self.status = step.status
        self.stranded = step.stranded


def play(
    plan: Plan, state: Mapping[str, Any] | None, event: Event, *, clock: Clock, world: World, until: float
) -> Played:
    """Advances until the contact has something to do, is over, or has waited long enough for a fetch.

    `until` is a reading of `time.monotonic`. The answer never holds a `Fetch`; where a fetch is not
    ready it ends in `ComeBack`.
    """
    played = Played({}, [], [], "waiting")
    pending: dict[str, str] = {}
    asked: set[str] = set()
    known: list[FetchAnswered] = []
    now = clock.now()
    if isinstance(event, ContactStarted):
        # Asked before the first step is taken: what is known at once, a contact need not stop for.
        for fetch in first_fetches(plan, event, now):
            asked.add(fetch.question)
            answer = _ask(fetch, now, pending)
            if answer is not None:
                known.append(answer)
    elif isinstance(event, CameBack) and state:
        event = _overdue(state, now) or event
    played.take(advance(plan, state, event, now, world, known))
    while played.status == "waiting":
        answer = _ask_open(played, pending, asked)
        if answer is None:
            if played.state.get("waits_for") != "fetch":
                break
            answer = _wait(played, pending, until)
        if answer is None:
            break
        played.take(advance(plan, played.state, answer, clock.now(), world))
    if played.status == "waiting" and played.state.get("waits_for") == "fetch":
        # Whoever has heard nothing yet gets a breath of silence, else the carrier would be back at once.
        played.effects.append(ComeBack(pause_s=0 if _audible(played.effects) else 1))
    played.effects = [effect for effect in played.effects if not isinstance(effect, Fetch)]
    return played


def _overdue(state: Mapping[str, Any], now: datetime) -> FetchAnswered | None:
    """The last known answer, where the contact has waited for a new one for as long as its step allows.

    Otherwise the worker looks for it: this is for the case that no worker could.
    """
    asked = state.get("fetches", {}).get("/".join(frame["at"] for frame in state.get("frames", ())))
    if state.get("waits_for") != "fetch" or not asked or "answer" in asked:
        return None
    if now < datetime.fromisoformat(asked["until"]):
        return None
    found = last_known(Question(source=asked["source"], inputs=asked["inputs"]))
    if found is None:
        return None
    waited_s = (now - datetime.fromisoformat(asked["asked_at"])).total_seconds()
    return FetchAnswered(
        question=asked["question"],
        status=found.status,
        values=found.values,
        rung="last_known",
        ms=waited_s * 1000,
        error=f"no answer within {waited_s:.0f} seconds",
    )


def _open_questions(state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["question"]: one for one in state.get("fetches", {}).values() if "answer" not in one}


def _ask_open(played: Played, pending: dict[str, str], asked: set[str]) -> FetchAnswered | None:
    """Asks what was not asked in this webhook; the first answer that is known at once."""
    for question, one in _open_questions(played.state).items():
        if question in asked:
            continue
        asked.add(question)
        asked_at, until = (datetime.fromisoformat(one[name]) for name in ("asked_at", "until"))
        fetch = Fetch(question, one["source"], one["inputs"], (until - asked_at).total_seconds())
        answer = _ask(fetch, asked_at, pending)
        if answer is not None:
            return answer
    return None


def _ask(fetch: Fetch, asked_at: datetime, pending: dict[str, str]) -> FetchAnswered | None:
    """The answer if it is known at once; else its key is in `pending` from now on."""
    question = Question(source=fetch.source, inputs=fetch.inputs)
    reply = ask([question], patience_s=fetch.patience_s, since=asked_at)
    for result in reply.known.values():
        return _answered(fetch.question, result)
    for key in reply.pending:
        pending[fetch.question] = key
    return None


def _wait(played: Played, pending: Mapping[str, str], until: float) -> FetchAnswered | None:
    """The answer that the contact waits for, if it comes in time."""
    path = "/".join(frame["at"] for frame in played.state["frames"])
    question = played.state["fetches"].get(path, {}).get("question", "")
    key = pending.get(question)
    timeout_s = until - time.monotonic()
    if _audible(played.effects):
        timeout_s = min(timeout_s, settings.GREETING_GRACE_S)
    if key is None or timeout_s <= 0 or not _waiting.acquire(blocking=False):
        return None
    try:
        # The pool has fewer connections than webhooks may wait; whoever needs no API must not run short of them.
        if not connection.in_atomic_block:
            connection.close()
        found = wait([key], timeout_s=timeout_s)
    finally:
        _waiting.release()
    return _answered(question, found[key]) if key in found else None


def _answered(question: str, result: Result) -> FetchAnswered:
    return FetchAnswered(
        question=question,
        status=result.status,
        values=result.values,
        rung=result.rung,
        ms=result.ms,
        error=result.error,
    )


def _audible(effects: list[Effect]) -> bool:
    return any(isinstance(effect, Say | Play) for effect in effects)
