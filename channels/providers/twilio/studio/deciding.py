"""Widgets that decide, set variables, or walk through another flow.

https://www.twilio.com/docs/studio/widget-library: the pages split-based-on, set-variables and run-subflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from channels.providers.twilio.studio.conditions import group_of, row_of
from channels.providers.twilio.studio.flow import Way
from channels.providers.twilio.studio.made import Job, Made, Step, is_secret, placeholder
from channels.providers.twilio.studio.names import key, plain, unique
from routing.engine import limits
from routing.engine.values import as_text

_VALUES = 50


def split(job: Job) -> Made:
    matches = [way for way in job.state.ways if way.event == "match"]
    if not matches:
        return placeholder(job, "Split without conditions")
    tested = _Tested(job)
    rules: list[dict[str, Any]] = []
    targets: list[str] = []
    names = {"otherwise"}
    for way in matches:
        rows = [
            row_of(test, tested.path(test.argument), job.words.text(test.value, job.notes), job.notes)
            for test in way.tests
        ]
        rows = [_as_ours(row) for row in rows]
        if not rows:
            job.note("A way without a condition is never taken.")
            rows = [{"variable": "now", "operator": "is_blank"}]
        label = _label(way)
        name = unique(plain(label, other="case"), names)
        names.add(name)
        rules.append({"name": name, "label": label[:100], "when": group_of(rows)})
        targets.append(way.to)
    made = Made([], used=frozenset({"match", "noMatch"}))
    if tested.values:
        made.entry = "_value"
        made.steps += set_steps(tested.values, "_value", "@")
    most = limits.RULES_A_BRANCH
    for number, start in enumerate(range(0, len(rules), most)):
        part = rules[start : start + most]
        suffix = f"_{number + 1}" if number else ""
        last = start + most >= len(rules)
        way_on = {"otherwise": "noMatch"} if last else {"otherwise": f"@_{number + 2}"}
        made.steps.append(Step("branch", {"rules": part}, way_on, suffix))
        for rule, target in zip(part, targets[start : start + most], strict=True):
            made.ends[f"{suffix}:{rule['name']}"] = target
    return made


def _label(way: Way) -> str:
    """What people called the way, or what it asks."""
    test = way.tests[0] if way.tests else None
    if test is None:
        return "Never"
    label = test.label.strip()
    if not label or label.startswith("If value "):
        # What Studio writes by itself.
        label = test.value.strip() or test.kind.replace("_", " ")
        if test.kind not in {"equal_to", "matches_any_of"} and test.value.strip():
            label = f"{test.kind.replace('_', ' ')} {test.value.strip()}"
    return label or "Case"


# What the same thing is called there and here.
_STATUSES: Final = {"no-answer": "no_answer"}
_CHANNELS: Final = {"facebook": "messenger"}


def _as_ours(row: dict[str, Any]) -> dict[str, Any]:
    """The row with values as they are called here: how a transfer ended, and by which channel somebody writes."""
    if isinstance(parts := row.get("conditions"), list):
        return {**row, "conditions": [_as_ours(part) for part in parts]}
    if row["variable"].startswith("steps.") and row["variable"].endswith(".status"):
        words = _STATUSES
    elif row["variable"] == "contact.channel":
        words = _CHANNELS
    else:
        return row
    value = row.get("value")
    if isinstance(value, str):
        return {**row, "value": words.get(value.lower(), value)}
    return {**row, "value": [words.get(one.lower(), one) for one in value]} if isinstance(value, list) else row


class _Tested:
    """The variables that a split looks at; what is more than a variable is worked out by a step before it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.values: list[tuple[str, str]] = []
        self.known: dict[str, str] = {}

    def path(self, argument: str) -> str:
        text = argument if argument.strip() else self.job.state.text("input")
        if text not in self.known:
            sole = self.job.words.sole(text, self.job.notes)
            if sole is None or len(sole) > 200:
                variable = self.job.words.variable(f"{self.job.id}_tested{len(self.values) + 1 if self.values else ''}")
                self.values.append((variable, self.job.words.text(text, self.job.notes)))
                sole = f"vars.{variable}"
            self.known[text] = sole
        return self.known[text]


def set_steps(values: list[tuple[str, str]], suffix: str, on: str) -> list[Step]:
    """Steps that set these variables, one after the other; `on` is where the last leads, as in `Step.ways`."""
    steps: list[Step] = []
    for number, start in enumerate(range(0, len(values), _VALUES)):
        own = suffix if not number else f"{suffix}_{number + 1}"
        last = start + _VALUES >= len(values)
        rows = [{"name": name, "value": value} for name, value in values[start : start + _VALUES]]
        way_on = on if last else f"@{suffix}_{number + 2}"
        steps.append(Step("set_variables", {"values": rows}, {"done": way_on}, own))
    return steps


def set_variables(job: Job) -> Made:
    values: list[tuple[str, str]] = []
    for name, value in job.state.pairs("variables"):
        if not name.strip():
            continue
        kept = not (value.strip() and is_secret(name) and job.words.only_signs_in(name))
        if not kept:
            job.note(f"The value of “{name}” is not kept in the flow: the data sources that sign in with it hold it.")
        values.append((job.words.variable(name), job.words.text(value, job.notes) if kept else ""))
    if any(_is_parsed(row) for row in (job.state.properties, *_rows(job))):
        job.note("A value that was read as JSON is text here: take its parts from the answer of the API instead.")
    if not values:
        # Nothing to do, and nothing to draw: whoever comes to it comes to what is behind it.
        return Made([], passes="next", used=frozenset({"next"}))
    return Made(set_steps(values, "", "next"))


def _rows(job: Job) -> list[Any]:
    rows = job.state.properties.get("variables")
    return rows if isinstance(rows, list) else []


def _is_parsed(row: Any) -> bool:
    return isinstance(row, Mapping) and any(
        str(name).startswith("parse_as_json") and as_text(value).lower() == "true" for name, value in row.items()
    )


def subflow(job: Job) -> Made:
    """Values are handed over as variables: ours are one space for a flow and what it walks through."""
    # A well-known way of keeping flows in a repository names the sub-flow in a parameter, as numbers change.
    named = dict(job.state.pairs("parameters")).get("subflowName", "").strip()
    wanted = named or job.state.name
    found = _of_name(wanted, job) or _of_name(job.state.name, job)
    if found is None and named:
        job.note(
            f"It walks through “{named}”, which is not here: import that flow, too, or choose another in this step."
        )
    elif found is None:
        job.note(
            f"Which flow it walks through is a number ({as_text(job.state.text('flow_sid')) or 'none'}) that says "
            "nothing here: import that flow, too, and choose it in this step."
        )
    settings = {"flow": found or key(wanted)[:50]}
    lost = {"failed": "a sub-flow that cannot go on goes to the number's fallback queue"}
    made = Made([Step("subflow", settings, {"done": "completed"})], lost=lost)
    values = [
        (job.words.variable(name), job.words.text(value, job.notes))
        for name, value in job.state.pairs("parameters")
        if name.strip()
    ]
    if values:
        made.steps = [*set_steps(values, "_given", "@"), *made.steps]
        made.entry = "_given"
    return made


def _of_name(name: str, job: Job) -> str | None:
    wanted = plain(name)
    for one, title in job.flows.items():
        if one != job.key and wanted in {plain(one), plain(title), f"run_{plain(one)}", f"run_{plain(title)}"}:
            return one
    return None
