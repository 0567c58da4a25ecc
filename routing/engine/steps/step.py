"""What every step is: settings, exits, and what happens when a contact enters or comes back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from routing.engine import limits
from routing.engine.effects import Effect, Play, Say
from routing.engine.events import Event
from routing.engine.faults import RunStranded
from routing.engine.prompts import Prompt
from routing.engine.templates import render
from routing.engine.world import World

# How a question is left that had no answer, or none that helps.
UNANSWERED = frozenset({"timed_out", "invalid"})

Path: TypeAlias = tuple[str | int, ...]
Kind: TypeAlias = Literal["trigger", "say", "ask", "data", "decide", "hand_over", "end"]


@dataclass(frozen=True, slots=True)
class Exit:
    """A named way out of a step."""

    name: str
    label: str
    optional: bool = False
    """Leading nowhere is fine: the contact ends there. Otherwise the fallback queue takes it."""
    otherwise: str = ""
    """The exit that is taken instead where this one leads nowhere."""


def in_words(name: str) -> str:
    """`new_greeting` as people read it where nobody gave it a label."""
    text = name.replace("_", " ").strip()
    return f"{text[:1].upper()}{text[1:]}"


@dataclass(frozen=True, slots=True)
class Leave:
    """Go on by this exit."""

    exit: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Stay in this step until an event comes."""

    for_: Literal["input", "fetch", "transfer", "recording"]


@dataclass(frozen=True, slots=True)
class Finish:
    """The flow ends here: of a sub-flow by the exit `result`, of the contact altogether."""

    result: str = ""
    hang_up: bool = False


@dataclass(frozen=True, slots=True)
class GoInto:
    """Enter the sub-flow that this step names."""

    flow: str


Move: TypeAlias = Leave | Wait | Finish | GoInto


@dataclass(frozen=True, slots=True)
class Reference:
    """Something outside the flow that a step needs."""

    kind: Literal["queue", "source", "hours", "flow"]
    key: str
    where: Path


@dataclass(frozen=True, slots=True)
class About:
    """What the editor may say of a variable that a step sets."""

    type: Literal["text", "number", "boolean", "date", "datetime", "list"] = "text"
    sample: Any = None
    """An example, never a real customer's."""
    suggestions: tuple[str, ...] = ()
    """Values it is likely to have."""


@dataclass(slots=True)
class Visit:
    """What a step sees while a contact is in it, and what it may do. Nothing else reaches a step."""

    names: Mapping[str, frozenset[str]]
    """Which variables any step of the flow reads: first part to second parts."""
    step_id: str
    now: datetime
    world: World
    scope: dict[str, Any]
    """Variables: contact, customer, vars, steps, and each fetch under its name."""
    memory: dict[str, Any]
    """The step's own notes between `enter` and `resume`; forgotten when it is left."""
    fetches: dict[str, Any]
    """Questions asked in this run, by step."""
    effects: list[Effect] = field(default_factory=list)
    saw: list[dict[str, Any]] = field(default_factory=list)
    did: list[str] = field(default_factory=list)
    because: dict[str, Any] = field(default_factory=dict)
    """What decided the way so far, for the sentence of why."""

    def order(self, *effects: Effect) -> None:
        """Raises RunStranded beyond `limits.EFFECTS_A_TURN`."""
        self.effects.extend(effects)
        if len(self.effects) > limits.EFFECTS_A_TURN:
            raise RunStranded(f"More than {limits.EFFECTS_A_TURN} things to say or do at once.")

    def text(self, template: str) -> str:
        return render(template, self.scope)

    def remember(self, values: Mapping[str, Any]) -> None:
        """Makes values available as `steps.<id>.<name>`."""
        self.scope.setdefault("steps", {}).setdefault(self.step_id.rsplit("/", 1)[-1], {}).update(values)

    @property
    def is_written(self) -> bool:
        """The contact reads and writes, rather than hears and speaks."""
        return (self.scope.get("contact") or {}).get("channel") not in {None, "", "voice"}

    def speak(self, prompt: Prompt) -> tuple[Say | Play, ...]:
        """The prompt in the contact's language; whoever reads gets the text even where there is sound."""
        return prompt.speak(self.scope, self.language, written=self.is_written)

    @property
    def language(self) -> str:
        """Set by the flow, else the customer's, else the contact's; empty if nobody knows."""
        for space in ("vars", "customer", "contact"):
            found = (self.scope.get(space) or {}).get("language")
            if isinstance(found, str) and found:
                return found
        return ""


class Step(BaseModel, ABC):
    """Base of all step types. A subclass is one file: its settings, exits, `enter` and, if it waits, `resume`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]
    kind: ClassVar[Kind]
    title: ClassVar[str]
    """What the palette calls it."""
    asks: ClassVar[bool] = False
    """Waits for the contact, so nothing behind it can start with the call."""
    calls_only: ClassVar[bool] = False
    """Means nothing to somebody who writes a message."""
    written: ClassVar[str] = ""
    """What becomes of it where a message comes to it; empty: the same as on a call."""
    sample: ClassVar[dict[str, Any]]
    """Settings of a working example; the tests run every type by it."""
    begins_with: ClassVar[dict[str, Any] | None] = None
    """Settings of a new step, where the example would do something that nobody asked for; None: the example."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler.resolve_ref_schema(handler(core))
        if cls.written:
            found["written"] = cls.written  # the form says it
        return found

    def exits(self) -> tuple[Exit, ...]:
        return (Exit("done", "Then"),)

    @abstractmethod
    def enter(self, visit: Visit) -> Move:
        """The contact comes in: order what it hears, and say where it goes."""

    def resume(self, visit: Visit, event: Event) -> Move:  # noqa: ARG002  for those that wait
        """An event while the contact is here. By default the step begins again."""
        return self.enter(visit)

    def gist(self) -> str:
        """What it does, in a manager's words and at most a line."""
        return self.title

    def variables(self) -> frozenset[str]:
        """Paths of the variables it reads."""
        return frozenset()

    def leads_by(self) -> frozenset[str]:
        """The variables that say whom a hand-over goes to: whatever set them decided about it."""
        return frozenset()

    def provides(self) -> tuple[str, ...]:
        """Paths of the variables it sets, as far as known without running."""
        return ()

    def gives(self, exit_name: str) -> tuple[str, ...]:  # noqa: ARG002  for those that tell their exits apart
        """Of `provides()`, what is certainly set when a contact leaves by this exit."""
        return self.provides()

    def about(self, path: str) -> About:  # noqa: ARG002  for those that know more
        """What kind of value one of `provides()` is."""
        return About()

    def references(self) -> Iterator[Reference]:
        yield from ()

    def cautions(self) -> Iterator[tuple[Path, str]]:
        """What may well be published, but should not be forgotten. Paths are inside the settings."""
        yield from ()

    def faults(self) -> Iterator[tuple[Path, str]]:
        """What pydantic cannot see: templates, patterns, sums. Paths are inside the settings."""
        yield from ()
