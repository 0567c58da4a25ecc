"""Calls by every carrier, signed as each signs; and a number's whole life in the browser: bought, called, released."""

from __future__ import annotations

import base64
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page
from twilio.request_validator import RequestValidator

from tests.embedded.test_supervisor import Run
from tests.journeys.browsing import barriers

VIP, STANDARD = "sip:vip@pbx.example.com", "sip:standard@pbx.example.com"
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


@dataclass(frozen=True)
class Line:
    """A number of the demo at one carrier, and how that carrier signs."""

    carrier: str
    account: str
    number: str

    def headers(self, url: str, form: dict[str, str], body: bytes, now: float | None = None) -> dict[str, str]:
        if self.carrier == "telnyx":
            from channels.providers.twilio.emulator.keys import PRIVATE_KEY  # noqa: PLC0415  settings come first

            timestamp = str(int(now if now is not None else time.time()))
            key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(PRIVATE_KEY))
            signature = base64.b64encode(key.sign(f"{timestamp}|".encode() + body)).decode()
            return {"telnyx-timestamp": timestamp, "telnyx-signature-ed25519": signature}
        token, header = {
            "twilio": ("demo-token", "X-Twilio-Signature"),
            "signalwire": ("demo-signing-key", "X-SignalWire-Signature"),
            "somleng": ("demo-token", "X-Twilio-Signature"),
        }[self.carrier]
        return {header: RequestValidator(token).compute_signature(url, form)}


LINES = [
    Line("twilio", "AC00000000000000000000000000000001", "+49309018200"),
    Line("signalwire", "b3877c40-0000-4000-8000-000000000001", "+493023125001"),
    Line("somleng", "9a6f1a76-0000-4000-8000-000000000001", "+493023125002"),
    Line("telnyx", "f5586561-0000-4000-8000-000000000001", "+493023125003"),
]
OTHERS = LINES[1:]


def post(
    house: Run, line: Line, sender: str, call_id: str, url: str = "", instead: dict[str, str] | None = None
) -> requests.Response:
    """One webhook, signed; or with these headers instead."""
    url = url or f"http://127.0.0.1:{house.port}/webhooks/twilio/voice/"
    form = {"AccountSid": line.account, "CallSid": call_id, "From": sender, "To": line.number, "CallStatus": "ringing"}
    body = urlencode(form).encode()
    headers = line.headers(url, form, body) if instead is None else dict(instead)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return requests.post(url, data=body, headers=headers, timeout=15)


def put_through(house: Run, line: Line, sender: str) -> tuple[str, float]:
    """Where a caller who only listens ends, and the slowest answer on the way."""
    prefix = {"twilio": "CA", "telnyx": "v3:"}.get(line.carrier, "")
    call_id, url, slowest = f"{prefix}{uuid.uuid4()}", "", 0.0
    for _ in range(40):
        answer = post(house, line, sender, call_id, url)
        assert answer.status_code == 200, answer.text
        slowest = max(slowest, answer.elapsed.total_seconds())
        document = ET.fromstring(answer.content)
        if (sip := document.find("Dial/Sip")) is not None:
            return (sip.text or "").partition("?")[0], slowest
        if (pause := document.find("Pause")) is not None:
            time.sleep(float(pause.get("length", "1")))
        url = (document.findtext("Redirect") or "").strip()
        assert url, answer.text
    raise AssertionError("the call went on and on")


@pytest.mark.parametrize("line", OTHERS, ids=lambda line: line.carrier)
def test_every_caller_of_the_demo_ends_in_the_same_queue_by_every_carrier(house: Run, line: Line) -> None:
    with ThreadPoolExecutor(len(CALLERS)) as pool:
        found = dict(zip(CALLERS, pool.map(lambda sender: put_through(house, line, sender), CALLERS), strict=True))
    assert {sender: sip for sender, (sip, _) in found.items()} == CALLERS
    assert max(slowest for _, slowest in found.values()) < 4


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.carrier)
def test_a_signature_that_is_bad_or_missing_or_another_carriers_is_refused(house: Run, line: Line) -> None:
    names = line.headers("", {}, b"")
    answer = post(house, line, "+4915100000001", "c1", instead={})
    assert (answer.status_code, answer.text.strip()) == (403, "no signature")
    answer = post(house, line, "+4915100000001", "c1", instead=dict.fromkeys(names, "1700000000"))
    assert (answer.status_code, answer.text.strip()) == (403, "bad signature")
    other = LINES[3] if line.carrier != "telnyx" else LINES[0]
    theirs = other.headers(f"http://127.0.0.1:{house.port}/webhooks/twilio/voice/", {}, b"")
    assert post(house, line, "+4915100000001", "c1", instead=theirs).status_code == 403


def test_a_webhook_of_telnyx_that_is_played_again_ten_minutes_later_is_refused(house: Run) -> None:
    line = LINES[3]
    url = f"http://127.0.0.1:{house.port}/webhooks/twilio/voice/"
    form = {"AccountSid": line.account, "CallSid": "v3:old", "From": "+4915100000001", "To": line.number}
    body = urlencode(form).encode()
    for seconds, status in ((-600, 403), (600, 403), (-60, 200)):
        headers = line.headers(url, form, body, time.time() + seconds)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        assert requests.post(url, data=body, headers=headers, timeout=15).status_code == status, seconds


@pytest.mark.parametrize("line", OTHERS, ids=lambda line: line.carrier)
def test_the_call_command_plays_each_carrier(house: Run, line: Line) -> None:
    answer = house.manage("call", "+4915100000002", line.number, "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["queue"] == "VIP"


@pytest.fixture
def forgiven() -> str:
    return ""


def test_a_manager_buys_a_number_chooses_its_flow_calls_it_reaches_vip_and_releases_it(page: Page, house: Run) -> None:
    page.get_by_role("link", name="Buy a number").click()
    assert barriers(page) == []
    page.get_by_label("Account").select_option(label="Demo carrier")
    page.get_by_label("Contains").fill("777")
    page.get_by_role("button", name="Search").click()
    assert page.locator("td .b-number").all_text_contents() == ["+493023125777"]
    assert barriers(page) == []
    page.get_by_role("link", name="Choose +493023125777").click()
    page.get_by_label("Name").fill("Summer line")
    page.get_by_label("Flow").select_option(label="Priority line")
    page.get_by_label("Fallback queue").select_option(label="Standard")
    assert barriers(page) == []
    page.get_by_role("button", name="Buy +493023125777").click()
    page.get_by_role("heading", name="+493023125777 is yours").wait_for(timeout=30_000)
    assert page.get_by_text("Its calls start the flow “Priority line”.").count() == 1
    assert barriers(page) == []

    answer = house.manage("call", "+4915100000001", "+493023125777", "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["queue"] == "VIP"

    page.get_by_role("link", name="Open the number").click()
    page.get_by_text("set by Pareto").wait_for()
    page.get_by_role("link", name="Release the number …").click()
    page.get_by_label("Type +493023125777 to confirm").fill("+493023125777")
    assert barriers(page) == []
    page.get_by_role("button", name="Release the number").click()
    page.get_by_role("heading", name="+493023125777 is released").wait_for(timeout=30_000)

    answer = house.manage("call", "+4915100000001", "+493023125777", "--json")
    assert answer.returncode != 0
    assert "switched off" in answer.stderr

    # The log of changes says who, what and when.
    page.goto("/admin/auditlog/logentry/?q=493023125777")
    assert page.get_by_text("admin").count() > 1


def test_a_manager_adds_an_account_checks_it_and_takes_its_number_over(page: Page) -> None:
    page.goto("/admin/channels/account/add/")
    assert barriers(page) == []
    page.get_by_role("link", name="Somleng").click()
    page.get_by_label("Name").fill("Our own Somleng")
    page.get_by_label("Account SID").fill("0d3c2b1a-0000-4000-8000-0000000000aa")
    page.get_by_label("Auth token").fill("a-token")
    assert barriers(page) == []
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_role("button", name="Check the account").click()
    page.get_by_text("The emulator, which plays Somleng, accepts the account (Our own Somleng).").wait_for()
    page.get_by_role("link", name="Take numbers over").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_label("Flow").select_option(label="Priority line")
    page.get_by_label("Fallback queue").select_option(label="Standard")
    page.get_by_text("Set their webhooks").click()
    assert barriers(page) == []
    page.get_by_role("button", name="Take over").click()
    page.get_by_text("1 number taken over. Their webhooks are being set.").wait_for()
