"""What rules may look at: the metrics of a customer and the declared further values, and how each is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import Attribute

Words = str | Promise

TEXT: Final = "text"
NUMBER: Final = "number"
MONEY: Final = "money"
BOOLEAN: Final = "boolean"
DAY: Final = "date"
INSTANT: Final = "datetime"
LIST: Final = "list"

# Operator to what people read; `values` says what is typed beside it.
OPERATORS: Final[Mapping[str, tuple[Words, str]]] = {
    "gte": (_("is at least"), "number"),
    "lte": (_("is at most"), "number"),
    "gt": (_("is more than"), "number"),
    "lt": (_("is less than"), "number"),
    "between": (_("is between"), "two numbers"),
    "equals": (_("is exactly"), "number"),
    "is": (_("is"), "text"),
    "is_not": (_("is not"), "text"),
    "one_of": (_("is one of"), "texts"),
    "none_of": (_("is none of"), "texts"),
    "begins": (_("begins with"), "text"),
    "contains": (_("contains"), "text"),
    "any_of": (_("holds one of"), "texts"),
    "without": (_("holds none of"), "texts"),
    "yes": (_("is yes"), "nothing"),
    "no": (_("is no"), "nothing"),
    "within_days": (_("within the last … days"), "days"),
    "older_days": (_("longer ago than … days"), "days"),
    "on_or_after": (_("on or after"), "date"),
    "before": (_("before"), "date"),
    "empty": (_("is empty"), "nothing"),
    "filled": (_("is not empty"), "nothing"),
}
_NUMBERS = ("gte", "lte", "gt", "lt", "between", "equals", "empty", "filled")
_INSTANTS = ("within_days", "older_days", "on_or_after", "before", "empty", "filled")
OPERATORS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    TEXT: ("is", "is_not", "one_of", "none_of", "begins", "contains", "empty", "filled"),
    NUMBER: _NUMBERS,
    MONEY: _NUMBERS,
    BOOLEAN: ("yes", "no", "empty", "filled"),
    DAY: _INSTANTS,
    INSTANT: _INSTANTS,
    LIST: ("any_of", "without", "empty", "filled"),
}

# What shares may be taken of.
METRICS: Final[Mapping[str, Words]] = {
    "revenue_12m": _("revenue of the last 12 months"),
    "lifetime_value": _("lifetime value"),
}
PREFIX: Final = "attributes."
_COLUMNS: Final[tuple[tuple[str, Words, str], ...]] = (
    ("lifetime_value", _("lifetime value"), MONEY),
    ("revenue_12m", _("revenue of the last 12 months"), MONEY),
    ("orders", _("orders"), NUMBER),
    ("last_order_at", _("last order"), INSTANT),
    ("customer_since", _("customer since"), DAY),
    ("subscription_plan", _("subscription plan"), TEXT),
    ("account_manager", _("account manager"), TEXT),
    ("crm_tier", _("tier in the CRM"), TEXT),
    ("country", _("country"), TEXT),
    ("language", _("language"), TEXT),
    ("currency", _("currency"), TEXT),
)


@dataclass(frozen=True, slots=True)
class Field:
    """Something a rule may look at."""

    name: str
    label: Words
    kind: str

    @property
    def attribute(self) -> str:
        """The name among the further values; empty if it is a column."""
        return self.name.removeprefix(PREFIX) if self.name.startswith(PREFIX) else ""

    @property
    def operators(self) -> tuple[str, ...]:
        return OPERATORS_OF[self.kind]

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "label": str(self.label), "kind": self.kind, "operators": list(self.operators)}


def catalog() -> dict[str, Field]:
    """Everything that rules may look at now. One query."""
    fields = [Field(*column) for column in _COLUMNS]
    fields += [
        Field(f"{PREFIX}{row.name}", row.label or row.name, row.kind)
        for row in Attribute.objects.order_by("label", "name")
        if row.kind in OPERATORS_OF
    ]
    return {field.name: field for field in fields}
