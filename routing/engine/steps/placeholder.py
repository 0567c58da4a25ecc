"""Stands for something that another system did and this one does not, until somebody draws what is meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from routing.engine import limits
from routing.engine.steps.step import Exit, Kind, Leave, Path, Step, Visit, in_words


class Way(BaseModel):
    """A way out that it had."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"noun": "way"})

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        title="Exit",
        description="A short name, such as failed.",
        json_schema_extra={"exit": "name"},
    )
    label: str = Field(
        default="",
        max_length=limits.NAME_CHARS,
        title="Label",
        description="As people read it.",
        json_schema_extra={"exit": "label"},
    )


class Placeholder(Step):
    """Marks what is still to be drawn here, such as a step of an imported flow. Contacts pass it by “Go on”."""

    type: ClassVar[str] = "placeholder"
    kind: ClassVar[Kind] = "data"
    title: ClassVar[str] = "Placeholder"
    sample: ClassVar[dict[str, Any]] = {
        "was": "Take a payment",
        "kept": {"currency": "eur"},
        "ways": [{"name": "failed", "label": "Not paid"}],
    }

    was: str = Field(min_length=1, max_length=200, title="What it was", description="What is to be drawn here instead.")
    kept: dict[str, str] = Field(
        default_factory=dict,
        max_length=100,
        title="Its settings",
        description="As they were; they do nothing.",
        json_schema_extra={"key_title": "Setting"},
    )
    ways: tuple[Way, ...] = Field(
        default=(),
        max_length=20,
        title="Further ways out",
        description="That it had, and that nobody takes now.",
    )

    def exits(self) -> tuple[Exit, ...]:
        return (
            Exit("done", "Go on"),
            *(Exit(way.name, way.label or in_words(way.name), optional=True) for way in self.ways),
        )

    def enter(self, visit: Visit) -> Leave:
        visit.did.append(f"Did nothing here: “{self.was}” is only marked.")
        return Leave("done")

    def gist(self) -> str:
        return f"To be drawn: {self.was}"

    def cautions(self) -> Iterator[tuple[Path, str]]:
        yield (
            ("was",),
            f"Only a mark: “{self.was}” is still to be drawn. Contacts pass it by, and nothing happens here.",
        )

    def faults(self) -> Iterator[tuple[Path, str]]:
        names = ["done", *(way.name for way in self.ways)]
        for index, way in enumerate(self.ways):
            if way.name in names[: index + 1]:
                yield ("ways", index, "name"), f"There is an exit “{way.name}” already."
