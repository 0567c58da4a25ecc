"""Conditions as a definition holds them, and as the editor's form is made of them."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from routing.engine import limits
from routing.engine.conditions.hints import operator_hints
from routing.engine.conditions.operators import LISTED, PLAIN, TESTS, Operator, Test, Wanted, wanted
from routing.engine.templates import has_template, sole_path
from routing.engine.values import JSON, show

Text: TypeAlias = Annotated[str, Field(max_length=limits.TEXT_CHARS)]
Scalar: TypeAlias = bool | int | float | Text


class Prepared:
    """A condition ready to be tested: everything that does not depend on the contact is done."""

    __slots__ = ("negated", "shown", "test", "wanted")

    def __init__(self, operator: Operator, raw: JSON) -> None:
        plain = PLAIN[operator]
        # A pattern is taken as it is; a list that a variable holds is not known yet.
        fixed = plain is Operator.MATCHES or not _has_template(raw)
        fixed = fixed and not (plain is Operator.IN_LIST and list_path(raw) is not None)
        self.test: Test = TESTS[plain]
        self.negated = plain is not operator
        self.wanted: Wanted | None = None
        self.shown = ""
        if fixed:
            if operator in LISTED and isinstance(raw, str):
                raw = split_list(raw) or raw
            self.wanted = wanted(raw)
            self.shown = "" if raw is None else show(raw)


def split_list(text: str) -> tuple[str, ...]:
    """The items of a list that a manager typed into one field: "gold, platinum"."""
    return tuple(item.strip() for item in text.split(",") if item.strip())


def list_path(value: JSON) -> str | None:
    """The variable that a value of `in_list` names in place of a list: `account.vip_numbers`."""
    return value.strip() if isinstance(value, str) and "," not in value and not has_template(value) else None


def _has_template(raw: JSON) -> bool:
    if isinstance(raw, str):
        return has_template(raw)
    return isinstance(raw, tuple) and any(isinstance(item, str) and has_template(item) for item in raw)


class Condition(BaseModel):
    """One comparison: a variable, how it is compared, and with what."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, json_schema_extra={"noun": "condition"})

    variable: str = Field(
        title="Variable",
        description="The path of a value, such as loyalty.loyalty_status or orders.0.total.",
        min_length=1,
        max_length=200,
        json_schema_extra={"widget": "variable"},
    )
    operator: Operator = Field(
        title="Is compared",
        description="How the variable is compared with the value.",
        json_schema_extra=operator_hints(),
    )
    value: Scalar | Annotated[tuple[Scalar, ...], Field(max_length=limits.LIST_ITEMS)] | None = Field(
        default=None,
        title="Value",
        description="What it is compared with; several for “is one of”, two for “between”. Text may hold {{ variables }}.",
    )

    @field_validator("variable", mode="before")
    @classmethod
    def _without_braces(cls, path: Any) -> Any:
        """`{{ customer.tier }}`, as users of other systems write a variable, is its path."""
        return (sole_path(path) or path.strip()) if isinstance(path, str) else path

    @cached_property
    def prepared(self) -> Prepared:
        return Prepared(self.operator, self.value)


class Group(BaseModel):
    """Conditions of which all or any must hold. An empty group never holds."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "noun": "group",
            "widget": "conditions",
            "deepest": limits.GROUP_DEPTH,
            "most": limits.CONDITIONS_A_RULE,
        },
    )

    match: Literal["all", "any"] = Field(
        default="all", title="Match", description="Whether all of the conditions must hold, or any one of them."
    )
    conditions: tuple[Condition | Group, ...] = Field(
        default=(),
        title="Conditions",
        description="Comparisons, or groups of them.",
        max_length=limits.CONDITIONS_A_RULE,
    )

    @model_validator(mode="after")
    def _within_limits(self) -> Group:
        depth, count = _measure(self)
        if depth > limits.GROUP_DEPTH:
            raise ValueError(f"groups are nested more than {limits.GROUP_DEPTH} deep")
        if count > limits.CONDITIONS_A_RULE:
            raise ValueError(f"there are more than {limits.CONDITIONS_A_RULE} conditions")
        return self


def _measure(group: Group) -> tuple[int, int]:
    depth, count = 1, 0
    for part in group.conditions:
        if isinstance(part, Group):
            inner, held = _measure(part)
            depth, count = max(depth, inner + 1), count + held
        else:
            count += 1
    return depth, count
