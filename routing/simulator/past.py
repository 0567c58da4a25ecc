"""A contact of the past as a scenario: who it was, what they did, and what the data sources answered then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from routing.models import Contact, Turn
from routing.simulator.scenario import INPUTS, Scenario, read_scenario

_RESULTS = {
    "completed": "answered",
    "busy": "busy",
    "no_answer": "no_answer",
    "failed": "failed",
    "canceled": "hung_up",
}
# Facts that a scenario has fields of its own for.
_OWN = frozenset({"from", "to", "channel", "reference", "started_at", "language"})


def scenario_of(contact: Contact, *, time_zone: str) -> Scenario:
    """What happened to `contact`, as far as its turns are kept. Raises ScenarioInvalid where it cannot be one."""
    scope = contact.run.get("scope") or {}
    facts, customer = scope.get("contact") or {}, scope.get("customer") or {}
    turns = list(Turn.objects.filter(contact=contact).order_by("number"))
    return read_scenario(
        {
            "trigger": contact.run.get("trigger", "call"),
            "channel": contact.channel,
            "caller": {
                "number": contact.sender,
                "kind": "made_up" if customer else "stranger",
                "values": {name: value for name, value in customer.items() if value not in (None, "")},
            },
            "called": contact.recipient,
            "language": str(facts.get("language") or ""),
            "details": {name: str(value)[:200] for name, value in facts.items() if name not in _OWN},
            "at": contact.started_at.isoformat(),
            "time_zone": time_zone,
            "inputs": [one for turn in turns for one in _inputs(turn.event)][:INPUTS],
            "fetches": {
                path: _answer(asked["answer"])
                for path, asked in (contact.run.get("fetches") or {}).items()
                if asked.get("answer")
            },
            "splits": {
                entry["step"]: entry["exit"]
                for turn in turns
                for entry in turn.trace
                if entry.get("type") == "split" and entry.get("exit")
            },
        }
    )


def _inputs(event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    match event:
        case {"event": "DigitsPressed", "digits": str(digits)} if digits:
            yield {"do": "keys", "keys": digits}
        case {"event": "WordsSpoken", "text": str(text)} if text:
            yield {"do": "words", "words": text[:1000]}
        case {"event": "MessageReceived", "text": str(text)} if text:
            yield {"do": "words", "words": text[:1000], "payload": str(event.get("payload") or "")[:200]}
        case {"event": "InputTimedOut"}:
            yield {"do": "silence"}
        case {"event": "TransferEnded", "status": str(status)}:
            found: dict[str, Any] = {"do": "transfer", "result": _RESULTS.get(status, "failed")}
            if isinstance(code := event.get("sip_code"), int) and 100 <= code <= 699:
                found["sip_code"] = code
            if isinstance(seconds := event.get("seconds"), int) and seconds >= 0:
                found["seconds"] = min(seconds, 3600)
            yield found
        case {"event": "MessageRecorded", "seconds": int(seconds)}:
            yield {"do": "recording", "seconds": min(max(seconds, 1), 3600)}
        case {"event": "HungUp"}:
            yield {"do": "hang_up"}


def _answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    after_s = min(max(float(answer.get("ms") or 0) / 1000, 0.0), 3600.0)
    error = str(answer.get("error") or "")[:200]
    match answer:
        case {"status": "not_found"}:
            return {"answer": "not_found", "after_s": after_s}
        case {"status": "found", "rung": "last_known"}:
            return {"answer": "fails", "last_known": answer["values"], "error": error, "after_s": after_s}
        case {"status": "found"}:
            return {"answer": "typed", "values": answer["values"], "after_s": after_s}
        case _:
            return {"answer": "fails", "error": error, "after_s": after_s}
