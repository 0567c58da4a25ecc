"""Why a contact went where it went, in one sentence, from its trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from routing.engine.conditions import label

_RUNGS = {
    "fresh": "was asked just now",
    "cached": "was known from a moment ago",
    "last_known": "was known from its last answer",
    "synced": "was known from the CRM's synced values",
    "default": "was replaced by the flow's defaults",
}


def explain(trace: Sequence[Mapping[str, Any]], *, went_to: str, flow: str, fell_back: str = "") -> str:
    """One sentence: where to, the values seen, the rule that matched, those that did not, the flow and its version.

    `went_to` is such as “Went to VIP”; `flow` such as “Priority line” version 3; `fell_back` says why
    the flow could not decide, if so.
    """
    saw = [(entry, seen) for entry in trace for seen in entry.get("saw", ())]
    # What came after somebody was dialled, or a message was left, cannot be why.
    handed = next((at for at, (_, seen) in enumerate(saw) if seen["what"] in {"transfer", "recording"}), len(saw))
    reason = (
        f"because the flow could not go on: {_plain(fell_back)}"
        if fell_back
        else _reason(saw[:handed], who="they" if is_written(trace) else "the caller")
    )
    clauses = [f"{went_to} {reason}"]
    missed = [f"{seen.get('queue', '')}: {seen['seen']}" for _, seen in saw if seen["what"] == "transfer"]
    if missed and not fell_back:
        first = next(seen.get("queue", "") for _, seen in saw if seen["what"] == "transfer")
        clauses = [f"{went_to} because nobody took it before ({'; '.join(missed)})", f"it was sent to {first} {reason}"]
    clauses.extend(_source(seen) for _, seen in saw if seen["what"] == "fetch" and seen.get("status") == "found")
    return "; ".join(clauses) + (f"; decided by {flow}." if flow else ".")


def is_written(trace: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the contact began with a message, so that nobody called."""
    return any(entry.get("type") == "message" for entry in trace[:1])


def _reason(saw: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], *, who: str) -> str:
    """What decided last: a branch, opening hours, a split, an answer of the caller, a fetch that found nothing."""
    decisions = [
        (entry, seen)
        for entry, seen in saw
        if not entry.get("forced")
        and (
            seen["what"] in {"rule", "hours", "split", "input"}
            or (seen["what"] == "fetch" and seen.get("status") != "found")
        )
    ]
    if not decisions:
        return "because the flow sends every contact there"
    last, seen = decisions[-1]
    title = last.get("title", "")
    match seen["what"]:
        case "hours":
            return f"because “{seen['name']}” was {'open' if seen.get('open') else 'closed'}"
        case "split":
            return f"by the percentage split “{title}”"
        case "input":
            return f"because {who} answered {seen['seen']} to “{title}”"
        case "fetch" if seen["status"] == "not_found":
            return f"because the data source “{seen['source']}” does not know the customer"
        case "fetch":
            return f"because the data source “{seen['source']}” failed: {_plain(seen.get('error')) or 'no answer'}"
    rules = [one for entry, one in decisions if entry is last]
    return _rules(rules)


def _rules(rules: Sequence[Mapping[str, Any]]) -> str:
    matched = next((rule for rule in rules if rule.get("matched")), None)
    missed = [rule for rule in rules if not rule.get("matched")]
    if matched is None:
        return "because no rule matched: " + "; ".join(f"{_values(rule)}, not “{_name(rule)}”" for rule in missed)
    words = f"because {_values(matched)}, as the rule “{_name(matched)}” asks"
    return words + (f" (and not {', '.join(f'“{_name(rule)}”' for rule in missed)})" if missed else "")


def _name(rule: Mapping[str, Any]) -> str:
    is_expression = not any("seen" in one for one in rule.get("comparisons", ()))
    return str(rule.get("label") or (rule.get("rule") if is_expression else rule.get("words")))


def _values(rule: Mapping[str, Any]) -> str:
    """The values that the rule looked at: of one that matched, those that made it match."""
    matched = bool(rule.get("matched"))
    seen = {
        label(str(one["variable"])): str(one["seen"])
        for one in rule.get("comparisons", ())
        if "seen" in one and (one.get("held") or not matched)
    }
    return " and ".join(f"{name} was {value}" for name, value in seen.items()) or (
        "its expression was true" if matched else "its expression was not true"
    )


def _source(seen: Mapping[str, Any]) -> str:
    error = _plain(seen.get("error"))
    rung = str(seen.get("rung"))
    failed = f" because the source failed ({error})" if error and rung in {"synced", "default", "last_known"} else ""
    return f"“{seen['source']}” {_RUNGS.get(rung, rung)}{failed}"


def _plain(sentence: object) -> str:
    return str(sentence or "").rstrip(".")
