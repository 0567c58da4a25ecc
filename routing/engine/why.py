"""Why a contact went where it went, in one sentence, from its trace."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from routing.engine.conditions import label

_RUNGS = {
    "fresh": "was asked just now",
    "cached": "was known from a moment ago",
    "last_known": "was known from its last answer",
    "synced": "was known from the CRM's synced values",
    "default": "was replaced by the flow's defaults",
}

_EVERYBODY = "because the flow sends every contact there"
_HANDED = {"transfer", "recording"}
_CHOSEN = {"rule", "hours", "split", "input"}


def explain(trace: Sequence[Mapping[str, Any]], *, went_to: str, flow: str, fell_back: str = "") -> str:
    """One sentence: where to, the values seen, the rule that matched, those that did not, the flow and its version.

    `went_to` is such as “Went to VIP”; `flow` such as “Priority line” version 3; `fell_back` says why
    the flow could not decide, if so.
    """
    saw = [(entry, seen) for entry in trace for seen in entry.get("saw", ())]
    who = "they" if is_written(trace) else "the caller"
    talks = [(at, seen) for at, seen in _seen(trace, range(len(trace))) if seen["what"] == "conversation"]
    talked = talks[-1][0] if talks else -1
    if talks and (team := talks[-1][1].get("queue")):
        went_to += f" after the conversation with {team}"
    # Who did not answer matters until somebody did.
    handed = [(at, seen) for at, seen in _seen(trace, range(talked + 1, len(trace))) if seen["what"] in _HANDED]
    idle = _without_consequence(trace)
    # An API that is asked after somebody was dialled, or a message was left, cannot be why.
    until = handed[0][0] if handed else len(trace)
    reason = (
        f"because the flow could not go on: {_plain(fell_back)}" if fell_back else _decided(trace, until, idle, who=who)
    )
    clauses = [f"{went_to} {reason}"]
    put = next((seen for _, seen in reversed(saw) if seen["what"] == "put"), None)
    if put is not None and not fell_back:
        first = next(seen for _, seen in saw if seen["what"] == "put")
        clauses = [f"{went_to} because {put['by']} put it there", f"it was sent to {first['from']} {reason}"]
    missed = [seen for _, seen in handed if seen["what"] == "transfer"]
    if missed and not fell_back:
        teams = "; ".join(f"{seen.get('queue', '')}: {seen['seen']}" for seen in missed)
        after = range(handed[-1][0] + 1, len(trace))
        later = [(trace[at], seen) for at, seen in _seen(trace, after) if at not in idle and seen["what"] in _CHOSEN]
        clauses = [
            f"{went_to} {_reason(later, who=who)}; nobody took it before ({teams})"
            if later
            else f"{went_to} because nobody took it before ({teams})",
            f"it was sent to {missed[0].get('queue', '')} {reason}",
        ]
    clauses.extend(_source(seen) for _, seen in saw if seen["what"] == "fetch" and seen.get("status") == "found")
    return "; ".join(clauses) + (f"; decided by {flow}." if flow else ".")


def is_written(trace: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the contact began with a message, so that nobody called."""
    return any(entry.get("type") == "message" for entry in trace[:1])


def _seen(trace: Sequence[Mapping[str, Any]], where: range) -> Iterator[tuple[int, Mapping[str, Any]]]:
    return ((at, seen) for at in where for seen in trace[at].get("saw", ()))


def _without_consequence(trace: Sequence[Mapping[str, Any]]) -> set[int]:
    """Entries that decided nothing about where the contact is.

    It still waited there, or it came to a step later on that every other way leads to as well.
    """
    last = {entry.get("step"): at for at, entry in enumerate(trace)}
    # Where values say whom it goes to, whatever led past a step that set one decided.
    handed = next((entry for entry in reversed(trace) if entry.get("waits_for") == "transfer"), None)
    if handed is not None and handed.get("by_values"):
        last = {}
    idle: set[int] = set()
    for at, entry in enumerate(trace):
        is_met = "meets" in entry and last.get(entry["meets"], -1) > at
        if not is_met and "waits_for" not in entry:
            continue
        idle.add(at)
        inside = f"{entry['step']}/" if is_met and entry.get("came_back") else ""
        before = at - 1
        while inside and before >= 0 and str(trace[before].get("step", "")).startswith(inside):
            idle.add(before)
            before -= 1
    return idle


def _decided(trace: Sequence[Mapping[str, Any]], until: int, idle: set[int], *, who: str) -> str:
    """What decided; else that nothing did, with what might be taken for it."""
    saw = [(at, (trace[at], seen)) for at, seen in _seen(trace, range(until)) if "waits_for" not in trace[at]]
    reason = _reason([one for at, one in saw if at not in idle], who=who)
    if reason != _EVERYBODY:
        return reason
    seeming = _reason([one for _, one in saw], who=who)
    return reason if seeming == _EVERYBODY else f"{reason} ({seeming.removeprefix('because ')}: that did not decide it)"


def _reason(saw: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], *, who: str) -> str:
    """What decided last: a branch, opening hours, a split, an answer of the caller, a fetch that found nothing."""
    decisions = [
        (entry, seen)
        for entry, seen in saw
        if seen["what"] in _CHOSEN or (seen["what"] == "fetch" and seen.get("status") != "found")
    ]
    if not decisions:
        return _EVERYBODY
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
        return "because no rule matched: " + "; ".join(f"{_values(rule)}, not {_asked(rule)}" for rule in missed)
    words = f"because {_values(matched)}, as the rule “{_name(matched)}” asks"
    return words + (f" (and not {', '.join(f'“{_name(rule)}”' for rule in missed)})" if missed else "")


def _name(rule: Mapping[str, Any]) -> str:
    is_expression = not any("seen" in one for one in rule.get("comparisons", ()))
    return str(rule.get("label") or (rule.get("rule") if is_expression else rule.get("words")))


def _asked(rule: Mapping[str, Any]) -> str:
    """What a rule is called; and what it asks, unless its name tells the values that it looked for."""
    name, words = _name(rule), str(rule.get("words") or "")
    wanted = [one["wanted"] for one in rule.get("comparisons", ()) if "wanted" in one]
    values = {value.casefold() for one in wanted for value in re.findall(r"\w+", str(one))}
    is_told = not wanted or words == name or (values and values <= set(re.findall(r"\w+", name.casefold())))
    return f"“{name}”" if is_told else f"“{name}” ({words})"


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
