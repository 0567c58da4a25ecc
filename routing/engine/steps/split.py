"""Sends a share of the contacts each way."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from routing.engine import limits
from routing.engine.steps.step import Exit, Kind, Leave, Path, Step, Visit, in_words


class Share(BaseModel):
    """One way and its share."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"noun": "share"})

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        title="Exit",
        description="A short name, such as new_greeting.",
        json_schema_extra={"exit": "name"},
    )
    label: str = Field(
        default="",
        max_length=limits.NAME_CHARS,
        title="Label",
        description="As people read it.",
        json_schema_extra={"exit": "label"},
    )
    percent: float = Field(
        gt=0,
        le=100,
        title="Share of the contacts",
        description="The same contact always goes the same way.",
        json_schema_extra={"unit": "%"},
    )


class PercentageSplit(Step):
    """Sends a share of the contacts each way, the others by “The rest”. The same contact always goes the same way."""

    type: ClassVar[str] = "split"
    kind: ClassVar[Kind] = "decide"
    title: ClassVar[str] = "Percentage split"
    sample: ClassVar[dict[str, Any]] = {"shares": [{"name": "new_greeting", "percent": 10}]}

    shares: tuple[Share, ...] = Field(
        min_length=1,
        max_length=20,
        title="Shares",
        description="Whoever gets none of them goes by “The rest”.",
        json_schema_extra={"rest": "otherwise"},
    )

    def exits(self) -> tuple[Exit, ...]:
        return (
            *(Exit(share.name, f"{share.label or in_words(share.name)}, {share.percent:g} %") for share in self.shares),
            Exit("otherwise", "The rest"),
        )

    def enter(self, visit: Visit) -> Leave:
        reference = (visit.scope.get("contact") or {}).get("reference", "")
        drawn = drawn_for(reference, visit.step_id)
        visit.saw.append({"what": "split", "seen": f"{drawn:.2f}"})
        return Leave(self.exit_for(drawn))

    def exit_for(self, drawn: float) -> str:
        """The exit of whoever drew this, from 0 to 100."""
        reached = 0.0
        for share in self.shares:
            reached += share.percent
            if drawn < reached:
                return share.name
        return "otherwise"

    def gist(self) -> str:
        return ", ".join(f"{share.percent:g} % → {share.label or in_words(share.name)}" for share in self.shares)

    def faults(self) -> Iterator[tuple[Path, str]]:
        names = [share.name for share in self.shares]
        for index, name in enumerate(names):
            if name in names[:index] or name == "otherwise":
                yield ("shares", index, "name"), f"There is an exit “{name}” already."
        if sum(share.percent for share in self.shares) > 100.000001:
            yield ("shares",), "The shares are more than 100 percent together."


def drawn_for(reference: str, step_id: str) -> float:
    """What the contact of this reference draws at a step, from 0 to 100."""
    # A hash and not a dice: the simulator, a backtest and a repeated webhook come to the same end.
    return int.from_bytes(sha256(f"{reference}/{step_id}".encode()).digest()[:8], "big") / 2**64 * 100
