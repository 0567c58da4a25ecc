"""Hands the contact over to a queue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from routing.engine.effects import Dial, Enqueue
from routing.engine.events import Event, PutElsewhere, TransferEnded
from routing.engine.faults import RunStranded
from routing.engine.steps.step import Exit, Kind, Leave, Move, Path, Reference, Step, Visit, Wait
from routing.engine.templates import template_fault, template_variables
from routing.engine.world import Address, QueueInfo, World

_HEADER = re.compile(r"X-[A-Za-z0-9-]{1,40}")
# Overflow of overflow of …: queues may point at each other in a circle.
_QUEUES_TRIED = 5


class TransferToQueue(Step):
    """Puts the contact through to the team of a queue. Its telephones ring in their order, then those of its overflow."""

    type: ClassVar[str] = "queue"
    kind: ClassVar[Kind] = "hand_over"
    title: ClassVar[str] = "Transfer to queue"
    asks: ClassVar[bool] = True
    written: ClassVar[str] = (
        "The conversation waits in this queue until somebody of the team takes it; nobody is called."
    )
    sample: ClassVar[dict[str, Any]] = {"queue": "vip"}

    queue: str = Field(
        min_length=1,
        max_length=50,
        title="Queue",
        description="The team that this contact waits for.",
        json_schema_extra={"choices": "queue", "titled": "To {name}"},
    )
    overflow: bool = Field(
        default=True,
        title="Ring its overflow, too",
        description="If nobody of the team answers, the telephones of the queue that it overflows into ring before "
        "“Nobody answered”.",
    )
    headers: dict[str, str] = Field(
        default_factory=dict,
        max_length=10,
        title="Told to the team",
        description="Further facts for the team's telephones, as SIP headers: X-Plan with {{ customer.plan }}. Contact, "
        "tier, customer and reason are told anyway.",
        json_schema_extra={"template": True, "key_title": "Header"},
    )

    def exits(self) -> tuple[Exit, ...]:
        return (Exit("answered", "After the conversation", optional=True), Exit("unanswered", "Nobody answered"))

    def enter(self, visit: Visit) -> Move:
        if visit.is_written:
            return self._join(visit)
        visit.memory["tried"] = []
        return self._try_next(visit)

    def resume(self, visit: Visit, event: Event) -> Move:
        match event:
            case TransferEnded(status="completed" | "canceled" as status):
                if status == "completed":
                    visit.saw.append({"what": "conversation", "queue": visit.memory.get("queue", "")})
                return Leave("answered")
            case TransferEnded() if visit.is_written:
                return Leave("unanswered")
            case PutElsewhere(queue=key, by=by) if visit.is_written and key in visit.world.queues:
                queue = visit.world.queues[key]
                visit.saw.append({"what": "put", "from": visit.memory.get("queue", ""), "queue": queue.name, "by": by})
                visit.memory["queue"] = queue.name
                visit.order(Enqueue(queue=key))
                return Wait("transfer")
            case _ if visit.is_written:
                return Wait("transfer")
            case TransferEnded(status=status, sip_code=code):
                words = f"{status.replace('_', ' ')}, SIP {code}" if code else status.replace("_", " ")
                visit.saw.append({"what": "transfer", "queue": visit.memory.get("queue", ""), "seen": words})
                return self._try_next(visit)
            case _:
                return self._try_next(visit, again=True)

    def _join(self, visit: Visit) -> Wait:
        """A conversation waits in the queue itself; nobody is dialled."""
        queue = visit.world.queues.get(self.queue)
        if queue is None:
            raise RunStranded(f"There is no queue “{self.queue}”.")
        visit.memory["queue"] = queue.name
        visit.order(Enqueue(queue=queue.key))
        visit.did.append(f"Waits in {queue.name}.")
        return Wait("transfer")

    def _try_next(self, visit: Visit, *, again: bool = False) -> Move:
        tried: list[str] = visit.memory.setdefault("tried", [])
        if again and tried:
            tried.pop()
        line = list(addresses(visit.world, self.queue, overflow=self.overflow))
        if not line:
            raise RunStranded(f"The queue “{self.queue}” has no SIP address.")
        if len(tried) >= len(line):
            return Leave("unanswered")
        queue, address = line[len(tried)]
        tried.append(address.uri)
        visit.memory["queue"] = queue.name
        visit.order(Dial(to=address.uri, ring_s=address.ring_s, headers=self._headers(visit), queue=queue.key))
        visit.did.append(f"Dialled {queue.name} at {address.uri}.")
        return Wait("transfer")

    def _headers(self, visit: Visit) -> dict[str, str]:
        """What the agent's telephone is told. The most important first: carriers allow 1024 characters."""
        contact = visit.scope.get("contact") or {}
        customer = visit.scope.get("customer") or {}
        headers = {
            "X-Contact": contact.get("reference", ""),
            "X-Tier": customer.get("tier", ""),
            "X-Customer": customer.get("external_id", ""),
            "X-Reason": visit.because.get("words") or visit.because.get("rule", ""),
        }
        for name, template in self.headers.items():
            headers[name] = visit.text(template).strip() or headers.get(name, "")
        return {name: str(value) for name, value in headers.items() if value}

    def gist(self) -> str:
        return self.queue

    def variables(self) -> frozenset[str]:
        return frozenset().union(*(template_variables(template) for template in self.headers.values()))

    def faults(self) -> Iterator[tuple[Path, str]]:
        for name, template in self.headers.items():
            if not _HEADER.fullmatch(name):
                yield ("headers", name), "A header's name begins with X- and has letters, digits and hyphens."
            elif fault := template_fault(template):
                yield ("headers", name), fault

    def references(self) -> Iterator[Reference]:
        yield Reference("queue", self.queue, ("queue",))


def addresses(world: World, key: str, *, overflow: bool = True) -> Iterator[tuple[QueueInfo, Address]]:
    """Every address that a contact of this queue may be put through to, in order, those of its overflow last."""
    seen: set[str] = set()
    while key and key not in seen and len(seen) < _QUEUES_TRIED:
        seen.add(key)
        queue = world.queues.get(key)
        if queue is None:
            return
        for address in queue.addresses:
            yield queue, address
        key = queue.overflow if overflow else ""
