"""Sets variables for the steps behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from routing.engine import limits
from routing.engine.steps.step import About, Kind, Leave, Path, Step, Visit
from routing.engine.templates import has_template, template_fault, template_variables
from routing.engine.values import as_number, show


class Assignment(BaseModel):
    """One variable and what it becomes."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"noun": "variable"})

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", title="Name", description="Read later as vars.name.")
    value: str = Field(
        max_length=limits.TEXT_CHARS,
        title="Value",
        description="Text, may hold {{ variables }}.",
        json_schema_extra={"template": True},
    )
    kind: Literal["text", "number"] = Field(
        default="text",
        title="Kind",
        description="Numbers can be compared and counted with.",
        json_schema_extra={"main": True},
    )


class SetVariables(Step):
    """Notes values that later steps read as `vars.name`. A variable called `language` chooses the language of all texts."""

    type: ClassVar[str] = "set_variables"
    kind: ClassVar[Kind] = "data"
    title: ClassVar[str] = "Set variables"
    sample: ClassVar[dict[str, Any]] = {"values": [{"name": "language", "value": "de"}]}
    begins_with: ClassVar[dict[str, Any] | None] = {"values": [{"name": "", "value": ""}]}

    values: tuple[Assignment, ...] = Field(
        min_length=1, max_length=50, title="Variables", description="Set in this order."
    )

    def enter(self, visit: Visit) -> Leave:
        variables = visit.scope.setdefault("vars", {})
        for assignment in self.values:
            value: Any = visit.text(assignment.value)[: limits.VALUE_CHARS]
            if assignment.kind == "number":
                number = as_number(value)
                # JSON knows no Decimal; whole numbers stay whole.
                value = (
                    None if number is None else int(number) if number == number.to_integral_value() else float(number)
                )
            variables[assignment.name] = value
            visit.saw.append({"what": "set", "name": f"vars.{assignment.name}", "seen": show(value)})
        return Leave("done")

    def gist(self) -> str:
        return ", ".join(f"{assignment.name} = {assignment.value}" for assignment in self.values)[:120]

    def variables(self) -> frozenset[str]:
        return frozenset().union(*(template_variables(assignment.value) for assignment in self.values))

    def provides(self) -> tuple[str, ...]:
        return tuple(f"vars.{assignment.name}" for assignment in self.values)

    def about(self, path: str) -> About:
        assigned = [one for one in self.values if f"vars.{one.name}" == path]
        fixed = tuple(dict.fromkeys(one.value for one in assigned if one.value and not has_template(one.value)))
        if any(one.kind == "number" for one in assigned):
            return About("number", as_number(fixed[0]) if fixed else None)
        return About("text", fixed[0] if fixed else None, fixed)

    def faults(self) -> Iterator[tuple[Path, str]]:
        for index, assignment in enumerate(self.values):
            if fault := template_fault(assignment.value):
                yield ("values", index, "value"), fault
