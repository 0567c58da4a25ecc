"""Rules as SQL over `customers_customer c`, every value a parameter: a million customers are asked in one statement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from customers.models import Customer
from customers.tiers.fields import BOOLEAN, DAY, INSTANT, LIST, MONEY, NUMBER, OPERATORS, TEXT, Field
from customers.tiers.matching import DAY_PATTERN, INSTANT_PATTERN, LOWER, UPPER, Ground, fold, span
from customers.tiers.spec import Row, Rule, Spec


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement with its parameters, in order."""

    text: str
    params: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Levels:
    """From which amount on (in the policy's currency) each cut takes a customer, and keeps one who is there already.

    None: from no amount, because nobody brings anything.
    """

    enter: tuple[Decimal | None, ...]
    stay: tuple[Decimal | None, ...]


NO_LEVELS = Levels((), ())


def join(pieces: Iterable[Sql], between: str) -> Sql:
    found = tuple(pieces)
    params = tuple(one for piece in found for one in piece.params)
    return Sql(between.join(piece.text for piece in found), params)


def amount(column: str, ground: Ground) -> Sql:
    """The column in the policy's currency; NULL without a rate."""
    cases = [(currency, rate) for currency, rate in sorted(ground.rates.items())]
    text = " ".join("WHEN %s::text THEN %s::numeric" for _ in cases)
    return Sql(f"(c.{column} * CASE c.currency {text} END)", tuple(one for case in cases for one in case))


# One number says both the tier and who decided: the tier's id times eight, and this. 0: no tier.
_BY: Final = {by.value: code for code, by in enumerate(Customer.TierBy)}
CODE_NOW: Final = "COALESCE(c.tier_id, 0) * 8 + CASE c.tier_by {} END".format(
    " ".join(f"WHEN '{by}' THEN {code}" for by, code in _BY.items())
)
BY_OF_CODE: Final = "(ARRAY[{}])[mod(code, 8)::int + 1]".format(", ".join(f"'{by}'" for by in _BY))


def decision(spec: Spec, ground: Ground, levels: Levels, *, is_sharp: bool) -> Sql:
    """The tier of one customer `c` and who decided, as a code (above).

    The ladder: by hand until it expires, then as the policy orders. `is_sharp`: without the margin.
    """
    by_hand = "c.manual_tier_id IS NOT NULL AND (c.manual_tier_until IS NULL OR c.manual_tier_until > %s::timestamptz)"
    cases = [_case(Sql(by_hand, (ground.now,)), Sql("c.manual_tier_id"), Customer.TierBy.HAND)]
    for decider in spec.order:
        if decider == "rule":
            cases += [
                _case(condition(rule, ground), Sql("%s::bigint", (ground.tiers[rule.tier],)), Customer.TierBy.RULE)
                for rule in spec.rules
                if rule.tier in ground.tiers
            ]
        elif decider == "share":
            cases += _shares(spec, ground, levels, is_sharp=is_sharp)
        else:
            cases.append(_case(Sql("c.crm_tier_id IS NOT NULL"), Sql("c.crm_tier_id"), Customer.TierBy.CRM))
    # Whoever was put into a tier by nobody that we know of (an older version, a script) is left there.
    cases.append(_case(Sql("c.tier_by = '' AND c.tier_id IS NOT NULL"), Sql("c.tier_id"), Customer.TierBy.NOBODY))
    whole = join(cases, " ")
    return Sql(f"(CASE {whole.text} ELSE 0 END)", whole.params)


def _case(when: Sql, tier: Sql, by: Customer.TierBy) -> Sql:
    return Sql(f"WHEN {when.text} THEN {tier.text} * 8 + {_BY[by.value]}", when.params + tier.params)


def _shares(spec: Spec, ground: Ground, levels: Levels, *, is_sharp: bool) -> list[Sql]:
    value = amount(spec.metric, ground)
    by = Customer.TierBy.SHARE
    cases = []
    for cut, enter, stay in zip(spec.cuts, levels.enter, levels.stay, strict=False):
        tier_id = ground.tiers.get(cut.tier)
        if tier_id is None or enter is None:
            continue
        reached = Sql(f"COALESCE({value.text} >= %s::numeric, false)", (*value.params, enter))
        if not is_sharp and stay is not None and stay < enter:
            kept = (
                f"(c.tier_by = '{by.value}' AND c.tier_id = %s::bigint"
                f" AND COALESCE({value.text} >= %s::numeric, false))"
            )
            reached = Sql(f"({reached.text} OR {kept})", (*reached.params, tier_id, *value.params, stay))
        cases.append(_case(reached, Sql("%s::bigint", (tier_id,)), by))
    if spec.rest and (rest := ground.tiers.get(spec.rest)) is not None:
        cases.append(_case(Sql("true"), Sql("%s::bigint", (rest,)), by))
    return cases


def condition(rule: Rule, ground: Ground) -> Sql:
    """Never NULL."""
    rows = join((_row(row, ground) for row in rule.rows), " AND " if rule.match == "all" else " OR ")
    return Sql(f"({rows.text})", rows.params)


def _row(row: Row, ground: Ground) -> Sql:
    field = ground.fields.get(row.field)
    if field is None or row.op not in field.operators:
        return Sql("false")
    value = _value(field, ground)
    if row.op in {"empty", "filled"}:
        there = f"nullif({value.text}, '{{}}')" if field.kind == LIST else f"({value.text})"
        return Sql(f"{there} IS {'' if row.op == 'empty' else 'NOT '}NULL", value.params)
    compared = _compared(row, field, value, ground)
    return Sql(f"COALESCE({compared.text}, false)", compared.params)


def _compared(row: Row, field: Field, value: Sql, ground: Ground) -> Sql:
    params = value.params
    text = value.text
    if field.kind in {NUMBER, MONEY}:
        if row.op == "between":
            return Sql(f"{text} BETWEEN %s::numeric AND %s::numeric", (*params, row.number, row.upto))
        sign = {"gte": ">=", "lte": "<=", "gt": ">", "lt": "<", "equals": "="}[row.op]
        return Sql(f"{text} {sign} %s::numeric", (*params, row.number))
    if field.kind == BOOLEAN:
        return Sql(f"{text} = {'true' if row.op == 'yes' else 'false'}", params)
    if field.kind in {DAY, INSTANT}:
        low, high = span(row, field.kind, ground.now)
        edges = [(sign, edge) for sign, edge in ((">=", low), ("<", high)) if edge is not None]
        return join((Sql(f'({text}) COLLATE "C" {sign} %s::text', (*params, edge)) for sign, edge in edges), " AND ")
    if OPERATORS[row.op][1] == "texts":
        wanted = sorted({fold(one) for one in row.texts})
        if field.kind == LIST:
            return Sql(f"{'NOT ' if row.op == 'without' else ''}({text} && %s::text[])", (*params, wanted))
        return Sql(f"{'NOT ' if row.op == 'none_of' else ''}({text} = ANY(%s::text[]))", (*params, wanted))
    wanted_text = fold(row.text)
    match row.op:
        case "begins":
            return Sql(f"starts_with({text}, %s::text)", (*params, wanted_text))
        case "contains":
            return Sql(f"position(%s::text in {text}) > 0", (wanted_text, *params))
        case _:
            return Sql(f"{text} {'<>' if row.op == 'is_not' else '='} %s::text", (*params, wanted_text))


def _folded(text: str) -> str:
    return f"translate(btrim({text}, ' '), '{UPPER}', '{LOWER}')"


def _value(field: Field, ground: Ground) -> Sql:
    """The value as its kind; NULL if it is missing, empty, or of another kind."""
    name = field.attribute
    if not name:
        return _column(field, ground)
    json, text = "c.attributes -> %s::text", "c.attributes ->> %s::text"
    match field.kind:
        case "number":
            return Sql(f"(CASE WHEN jsonb_typeof({json}) = 'number' THEN ({text})::numeric END)", (name, name))
        case "boolean":
            return Sql(f"(CASE WHEN jsonb_typeof({json}) = 'boolean' THEN ({text})::boolean END)", (name, name))
        case "list":
            one = _folded("e.value #>> '{}'")
            each = f"SELECT {one} FROM jsonb_array_elements({json}) e WHERE jsonb_typeof(e.value) = 'string'"  # noqa: S608
            # Two CASEs, because a set is only taken apart once it is sure to be one.
            return Sql(
                f"(CASE WHEN jsonb_typeof({json}) = 'array' THEN"
                f" CASE WHEN jsonb_array_length({json}) > 0 THEN ARRAY({each}) ELSE '{{}}' END END)",
                (name, name, name),
            )
        case "date" | "datetime":
            pattern, chars = (DAY_PATTERN, 10) if field.kind == DAY else (INSTANT_PATTERN, 19)
            return Sql(
                f"(CASE WHEN jsonb_typeof({json}) = 'string' AND ({text}) ~ '{pattern}'"
                f" THEN replace(left({text}, {chars}), ' ', 'T') END)",
                (name, name, name),
            )
        case _:
            return Sql(
                f"(CASE WHEN jsonb_typeof({json}) = 'string' THEN nullif({_folded(text)}, '') END)", (name, name)
            )


def _column(field: Field, ground: Ground) -> Sql:
    match field.kind:
        case "money":
            return amount(field.name, ground)
        case "number":
            return Sql(f"c.{field.name}::numeric")
        case "date":
            return Sql(f"to_char(c.{field.name}, 'YYYY-MM-DD')")
        case "datetime":
            return Sql(f"to_char(c.{field.name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')")
    if field.name == "crm_tier":
        cases = [(pk, fold(key)) for key, pk in sorted(ground.tiers.items())]
        if not cases:
            return Sql("NULL::text")
        text = " ".join("WHEN %s::bigint THEN %s::text" for _ in cases)
        return Sql(f"(CASE c.crm_tier_id {text} END)", tuple(one for case in cases for one in case))
    assert field.kind == TEXT
    return Sql(f"nullif({_folded(f'c.{field.name}')}, '')")
