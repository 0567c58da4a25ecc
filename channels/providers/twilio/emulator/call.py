"""One emulated call: plain data that can be kept as JSON between two requests of a web page, and what carries it on.

Speech and ringing take no time here. A `<Pause>` does, because a caller on hold is asked back after it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urljoin

import phonenumbers

from channels.providers.twilio.emulator.twiml import CarrierError, Verb, load, parse
from channels.providers.twilio.emulator.wire import WebhookFailed, Wire

# More documents than this in one call is a loop.
DOCUMENTS = 100
VOICE_PATH = "/webhooks/twilio/voice/"
STATUS_PATH = "/webhooks/twilio/voice/status/"
LegEnd = Literal["completed", "busy", "no-answer", "failed", "canceled"]
_SIP_CODES: dict[str, str] = {"completed": "200", "busy": "486", "no-answer": "487", "failed": "503", "canceled": "487"}
# What answers the call; a redirect or a pause leaves it ringing.
_ANSWERING = {"Say", "Play", "Gather", "Record"}


@dataclass(slots=True)
class Heard:
    """Something that the caller hears. `what`: say, play, ring, talk, beep, pause, busy or error."""

    what: str
    text: str
    language: str = ""


@dataclass(slots=True)
class Webhook:
    """One post of the carrier that the caller waited for."""

    url: str
    status: int
    ms: float


@dataclass(slots=True)
class Dialled:
    """The other leg. `uri` is bare; our headers stand beside it."""

    uri: str
    headers: dict[str, str]
    ended: str = ""


@dataclass(slots=True)
class Call:
    """A call under way. Only plain values, see `dump` and `Call.load`."""

    account_id: str
    sender: str
    recipient: str
    origin: str
    call_id: str = field(default_factory=lambda: f"CA{secrets.token_hex(16)}")
    status: str = "ringing"
    waits_for: Literal["", "keys or words", "other side", "message"] = ""
    """What the carrier waits for; it is the person's turn."""
    verb: dict[str, Any] | None = None
    todo: list[dict[str, Any]] = field(default_factory=list)
    request: dict[str, Any] | None = None
    document_url: str = ""
    documents: int = 0
    keys: str = ""
    heard: list[Heard] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)
    dialled: list[Dialled] = field(default_factory=list)
    outcome: str = ""
    error: str = ""
    is_over: bool = False
    started_at: float = field(default_factory=time.time)

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def load(cls, data: dict[str, Any]) -> Call:
        """The call that `dump` wrote."""
        lists: dict[str, type[Any]] = {"heard": Heard, "webhooks": Webhook, "dialled": Dialled}
        plain = {name: value for name, value in data.items() if name not in lists}
        plain |= {name: [kind(**one) for one in data[name]] for name, kind in lists.items()}
        return cls(**plain)

    @property
    def open_verb(self) -> Verb | None:
        """The verb that it waits in."""
        return load(self.verb) if self.verb else None


@dataclass(slots=True)
class Carrier:
    """Carries calls on, one step at a time."""

    wire: Wire
    sleep: Callable[[float], None] = time.sleep

    def place(self, account_id: str, sender: str, recipient: str) -> Call:
        """A new call; nothing is sent before the first step."""
        call = Call(account_id, sender, recipient, self.wire.origin)
        self._ask(call, self.wire.origin + VOICE_PATH, {})
        return call

    def run(self, call: Call) -> None:
        """Until it is the person's turn, or the call is over."""
        while self.step(call):
            pass

    def step(self, call: Call) -> bool:
        """One webhook or one pause, and all that is said on the way. False: it is the person's turn, or the end."""
        if call.is_over:
            return False
        try:
            if call.request is not None:
                self._fetch(call)
            while call.todo and not (call.request or call.waits_for or call.is_over):
                verb = load(call.todo.pop(0))
                self._carry_out(call, verb)
                if verb.name == "Pause":
                    return True
        except CarrierError as error:
            self._fail(call, error)
        if not (call.request or call.waits_for or call.todo or call.is_over):
            self._end(call, "ended", "completed")
        return not (call.waits_for or call.is_over)

    # --- what the person does -------------------------------------------------------------

    def press(self, call: Call, keys: str) -> None:
        """Keys, one after the other; those after the end of an entry are lost, as at the carrier."""
        for key in keys:
            verb = call.open_verb
            if verb is None or call.waits_for != "keys or words" or "dtmf" not in _listens(verb):
                return
            if key == verb.attributes.get("finishOnKey", "#"):
                self._entered(call, verb, key)
                return
            call.keys += key
            if call.keys and len(call.keys) == int(verb.attributes.get("numDigits", "0")):
                self._entered(call, verb, "")
                return

    def speak(self, call: Call, words: str) -> None:
        """Words, understood as they are; where nobody listens to words they are lost."""
        verb = call.open_verb
        if verb is not None and call.waits_for == "keys or words" and "speech" in _listens(verb) and words.strip():
            self._act(call, verb, {"SpeechResult": words, "Confidence": "0.9", "Language": _language(verb)})

    def wait(self, call: Call) -> None:
        """Does nothing until the carrier has waited long enough."""
        verb = call.open_verb
        if verb is None:
            return
        match call.waits_for:
            case "keys or words" if call.keys or verb.attributes.get("actionOnEmptyResult") == "true":
                self._entered(call, verb, "")
            case "keys or words":
                self._go_on(call)
            case "message":
                self.leave_message(call, 0)
            case "other side":
                self.end_leg(call, "no-answer")

    def leave_message(self, call: Call, seconds: int) -> None:
        """Speaks after the beep for so long. Silence goes on in the document, as at the carrier."""
        verb = call.open_verb
        if verb is None or call.waits_for != "message":
            return
        if seconds <= 0:
            self._go_on(call)
            return
        call.outcome = "voicemail"
        self._act(call, verb, self._recording(call, verb, seconds) | {"Digits": "#"})

    def end_leg(self, call: Call, how: LegEnd) -> None:
        """The other side speaks and hangs up (completed), or never speaks."""
        verb = call.open_verb
        if verb is None or call.waits_for != "other side":
            return
        call.dialled[-1].ended = how
        if how == "completed":
            call.outcome, call.status = "transferred", "in-progress"
            call.heard.append(Heard("talk", call.dialled[-1].uri))
        else:
            call.heard.append(Heard("busy", how))
        if "action" in verb.attributes:
            self._act(call, verb, _leg(call, how))
        else:
            self._go_on(call)

    def hang_up(self, call: Call, *, after_talking: bool = False) -> None:
        """The caller puts the phone down; with `after_talking` after a conversation, or a message."""
        if call.is_over:
            return
        verb, was_waiting = call.open_verb, call.waits_for
        call.status, call.waits_for, call.request = "completed", "", None
        extra: dict[str, str] | None = None
        if was_waiting == "other side" and after_talking:
            call.outcome, call.dialled[-1].ended = "transferred", "completed"
            call.heard.append(Heard("talk", call.dialled[-1].uri))
            extra = _leg(call, "completed")
        elif was_waiting == "other side":
            call.dialled[-1].ended = "canceled"
            extra = _leg(call, "no-answer")
        elif was_waiting == "message" and verb:
            call.outcome = "voicemail" if after_talking else call.outcome
            extra = self._recording(call, verb, 5 if after_talking else 0) | {"Digits": "hangup"}
        if extra is not None and verb and "action" in verb.attributes:
            try:
                # The carrier tells the end of a leg even then, and ignores the answer.
                self._post(call, urljoin(call.document_url, verb.attributes["action"]), extra)
            except WebhookFailed as error:
                call.error = str(error)
        self._end(call, "hung_up", "completed")

    # --- the carrier's own part -----------------------------------------------------------

    def _carry_out(self, call: Call, verb: Verb) -> None:
        if verb.name in _ANSWERING:
            call.status = "in-progress"
        match verb.name:
            case "Say" | "Play":
                _hear(call, verb)
            case "Pause":
                seconds = int(verb.attributes.get("length", "1"))
                call.heard.append(Heard("pause", str(seconds)))
                self.sleep(seconds)
            case "Redirect":
                self._ask(call, urljoin(call.document_url, verb.text), {})
                call.todo = []
            case "Gather":
                for child in verb.children:
                    self._carry_out(call, child)
                call.keys = ""
                call.verb, call.waits_for = verb.dump(), "keys or words"
            case "Dial" | "Record":
                self._wait_outside(call, verb)
            case "Reject" if call.status == "ringing":
                reason = verb.attributes.get("reason", "rejected")
                call.heard.append(Heard("busy", reason))
                self._end(call, "rejected", "busy" if reason == "busy" else "no-answer")
            case _:
                self._end(call, "ended", "completed")

    def _wait_outside(self, call: Call, verb: Verb) -> None:
        """For the other side, or for a message."""
        call.verb = verb.dump()
        if verb.name == "Record":
            if verb.attributes.get("playBeep", "true") == "true":
                call.heard.append(Heard("beep", ""))
            call.waits_for = "message"
            return
        target = verb.children[0].text if verb.children else verb.text
        uri, _, headers = target.partition("?")
        call.dialled.append(Dialled(uri, dict(parse_qsl(headers, keep_blank_values=True))))
        call.heard.append(Heard("ring", uri))
        if verb.attributes.get("answerOnBridge") != "true":
            call.status = "in-progress"
        call.waits_for = "other side"

    def _entered(self, call: Call, verb: Verb, finished_on: str) -> None:
        extra = {"Digits": call.keys, "FinishedOnKey": finished_on} if "dtmf" in _listens(verb) else {}
        if not call.keys and verb.attributes.get("actionOnEmptyResult") != "true":
            self._go_on(call)
        else:
            self._act(call, verb, extra)

    def _act(self, call: Call, verb: Verb, extra: dict[str, str]) -> None:
        """Asks the verb's action what to do next; without one, the same document again."""
        self._ask(call, urljoin(call.document_url, verb.attributes.get("action", call.document_url)), extra)
        call.todo = []
        self._go_on(call)

    def _go_on(self, call: Call) -> None:
        call.verb, call.waits_for = None, ""

    def _recording(self, call: Call, verb: Verb, seconds: int) -> dict[str, str]:
        sid = f"RE{secrets.token_hex(16)}"
        longest = int(verb.attributes.get("maxLength", "3600"))
        account = f"https://api.twilio.com/2010-04-01/Accounts/{call.account_id}"
        return {
            "RecordingSid": sid,
            "RecordingUrl": f"{account}/Recordings/{sid}",
            "RecordingDuration": str(min(seconds, longest)),
        }

    def _ask(self, call: Call, url: str, extra: dict[str, str]) -> None:
        call.request = {"url": url, "extra": extra}

    def _fetch(self, call: Call) -> None:
        assert call.request is not None
        request, call.request = call.request, None
        call.documents += 1
        if call.documents > DOCUMENTS:
            raise WebhookFailed(11215, f"HTTP too many redirects: more than {DOCUMENTS} documents in one call")
        reply = self._post(call, request["url"], request["extra"])
        call.webhooks.append(Webhook(request["url"][len(call.origin) :], reply.status, round(reply.ms, 1)))
        if not 200 <= reply.status < 300:
            said = reply.body.decode(errors="replace").strip().splitlines()[:1]
            why = f" ({said[0][:120]})" if said and not said[0].startswith("<") else ""
            raise WebhookFailed(11200, f"HTTP retrieval failure: the server answered {reply.status}{why}")
        call.document_url = request["url"]
        call.todo = [verb.dump() for verb in parse(reply.body, reply.content_type)]

    def _post(self, call: Call, url: str, extra: dict[str, str]) -> Any:
        return self.wire.post(url, {**_parameters(call), **extra})

    def _fail(self, call: Call, error: CarrierError) -> None:
        call.error = str(error)
        call.heard.append(Heard("error", "We are sorry, an application error has occurred. Goodbye.", "en-US"))
        call.outcome = "error"
        self._end(call, "error", "failed" if call.status == "ringing" else "completed")

    def _end(self, call: Call, outcome: str, status: str) -> None:
        call.status, call.is_over, call.waits_for, call.verb, call.todo = status, True, "", None, []
        call.outcome = call.outcome or outcome
        seconds = str(max(0, round(time.time() - call.started_at)))
        extra = {"CallDuration": seconds, "CallbackSource": "call-progress-events", "SequenceNumber": "0"}
        try:
            self._post(call, call.origin + STATUS_PATH, extra)
        except WebhookFailed as error:
            call.error = call.error or str(error)


def _hear(call: Call, verb: Verb) -> None:
    times = int(verb.attributes.get("loop", "1")) or 1
    language = verb.attributes.get("language", "en-US") if verb.name == "Say" else ""
    for _ in range(min(times, 10)):
        call.heard.append(Heard(verb.name.lower(), verb.text, language))


def _listens(verb: Verb) -> list[str]:
    return verb.attributes.get("input", "dtmf").split()


def _language(verb: Verb) -> str:
    return verb.attributes.get("language", "en-US")


def _leg(call: Call, how: str) -> dict[str, str]:
    """https://www.twilio.com/docs/voice/twiml/dial#dialcallstatus-values, and for SIP …/sip#action."""
    parameters = {
        "DialCallSid": f"CA{secrets.token_hex(16)}",
        "DialCallStatus": how,
        "DialBridged": "true" if how == "completed" else "false",
    }
    if how == "completed":
        parameters["DialCallDuration"] = "30"
    if call.dialled and call.dialled[-1].uri.startswith("sip"):
        parameters |= {"DialSipResponseCode": _SIP_CODES[how], "DialSipCallId": secrets.token_hex(8)}
    return parameters


def _parameters(call: Call) -> dict[str, str]:
    """https://www.twilio.com/docs/voice/twiml#request-parameters, as they come for an inbound call."""
    parameters = {
        "AccountSid": call.account_id,
        "ApiVersion": "2010-04-01",
        "CallSid": call.call_id,
        "CallStatus": call.status,
        "Direction": "inbound",
        "From": call.sender,
        "To": call.recipient,
        "Caller": call.sender,
        "Called": call.recipient,
    }
    for side, number in (("From", call.sender), ("Caller", call.sender), ("To", call.recipient)):
        parameters |= {f"{side}City": "", f"{side}State": "", f"{side}Zip": "", f"{side}Country": _country(number)}
    return parameters


def _country(number: str) -> str:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""
