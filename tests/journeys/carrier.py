"""A carrier of the tests' own: signs with the vendor's library and follows what a caller would be led through."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import requests
from twilio.request_validator import RequestValidator

ACCOUNT = "AC00000000000000000000000000000001"
NUMBER = "+49309018200"


@dataclass
class Call:
    """One call to the demo's number; every exchange is kept."""

    base: str
    sender: str
    recipient: str = NUMBER
    token: str = "demo-token"
    sid: str = field(default_factory=lambda: f"CA{uuid.uuid4().hex}")
    answers: list[requests.Response] = field(default_factory=list)
    url: str = ""

    def form(self, **more: str) -> dict[str, str]:
        return {
            "AccountSid": ACCOUNT,
            "CallSid": self.sid,
            "From": self.sender,
            "To": self.recipient,
            "CallStatus": "in-progress" if self.answers else "ringing",
            "Direction": "inbound",
            "ApiVersion": "2010-04-01",
            **more,
        }

    def post(self, url: str = "", *, spoil: dict[str, str] | None = None, **more: str) -> requests.Response:
        """One signed webhook; `spoil` changes fields behind the signature. A carrier tries a lost connection again."""
        url = url or f"{self.base}/webhooks/twilio/voice/"
        form = self.form(**more)
        signature = RequestValidator(self.token).compute_signature(url, form)
        for attempt in range(40):
            try:
                answer = requests.post(
                    url, data=form | (spoil or {}), headers={"X-Twilio-Signature": signature}, timeout=15
                )
                break
            except requests.ConnectionError:
                if attempt == 39:
                    raise
                time.sleep(0.25)
        self.answers.append(answer)
        return answer

    def step(self) -> ET.Element:
        """The next webhook of a caller who only listens; the document that comes back."""
        answer = self.post(self.url)
        assert answer.status_code == 200, answer.text
        document = ET.fromstring(answer.content)
        assert document.tag == "Response"
        redirect = document.find("Redirect")
        self.url = (redirect.text or "").strip() if redirect is not None else ""
        return document

    def listen(self, at_most: int = 40) -> str:
        """Follows the call until it is put through; the SIP address without what we add to it."""
        for _ in range(at_most):
            document = self.step()
            if (sip := document.find("Dial/Sip")) is not None:
                return (sip.text or "").strip().split("?")[0]
            assert self.url, f"the call ended: {ET.tostring(document)!r}"
            pause = document.find("Pause")
            if pause is not None:
                time.sleep(float(pause.get("length", "1")))
        raise AssertionError("the call went on and on")

    @property
    def slowest_s(self) -> float:
        return max(answer.elapsed.total_seconds() for answer in self.answers)

    def dialled(self, answer: requests.Response) -> str:
        return (ET.fromstring(answer.content).findtext("Dial/Sip") or "").strip().split("?")[0]
