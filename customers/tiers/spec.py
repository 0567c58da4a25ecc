"""What a policy of tiers says: who decides in which order, the rules, and the cuts of the revenue."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from customers.tiers.fields import METRICS, OPERATORS
from customers.tiers.fields import Field as Source

_MOST_RULES = 50
_MOST_ROWS = 20
_MOST_TEXTS = 200
_MOST_DAYS = 36_500
_Text = Annotated[str, Field(max_length=200)]
_Key = Annotated[str, Field(max_length=50)]
_Amount = Annotated[Decimal, Field(ge=-(10**15), le=10**15, allow_inf_nan=False)]
_Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4, allow_inf_nan=False)]
Decider = Literal["rule", "share", "crm"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Row(_Part):
    """One comparison. Which of the values counts is the operator's matter."""

    field: Annotated[str, Field(max_length=80)]
    op: str
    text: _Text = ""
    texts: tuple[_Text, ...] = Field(default=(), max_length=_MOST_TEXTS)
    number: _Amount | None = None
    upto: _Amount | None = None
    days: Annotated[int, Field(ge=0, le=_MOST_DAYS)] | None = None
    day: date | None = None


class Rule(_Part):
    """Whom a tier takes: those for whom all rows are true, or any."""

    tier: _Key
    match: Literal["all", "any"] = "all"
    rows: tuple[Row, ...] = Field(min_length=1, max_length=_MOST_ROWS)


class Cut(_Part):
    """The customers who bring the first `percent` of the revenue, without those of the cuts before."""

    tier: _Key
    percent: _Percent


class Spec(_Part):
    """A policy. A choice by hand beats all of it."""

    order: tuple[Decider, ...] = ("crm",)
    rules: tuple[Rule, ...] = Field(default=(), max_length=_MOST_RULES)
    metric: str = "revenue_12m"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    cuts: tuple[Cut, ...] = Field(default=(), max_length=20)
    margin: _Percent = Decimal(3)
    rest: _Key = ""
    """The tier of everybody past the last cut; empty: whoever comes next in the order decides."""

    @property
    def uses_shares(self) -> bool:
        return "share" in self.order and bool(self.cuts)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


class SpecIsWrong(ValueError):
    """Carries every fault, in sentences."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


def read_spec(raw: Any, *, fields: Mapping[str, Source], tiers: Collection[str]) -> Spec:
    """A policy as a form or a file has it. Raises SpecIsWrong with everything that is wrong."""
    try:
        spec = Spec.model_validate(raw)
    except ValidationError as error:
        raise SpecIsWrong(_in_words(error)) from None
    faults = [*_faults_of_rules(spec, fields, tiers), *_faults_of_cuts(spec, tiers)]
    if len(set(spec.order)) != len(spec.order):
        faults.append(_("Each may decide once."))
    if not spec.order:
        faults.append(_("Somebody has to decide: choose rules, shares or the CRM."))
    if faults:
        raise SpecIsWrong(faults)
    return spec


def _in_words(error: ValidationError) -> list[str]:
    """What a manager can do about it; of a rule that could not be read nothing is said of its empty list of rows."""
    found = error.errors()[:20]
    whole = {one["loc"][:2] for one in found if len(one["loc"]) > 3}
    said = []
    for one in found:
        place = one["loc"]
        if one["type"] == "too_short" and place[-1:] == ("rows",):
            if place[:2] in whole:
                continue
            words = _("add a condition.")
        else:
            words = _words_for(one["type"], one.get("ctx", {}), str(one["msg"]))
        said.append(_place(place) + words)
    return list(dict.fromkeys(said))


def _words_for(kind: str, limits: Mapping[str, Any], otherwise: str) -> str:
    match kind:
        case "decimal_parsing" | "decimal_type" | "int_parsing" | "int_type" | "int_from_float" | "finite_number":
            return _("write a number, such as 250 or 19.90.")
        case "date_from_datetime_parsing" | "date_parsing" | "date_type":
            return _("choose a date.")
        case "greater_than_equal":
            return _("at least %(limit)s.") % {"limit": limits.get("ge", "")}
        case "less_than_equal":
            return _("at most %(limit)s.") % {"limit": limits.get("le", "")}
        case "decimal_max_digits" | "decimal_max_places" | "decimal_whole_digits":
            return _("fewer digits, please.")
        case "string_too_long":
            return _("at most %(limit)s characters.") % {"limit": limits.get("max_length", "")}
        case "string_pattern_mismatch":
            return _("write the currency as three capitals, such as EUR.")
        case "too_long":
            return _("at most %(limit)s of them.") % {"limit": limits.get("max_length", "")}
        case "missing":
            return _("something is missing here.")
        case _:
            return otherwise


def _faults_of_rules(spec: Spec, fields: Mapping[str, Source], tiers: Collection[str]) -> list[str]:
    faults = []
    if "rule" in spec.order and not spec.rules:
        faults.append(_("Rules decide, and there is none yet. Add one, or take rules out of the order."))
    for number, rule in enumerate(spec.rules, start=1):
        where = _("Rule %(number)d: ") % {"number": number}
        if rule.tier not in tiers:
            faults.append(where + _("choose a tier."))
        faults += [where + fault for row in rule.rows if (fault := _fault_of_row(row, fields))]
    return faults


def _fault_of_row(row: Row, fields: Mapping[str, Source]) -> str:
    source = fields.get(row.field)
    if not row.field:
        return _("choose what to look at.")
    if source is None:
        return _("there is no field “%(name)s” any more.") % {"name": row.field}
    said = {"field": source.label}
    if row.op not in source.operators:
        return _("choose how “%(field)s” is compared.") % said
    match OPERATORS[row.op][1]:
        case "number" if row.number is None:
            return _("“%(field)s” needs a number.") % said
        case "two numbers" if row.number is None or row.upto is None:
            return _("“%(field)s” needs two numbers.") % said
        case "two numbers" if row.number is not None and row.upto is not None and row.number > row.upto:
            return _("the first number of “%(field)s” is greater than the second.") % said
        case "text" if not row.text:
            return _("“%(field)s” needs a value. To find empty ones, choose “is empty”.") % said
        case "texts" if not any(row.texts):
            return _("“%(field)s” needs at least one value.") % said
        case "days" if row.days is None:
            return _("“%(field)s” needs a number of days.") % said
        case "date" if row.day is None:
            return _("“%(field)s” needs a date.") % said
    return ""


def _faults_of_cuts(spec: Spec, tiers: Collection[str]) -> list[str]:
    faults = []
    if spec.metric not in METRICS:
        faults.append(_("Choose which revenue is shared."))
    if "share" in spec.order and not spec.cuts:
        faults.append(_("Shares decide, and there is no cut yet. Add one, or take shares out of the order."))
    if any(cut.tier not in tiers for cut in spec.cuts) or (spec.rest and spec.rest not in tiers):
        faults.append(_("Choose a tier for each cut."))
    percents = [cut.percent for cut in spec.cuts]
    if percents != sorted(set(percents)):
        faults.append(_("Each cut must lie further on than the one before, such as 50, 80, 95."))
    names = [cut.tier for cut in spec.cuts] + ([spec.rest] if spec.rest else [])
    if len(set(names)) != len(names):
        faults.append(_("Each tier has one cut."))
    return faults


def _place(location: tuple[int | str, ...]) -> str:
    match location:
        case ("rules", int(rule), *_rest):
            return _("Rule %(number)d: ") % {"number": rule + 1}
        case ("cuts", int(cut), *_rest):
            return _("Cut %(number)d: ") % {"number": cut + 1}
        case (str(name), *_rest):
            return f"{name}: "
    return ""
