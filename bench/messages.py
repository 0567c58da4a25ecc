"""The provider's side of messages, in a process of its own: `python -m bench.messages PORT` reads orders, writes results.

It posts signed messages at a steady pace, and is the interface that answers are sent to: so one clock sees when a message
was posted, when its webhook was answered, and when the reply arrived.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import ClassVar
from urllib.parse import parse_qs

from bench.callers import ACCOUNT, our_number, phone, request
from bench.load import Wire

# Replies that take longer count as lost.
_GIVE_UP_S = 20.0
# A second reply to the same message would come at once.
_TWICE_S = 0.3


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of as many people, one each."""

    host: str
    target: str
    seconds: float
    per_second: float
    run: int
    """Makes the ids of messages unique."""
    called: int
    senders: str
    first: int
    """Number of the first sender."""


@dataclass(slots=True)
class Replied:
    """What came of a batch."""

    messages: int = 0
    webhook_ms: list[float] = field(default_factory=list)
    reply_ms: list[float] = field(default_factory=list)
    """From when the message was due until its reply arrived."""
    lost: int = 0
    twice: int = 0
    refused: list[str] = field(default_factory=list)


class Replies(asyncio.Protocol):
    """The sending interface: takes each message, and notes when."""

    arrived: ClassVar[dict[str, list[float]]] = {}
    news: ClassVar[asyncio.Event] = asyncio.Event()
    _number = 0

    def __init__(self) -> None:
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while True:
            head, found, rest = self._read.partition(b"\r\n\r\n")
            if not found:
                return
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            if len(rest) < length:
                return
            body, self._read = rest[:length], rest[length:]
            self._note(parse_qs(body.decode()).get("To", [""])[0])

    @classmethod
    async def reached(cls, count: int) -> None:
        """Returns when as many people have a reply."""
        while len(cls.arrived) < count:
            cls.news.clear()
            await cls.news.wait()

    def _note(self, to: str) -> None:
        Replies.arrived.setdefault(to, []).append(time.perf_counter())
        Replies._number += 1
        Replies.news.set()
        body = json.dumps({"sid": f"SM{Replies._number:032x}", "status": "queued"}).encode()
        self._transport.write(
            b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )


async def carry_out(batch: Batch) -> Replied:
    """Posts the batch and waits for the replies."""
    Replies.arrived.clear()
    host, _, port = batch.host.partition(":")
    loop = asyncio.get_running_loop()
    idle: list[Wire] = []
    replied = Replied()
    due_at: dict[str, float] = {}

    async def post(sender: str, data: bytes) -> None:
        wire = idle.pop() if idle else None
        if wire is None or not wire.is_open:
            wire = (await loop.create_connection(Wire, host, int(port)))[1]
        answer = await wire.ask(data)
        replied.webhook_ms.append((time.perf_counter() - due_at[sender]) * 1000)
        if not answer.startswith(b"HTTP/1.1 20"):
            replied.refused.append(answer[:40].decode(errors="replace").splitlines()[0])
        idle.append(wire)

    count = int(batch.seconds * batch.per_second)
    ready = [
        (sender, request(batch.host, batch.target, _form(sender, batch, number)))
        for number, sender in ((number, phone(batch.senders, batch.first + number)) for number in range(count))
    ]
    began = time.perf_counter()
    posted = []
    for number, (sender, data) in enumerate(ready):
        due_at[sender] = began + number / batch.per_second
        await asyncio.sleep(max(0.0, due_at[sender] - time.perf_counter()))
        posted.append(asyncio.create_task(post(sender, data)))
    await asyncio.gather(*posted)
    with suppress(TimeoutError):
        await asyncio.wait_for(Replies.reached(count), _GIVE_UP_S)
    await asyncio.sleep(_TWICE_S)
    replied.messages = count
    for sender, due in due_at.items():
        times = Replies.arrived.get(sender, [])
        replied.lost += not times
        replied.twice += len(times) > 1
        if times:
            replied.reply_ms.append((times[0] - due) * 1000)
    for wire in idle:
        wire.close()
    return replied


def _form(sender: str, batch: Batch, number: int) -> dict[str, str]:
    """What the carrier posts for an SMS: https://www.twilio.com/docs/messaging/guides/webhook-request."""
    message = f"SM{batch.run:08x}{batch.called:04x}{number:020x}"
    return {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "Body": "Hello, where is my order?",
        "From": sender,
        "FromCity": "",
        "FromCountry": "DE",
        "FromState": "",
        "FromZip": "",
        "MessageSid": message,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": message,
        "SmsSid": message,
        "SmsStatus": "received",
        "To": our_number(batch.called),
        "ToCity": "Berlin",
        "ToCountry": "DE",
        "ToState": "",
        "ToZip": "",
    }


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(Replies, "127.0.0.1", port, backlog=1024)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(asdict(await carry_out(Batch(**json.loads(line))))), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
