"""The carrier's side of a load, in a process of its own: `python -m bench.load` reads orders and writes results, a line each.

Requests are built and signed before the clock starts. Redirects are followed as a carrier does, at once after a
greeting (nobody speaks here) and after a pause where there is one.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from html import unescape
from urllib.parse import urlsplit

from bench.callers import form, our_number, phone, queue_of, request

_SIP = re.compile(rb"<Sip[^>]*>sips?:([a-z]+)@")
_REDIRECT = re.compile(rb"<Redirect[^>]*>([^<]+)</Redirect>")
_PAUSE = re.compile(rb'<Pause length="(\d+)"')
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
# A call that goes round for longer than this has failed.
_GIVE_UP_S = 30.0
# What one process can serve at most, to know how many requests to build beforehand.
_PER_SECOND = 3000


@dataclass(frozen=True, slots=True)
class Stream:
    """Calls of one kind: `at_once` of them all the time, or `per_second` whether the last ones were answered or not."""

    name: str
    called: int
    callers: str
    first: int
    """Number of the first caller."""
    distinct: int
    """After so many callers the first calls again; 0: each calls once."""
    at_once: int = 0
    per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Order:
    """A load: where to, for how long, and which streams side by side."""

    host: str
    target: str
    seconds: float
    run: int
    """Makes the ids of calls unique."""
    streams: list[Stream]


@dataclass(slots=True)
class Heard:
    """What came of a stream."""

    seconds: float = 0.0
    calls: int = 0
    webhooks: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    longest_webhook_ms: float = 0.0
    wrong: list[str] = field(default_factory=list)
    """One sentence for each call that did not end where it must."""


class Wire(asyncio.Protocol):
    """A kept connection: one request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[bytes] | None = None
        self._read = b""
        self._closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._read, 0, end)
        # Without a length the body is chunked; its last chunk is empty.
        is_whole = len(self._read) >= end + 4 + int(length[1]) if length else self._read.endswith(b"\r\n0\r\n\r\n")
        if not is_whole:
            return
        whole, self._read = self._read, b""
        if self._answer and not self._answer.done():
            self._answer.set_result(whole)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        if self._answer and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("closed without an answer"))

    @property
    def is_open(self) -> bool:
        return not self._closed

    async def ask(self, data: bytes) -> bytes:
        self._answer = self._loop.create_future()
        self._transport.write(data)
        return await self._answer

    def close(self) -> None:
        self._transport.close()


class _Carrier:
    """Places the calls of one order."""

    def __init__(self, order: Order) -> None:
        self._order = order
        name, _, port = order.host.partition(":")
        self._address = (name, int(port))
        self._idle: list[Wire] = []

    async def carry_out(self) -> dict[str, Heard]:
        order = self._order
        built = {stream.name: self._build(stream) for stream in order.streams}
        for _ in range(sum(stream.at_once or 8 for stream in order.streams)):
            self._idle.append(await self._connect())
        heard = {stream.name: Heard() for stream in order.streams}
        await asyncio.gather(*(self._stream(one, built[one.name], heard[one.name]) for one in order.streams))
        for wire in self._idle:
            wire.close()
        return heard

    async def _stream(self, stream: Stream, calls: Iterator[tuple[str, str, bytes]], heard: Heard) -> None:
        began = time.perf_counter()
        end = began + self._order.seconds

        async def one_after_the_other() -> None:
            while time.perf_counter() < end:
                await self._call(stream, next(calls), heard, time.perf_counter())

        if stream.at_once:
            await asyncio.gather(*(one_after_the_other() for _ in range(stream.at_once)))
        else:
            placed = []
            for number in range(int(stream.per_second * self._order.seconds)):
                due = began + number / stream.per_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                # Its time counts from when it was due: a server that is late makes no call wait unseen.
                placed.append(asyncio.create_task(self._call(stream, next(calls), heard, due)))
            await asyncio.gather(*placed)
        heard.seconds = time.perf_counter() - began

    def _build(self, stream: Stream) -> Iterator[tuple[str, str, bytes]]:
        order = self._order
        numbers = itertools.count() if not stream.distinct else itertools.cycle(range(stream.distinct))

        def build() -> Iterator[tuple[str, str, bytes]]:
            for count, number in enumerate(numbers):
                caller = phone(stream.callers, stream.first + number)
                call_id = f"CA{order.run:08x}{stream.called:04x}{count:020x}"
                fields = form(caller, our_number(stream.called), call_id)
                yield caller, call_id, request(order.host, order.target, fields)

        ready = build()
        wanted = int((stream.per_second or _PER_SECOND) * order.seconds)
        return itertools.chain(list(itertools.islice(ready, wanted)), ready)

    async def _call(self, stream: Stream, call: tuple[str, str, bytes], heard: Heard, due: float) -> None:
        caller, call_id, data = call
        heard.calls += 1
        try:
            ended = await self._follow(stream, caller, call_id, data, heard)
        except OSError as problem:
            ended = f"{type(problem).__name__}: {problem}"
        heard.latencies_ms.append((time.perf_counter() - due) * 1000)
        if ended:
            heard.wrong.append(f"{caller}: {ended}")

    async def _follow(self, stream: Stream, caller: str, call_id: str, data: bytes, heard: Heard) -> str:
        """Nothing if the call was put through to the right queue, else what happened."""
        give_up = time.perf_counter() + _GIVE_UP_S
        while time.perf_counter() < give_up:
            asked = time.perf_counter()
            answer = await self._ask(data)
            heard.webhooks += 1
            heard.longest_webhook_ms = max(heard.longest_webhook_ms, (time.perf_counter() - asked) * 1000)
            if not answer.startswith(b"HTTP/1.1 200"):
                return answer[:60].decode(errors="replace").splitlines()[0]
            if sip := _SIP.search(answer):
                queue = sip[1].decode()
                # Whoever's API hangs is not known to be anybody.
                wanted = {"standard"} if stream.name == "hanging" else {queue_of(caller)}
                return "" if queue in wanted else f"went to {queue}"
            onward = _REDIRECT.search(answer)
            if onward is None:
                return answer[-200:].decode(errors="replace")
            if pause := _PAUSE.search(answer):
                await asyncio.sleep(int(pause[1]))
            url = urlsplit(unescape(onward[1].decode()))
            target = f"{url.path}?{url.query}" if url.query else url.path
            fields = form(caller, our_number(stream.called), call_id) | {"CallStatus": "in-progress"}
            data = request(self._order.host, target, fields)
        return "was never put through"

    async def _ask(self, data: bytes) -> bytes:
        wire = self._idle.pop() if self._idle else await self._connect()
        if not wire.is_open:
            wire = await self._connect()
        answer = await wire.ask(data)
        self._idle.append(wire)
        return answer

    async def _connect(self) -> Wire:
        return (await asyncio.get_running_loop().create_connection(Wire, *self._address))[1]


def main() -> None:
    """One order a line, until there are no more."""
    for line in sys.stdin:
        said = json.loads(line)
        order = Order(**said | {"streams": [Stream(**stream) for stream in said["streams"]]})
        heard = asyncio.run(_Carrier(order).carry_out())
        print(json.dumps({name: asdict(one) for name, one in heard.items()}), flush=True)


if __name__ == "__main__":
    main()
