"""The rounds: every load on every system in turn, again and again, so that a noisy machine is unfair to nobody."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.callers import CACHED, SYNCED, UNKNOWN
from bench.load import Heard, Order, Stream
from bench.messages import Batch, Replied
from bench.prepare import (
    ASKING_MESSAGES,
    ASKING_NUMBER,
    CACHED_NUMBER,
    CUSTOMERS,
    HANGING_NUMBER,
    HANGING_SOURCES,
    SYNCED_MESSAGES,
    SYNCED_NUMBER,
)
from bench.systems import Systems
from embedded.environment import ROOT

BY_HAND, SYNCED_CASE, CACHED_CASE, FETCH_CASE = "by hand", "synced", "cached", "fetched"
MESSAGE_CASES = (BY_HAND, SYNCED_CASE, FETCH_CASE)
CASES = (BY_HAND, SYNCED_CASE, CACHED_CASE, FETCH_CASE)
_CACHED_CALLERS = 300
_VOICE, _HANDWRITTEN = "/webhooks/twilio/voice/", "/voice/"
# What is still to be written down when the last caller was answered.
_SETTLE_S = 0.15
# As long as a request may take, and a little.
_RECOVER_S = 7.0


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured."""

    rounds: int
    seconds: float
    at_once: tuple[int, ...]
    message_rounds: int
    message_seconds: float
    messages_per_second: float
    hanging_rounds: int
    hanging_seconds: float
    per_second: float
    """Calls a second of each of the two kinds while the API hangs."""


WHOLE = Extent(5, 1.5, (1, 16, 64), 3, 5.0, 30.0, 3, 9.0, 40.0)
QUICK = Extent(2, 0.7, (1, 16, 64), 1, 3.0, 30.0, 1, 5.0, 40.0)


@dataclass(frozen=True, slots=True)
class Sample:
    """One load on one system."""

    calls: int
    seconds: float
    webhooks: int
    cpu_ms: dict[str, float]
    """A call, by part."""
    database_ms: float
    p50: float
    p95: float
    p99: float
    longest_webhook_ms: float
    wrong: list[str]

    @property
    def total_cpu_ms(self) -> float:
        return sum(self.cpu_ms.values())


@dataclass(frozen=True, slots=True)
class MessageSample:
    """One stream of messages at one system."""

    messages: int
    cpu_ms: dict[str, float]
    """A message, by part."""
    database_ms: float
    webhook_p50: float
    webhook_p99: float
    reply_p50: float
    """Milliseconds from the message to its reply's arrival at the provider."""
    reply_p95: float
    reply_p99: float
    lost: int
    twice: int
    refused: list[str]

    @property
    def total_cpu_ms(self) -> float:
        return sum(self.cpu_ms.values())


@dataclass(slots=True)
class Measured:
    """All samples, in the order of the rounds."""

    loads: dict[int, dict[str, list[Sample]]] = field(default_factory=dict)
    """By calls at once, then by case."""
    hanging: dict[str, list[Sample]] = field(default_factory=dict)
    """Calls that need no API: `answers` while it does, `hangs` while it does not."""
    hung: list[Sample] = field(default_factory=list)
    """The calls whose API hung."""
    messages: dict[str, list[MessageSample]] = field(default_factory=dict)
    """By case."""


class Bench:
    """Gives orders to the load's process and reads the clocks of the systems around each."""

    def __init__(self, systems: Systems, extent: Extent, say: Callable[[str], None]) -> None:
        self._systems, self._extent, self._say = systems, extent, say
        self._runs = 0
        self._next_caller = 0
        self._next_known = 0
        self._load = _Helper("bench.load")
        self._provider = _Helper("bench.messages", str(systems.replies_port))

    def close(self) -> None:
        self._load.close()
        self._provider.close()

    def run(self) -> Measured:
        """Everything, after a warm-up that is thrown away."""
        extent, measured = self._extent, Measured()
        self._say("warming up")
        # The cached answers get into the cache here.
        for case in (*CASES, CACHED_CASE):
            self._case(case, 64, 1.0)
            self._case(case, 4, 0.5)
        for number in range(extent.rounds):
            for at_once in extent.at_once:
                # Each round begins with another one: who comes first is not always the same.
                turn = number % len(CASES)
                for case in (*CASES[turn:], *CASES[:turn]):
                    self._say(f"round {number + 1} of {extent.rounds}: {case}, {at_once} at once")
                    sample = self._case(case, at_once, extent.seconds)
                    measured.loads.setdefault(at_once, {}).setdefault(case, []).append(sample)
        for case in MESSAGE_CASES:
            self._messages(case, 1.0)
        for number in range(extent.message_rounds):
            turn = number % len(MESSAGE_CASES)
            for case in (*MESSAGE_CASES[turn:], *MESSAGE_CASES[:turn]):
                self._say(f"round {number + 1} of {extent.message_rounds}: messages, {case}")
                measured.messages.setdefault(case, []).append(self._messages(case, extent.message_seconds))
        for number in range(extent.hanging_rounds):
            self._hanging_round(number, measured)
        return measured

    def _case(self, case: str, at_once: int, seconds: float) -> Sample:
        stream = {
            BY_HAND: lambda: self._unknown("unknown", ASKING_NUMBER),
            FETCH_CASE: lambda: self._unknown("unknown", ASKING_NUMBER),
            SYNCED_CASE: lambda: Stream("synced", SYNCED_NUMBER, SYNCED, 0, CUSTOMERS),
            CACHED_CASE: lambda: Stream("cached", CACHED_NUMBER, CACHED, 0, _CACHED_CALLERS),
        }[case]()
        stream = Stream(**asdict(stream) | {"at_once": at_once})
        by_hand = case == BY_HAND
        return self._measure(seconds, [stream], by_hand=by_hand)[stream.name]

    def _hanging_round(self, number: int, measured: Measured) -> None:
        extent = self._extent
        conditions = ["answers", "hangs"]
        for condition in conditions if number % 2 == 0 else reversed(conditions):
            self._say(f"round {number + 1} of {extent.hanging_rounds}: the API {condition}")
            synced = Stream("synced", SYNCED_NUMBER, SYNCED, 0, CUSTOMERS, per_second=extent.per_second)
            called = ASKING_NUMBER if condition == "answers" else HANGING_NUMBER + number % HANGING_SOURCES
            name = "unknown" if condition == "answers" else "hanging"
            asking = Stream(**asdict(self._unknown(name, called)) | {"per_second": extent.per_second})
            samples = self._measure(extent.hanging_seconds, [synced, asking], by_hand=False)
            measured.hanging.setdefault(condition, []).append(samples["synced"])
            if condition == "hangs":
                measured.hung.append(samples[name])
                # Workers give up their last requests; the next load is to find them idle.
                time.sleep(_RECOVER_S)

    def _unknown(self, name: str, called: int) -> Stream:
        """Callers who never called before."""
        first, self._next_caller = self._next_caller, self._next_caller + 50_000
        return Stream(name, called, UNKNOWN, first, 0)

    def _measure(self, seconds: float, streams: list[Stream], *, by_hand: bool) -> dict[str, Sample]:
        self._runs += 1
        systems = self._systems
        host, target = (systems.handwritten, _HANDWRITTEN) if by_hand else (systems.ours, _VOICE)
        time.sleep(_SETTLE_S)
        before = systems.cpu_ms()
        heard = self._order(Order(host, target, seconds, self._runs, streams))
        time.sleep(_SETTLE_S)
        after = systems.cpu_ms()
        calls = sum(one.calls for one in heard.values())
        spent = {name: (after[name] - before[name]) / calls for name in after}
        database_ms, by_hand_ms = spent.pop("database"), spent.pop(BY_HAND)
        parts = {"web server": by_hand_ms} if by_hand else spent
        return {name: _sample(one, parts, database_ms) for name, one in heard.items()}

    def _order(self, order: Order) -> dict[str, Heard]:
        return {name: Heard(**one) for name, one in self._load.ask(asdict(order)).items()}

    def _messages(self, case: str, seconds: float) -> MessageSample:
        self._runs += 1
        systems, by_hand = self._systems, case == BY_HAND
        per_second = self._extent.messages_per_second
        count = int(seconds * per_second)
        if case == SYNCED_CASE:
            senders, first = SYNCED, self._next_known
            self._next_known += count
        else:
            senders, first = UNKNOWN, self._next_caller
            self._next_caller += 50_000
        batch = Batch(
            host=systems.handwritten if by_hand else systems.ours,
            target="/message/" if by_hand else "/webhooks/twilio/message/",
            seconds=seconds,
            per_second=per_second,
            run=self._runs,
            called=SYNCED_MESSAGES if case == SYNCED_CASE else ASKING_MESSAGES,
            senders=senders,
            first=first,
        )
        time.sleep(_SETTLE_S)
        before = systems.cpu_ms()
        replied = Replied(**self._provider.ask(asdict(batch)))
        time.sleep(_SETTLE_S)
        after = systems.cpu_ms()
        spent = {name: (after[name] - before[name]) / replied.messages for name in after}
        database_ms, by_hand_ms = spent.pop("database"), spent.pop(BY_HAND)
        return MessageSample(
            messages=replied.messages,
            cpu_ms={"web server": by_hand_ms} if by_hand else spent,
            database_ms=database_ms,
            webhook_p50=percentile(replied.webhook_ms, 50),
            webhook_p99=percentile(replied.webhook_ms, 99),
            reply_p50=percentile(replied.reply_ms, 50),
            reply_p95=percentile(replied.reply_ms, 95),
            reply_p99=percentile(replied.reply_ms, 99),
            lost=replied.lost,
            twice=replied.twice,
            refused=replied.refused,
        )


class _Helper:
    """A process that takes orders, a line of JSON each, and answers in a line."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for us; it ends with our pipe
        )

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("The process that makes the load has died.")
        found: dict[str, Any] = json.loads(answer)
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()


def _sample(heard: Heard, parts: dict[str, float], database_ms: float) -> Sample:
    return Sample(
        calls=heard.calls,
        seconds=heard.seconds,
        webhooks=heard.webhooks,
        cpu_ms=parts,
        database_ms=database_ms,
        p50=percentile(heard.latencies_ms, 50),
        p95=percentile(heard.latencies_ms, 95),
        p99=percentile(heard.latencies_ms, 99),
        longest_webhook_ms=heard.longest_webhook_ms,
        wrong=heard.wrong,
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0.0


def median(values: Sequence[float]) -> float:
    """Of rounds."""
    return statistics.median(values)
