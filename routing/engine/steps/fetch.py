"""Fetches values about the customer from a data source."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field

from routing.engine import limits
from routing.engine.effects import Fetch
from routing.engine.events import Event
from routing.engine.steps.step import Exit, Kind, Leave, Move, Path, Reference, Step, Visit, Wait
from routing.engine.templates import template_fault, template_variables
from routing.engine.values import is_blank, show

RESERVED = frozenset({"contact", "customer", "vars", "steps", "now"})


class FetchVariables(Step):
    """Asks one of your company's systems about the customer, while the greeting plays. Later steps read the answer.

    When the system does not answer: what it said last, then what the CRM synced, then the defaults given here;
    if nothing is known at all, the exit “Failed”. Every contact says which of them it was.
    """

    type: ClassVar[str] = "fetch"
    kind: ClassVar[Kind] = "data"
    title: ClassVar[str] = "Fetch variables"
    sample: ClassVar[dict[str, Any]] = {"source": "loyalty", "save_as": "loyalty"}

    source: str = Field(
        min_length=1,
        max_length=50,
        title="Data source",
        description="The system that is asked.",
        json_schema_extra={"choices": "source", "titled": "Ask {name}"},
    )
    save_as: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        title="Name of the answer",
        description="Later steps find the values under it: loyalty.loyalty_status.",
        # Until somebody types another: the key of the data source, as far as that can be a name.
        json_schema_extra={"follows": "source"},
    )
    inputs: dict[str, str] = Field(
        default_factory=lambda: {"phone": "{{ contact.from }}"},
        max_length=20,
        title="What is asked with",
        description="What the data source needs to know who it is about, mostly the caller's number.",
        json_schema_extra={
            "main": True,
            "template": True,
            "default": {"phone": "{{ contact.from }}"},
            "key_title": "Placeholder",
            "keys": {"field": "source", "list": "inputs"},
        },
    )
    defaults: dict[str, str | int | float | bool] = Field(
        default_factory=dict,
        max_length=50,
        title="Defaults",
        description="Taken for values that neither the system nor the CRM knows.",
        json_schema_extra={"key_title": "Value", "keys": {"field": "source", "list": "fields"}},
    )
    use_synced: bool = Field(
        default=True,
        title="Fall back on the CRM",
        description="When the system does not answer, use the values that the CRM synced.",
    )
    synced_first: bool = Field(
        default=False,
        title="Do not ask if the CRM knows",
        description="When the CRM synced every value that the flow uses, the system is not asked.",
    )
    early: bool = Field(
        default=False, title="Start with the call", description="Even if some contacts never come this far."
    )
    patience_s: float = Field(
        default=8.0,
        ge=0.5,
        le=60,
        title="Wait at most",
        description="The contact hears the greeting or a pause meanwhile.",
        json_schema_extra={"unit": "seconds"},
    )

    def exits(self) -> tuple[Exit, ...]:
        return (
            Exit("found", "Found"),
            Exit("not_found", "Not found", otherwise="failed"),
            Exit("failed", "Failed"),
        )

    def begin(self, visit: Visit) -> None:
        """Asks, unless the same question was asked before or needs no asking."""
        inputs = {name: visit.text(template)[: limits.VALUE_CHARS] for name, template in self.inputs.items()}
        asked = visit.fetches.get(visit.step_id)
        if asked and asked["inputs"] == inputs and (asked.get("answer") or {}).get("status") != "failed":
            return
        if self.synced_first and self._all_synced(visit):
            return
        count = (asked or {}).get("count", 0) + 1
        question = f"{visit.step_id}#{count}"
        visit.fetches[visit.step_id] = {
            "question": question,
            "source": self.source,
            "inputs": inputs,
            "count": count,
            "asked_at": visit.now.isoformat(),
            "until": (visit.now + timedelta(seconds=self.patience_s)).isoformat(),
        }
        visit.order(Fetch(question=question, source=self.source, inputs=inputs, patience_s=self.patience_s))

    def enter(self, visit: Visit) -> Move:
        if self.synced_first and self._all_synced(visit):
            return self._leave(visit, "found", self._synced(visit), "synced", 0, "")
        self.begin(visit)
        return self._settle(visit)

    def resume(self, visit: Visit, event: Event) -> Move:  # noqa: ARG002  its answer lies in `fetches`
        return self._settle(visit)

    def _settle(self, visit: Visit) -> Move:
        asked = visit.fetches.get(visit.step_id)
        if asked is None:
            return self.enter(visit)
        answer = asked.get("answer")
        if answer is None:
            if visit.now < datetime.fromisoformat(asked["until"]):
                return Wait("fetch")
            answer = {"status": "failed", "values": {}, "rung": "none", "ms": self.patience_s * 1000}
            answer["error"] = f"No answer within {self.patience_s:g} seconds."
            asked["answer"] = answer
        if answer["status"] == "failed":
            return self._fall(visit, answer)
        return self._leave(
            visit, answer["status"], answer["values"], answer["rung"], answer["ms"], answer.get("error", "")
        )

    def _fall(self, visit: Visit, answer: dict[str, Any]) -> Move:
        """The rungs below a failed question: synced values, defaults, the exit `failed`."""
        error = answer.get("error", "")
        if self.use_synced and (synced := self._synced(visit)):
            return self._leave(visit, "found", synced, "synced", answer["ms"], error)
        if self.defaults:
            return self._leave(visit, "found", {}, "default", answer["ms"], error)
        return self._leave(visit, "failed", {}, "none", answer["ms"], error)

    def _leave(self, visit: Visit, exit_: str, values: dict[str, Any], rung: str, ms: float, error: str) -> Leave:
        known = {name: value for name, value in values.items() if not is_blank(value)}
        if exit_ == "found":
            known = {**self.defaults, **known}
        visit.scope[self.save_as] = known
        visit.saw.append(
            {
                "what": "fetch",
                "source": self.source,
                "name": self.save_as,
                "status": exit_,
                "rung": rung,
                "ms": round(ms, 1) if math.isfinite(ms) else 0,
                "values": {name: show(value) for name, value in list(known.items())[: limits.LIST_ITEMS]},
                "error": error,
            }
        )
        return Leave(exit_)

    def _synced(self, visit: Visit) -> dict[str, Any]:
        customer = visit.scope.get("customer") or {}
        return {name: customer[name] for name in sorted(self._wanted(visit)) if not is_blank(customer.get(name))}

    def _all_synced(self, visit: Visit) -> bool:
        wanted = self._wanted(visit)
        return bool(wanted) and len(self._synced(visit)) == len(wanted)

    def _wanted(self, visit: Visit) -> frozenset[str]:
        return visit.names.get(self.save_as, frozenset())

    def gist(self) -> str:
        return f"{self.source} → {self.save_as}"

    def variables(self) -> frozenset[str]:
        return frozenset().union(*(template_variables(template) for template in self.inputs.values()))

    def references(self) -> Iterator[Reference]:
        yield Reference("source", self.source, ("source",))

    def faults(self) -> Iterator[tuple[Path, str]]:
        if self.save_as in RESERVED:
            yield ("save_as",), f"“{self.save_as}” has a meaning already; choose another name."
        for name, template in self.inputs.items():
            if fault := template_fault(template):
                yield ("inputs", name), fault
