"""Messages from the providers' side, with every process really running; and with workers killed in the middle."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import requests

from tests.embedded.test_process import wait_until
from tests.embedded.test_supervisor import ROOT, Run, free_port
from tests.journeys.customers import (
    CLOUD,
    INSTAGRAM,
    MESSENGER,
    PAGE,
    SMS,
    WHATSAPP,
    House,
    chat,
    cloud,
    cloud_text,
    twilio_form,
)

# Contract: who writes, and the queue in which the conversation must wait, on every channel.
WRITERS = {
    "+4915100000001": "VIP",
    "+4915100000002": "VIP",
    "+4915100000003": "Standard",
    "+4915100000004": "Standard",
    "+4915100000005": "VIP",
    "+4915100000006": "VIP",
    "+4915100000007": "Standard",
    "+4915100000008": "VIP",
    "+4915199999999": "Standard",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(
        tmp_path_factory.mktemp("house") / "data",
        free_port(),
        ADMIN_PASSWORD="for-this-test",
        ENRICHMENT_ALLOWED_HOSTS="127.0.0.1",
        OUTBOX_UNSURE_S="10",
    )
    try:
        run.wait_until_up()
        yield run
    finally:
        run.process.terminate()
        run.wait_until_ended()


@pytest.fixture
def house(run: Run) -> House:
    return House(f"http://127.0.0.1:{run.port}")


def ask(run: Run, code: str) -> Any:
    """What a line of Python beside the running system prints as JSON."""
    code = (
        "import json\nfrom channels.models import *\nfrom routing.models import *\nfrom django.db.models import Count\n"
        + code
    )
    answer = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "shell", "-v", "0", "-c", code],
        cwd="/", env={"PATH": "/usr/bin:/bin", "DATA_DIR": str(run.data)}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.strip().splitlines()[-1])


def queues(run: Run, *senders: str) -> dict[str, str]:
    rows = ask(
        run,
        "print(json.dumps([[c.number.address, c.peer, c.contact.queue.name if c.contact and c.contact.queue else ''] "
        f"for c in Conversation.objects.select_related('number', 'contact__queue') if c.peer in {list(senders)}]))",
    )
    return {f"{number} {peer}": queue for number, peer, queue in rows}


def settled(run: Run, seconds: float = 60) -> None:
    """Every event is handled, every flow has come to its end or waits, every message has left."""
    count = (
        "print(json.dumps([InboundEvent.objects.filter(handled_at__isnull=True).count(), "
        "Message.objects.filter(state__in=['queued', 'sending']).count(), "
        "Contact.objects.filter(state='in_flow', run__waits_for='fetch').count()]))"
    )
    wait_until("everything to be done", seconds, lambda: ask(run, count) == [0, 0, 0])


def command(run: Run, *arguments: str) -> dict[str, Any]:
    answer = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "message", "--json", *arguments],
        cwd="/", env={"PATH": "/usr/bin:/bin", "DATA_DIR": str(run.data)}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_each_customer_waits_in_the_same_queue_on_every_channel(run: Run, house: House) -> None:
    expected: dict[str, str] = {}
    with ThreadPoolExecutor(8) as post:
        for phone, queue in WRITERS.items():
            digits = phone[1:]
            post.submit(house.twilio, twilio_form(phone, SMS, "Hello"))
            post.submit(house.twilio, twilio_form(f"whatsapp:{phone}", WHATSAPP, "Hello", WaId=digits))
            post.submit(house.twilio, twilio_form(f"messenger:{digits}", MESSENGER, "Hello"))
            post.submit(house.meta, cloud([cloud_text(phone, "Hello")]))
            post.submit(house.meta, chat("page", PAGE, digits, "Hello"))
            post.submit(house.meta, chat("instagram", INSTAGRAM, digits, "Hello"))
            expected |= {
                f"{SMS} {phone}": queue,
                f"{WHATSAPP} whatsapp:{phone}": queue,
                f"{MESSENGER} messenger:{digits}": queue,
                f"whatsapp:{CLOUD} whatsapp:{phone}": queue,
                f"messenger:{PAGE} messenger:{digits}": queue,
                f"instagram:{INSTAGRAM} instagram:{digits}": queue,
            }
    assert set(house.statuses) == {200}
    settled(run)
    peers = {name.split(" ")[1] for name in expected}
    assert queues(run, *peers) == expected
    again = ask(run, "print(json.dumps(list(EmulatedSend.objects.values_list('sender').annotate(n=Count('id')))))")
    # Each was greeted once, whatever the number.
    assert sorted(again) == sorted([number, len(WRITERS)] for number in {name.split(" ")[0] for name in expected})


def test_the_command_says_what_a_call_would(run: Run) -> None:
    # Somebody of this test alone, and no bound that a busy machine breaks: how fast it is, `make bench` says.
    fresh = command(run, "messenger", "+4915177777701", MESSENGER, "Hello")
    assert (fresh["outcome"], fresh["queue"], len(fresh["replies"])) == ("transferred", "Standard", 1)
    assert len(fresh["answered_in_ms"]) == 1
    again = command(run, "messenger", "+4915177777701", MESSENGER, "Hello again")
    assert (again["outcome"], again["queue"], again["replies"]) == ("transferred", "Standard", [])


def test_the_same_message_many_times_at_once_and_again_later_is_one(run: Run, house: House) -> None:
    form = twilio_form("+4915188888801", SMS, "Once")
    data = cloud([cloud_text("+4915188888801", "Once")])
    with ThreadPoolExecutor(12) as post:
        answers = [post.submit(house.twilio, form) for _ in range(12)] + [
            post.submit(house.meta, data) for _ in range(12)
        ]
        assert {answer.result().status_code for answer in answers} == {200}
    settled(run)
    house.twilio(form)
    house.meta(data)
    settled(run)
    found = ask(
        run,
        "print(json.dumps([Message.objects.filter(text='Once').count(), "
        "Contact.objects.filter(sender__endswith='+4915188888801').count(), "
        "EmulatedSend.objects.filter(recipient__endswith='+4915188888801').count()]))",
    )
    assert found == [2, 2, 2]


def test_a_thousand_messages_in_one_post_and_in_any_order_are_all_there_once(run: Run, house: House) -> None:
    began = int(time.time()) - 1000
    people = [f"+49160{number:07}" for number in range(50)]
    told = [cloud_text(people[n % 50], f"number {n // 50}", at=began + n) for n in range(1000)]
    shuffled = [*told, *told[:300]]
    random.Random(7).shuffle(shuffled)
    answer = house.meta(cloud(shuffled))
    assert answer.status_code == 200
    with ThreadPoolExecutor(4) as post:
        for start in range(0, 1000, 250):
            post.submit(house.meta, cloud(told[start : start + 250]))
    settled(run, 120)
    texts = ask(
        run,
        "rows = Message.objects.filter(conversation__peer__startswith='whatsapp:+49160', direction='in').order_by('id')\n"
        "found = {}\n"
        "for peer, text in rows.values_list('conversation__peer', 'text'): found.setdefault(peer, []).append(text)\n"
        "print(json.dumps(found))",
    )
    assert len(texts) == 50
    assert all(one == [f"number {n}" for n in range(20)] for one in texts.values())
    assert ask(run, "print(Contact.objects.filter(sender__startswith='whatsapp:+49160').count())") == 50


def test_workers_killed_during_a_stream_lose_nothing_and_do_nothing_twice(run: Run, house: House) -> None:
    people = [f"+49170{number:07}" for number in range(60)]
    began = time.time() - 100

    def write(person: str) -> None:
        # Each post tells all that was written until then, too, the newest first; the last one comes twice.
        told: list[dict[str, Any]] = []
        for number in (0, 1, 2, 2):
            if number == len(told):
                told.insert(0, cloud_text(person, f"stream {number}", at=began + 10 * number))
            data = cloud(told)
            for attempt in range(40):
                try:
                    if house.meta(data).status_code == 200:
                        break
                except OSError:
                    assert attempt < 39
                time.sleep(0.25)

    with ThreadPoolExecutor(6) as post:
        done = [post.submit(write, person) for person in people]
        for _ in range(3):
            time.sleep(0.7)
            os.kill(run.child("-Q messages"), signal.SIGKILL)
            time.sleep(1.5)
        for one in done:
            one.result(90)
    settled(run, 120)
    found = ask(
        run,
        "mine = Message.objects.filter(conversation__peer__startswith='whatsapp:+49170')\n"
        "count = lambda rows: sorted(n for _, n in rows.values_list('conversation__peer').annotate(n=Count('id')))\n"
        "sent = EmulatedSend.objects.filter(recipient__startswith='whatsapp:+49170').exclude(external_id='')\n"
        "per = sorted(n for _, n in sent.values_list('recipient').annotate(n=Count('id')))\n"
        "contacts = Contact.objects.filter(sender__startswith='whatsapp:+49170')\n"
        "print(json.dumps([count(mine.filter(direction='in')), count(mine.filter(direction='out')), per, "
        "contacts.count(), sorted(set(contacts.values_list('outcome', flat=True)))]))",
    )
    assert found == [[3] * 60, [1] * 60, [1] * 60, 60, ["transferred"]]
    order = ask(
        run,
        "rows = Message.objects.filter(conversation__peer__startswith='whatsapp:+49170', direction='in').order_by('id')\n"
        "found = {}\n"
        "for peer, text in rows.values_list('conversation__peer', 'text'): found.setdefault(peer, []).append(text)\n"
        "print(json.dumps(list(found.values())))",
    )
    assert all(one == ["stream 0", "stream 1", "stream 2"] for one in order)


@pytest.mark.parametrize("fault", [["429:1"], ["500", "503"], ["lost"], ["deaf"], ["slow:2"]])
def test_a_provider_in_trouble_gets_each_message_once(run: Run, fault: list[str]) -> None:
    sender = f"+49151777{abs(hash(tuple(fault))) % 10**5:05}"
    options = [part for one in fault for part in ("--fault", one)]
    said = command(run, "whatsapp", sender, CLOUD, "Hello", *options)
    assert said["queue"] == "Standard"
    assert said["states"] in (["sent"], ["delivered"])
    taken = ask(
        run,
        f"print(EmulatedSend.objects.filter(recipient='whatsapp:{sender}').exclude(external_id='').count())",
    )
    assert taken == 1


def status_of_chunks(house: House, path: str, content_type: str, megabytes: int = 20) -> int:
    """Sends as long as somebody takes it, and reads what is answered meanwhile."""
    host, port = house.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=15) as line:
        head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: {content_type}\r\n"
        line.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        with suppress(OSError):
            for _ in range(megabytes * 16):
                if select.select([line], [], [], 0)[0]:
                    break
                line.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            else:
                line.sendall(b"0\r\n\r\n")
        return int(line.recv(100).split()[1])


def test_bad_input_gets_the_right_status_and_stores_nothing(run: Run, house: House) -> None:
    before = ask(run, "print(InboundEvent.objects.count())")
    good = cloud([cloud_text("+4915166666601", "Never")])
    body = json.dumps(good).encode()
    json_type = {"Content-Type": "application/json"}
    assert house.post("/webhooks/meta/", body, json_type).status_code == 403
    bad = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
    assert house.post("/webhooks/meta/", body, json_type | bad).status_code == 403
    assert house.meta(good, secret="another").status_code == 403
    assert house.meta(b"<html>").status_code == 400
    assert house.meta(b"[1, 2]").status_code == 400
    assert house.meta(b"\xff\xfe").status_code == 400
    assert house.meta(b"[" * 100_000).status_code == 400
    for wrong in ({"id": 7}, {"from": 4915100000001}, {"id": ""}, {"id": None}, {"type": 5}, {"id": "x" * 999}):
        bad_ones = cloud([cloud_text("+4915166666601", "Never"), cloud_text("+4915166666602", "Never")])
        value = bad_ones["entry"][0]["changes"][0]["value"]
        value["messages"] = [one | wrong for one in value["messages"]]
        assert house.meta(bad_ones).status_code == 400, wrong
    assert house.meta({"object": "page", "entry": {"id": "1"}}).status_code == 400
    assert house.meta({"object": "page", "entry": [{"messaging": [7]}]}).status_code == 400
    with suppress(OSError):  # answered before all of it was read
        assert house.meta(b'{"object": "' + b"x" * 20_000_000 + b'"}').status_code == 413
    # In chunks, which do not say how many more there are.
    assert status_of_chunks(house, "/webhooks/meta/", "application/json") == 413
    assert status_of_chunks(house, "/webhooks/twilio/message/", "application/x-www-form-urlencoded") == 413
    # Twilio's form.
    form = twilio_form("+4915166666601", SMS, "Never")
    assert house.twilio(form, token="another").status_code == 403
    assert house.twilio(form | {"AccountSid": "AC00000000000000000000000000000009"}).status_code == 403
    assert house.twilio(form | {"MessageSid": "", "SmsSid": "", "SmsMessageSid": ""}).status_code == 400
    assert house.twilio(form | {"To": "+49300000000"}).status_code == 404
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert house.post("/webhooks/twilio/message/", b"AccountSid=%ff", headers).status_code == 400
    assert house.post("/webhooks/twilio/message/", b"{}", json_type).status_code == 415
    assert ask(run, "print(InboundEvent.objects.count())") == before
    log = (run.data / "logs" / "web.log").read_text(encoding="utf-8")
    for cause in ("no signature", "bad signature", "malformed", "unknown account", "unknown number", "incomplete form"):
        assert cause in log
    assert house.meta(cloud([cloud_text("+4915166666603", "In the year 3000", at=32503680000)])).status_code == 200
    settled(run)
    year = ask(run, "print(Message.objects.get(text='In the year 3000').occurred_at.year)")
    assert year < 2999


def test_the_handshake_tells_the_challenge_to_whoever_knows_the_token(house: House) -> None:
    address = f"{house.base}/webhooks/meta/"
    query = {"hub.mode": "subscribe", "hub.verify_token": "demo-verify", "hub.challenge": "1158201444"}
    answer = requests.get(address, params=query, timeout=15)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert requests.get(address, params=query | {"hub.verify_token": "guessed"}, timeout=15).status_code == 403
    assert requests.get(address, timeout=15).status_code == 400
    assert requests.put(address, timeout=15).status_code == 405
