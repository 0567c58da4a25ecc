"""Writes a message to a number of ours through the provider's emulator, against the running server."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels.messaging.faults import FAULT
from channels.messaging.trying import CHANNELS, NotPossible, Tried, Writer

_OUTCOMES = {
    "transferred": "waits in the queue",
    "waiting": "is asked, and may reply",
    "ended": "ended by the flow",
    "voicemail": "left a message",
    "hung_up": "ended by the customer",
    "error": "failed",
}


class Command(BaseCommand):
    help = "Writes a message as a customer would, and prints the replies and where the conversation ends."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("channel", metavar="CHANNEL", choices=CHANNELS, help=", ".join(CHANNELS))
        parser.add_argument("from", metavar="FROM", help="who writes, such as +4915100000002")
        parser.add_argument(
            "to",
            metavar="TO",
            help="our number, such as +49309018200, whatsapp:+49309018201 or the id 1000002 of a page",
        )
        parser.add_argument("text", metavar="TEXT", help="what is written")
        parser.add_argument(
            "--then",
            action="append",
            default=[],
            metavar="TEXT",
            help="written when the first was answered; repeatable",
        )
        parser.add_argument(
            "--press", default="", metavar="PAYLOAD", help="the payload of a button, with TEXT as its label"
        )
        parser.add_argument(
            "--fault",
            action="append",
            default=[],
            metavar="HOW",
            help="what the provider does when we send, in turn: 429:2, 500, slow:3, lost, deaf or 400",
        )
        parser.add_argument("--wait", type=float, default=30.0, metavar="S", help="how long to wait for the house")
        parser.add_argument("--url", default="", help="the server, if not PUBLIC_URL or the one on this machine")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        for fault in options["fault"]:
            if not FAULT.fullmatch(fault):
                raise CommandError(f"“{fault}” is no fault: take 429:2, 500, slow:3, lost, deaf or 400.")
        try:
            writer = Writer(options["channel"], options["from"], options["to"], options["url"], options["fault"])
            extra = {"payload": options["press"]} if options["press"] else {}
            tried = writer.wait(writer.write(options["text"], **extra), options["wait"])
            replies = [*zip(tried.replies, tried.states, strict=True)]
            for text in options["then"]:
                tried = writer.wait(writer.write(text), options["wait"])
                replies += zip(tried.replies, tried.states, strict=True)
        except NotPossible as problem:
            raise CommandError(str(problem)) from None
        if options["json"]:
            self.stdout.write(json.dumps(result_of(tried, replies), ensure_ascii=False))
        else:
            for line in _readable(writer, tried, replies):
                self.stdout.write(line)
        if tried.outcome == "error":
            raise CommandError(tried.error)


def result_of(tried: Tried, replies: list[tuple[str, str]]) -> dict[str, Any]:
    """The object that `--json` prints."""
    return {
        "outcome": tried.outcome,
        "queue": tried.queue or None,
        "replies": [text for text, _ in replies],
        "states": [state for _, state in replies],
        "why": tried.why or None,
        "reference": tried.reference or None,
        "answered_in_ms": list(tried.answered_in_ms),
        "error": tried.error or None,
    }


def _readable(writer: Writer, tried: Tried, replies: list[tuple[str, str]]) -> list[str]:
    lines = [f"{writer.sender} writes to {writer.number.address}"]
    lines += [f"  reads    “{text}” ({state})" for text, state in replies]
    lines.append(f"  {_OUTCOMES.get(tried.outcome, tried.outcome)}")
    for name, value in (("queue", tried.queue), ("why", tried.why), ("contact", tried.reference)):
        if value:
            lines.append(f"    {name:<8} {value}")
    times = ", ".join(map(str, tried.answered_in_ms))
    return [*lines, f"    answered in {times} ms"]
