"""Places a call through the carrier emulator against the running server."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels.providers.twilio.emulator.call import Call, Carrier, Heard
from channels.providers.twilio.emulator.script import MESSAGE_S, BadScript, Script, read_legs
from channels.providers.twilio.emulator.setup import Ending, NotPossible, ending_of, find_line, reachable, server_origin
from channels.providers.twilio.emulator.wire import Wire


class _InOrder(argparse.Action):
    """Keys and words in the order in which they were given."""

    def __call__(self, _parser: Any, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        given = list(getattr(namespace, "inputs", None) or [])
        if option == "--press":
            given += [("keys", keys.strip()) for keys in values.split(",")]
        else:
            given.append(("words", values))
        namespace.inputs = given


class Command(BaseCommand):
    help = "Places a call and prints what the caller hears and where the call ends."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("from", metavar="FROM", help="the caller, such as +4915100000002")
        parser.add_argument("to", metavar="TO", help="our number, such as +49309018200")
        parser.add_argument(
            "--press",
            dest="inputs",
            action=_InOrder,
            metavar="KEYS",
            help="keys for each question in turn, by commas: 1,2# (an empty one is silence)",
        )
        parser.add_argument("--say", dest="inputs", action=_InOrder, metavar="WORDS", help="words for a question")
        parser.add_argument("--hangup-after", type=int, metavar="N", help="hang up after N answers of the server")
        parser.add_argument(
            "--dial",
            nargs="+",
            default=[],
            metavar="HOW",
            help="how each dialled side answers in turn: completed, busy, no-answer, failed or canceled; "
            "the last one holds for all that follow; or for one address: sip:vip@pbx.example.com=busy",
        )
        parser.add_argument(
            "--message", type=int, default=MESSAGE_S, metavar="S", help="length of a voicemail; 0: none"
        )
        parser.add_argument("--url", default="", help="the server, if not PUBLIC_URL or the one on this machine")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        try:
            line = find_line(options["to"])
            legs, by_address = read_legs(options["dial"]) if options["dial"] else ([], {})
            origin, via = (reachable(options["url"]), "") if options["url"] else server_origin()
        except (NotPossible, BadScript) as problem:
            raise CommandError(str(problem)) from None
        script = Script(
            inputs=options["inputs"] or [],
            legs=legs,
            by_address=by_address,
            otherwise=legs[-1] if legs else "completed",
            hangup_after=options["hangup_after"],
            message_s=options["message"],
        )
        carrier = Carrier(Wire(origin, line.secret, via, line.carrier))
        call = carrier.place(line.account_id, options["from"], line.address)
        script.follow(carrier, call)
        ending = ending_of(call)
        if options["json"]:
            self.stdout.write(json.dumps(result_of(call, ending), ensure_ascii=False))
        else:
            for text in _readable(call, ending):
                self.stdout.write(text)
        if call.outcome == "error":
            raise CommandError(call.error)


def result_of(call: Call, ending: Ending) -> dict[str, Any]:
    """The object that `--json` prints."""
    sip = next((leg for leg in reversed(call.dialled) if leg.uri.startswith("sip")), None)
    return {
        "outcome": call.outcome,
        "sip_uri": sip.uri if sip else None,
        "sip_headers": sip.headers if sip else {},
        "queue": ending.queue or None,
        "heard": [one.text for one in call.heard if one.what in {"say", "play"}],
        "answered_in_ms": [webhook.ms for webhook in call.webhooks],
        "dialled": [{"uri": leg.uri, "ended": leg.ended} for leg in call.dialled],
        "call_sid": call.call_id,
        "reference": ending.reference or None,
        "error": call.error or None,
    }


_WORDS = {
    "say": "hears    “{text}”",
    "play": "hears    the sound {text}",
    "pause": "waits    {text} s",
    "beep": "hears    a beep",
    "ring": "rings    {text}",
    "talk": "speaks   with {text}",
    "busy": "hears    that it is over ({text})",
    "error": "hears    “{text}”",
}
_OUTCOMES = {
    "transferred": "put through",
    "hung_up": "hung up",
    "ended": "ended by the flow",
    "voicemail": "left a message",
    "rejected": "refused",
    "error": "failed",
}


def _readable(call: Call, ending: Ending) -> list[str]:
    times = ", ".join(f"{webhook.ms:.0f}" for webhook in call.webhooks)
    lines = [f"{call.sender} calls {call.recipient}", *(f"  {_line(one)}" for one in call.heard)]
    lines.append(f"  {_OUTCOMES.get(call.outcome, call.outcome)}")
    if call.dialled:
        lines.append(f"    SIP      {call.dialled[-1].uri}")
        lines += [f"             {name}: {value}" for name, value in call.dialled[-1].headers.items()]
    for name, value in (("queue", ending.queue), ("why", ending.why), ("contact", ending.reference)):
        if value:
            lines.append(f"    {name:<8} {value}")
    return [*lines, f"    answered in {times} ms"]


def _line(one: Heard) -> str:
    return _WORDS[one.what].format(text=one.text)
