"""The company's API, as a stub that costs next to nothing: `python -m bench.crm PORT`.

`/customers?phone=…` answers at once, `/hanging/customers?phone=…` takes the request and never answers.
"""

from __future__ import annotations

import asyncio
import json
import sys

from bench.callers import STATUSES

_ANSWERS = tuple(
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    for body in (json.dumps({"loyalty_status": status}).encode() for status in STATUSES)
)


class _Api(asyncio.Protocol):
    """One connection. A GET without a body fits one packet, so each ends with an empty line."""

    def __init__(self) -> None:
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *heads, self._left = (self._left + data).split(b"\r\n\r\n")
        for head in heads:
            line = head[: head.index(b"\r\n")]
            if b" /hanging/" in line:
                continue
            target = line.split(b" ", 2)[1]
            self._transport.write(_ANSWERS[int(target[-1:]) % len(_ANSWERS)])


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Api, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
