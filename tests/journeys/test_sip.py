"""The dialled address in real SIP: a real client calls a real server, and our headers arrive there."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from channels.providers.twilio.render import render
from routing.engine.effects import Dial
from tests.routing.engine.runs import Walk, plan_of, steps

# In a process of its own: the library keeps threads and sockets until its process ends.
_CALLER = textwrap.dedent(
    """
    import os, sys, time
    import pjsua2 as pj

    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 0
    endpoint.libInit(config)
    transport = pj.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    account = pj.Account()
    settings = pj.AccountConfig()
    settings.idUri = "sip:carrier@127.0.0.1"
    account.create(settings)
    call = pj.Call(account)
    call.makeCall(sys.argv[1], pj.CallOpParam(True))
    deadline = time.monotonic() + 10
    while call.getInfo().state != pj.PJSIP_INV_STATE_CONFIRMED and time.monotonic() < deadline:
        endpoint.libHandleEvents(50)
    print(call.getInfo().lastStatusCode, flush=True)
    call.hangup(pj.CallOpParam())
    for _ in range(20):
        endpoint.libHandleEvents(50)
    os._exit(0)  # its destructors run in an order that the library asserts against
    """
)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The company's telephone system: answers one call and writes down what it was told."""
    sipp = shutil.which("sipp")
    assert sipp, "sipp is missing: `make test` installs sip-tester, or names it"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "messages.log"
    server = subprocess.Popen(
        [sipp, "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin",
         "-trace_msg", "-message_file", str(log), "-timeout", "30"],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 5
        while f":{port:04X}" not in Path("/proc/net/udp").read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield f"127.0.0.1:{port}", log
    finally:
        server.kill()
        server.wait()


def test_the_team_is_told_who_calls_by_real_sip(team: tuple[str, Path]) -> None:
    address, log = team
    walk = Walk(plan_of(steps({"id": "q", "type": "transfer", "settings": {"to": f"sip:vip@{address}"}})))
    walk.start({"tier": "gold"}, reference="7F3K9Q2MXD")
    [dial] = [effect for effect in walk.effects if isinstance(effect, Dial)]
    dial = Dial(
        dial.to,
        headers={
            **dial.headers,
            "X-Tier": "gold",
            "X-Customer": "C & A/17",
            "X-Reason": "loyalty status is gold or “platinum”",
        },
    )
    twiml = render([dial], action_url="https://pareto.example.com/webhooks/twilio/voice/?turn=1")
    sip = ET.fromstring(twiml).findtext(".//Sip")
    assert sip is not None

    caller = subprocess.run(
        [sys.executable, "-c", _CALLER, sip.strip()], capture_output=True, text=True, timeout=60, check=True
    )

    assert caller.stdout.split()[-1] == "200", caller.stderr
    invite = log.read_text().split("\nINVITE ", 1)[1].split("\n\n", 1)[0]
    headers = dict(line.split(": ", 1) for line in invite.splitlines() if line.startswith("X-"))
    assert headers["X-Contact"] == "7F3K9Q2MXD"
    assert headers["X-Tier"] == "gold"
    assert headers["X-Customer"] == "C & A/17"
    assert headers["X-Reason"].startswith("loyalty status is gold or ")
    assert "X-" not in invite.splitlines()[0]
