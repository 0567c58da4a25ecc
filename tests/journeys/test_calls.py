"""Calls from the carrier's side, with every process really running; and with each of them killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.embedded.test_process import wait_until
from tests.embedded.test_supervisor import ROOT, Run, free_port
from tests.journeys.carrier import Call

Place = Callable[..., Call]
VIP, STANDARD = "sip:vip@pbx.example.com", "sip:standard@pbx.example.com"
# Contract: who calls, and where the call must end.
CALLERS = {
    "+4915100000001": VIP,
    "+4915100000002": VIP,
    "+4915100000003": STANDARD,
    "+4915100000004": STANDARD,
    "+4915100000005": VIP,
    "+4915100000006": VIP,
    "+4915100000007": STANDARD,
    "+4915100000008": VIP,
    "+4915199999999": STANDARD,
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(
        tmp_path_factory.mktemp("house") / "data",
        free_port(),
        ADMIN_PASSWORD="for-this-test",
        ENRICHMENT_ALLOWED_HOSTS="127.0.0.1",
    )
    try:
        run.wait_until_up()
        yield run
    finally:
        run.process.terminate()
        run.wait_until_ended()


@pytest.fixture
def call(house: Run) -> Iterator[Place]:
    def place(sender: str, **more: Any) -> Call:
        return Call(f"http://127.0.0.1:{house.port}", sender, **more)

    yield place
    wait_until("the house to be whole again", 60, house.is_ready)


def ask(house: Run, code: str) -> str:
    """A line of Python beside the running system, as an operator would in `manage.py shell`."""
    answer = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "shell", "-v", "0", "-c", code],
        cwd="/", env={"PATH": "/usr/bin:/bin", "DATA_DIR": str(house.data)}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip().splitlines()[-1] if answer.stdout.strip() else ""


def contacts(house: Run, *calls: Call) -> int:
    sids = [call.sid for call in calls]
    return int(
        ask(house, f"from routing.models import Contact; print(Contact.objects.filter(external_id__in={sids}).count())")
    )


def test_each_caller_of_the_demo_world_ends_where_the_contract_says(house: Run, call: Place) -> None:
    calls = {sender: call(sender) for sender in CALLERS}
    with ThreadPoolExecutor(len(calls)) as callers:
        ends = dict(zip(calls, callers.map(Call.listen, calls.values()), strict=True))
    assert ends == CALLERS
    assert max(one.slowest_s for one in calls.values()) < 2
    why = ask(
        house,
        f"from routing.models import Contact; print(Contact.objects.get(external_id='{calls['+4915100000002'].sid}').why)",
    )
    assert "Went to VIP because loyalty status was “gold”" in why


def test_the_same_webhook_ten_at_once_and_again_is_one_contact_with_one_answer(house: Run, call: Place) -> None:
    one = call("+4915100000002")
    with ThreadPoolExecutor(10) as carrier:
        answers = list(carrier.map(lambda _: one.post(CallStatus="ringing").content, range(10)))
    answers.append(one.post(CallStatus="ringing").content)
    assert len(set(answers)) == 1
    assert contacts(house, one) == 1
    after = [one.post(f"{one.base}/webhooks/twilio/voice/?turn=1&for=dial", DialCallStatus="busy") for _ in range(2)]
    assert after[0].content == after[1].content
    assert one.dialled(after[0]) == STANDARD


def test_what_is_not_signed_by_the_carrier_creates_nothing(house: Run, call: Place) -> None:
    changed, foreign, other = call("+4915100000001"), call("+4915100000001", token="another"), call("+4915100000001")
    assert changed.post(spoil={"From": "+4915100000002"}).status_code == 403
    assert foreign.post().status_code == 403
    assert other.post(AccountSid="AC00000000000000000000000000000002").status_code == 403
    unknown = call("+4915100000001", recipient="+49309999999")
    assert unknown.post().status_code == 404
    assert contacts(house, changed, foreign, other, unknown) == 0


def test_a_caller_who_hangs_up_is_told_in_the_contact(house: Run, call: Place) -> None:
    one = call("+4915100000006")
    one.step()
    for _ in range(2):
        status = one.post(f"{one.base}/webhooks/twilio/voice/status/", CallStatus="completed", CallDuration="3")
        assert status.status_code in {200, 204}
    line = ask(
        house,
        f"from routing.models import Contact; c = Contact.objects.get(external_id='{one.sid}'); print(c.state, c.outcome)",
    )
    assert line == "ended abandoned"


@pytest.mark.parametrize("victim", ["-Q enrichment", "valkey-server", "granian"])
def test_a_process_killed_during_a_call_does_not_lose_the_caller(house: Run, call: Place, victim: str) -> None:
    # Five is answered after four seconds: there is time to kill, and six would need the CRM's value anyway.
    calls = [call("+4915100000005"), call("+4915100000006"), call("+4915100000001")]
    with ThreadPoolExecutor(3) as callers:
        ends = [callers.submit(one.listen) for one in calls]
        time.sleep(1)
        os.kill(house.child(victim), signal.SIGKILL)
        late = call("+4915100000002")
        reached = [end.result(90) for end in ends]
    assert set(reached) <= {VIP, STANDARD}
    # What the CRM synced is never lost with a worker, a cache or a web process.
    assert reached[1] == VIP
    assert late.listen() in {VIP, STANDARD}
    assert max(one.slowest_s for one in [*calls, late]) < 15


def test_a_worker_that_hangs_costs_the_answer_and_not_the_call(house: Run, call: Place) -> None:
    worker = house.child("-Q enrichment")
    os.kill(worker, signal.SIGSTOP)
    try:
        synced, unknown = call("+4915100000001"), call("+4915100001234")
        with ThreadPoolExecutor(2) as callers:
            ends = list(callers.map(Call.listen, [synced, unknown]))
    finally:
        os.kill(worker, signal.SIGCONT)
    assert ends == [VIP, STANDARD]
    assert max(synced.slowest_s, unknown.slowest_s) < 2


def test_without_the_database_every_call_goes_to_the_fallback_queue_at_once(house: Run, call: Place) -> None:
    under_way = call("+4915100000005")
    under_way.step()
    for pid, command in house.children().items():
        if "postgres" in command:
            os.kill(pid, signal.SIGKILL)
    fresh = call("+4915100000002")
    ends = [fresh.listen(), under_way.listen()]
    assert set(ends) <= {VIP, STANDARD}
    assert max(fresh.slowest_s, under_way.slowest_s) < 15
    wait_until("flows to decide again", 30, lambda: call("+4915100000002").listen() == VIP)


def test_while_the_database_hangs_every_call_goes_to_the_fallback_queue_in_time(house: Run, call: Place) -> None:
    under_way = call("+4915100000005")
    under_way.step()
    stopped = [pid for pid, command in house.children().items() if "postgres" in command]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        calls = [under_way, *(call("+4915100000002") for _ in range(4))]
        with ThreadPoolExecutor(5) as callers:
            ends = list(callers.map(Call.listen, calls))
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    assert set(ends) <= {VIP, STANDARD}
    assert max(one.slowest_s for one in calls) < 14
    wait_until("flows to decide again", 30, lambda: call("+4915100000002").listen() == VIP)


_LOYALTY_API = """
import http.server, json, time
class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(3)
        body = json.dumps({"customer": {"loyalty_status": "gold"}}).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
print(server.server_port, flush=True)
server.serve_forever()
"""


def test_the_api_killed_while_it_is_asked_leaves_the_synced_values_and_the_failed_exit(house: Run, call: Place) -> None:
    api = subprocess.Popen([sys.executable, "-c", _LOYALTY_API], stdout=subprocess.PIPE, text=True)
    assert api.stdout
    source = "from customers.enrichment.models import DataSource as D; s = D.objects.get(key='loyalty'); "
    before = ask(house, source + "print(s.url)")
    ask(house, source + f"s.url = 'http://127.0.0.1:{api.stdout.readline().strip()}/?phone={{{{ phone }}}}'; s.save()")
    try:
        time.sleep(2)  # workers look at a changed source at least once a second
        synced, unknown = call("+4915100000001"), call("+4915100000777")
        with ThreadPoolExecutor(2) as callers:
            ends = [callers.submit(one.listen) for one in (synced, unknown)]
            time.sleep(1)
            api.kill()
            assert [end.result(60) for end in ends] == [VIP, STANDARD]
    finally:
        api.kill()
        api.wait()
        ask(house, source + f"s.url = '{before}'; s.save()")
    why = ask(house, f"from routing.models import Contact; print(Contact.objects.get(external_id='{unknown.sid}').why)")
    assert "failed" in why
