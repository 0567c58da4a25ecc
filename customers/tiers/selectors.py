"""What is in force, and everything a decision needs."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from customers.models import Tier
from customers.tiers.compiling import Levels
from customers.tiers.fields import METRICS, OPERATORS, Field, catalog
from customers.tiers.matching import Ground
from customers.tiers.models import Policy, Rate
from customers.tiers.shares import read_levels
from customers.tiers.spec import Row, Spec


def policy_in_force() -> Policy | None:
    return Policy.objects.filter(is_active=True).first()


def spec_of(policy: Policy | None) -> Spec:
    """Before anybody made a policy, the CRM decides."""
    return Spec.model_validate(policy.spec) if policy else Spec()


def levels_in_force(policy: Policy | None) -> Levels:
    return read_levels(policy.levels if policy else None)


def ground(*, currency: str, now: datetime) -> Ground:
    """Three queries."""
    return Ground(catalog(), dict(Tier.objects.values_list("key", "id")), rates(currency), now)


def rates(currency: str) -> dict[str, Decimal]:
    """Currency to its worth in `currency`. One query."""
    return {**dict(Rate.objects.values_list("currency", "worth")), currency: Decimal(1)}


def in_sentences(spec: Spec, *, fields: dict[str, Field], tiers: dict[str, str]) -> list[str]:
    """The policy as one would tell it, in the order in which it decides. `tiers`: key to name."""
    lines = [_("A tier given by hand counts before everything else, until it expires.")]
    for decider in spec.order:
        if decider == "rule":
            for rule in spec.rules:
                between = pgettext("between conditions", " and ") if rule.match == "all" else _(" or ")
                when = between.join(row_in_words(row, fields) for row in rule.rows)
                lines.append(_("%(tier)s, if %(when)s.") % {"tier": tiers.get(rule.tier, rule.tier), "when": when})
        elif decider == "share":
            metric = METRICS.get(spec.metric, spec.metric)
            for cut in spec.cuts:
                said = {"tier": tiers.get(cut.tier, cut.tier), "percent": _number(cut.percent), "metric": metric}
                lines.append(_("%(tier)s: who brings the first %(percent)s %% of the %(metric)s.") % said)
            if spec.rest:
                lines.append(_("%(tier)s: everybody past the last cut.") % {"tier": tiers.get(spec.rest, spec.rest)})
                if spec.order[-1] != "share":
                    lines.append(_("That is everybody: what follows never decides. Move it up, if it should."))
        else:
            lines.append(_("The tier that the CRM gives."))
    if spec.uses_shares and spec.margin:
        lines.append(
            _("Nobody falls out of a share before they are %(margin)s points past its cut.")
            % {"margin": _number(spec.margin)}
        )
    return lines


def row_in_words(row: Row, fields: dict[str, Field]) -> str:
    field = fields.get(row.field)
    label = str(field.label) if field else row.field
    words, wanted = OPERATORS.get(row.op, (row.op, "nothing"))
    match wanted:
        case "number":
            value = _number(row.number)
        case "two numbers":
            value = _("%(low)s and %(high)s") % {"low": _number(row.number), "high": _number(row.upto)}
        case "text":
            value = f"“{row.text}”"
        case "texts":
            value = ", ".join(f"“{one}”" for one in row.texts)
        case "days":
            return f"{label} {str(words).replace('…', str(row.days))}"
        case "date":
            value = row.day.isoformat() if row.day else ""
        case _:
            value = ""
    return f"{label} {words} {value}".strip()


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():,f}"
