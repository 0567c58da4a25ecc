"""The same rules for one customer, in Python; what SQL says of many, this says of each (tests hold them together)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from customers.tiers.fields import BOOLEAN, DAY, INSTANT, LIST, MONEY, NUMBER, Field
from customers.tiers.spec import Row, Rule

# Small and capital letters are one. Spelled out, because databases and Python differ about the rest of the alphabets.
UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŁŚŻŹĆŃĄĘŠŽČŘĚŮ"
LOWER: Final = "abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþłśżźćńąęšžčřěů"
_FOLD: Final = str.maketrans(UPPER, LOWER)
DAY_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
INSTANT_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
_DAY = re.compile(DAY_PATTERN)
_INSTANT = re.compile(INSTANT_PATTERN)


def fold(text: str) -> str:
    return text.strip(" ").translate(_FOLD)


@dataclass(frozen=True, slots=True)
class Ground:
    """What comparisons need beside the customer."""

    fields: Mapping[str, Field]
    tiers: Mapping[str, int]
    """Key to id."""
    rates: Mapping[str, Decimal]
    """Currency to what one of it is worth in the policy's currency, which is among them."""
    now: datetime


def first_match(rules: tuple[Rule, ...], values: Mapping[str, Any], ground: Ground) -> str | None:
    """The tier's key of the first rule that is true. `values`: columns, crm_tier as a key, and `attributes`."""
    for rule in rules:
        if rule.tier in ground.tiers and matches(rule, values, ground):
            return rule.tier
    return None


def matches(rule: Rule, values: Mapping[str, Any], ground: Ground) -> bool:
    results = (is_true(row, values, ground) for row in rule.rows)
    return all(results) if rule.match == "all" else any(results)


def is_true(row: Row, values: Mapping[str, Any], ground: Ground) -> bool:
    """Nothing is true of what is missing, but that it is empty: as in flows (docs/decisions/0003)."""
    field = ground.fields.get(row.field)
    if field is None or row.op not in field.operators:
        return False
    value = _value(field, values, ground)
    is_empty = value is None or value == set()
    if row.op in {"empty", "filled"}:
        return is_empty == (row.op == "empty")
    if value is None:
        return False
    match field.kind:
        case "number" | "money":
            return _of_number(row, value)
        case "boolean":
            return bool(value is (row.op == "yes"))
        case "date" | "datetime":
            low, high = span(row, field.kind, ground.now)
            return (low is None or value >= low) and (high is None or value < high)
        case "list":
            wanted = {fold(text) for text in row.texts}
            return bool(wanted.isdisjoint(value)) == (row.op == "without")
        case _:
            return _of_text(row, value)


def span(row: Row, kind: str, now: datetime) -> tuple[str | None, str | None]:
    """From and before, as ISO text of the kind's length: such texts are ordered as their times are. UTC."""
    if row.op in {"within_days", "older_days"}:
        edge = now.astimezone(UTC) - timedelta(days=min(row.days or 0, (now.date() - date.min).days - 1))
        after = now.astimezone(UTC) + (timedelta(days=1) if kind == DAY else timedelta(seconds=1))
        return (iso(edge, kind), iso(after, kind)) if row.op == "within_days" else (None, iso(edge, kind))
    edge = datetime.combine(row.day or date.min, time(), UTC)
    return (iso(edge, kind), None) if row.op == "on_or_after" else (None, iso(edge, kind))


def iso(instant: datetime, kind: str) -> str:
    return instant.strftime("%Y-%m-%d" if kind == DAY else "%Y-%m-%dT%H:%M:%S").rjust(10 if kind == DAY else 19, "0")


def _of_number(row: Row, value: Decimal) -> bool:
    number = row.number if row.number is not None else Decimal(0)
    match row.op:
        case "gte":
            return value >= number
        case "lte":
            return value <= number
        case "gt":
            return value > number
        case "lt":
            return value < number
        case "between":
            return number <= value <= (row.upto if row.upto is not None else number)
        case _:
            return value == number


def _of_text(row: Row, value: str) -> bool:
    text = fold(row.text)
    match row.op:
        case "is":
            return value == text
        case "is_not":
            return value != text
        case "begins":
            return value.startswith(text)
        case "contains":
            return text in value
        case "one_of":
            return value in {fold(one) for one in row.texts}
        case _:
            return value not in {fold(one) for one in row.texts}


def _value(field: Field, values: Mapping[str, Any], ground: Ground) -> Any:
    """None if it is missing, empty, or not of the declared kind."""
    if not field.attribute:
        return _column(field, values.get(field.name), values, ground)
    attributes = values.get("attributes")
    value = attributes.get(field.attribute) if isinstance(attributes, dict) else None
    if field.kind == NUMBER:
        is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
        return Decimal(str(value)) if is_number else None
    if field.kind == BOOLEAN:
        return value if isinstance(value, bool) else None
    if field.kind == LIST:
        return {fold(one) for one in value if isinstance(one, str)} if isinstance(value, list) else None
    if not isinstance(value, str):
        return None
    if field.kind == DAY:
        return value[:10] if _DAY.match(value) else None
    if field.kind == INSTANT:
        return value[:19].replace(" ", "T") if _INSTANT.match(value) else None
    return fold(value) or None


def _column(field: Field, value: Any, values: Mapping[str, Any], ground: Ground) -> Any:
    if value is None:
        return None
    if field.kind == MONEY:
        rate = ground.rates.get(values.get("currency") or "")
        return None if rate is None else Decimal(value) * rate
    if field.kind == NUMBER:
        return Decimal(value)
    if field.kind in {DAY, INSTANT}:
        if isinstance(value, datetime):
            return iso(value.astimezone(UTC), field.kind)
        return value.isoformat()
    return fold(str(value)) or None
