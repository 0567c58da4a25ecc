"""Chooses a way by what is known of the customer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from routing.engine import limits
from routing.engine.conditions import Group, evaluate, faults, variables, words
from routing.engine.expressions import evaluate_expression, expression_fault, expression_variables
from routing.engine.steps.step import Exit, Kind, Leave, Path, Step, Visit, in_words


class Rule(BaseModel):
    """One way out, and the conditions for it: rows that are joined by all or any, or one expression."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"noun": "case", "either": ["when", "expression"]}
    )

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        title="Exit",
        description="A short name, such as valuable.",
        json_schema_extra={"exit": "name"},
    )
    label: str = Field(
        default="",
        max_length=limits.NAME_CHARS,
        title="Label",
        description="As people read it.",
        json_schema_extra={"exit": "label"},
    )
    when: Group | None = Field(default=None, title="Conditions")
    expression: str = Field(
        default="",
        max_length=limits.EXPRESSION_CHARS,
        title="Expression",
        description="Instead of conditions, in CEL: customer.orders > 10 && loyalty.tier != 'basic'",
        json_schema_extra={"widget": "expression"},
    )

    @cached_property
    def words(self) -> str:
        """The conditions as people read them."""
        if self.when is not None:
            return words(self.when)
        return self.expression


class Branch(Step):
    """Looks at what is known and goes the way of the first case that is true; if none is, by “Otherwise”."""

    type: ClassVar[str] = "branch"
    kind: ClassVar[Kind] = "decide"
    title: ClassVar[str] = "Branch"
    sample: ClassVar[dict[str, Any]] = {
        "rules": [
            {
                "name": "valuable",
                "when": {
                    "match": "any",
                    "conditions": [
                        {"variable": "loyalty.loyalty_status", "operator": "is_one_of", "value": ["gold", "platinum"]}
                    ],
                },
            }
        ]
    }

    rules: tuple[Rule, ...] = Field(
        min_length=1,
        max_length=limits.RULES_A_BRANCH,
        title="Cases",
        description="Looked at from the top; the first that holds decides.",
        json_schema_extra={"rest": "otherwise"},
    )

    def exits(self) -> tuple[Exit, ...]:
        return (
            *(Exit(rule.name, rule.label or in_words(rule.name)) for rule in self.rules),
            Exit("otherwise", "Otherwise"),
        )

    def enter(self, visit: Visit) -> Leave:
        failed: list[str] = []
        for rule in self.rules:
            matched, looked_at = _try(rule, visit)
            visit.saw.append(
                {
                    "what": "rule",
                    "rule": rule.name,
                    "label": rule.label,
                    "words": rule.words,
                    "matched": matched,
                    "comparisons": looked_at,
                }
            )
            if matched:
                visit.because |= {
                    "step": visit.step_id,
                    "rule": rule.label or rule.words,
                    "words": rule.words if rule.when else rule.label,
                }
                visit.because |= {"comparisons": looked_at, "failed": failed}
                return Leave(rule.name)
            failed.append(rule.words)
        visit.because |= {"step": visit.step_id, "rule": "", "words": "", "failed": failed}
        visit.because["comparisons"] = [one for seen in visit.saw for one in seen["comparisons"]]
        return Leave("otherwise")

    def gist(self) -> str:
        return "; ".join(f"{rule.words} → {rule.label or in_words(rule.name)}" for rule in self.rules)

    def variables(self) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        for rule in self.rules:
            found |= variables(rule.when) if rule.when is not None else expression_variables(rule.expression)
        return found

    def faults(self) -> Iterator[tuple[Path, str]]:
        names: set[str] = set()
        for index, rule in enumerate(self.rules):
            if rule.name in names or rule.name == "otherwise":
                yield ("rules", index, "name"), f"There is an exit “{rule.name}” already."
            names.add(rule.name)
            if (rule.when is None) == (not rule.expression):
                yield ("rules", index), "Give either conditions or an expression."
            elif rule.when is not None:
                for where, message in faults(rule.when):
                    yield ("rules", index, "when", *where), message
            elif fault := expression_fault(rule.expression):
                yield ("rules", index, "expression"), fault


def _try(rule: Rule, visit: Visit) -> tuple[bool, list[dict[str, Any]]]:
    if rule.when is not None:
        verdict = evaluate(rule.when, visit.scope, visit.now)
        return verdict.matched, [comparison.as_json() for comparison in verdict.comparisons]
    answer = evaluate_expression(rule.expression, visit.scope, visit.now)
    return answer.matched, [{"variable": rule.expression, "held": answer.matched, "note": answer.note}]
