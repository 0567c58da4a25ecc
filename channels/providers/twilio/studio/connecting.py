"""Widgets that put the caller through: to numbers, SIP addresses and queues.

https://www.twilio.com/docs/studio/widget-library: the pages connect-call, enqueue-call and send-flex. `callCompleted` is
taken when the other side is over, whether it was answered or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from channels.providers.twilio.studio.deciding import set_steps
from channels.providers.twilio.studio.flow import as_text, rings_several
from channels.providers.twilio.studio.made import Job, Made, Step, json_of, placeholder
from channels.providers.twilio.studio.names import key, plain
from routing.engine.templates import has_template

_GONE = {"hangup": "a caller who hangs up has left the flow"}
_MOST_NUMBERS = 10
# Seconds that the widget writes by itself.
_FLEX_WAITS = "3600"
_DIGITS = re.compile(r"[1-9][0-9]{6,14}")
_TEAM = ("queue", "queue_name", "department", "team", "skill", "skills", "group", "reason", "intent")
_BEFORE_NAMES = re.compile(r"^(?:send_to_flex|send_to|sendto|enqueue_call|enqueue|flex|to|queue)_+|_+(?:queue|flex)$")


def connect_call(job: Job) -> Made:
    noun = job.state.text("noun").strip().lower() or "number"
    match noun:
        case "number" | "number-multi" | "numbers":
            targets = list(_numbers(job))
        case "sip":
            targets = [target] if (target := (job.text("sip_endpoint") or job.text("to")).strip()) else []
            if targets and not targets[0].startswith(("sip:", "sips:")) and not has_template(targets[0]):
                targets = [f"sip:{targets[0]}"]
            targets = [target.partition("?")[0].partition(";")[0] for target in targets]
            if job.state.text("sip_password").strip() or job.state.text("sip_username").strip():
                job.note("It signed in at the SIP address with a user and password, which a transfer does not.")
        case _:
            return placeholder(job, f"Connect the call to a {noun}")
    if not targets:
        return placeholder(job, "Connect the call to nobody")
    if len(targets) > 1:
        job.note("All of them rang at once; here they ring one after the other.")
    if job.state.is_set("record"):
        job.note("The conversation is not recorded.")
    caller = job.state.text("caller_id").strip()
    if caller and job.words.text(caller, []).replace(" ", "") not in {"{{contact.from}}", "{{contact.to}}"}:
        job.note("The number that it showed is not shown: the other side sees the carrier's usual one.")
    ring = job.state.number("timeout")
    steps: list[Step] = []
    noted = len(targets) > 1 and rings_several(job.state)
    for number, target in enumerate(targets):
        settings: dict[str, Any] = {"to": target, "ring_s": max(5, min(600, int(ring or 30)))}
        last = number == len(targets) - 1
        talked, missed = ("@_talked", "@_missed") if noted else ("callCompleted", "callCompleted")
        ways = {"answered": talked, "unanswered": missed if last else f"@_{number + 2}"}
        steps.append(Step("transfer", settings, ways, f"_{number + 1}" if number else ""))
    if noted:
        job.note("Of numbers that were not answered it is not told apart whether they were busy.")
        status = job.words.variable(f"{job.id}_status")
        steps.extend(set_steps([(status, "completed")], "_talked", "callCompleted"))
        steps.extend(set_steps([(status, "no-answer")], "_missed", "callCompleted"))
    return Made(steps, lost=_GONE)


def _numbers(job: Job) -> Iterator[str]:
    raw = job.state.properties.get("to")
    texts = [as_text(one) for one in raw] if isinstance(raw, list) else [as_text(raw)]
    for text in texts:
        parts = [text] if "{" in text else text.split(",")
        for part in parts[:_MOST_NUMBERS]:
            number = job.words.text(part.strip(), job.notes)
            if "{" not in number:
                bare = re.sub(r"[\s().\-/]", "", number)
                if _DIGITS.fullmatch(bare):
                    job.note(f"“{part.strip()}” has no + before its country: +{bare} is dialled.")
                    bare = f"+{bare}"
                number = bare if re.fullmatch(r"\+[1-9][0-9]{4,14}", bare) else number
            if number:
                yield number[:300]


def enqueue_call(job: Job) -> Made:
    name = job.text("queue_name").strip()
    if job.state.text("workflow_sid").strip():
        job.note("A workflow of TaskRouter chose the agents; here the queue does.")
    return _queue(job, [name] if name else [])


def send_to_flex(job: Job) -> Made:
    attributes = json_of(job.state.text("attributes"))
    names: list[str] = []
    if isinstance(attributes, Mapping):
        names = [as_text(attributes[one]) for one in _TEAM if one in attributes]
    job.note("A workflow of Flex chose the agents; here the queue does.")
    return _queue(job, names)


def _queue(job: Job, names: list[str]) -> Made:
    if job.state.text("wait_url").strip() or job.state.text("waitUrl").strip():
        job.note("What was heard while waiting is not played.")
    if (priority := job.state.text("priority").strip()) not in {"", "0"}:
        job.note(
            f"Its priority ({priority[:40]}) is not taken over: here tier and queue say how far ahead somebody is."
        )
    if (timeout := job.state.text("timeout").strip()) not in {"", _FLEX_WAITS}:
        job.note(f"It waited {timeout[:40]} seconds at most; here contacts wait as long as the queue lets them.")
    if job.state.text("task_attributes").strip() or job.state.text("attributes").strip():
        job.note("The attributes of the task are not told; agents see contact, tier, customer and reason.")
    own = _BEFORE_NAMES.sub("", plain(job.state.name))
    team = (job.state.text("workflow") or job.state.text("workflow_sid")).strip() or next(iter(names), "")
    known = job.catalog.queues
    found = job.queues.get(team, "") if team else ""
    if found not in known:
        found = next((one for name in (*names, own, job.state.name) if (one := _of_name(name, job))), "")
    if found not in known and job.queues.get("", "") in known:
        found = job.queues[""]
    there = found
    settings: dict[str, Any] = {"queue": found}
    if not found:
        wanted = next((name for name in names if name and "{" not in name), "")
        settings = {"queue": key(wanted, other="queue")[:50]} if wanted else {}
        job.note(_no_queue(wanted, team))
    failing = [event for event in ("failedToEnqueue", "callFailure") if job.state.to(event)]
    event = failing[0] if failing else "callFailure"
    lost = dict(_GONE)
    for other in failing[1:]:
        if job.state.to(other) != job.state.to(event):
            lost[other] = f"whoever nobody answered goes the way of “{event}”"
    ways = {"answered": "callComplete", "unanswered": event}
    step = Step("queue", settings, ways, is_unfinished=not settings.get("queue"))
    taken = frozenset(failing) - lost.keys()
    return Made([step], lost=lost, used=taken, open_exits=frozenset({"unanswered"}), team=(team[:100], there))


def _no_queue(wanted: str, team: str) -> str:
    """What the widget said of where contacts go, and that somebody has to choose."""
    if wanted:
        return f"It names “{wanted}”, and there is no such queue: choose one in this step."
    if "{" in team:
        return f"Its queue is worked out during the call ({team[:80]}): choose one in this step."
    if team:
        return f"It names no queue, only the workflow “{team[:80]}”: choose a queue in this step."
    return "It names no queue: choose one in this step."


def _of_name(name: str, job: Job) -> str | None:
    wanted = plain(name, other="")
    if not wanted or "{" in name:
        return None
    names = job.catalog.queues.items()
    return next((one for one, title in names if wanted in {plain(one), plain(title)}), None)
