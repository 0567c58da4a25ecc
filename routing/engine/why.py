"""Why a contact went where it went, in one sentence, from its trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from routing.engine.conditions import label

_RUNGS = {
    "fresh": "asked just now",
    "cached": "known from a moment ago",
    "last_known": "last known, since the source failed",
    "synced": "synced from the CRM",
    "default": "the flow's defaults",
}


def explain(trace: Sequence[Mapping[str, Any]], *, went_to: str, flow: str, fell_back: str = "") -> str:
    """One sentence: where to, the values seen, the rule that matched, those that did not, the flow and its version.

    `went_to` completes “Went …”; `flow` is such as “Priority line” version 3; `fell_back` says why
    the flow could not decide, if so.
    """
    parts = [f"Went {went_to}"]
    if fell_back:
        parts.append(f"because the flow could not go on ({fell_back.rstrip('.')})")
    else:
        parts.extend(_reason(trace))
    sources = [_source(seen) for entry in trace for seen in entry.get("saw", ()) if seen.get("what") == "fetch"]
    sentence = " ".join(parts)
    if sources:
        sentence += "; " + ", ".join(sources)
    return f"{sentence}, by {flow}." if flow else f"{sentence}."


def _reason(trace: Sequence[Mapping[str, Any]]) -> list[str]:
    decisions = [
        (entry, seen)
        for entry in trace
        for seen in entry.get("saw", ())
        if seen.get("what") in {"rule", "hours", "split", "input"}
    ]
    last = next((entry for entry, _ in reversed(decisions)), None)
    if last is None:
        return ["because the flow sends every contact there"]
    seen_here = [seen for entry, seen in decisions if entry is last]
    kind = seen_here[-1]["what"]
    if kind == "hours":
        return [f"because {seen_here[-1]['name']} was {'open' if seen_here[-1].get('open') else 'closed'}"]
    if kind == "split":
        return [f"by the percentage split “{last.get('title', '')}”"]
    if kind == "input":
        return [f"because the caller answered {seen_here[-1]['seen']} to “{last.get('title', '')}”"]
    matched = next((seen for seen in seen_here if seen.get("matched")), None)
    missed = [seen for seen in seen_here if not seen.get("matched")]
    words = []
    if matched:
        words.append(
            f"because {_values(matched, held=True)}, as the rule “{matched.get('label') or matched['words']}” asks"
        )
        if missed:
            words.append("(" + "; ".join(f"not “{seen.get('label') or seen['words']}”" for seen in missed) + ")")
    else:
        words.append(
            "because no rule matched: "
            + "; ".join(f"{_values(seen, held=False)}, not “{seen['words']}”" for seen in missed)
        )
    return words


def _values(rule: Mapping[str, Any], *, held: bool) -> str:
    """The values that the rule looked at: for one that matched, those that made it match."""
    seen: dict[str, str] = {}
    for comparison in rule.get("comparisons", ()):
        if "seen" in comparison and (comparison.get("held") or not held):
            seen[label(comparison["variable"])] = str(comparison["seen"])
    return (
        " and ".join(f"{name} was {value}" for name, value in seen.items())
        or f"“{rule['words']}” was {'true' if held else 'false'}"
    )


def _source(seen: Mapping[str, Any]) -> str:
    if seen.get("status") == "failed":
        return f"{seen['source']} failed ({str(seen.get('error', '')).rstrip('.')})"
    if seen.get("status") == "not_found":
        return f"{seen['source']} does not know the customer"
    rung = _RUNGS.get(str(seen.get("rung")), str(seen.get("rung")))
    error = str(seen.get("error", "")).rstrip(".")
    failed = f", since {seen['source']} failed ({error})" if error and seen.get("rung") in {"synced", "default"} else ""
    return f"{seen['source']} values {rung}{failed}"
