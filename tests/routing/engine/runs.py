"""Walks a flow through the engine as a contact would, with plain values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from routing.engine import events
from routing.engine.definition import read_definition
from routing.engine.effects import Dial, Effect, Fetch, Gather, Hangup, Play, Record, Say
from routing.engine.events import ContactStarted, Event, FetchAnswered
from routing.engine.hours import Hours
from routing.engine.plan import Plan, compile_plan
from routing.engine.run import Advance, advance
from routing.engine.world import Address, QueueInfo, World

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # a Monday

WORLD = World(
    queues={
        "vip": QueueInfo(
            "vip", "VIP", (Address("sip:vip@pbx.example.com"), Address("sip:vip2@pbx.example.com", 15)), "standard"
        ),
        "standard": QueueInfo("standard", "Standard", (Address("sip:standard@pbx.example.com"),)),
        "empty": QueueInfo("empty", "Empty"),
    },
    hours={
        "support": Hours("support", "Support", "Europe/Berlin", tuple((day, time(8), time(18)) for day in range(5)), {})
    },
)


def plan_of(definition: Mapping[str, Any], subflows: Mapping[str, Any] | None = None) -> Plan:
    return compile_plan(
        read_definition(dict(definition)),
        key="main",
        name="Main",
        version=1,
        subflows={key: read_definition(dict(value)) for key, value in (subflows or {}).items()},
    )


def steps(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A flow of these nodes behind a call trigger that leads to the first."""
    first = nodes[0]["id"]
    return {"steps": [{"id": "call", "type": "call", "exits": {"started": first}}, *nodes]}


@dataclass
class Walk:
    """One contact under way."""

    plan: Plan
    world: World = WORLD
    now: datetime = NOW
    state: dict[str, Any] | None = None
    effects: list[Effect] = field(default_factory=list)
    trace: list[dict[str, Any]] = field(default_factory=list)
    last: Advance | None = None

    def start(self, customer: dict[str, Any] | None = None, trigger: str = "call", **contact: Any) -> Walk:
        facts = {"from": "+4915100000001", "to": "+4930901820", "reference": "REF", "channel": "voice", **contact}
        return self.tell(ContactStarted("message" if trigger == "message" else "call", facts, customer))

    def tell(self, event: Event, after_s: float = 0) -> Walk:
        self.now += timedelta(seconds=after_s)
        self.last = advance(self.plan, self.state, event, self.now, self.world)
        self.state = self.last.state
        self.effects.extend(self.last.effects)
        self.trace.extend(self.last.trace)
        return self

    def answer(self, step: str, status: str = "found", after_s: float = 0, **values: Any) -> Walk:
        assert self.state is not None
        question = self.state["fetches"][step]["question"]
        return self.tell(FetchAnswered(question, status, values), after_s)  # type: ignore[arg-type]

    @property
    def status(self) -> str:
        assert self.last is not None
        return self.last.status

    @property
    def path(self) -> list[str]:
        return [f"{entry['step']}:{entry['exit']}" if entry["exit"] else entry["step"] for entry in self.trace]

    @property
    def heard(self) -> list[str]:
        return [line for effect in self.effects for line in heard(effect)]

    @property
    def dialled(self) -> list[str]:
        return [effect.to for effect in self.effects if isinstance(effect, Dial)]


def heard(effect: Effect) -> Sequence[str]:
    """An effect in the words of a golden file."""
    match effect:
        case Say(text=text, language=language):
            return [f"say {language}: {text}"]
        case Play(url=url):
            return [f"play {url}"]
        case Gather(prompts=prompts):
            return [*(line for prompt in prompts for line in heard(prompt)), "gather"]
        case Dial(to=to, queue=queue):
            return [f"dial {to} {queue}".strip()]
        case Record():
            return ["record"]
        case Hangup(reject=reject):
            return [f"reject {reject}" if reject else "hang up"]
        case Fetch(source=source):
            return [f"fetch {source}"]
        case _:
            return [type(effect).__name__]


def event_from(data: Mapping[str, Any]) -> tuple[Event, float]:
    """An event of a golden file: {"DigitsPressed": {"digits": "1"}, "after_s": 3}."""
    (name, fields), *_ = [(key, value) for key, value in data.items() if key != "after_s"]
    return getattr(events, name)(**fields), float(data.get("after_s", 0))
