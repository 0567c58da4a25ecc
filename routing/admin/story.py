"""A contact's turns as a story that a manager reads: what happened, what each step saw, what was answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from routing.engine.conditions import Operator, label
from routing.engine.conditions.words import PHRASES
from routing.engine.effects import (
    AwaitReply,
    ComeBack,
    Dial,
    Effect,
    Enqueue,
    Gather,
    Hangup,
    Play,
    Record,
    Say,
    SendMessage,
    load,
)
from routing.engine.steps import BY_TYPE
from routing.models import Turn

Mark = Literal["", "yes", "no", "bad"]

_RUNGS = {
    "fresh": gettext_lazy("asked just now"),
    "cached": gettext_lazy("known from a moment ago, not asked again"),
    "last_known": gettext_lazy("its last known answer, because it failed now"),
    "synced": gettext_lazy("what the CRM synced"),
    "default": gettext_lazy("the defaults of the flow"),
    "none": gettext_lazy("nothing"),
    # Of tries alone: nobody was asked.
    "made_up": gettext_lazy("the answer made up for this try"),
    "recorded": gettext_lazy("what it answered before, not asked again"),
}
_WAITS = {
    "input": gettext_lazy("waits for the caller"),
    "fetch": gettext_lazy("waits for the answer of the data source"),
    "transfer": gettext_lazy("is put through"),
    "recording": gettext_lazy("records"),
}
# Of conversations in writing.
_WAITS_WRITTEN = {
    "input": gettext_lazy("waits for the reply"),
    "transfer": gettext_lazy("waits for somebody of the team"),
    "recording": gettext_lazy("waits for what they write"),
}
_TRANSFERS_WRITTEN = {
    "canceled": gettext_lazy("They left before anybody answered"),
    "no_answer": gettext_lazy("Nobody of the team answered"),
    "failed": gettext_lazy("It could not be handed over"),
}
_TRANSFERS = {
    "completed": gettext_lazy("The conversation is over"),
    "canceled": gettext_lazy("The caller hung up while it rang"),
    "busy": gettext_lazy("It was busy"),
    "no_answer": gettext_lazy("Nobody answered"),
    "failed": gettext_lazy("It could not be put through"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a step saw or did. `mark` says how it came out; `parts` are the details of it."""

    text: str
    mark: Mark = ""
    parts: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class StepStory:
    """One visit to a step."""

    title: str
    kind: str
    icon: str
    left_by: str
    lines: tuple[Line, ...]
    ms: int
    path: str = ""
    """The step's id, behind those of the sub-flow steps around it."""
    exit: str = ""
    at: str = ""
    waits: bool = False
    stop: Literal["", "hung_up", "stranded"] = ""
    fallback: bool = False
    """A step of the fallback's own plan, not of the flow."""

    @property
    def depth(self) -> int:
        """In how many sub-flows it stands."""
        return self.path.count("/")


@dataclass(frozen=True, slots=True)
class TurnStory:
    """One event, the steps it led through, and what the contact was told."""

    number: int
    at: datetime
    event: str
    steps: tuple[StepStory, ...]
    answers: tuple[Line, ...]
    took_ms: float
    raw: Mapping[str, Any]


def tell(turns: Iterable[Turn], *, written: bool = False) -> list[TurnStory]:
    """The whole contact, in order. `written`: in the words of a conversation, rather than of a call."""
    return [
        TurnStory(
            number=turn.number,
            at=turn.at,
            event=_event_written(turn.event) if written else _event(turn.event),
            steps=tuple(_step(entry, written=written) for entry in _told(turn.trace)),
            answers=tuple(line for effect in turn.effects for line in _effect(load(effect))),
            took_ms=turn.took_ms,
            raw={"event": turn.event, "trace": turn.trace, "effects": turn.effects},
        )
        for turn in turns
    ]


def _told(trace: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Without steps that only waited within the same turn: the next entry says what came of it."""
    for entry, following in zip_longest(trace, trace[1:]):
        if entry.get("fallback") and entry.get("exit") == "started":
            # The fallback's own trigger: the contact did not arrive twice.
            continue
        waited = entry.get("waits_for") and not entry.get("saw") and not entry.get("did")
        if not (waited and following and following.get("step") == entry.get("step")):
            yield entry


def _event(event: Mapping[str, Any]) -> str:
    match event:
        case {"event": "ContactStarted"}:
            return _("The contact arrived")
        case {"event": "DigitsPressed", "digits": digits}:
            return _("The caller pressed %(digits)s") % {"digits": digits}
        case {"event": "WordsSpoken", "text": text}:
            return _("The caller said “%(text)s”") % {"text": text}
        case {"event": "InputTimedOut"}:
            return _("The caller did nothing")
        case {"event": "CameBack"}:
            return _("Back after a pause")
        case {"event": "TransferEnded", "status": status}:
            seconds, code = event.get("seconds"), event.get("sip_code")
            words = str(_TRANSFERS.get(status, status))
            details = [_seconds(seconds)] if seconds else []
            if code and status != "completed":
                details.append(f"SIP {code}")
            return f"{words} ({', '.join(details)})" if details else words
        case {"event": "MessageRecorded", "seconds": seconds}:
            return _("The caller left a message of %(length)s") % {"length": _seconds(seconds)}
        case {"event": "HungUp"}:
            return _("The contact was over")
        case {"event": "PutElsewhere", "by": by}:
            return _("%(by)s put it into another queue") % {"by": by}
        case {"event": str(name)}:
            return name
    return _("Something happened")


def _event_written(event: Mapping[str, Any]) -> str:
    match event:
        case {"event": "MessageReceived", "text": text} if event.get("payload"):
            return _("They chose “%(text)s”") % {"text": text}
        case {"event": "MessageReceived" | "WordsSpoken", "text": text} if text:
            return _("They wrote “%(text)s”") % {"text": text}
        case {"event": "MessageReceived"}:
            return _("They sent a picture or a file")
        case {"event": "InputTimedOut"}:
            return _("No reply came")
        case {"event": "HungUp"}:
            return _("They left")
        case {"event": "TransferEnded", "status": str(status)} if status in _TRANSFERS_WRITTEN:
            return str(_TRANSFERS_WRITTEN[status])
    return _event(event)


def _step(entry: Mapping[str, Any], *, written: bool = False) -> StepStory:
    if entry.get("stranded"):
        line = Line(str(entry["stranded"]), "bad")
        return StepStory(
            _("The flow could not go on"),
            "",
            "error",
            "",
            (line,),
            0,
            path=str(entry.get("step", "")),
            at=str(entry.get("at", "")),
            stop="stranded",
        )
    kind = str(entry.get("type", ""))
    known = BY_TYPE.get(kind)
    lines = [line for seen in entry.get("saw", ()) for line in _seen(seen)]
    lines.extend(Line(str(done)) for done in entry.get("did", ()))
    left_by = _left_by(entry, written=written)
    title = str(entry.get("title") or (known.title if known else kind) or entry.get("step", ""))
    return StepStory(
        title=title,
        kind=known.title if known and known.title != title else "",
        icon=_ICONS.get(kind, "circle"),
        left_by=left_by,
        lines=tuple(lines),
        ms=int(entry.get("ms") or 0),
        path=str(entry.get("step", "")),
        exit=str(entry.get("exit") or ""),
        at=str(entry.get("at", "")),
        waits=bool(entry.get("waits_for")),
        stop="hung_up" if entry.get("hung_up") else "",
        fallback=bool(entry.get("fallback")),
    )


_ICONS = {
    "call": "call",
    "message": "chat",
    "ask": "contact_support",
    "ask_choice": "list",
    "send_message": "send",
    "say": "record_voice_over",
    "gather": "dialpad",
    "fetch": "cloud_download",
    "set_variables": "edit_note",
    "branch": "alt_route",
    "hours": "schedule",
    "split": "call_split",
    "queue": "groups",
    "transfer": "phone_forwarded",
    "voicemail": "voicemail",
    "subflow": "account_tree",
    "end": "call_end",
}


def _left_by(entry: Mapping[str, Any], *, written: bool) -> str:
    if entry.get("hung_up"):
        return _("· left here") if written else _("· hung up here")
    if entry.get("came_back"):
        exit_ = str(entry.get("exit", ""))
        back = _("· back from the sub-flow")
        return back if exit_ == "done" else f"{back} → {exit_.replace('_', ' ')}"
    if waits_for := entry.get("waits_for"):
        if waits_for == "input" and any(seen.get("what") == "input" for seen in entry.get("saw", ())):
            return _("· asks again")
        words = _WAITS_WRITTEN.get(waits_for) if written else None
        return f"· {words or _WAITS.get(waits_for, waits_for)}"
    exit_ = str(entry.get("exit", ""))
    if not exit_ or exit_ in {"done", "started"}:
        return ""
    for seen in entry.get("saw", ()):
        if seen.get("what") == "rule" and seen.get("rule") == exit_ and seen.get("label"):
            return f"→ {seen['label']}"
    return f"→ {exit_.replace('_', ' ')}"


def _seen(seen: Mapping[str, Any]) -> Iterator[Line]:
    match seen.get("what"):
        case "rule":
            yield _rule(seen)
        case "fetch":
            yield _fetch(seen)
        case "hours":
            state = _("open") if seen.get("open") else _("closed")
            note = f": {seen['note']}" if seen.get("note") else ""
            yield Line(f"{seen.get('name', '')} – {state}{note}", "yes" if seen.get("open") else "no")
        case "split":
            yield Line(_("Drew %(seen)s of 100") % {"seen": seen.get("seen", "")})
        case "input":
            yield Line(_("Heard %(seen)s") % {"seen": seen.get("seen", "")})
        case "set":
            yield Line(f"{seen.get('name', '')} = {seen.get('seen', '')}")
        case "transfer":
            text = str(seen.get("seen", ""))
            yield Line(text[:1].upper() + text[1:], "no")
        case "put":
            yield Line(
                _("%(by)s put it into %(queue)s") % {"by": seen.get("by", ""), "queue": seen.get("queue", "")}, "yes"
            )
        case "conversation":
            yield Line(_("Spoke with %(team)s") % {"team": seen.get("queue", "")}, "yes")
        case "recording":
            yield Line(_("Recorded %(seen)s") % {"seen": seen.get("seen", "")})
        case _:
            yield Line(", ".join(f"{name}: {value}" for name, value in seen.items() if name != "what"))


def _rule(seen: Mapping[str, Any]) -> Line:
    name, words = seen.get("label"), str(seen.get("words", ""))
    text = f"{name}: {words}" if name and name != words else words
    parts = tuple(_comparison(one) for one in seen.get("comparisons", ()))
    return Line(text, "yes" if seen.get("matched") else "no", parts)


def _comparison(one: Mapping[str, Any]) -> Line:
    """`loyalty status was “gold” – is “gold” or “platinum”`, and why it could not be compared, if so."""
    mark: Mark = "yes" if one.get("held") else "no"
    note = f" ({str(one['note']).rstrip('.')})" if one.get("note") else ""
    if "operator" not in one:
        return Line(f"{one.get('variable', '')}{note}", mark)
    try:
        phrase = PHRASES[Operator(one["operator"])]
    except ValueError:
        phrase = str(one["operator"]).replace("_", " ")
    wanted = str(one.get("wanted") or "")
    if one["operator"] in {Operator.IS_ONE_OF, Operator.IS_NOT_ONE_OF} and wanted:
        phrase = "is one of" if one["operator"] == Operator.IS_ONE_OF else "is none of"
        wanted = wanted.removeprefix("[").removesuffix("]")
    text = _("%(variable)s was %(seen)s") % {"variable": label(str(one["variable"])), "seen": one.get("seen", "")}
    return Line(f"{text} – {phrase} {wanted}".rstrip() + note, mark)


def _fetch(seen: Mapping[str, Any]) -> Line:
    status, source = seen.get("status"), seen.get("source", "")
    ms = f"{float(seen.get('ms') or 0):.0f} ms"
    if status == "failed":
        text = _("%(source)s failed, after %(ms)s") % {"source": source, "ms": ms}
    elif status == "not_found":
        text = _("%(source)s does not know this customer, after %(ms)s") % {"source": source, "ms": ms}
    else:
        rung = _RUNGS.get(str(seen.get("rung")), str(seen.get("rung")))
        text = _("%(source)s: %(rung)s, after %(ms)s") % {"source": source, "rung": rung, "ms": ms}
    parts = [Line(f"{key.replace('_', ' ')} = {value}") for key, value in (seen.get("values") or {}).items()]
    if error := seen.get("error"):
        parts.insert(0, Line(str(error), "no"))
    degraded = status == "failed" or seen.get("rung") in {"last_known", "default"} or bool(error and seen.get("ms"))
    return Line(text, "no" if degraded else "yes" if status == "found" else "", tuple(parts))


def _effect(effect: Effect) -> Iterator[Line]:
    match effect:
        case Say(text=text):
            yield Line(_("Said “%(text)s”") % {"text": text})
        case Play(url=url):
            yield Line(_("Played %(url)s") % {"url": url})
        case Gather(prompts=prompts, keys=keys, speech=speech):
            for prompt in prompts:
                yield from _effect(prompt)
            how = _("keys or speech") if keys and speech else _("speech") if speech else _("keys")
            yield Line(_("Waited for %(how)s") % {"how": how})
        case ComeBack(pause_s=pause):
            yield Line(_("Held the line for %(time)s") % {"time": _seconds(pause)} if pause else _("Held the line"))
        case Dial(to=to, ring_s=ring):
            yield Line(_("Dialled %(to)s, ringing for up to %(time)s") % {"to": to, "time": _seconds(ring)})
        case Record(max_s=longest):
            yield Line(_("Recorded a message of at most %(time)s") % {"time": _seconds(longest)})
        case Hangup(reject=reject):
            yield Line(_("Refused the call") if reject else _("Hung up"))
        case _:
            yield from _written(effect)


def _written(effect: Effect) -> Iterator[Line]:
    match effect:
        case SendMessage(text=text, media=media, choices=choices):
            if text:
                yield Line(_("Wrote “%(text)s”") % {"text": text})
            for url in media:
                yield Line(_("Sent %(url)s") % {"url": url})
            if choices:
                labels = ", ".join(f"“{name}”" for _key, name in choices)
                yield Line(_("Offered %(choices)s") % {"choices": labels})
        case AwaitReply(timeout_s=seconds):
            yield Line(_("Waited for a reply, for up to %(time)s") % {"time": span(seconds)})
        case Enqueue(queue=queue):
            yield Line(_("Put into the queue “%(queue)s”") % {"queue": queue})


def span(seconds: float) -> str:
    """A length of time in the largest unit that it has a whole number of: 90 seconds, 10 minutes, 2 days."""
    whole = round(seconds)
    if whole and whole % 86_400 == 0:
        return ngettext("%(count)d day", "%(count)d days", whole // 86_400) % {"count": whole // 86_400}
    if whole and whole % 3_600 == 0:
        return ngettext("%(count)d hour", "%(count)d hours", whole // 3_600) % {"count": whole // 3_600}
    if whole and whole % 60 == 0:
        return ngettext("%(count)d minute", "%(count)d minutes", whole // 60) % {"count": whole // 60}
    return _seconds(whole)


def _seconds(count: Any) -> str:
    number = int(count or 0)
    return ngettext("%(count)d second", "%(count)d seconds", number) % {"count": number}
