"""Who calls: telephone numbers, what they are worth, and their signed webhooks, as a carrier would post them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlencode

ACCOUNT = "AC0000000000000000000000000000bec4"
AUTH_TOKEN = "bench-token"
STATUSES = ("gold", "silver", "platinum", "bronze", "none")
VALUABLE = frozenset({"gold", "platinum"})

# Eight digits follow; the beginning says what kind of caller it is.
SYNCED = "+49151"
CACHED = "+49152"
UNKNOWN = "+49153"
_OUR_NUMBER = "+4930901{:04d}"

# What the carrier sends beside what we use; it is signed, so it has to be read.
_COMMON = {
    "ApiVersion": "2010-04-01",
    "CallStatus": "ringing",
    "CallerCity": "",
    "CallerCountry": "DE",
    "CallerState": "",
    "CallerZip": "",
    "Direction": "inbound",
    "FromCity": "",
    "FromCountry": "DE",
    "FromState": "",
    "FromZip": "",
    "StirVerstat": "TN-Validation-Passed-A",
    "CalledCity": "Berlin",
    "CalledCountry": "DE",
    "CalledState": "",
    "CalledZip": "",
    "ToCity": "Berlin",
    "ToCountry": "DE",
    "ToState": "",
    "ToZip": "",
}


def phone(beginning: str, number: int) -> str:
    """The telephone number of the caller `number` of a kind."""
    return f"{beginning}{number:08d}"


def our_number(number: int) -> str:
    """Which of our numbers is called."""
    return _OUR_NUMBER.format(number)


def status_of(caller: str) -> str:
    """What the CRM says of this caller, whom it may never have heard of."""
    return STATUSES[int(caller[-1]) % len(STATUSES)]


def queue_of(caller: str) -> str:
    """Where the call must end."""
    return "vip" if status_of(caller) in VALUABLE else "standard"


def form(caller: str, called: str, call_id: str) -> dict[str, str]:
    """What the carrier posts when the call comes in."""
    return _COMMON | {
        "AccountSid": ACCOUNT,
        "CallSid": call_id,
        "From": caller,
        "Caller": caller,
        "To": called,
        "Called": called,
    }


def request(host: str, target: str, fields: dict[str, str]) -> bytes:
    """The signed request, head and body, ready for a socket."""
    signed = f"http://{host}{target}" + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.digest(AUTH_TOKEN.encode(), signed.encode(), hashlib.sha1)).decode()
    body = urlencode(fields)
    return (
        f"POST {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
        f"Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        f"X-Twilio-Signature: {signature}\r\nI-Twilio-Idempotency-Token: {fields.get('CallSid') or fields['MessageSid']}\r\n\r\n{body}"
    ).encode()
