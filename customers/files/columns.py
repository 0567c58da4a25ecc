"""What a column may be, which one it probably is, and its cells as a record of the sync."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.files.sheets import without_guard
from customers.models import Attribute, Identity

NEW: Final = "new"
NOTHING: Final = ""
# A column of our own export that says what came of all the others.
TIER_THAT_COUNTS: Final = "tier_that_counts"
_ATTRIBUTE: Final = "attributes."
_IDENTITY: Final = "identity."
_FIELDS: Final = {
    "external_id": gettext_lazy("customer number"),
    "name": gettext_lazy("name"),
    "tier": gettext_lazy("tier in the CRM"),
    "lifetime_value": gettext_lazy("lifetime value"),
    "revenue_12m": gettext_lazy("revenue of the last 12 months"),
    "currency": gettext_lazy("currency"),
    "orders": gettext_lazy("orders"),
    "last_order_at": gettext_lazy("last order"),
    "subscription_plan": gettext_lazy("subscription plan"),
    "customer_since": gettext_lazy("customer since"),
    "account_manager": gettext_lazy("account manager"),
    "language": gettext_lazy("language"),
    "country": gettext_lazy("country"),
    "time_zone": gettext_lazy("time zone"),
    "notes": gettext_lazy("notes"),
}
# As people head their columns, in English and German.
_OTHER_NAMES: Final = {
    "external_id": "id customerid customernumber customerno kundennummer kundennr kdnr externalid number nummer",
    "name": "fullname customername kunde kundenname customer",
    "tier": "loyaltytier loyaltystatus stufe kundenstufe tierinthecrm",
    "lifetime_value": "ltv clv kundenwert totalrevenue gesamtumsatz",
    "revenue_12m": "revenue umsatz umsatz12m revenue12months jahresumsatz annualrevenue",
    "currency": "währung waehrung",
    "orders": "ordercount numberoforders bestellungen anzahlbestellungen",
    "last_order_at": "lastorderdate lastorder letztebestellung lastpurchase",
    "subscription_plan": "plan subscription abo tarif",
    "customer_since": "since kundeseit signupdate",
    "account_manager": "manager betreuer kundenbetreuer",
    "language": "sprache lang locale",
    "country": "land countrycode",
    "time_zone": "timezone zeitzone tz",
    "notes": "note notiz notizen bemerkung comment",
    "identity.phone": "phone telephone tel telefon mobile handy mobil phonenumber telefonnummer rufnummer",
    "identity.whatsapp": "whatsapp",
    "identity.email": "email mail emailaddress mailadresse",
    "identity.messenger": "messenger psid",
    "identity.instagram": "instagram igsid",
}
_MONEY: Final = {"lifetime_value", "revenue_12m"}
_EITHER: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}", re.ASCII)
_DAY: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T]+(\d{1,2}:\d{2}(?::\d{2})?))?")


@dataclass(frozen=True, slots=True)
class Target:
    """Something a column may be."""

    name: str
    label: str
    group: str


def targets() -> list[Target]:
    """One query."""
    found = [Target(name, str(label), _("Customer")) for name, label in _FIELDS.items()]
    found += [Target(f"{_IDENTITY}{kind}", str(label), _("Address")) for kind, label in Identity.Kind.choices]
    found += [Target(f"{_ATTRIBUTE}{row.name}", row.label or row.name, _("Further value")) for row in _attributes()]
    return [*found, Target(NEW, _("a new further value, named as the column"), _("Further value"))]


def _attributes() -> list[Attribute]:
    return list(Attribute.objects.exclude(kind=Attribute.Kind.OBJECT))


def guesses(columns: Sequence[str], known: Sequence[Target], remembered: Mapping[str, str]) -> list[str]:
    """What each column probably is: as it was chosen before, else by its name; each field once."""
    names = {target.name for target in known}
    by_word = {_squeezed(word): name for name, words in _OTHER_NAMES.items() for word in [name, *words.split()]}
    by_word |= {_squeezed(target.label): target.name for target in known if target.name != NEW}
    by_word |= {_squeezed(target.name.removeprefix(_ATTRIBUTE)): target.name for target in known}
    found: list[str] = []
    for column in columns:
        guess = remembered.get(column.strip().lower(), by_word.get(_squeezed(column), NOTHING))
        is_free = guess not in found or guess == NEW or guess.startswith(_IDENTITY)
        found.append(guess if is_free and guess in names else NOTHING)
    return found


def twice(columns: Sequence[str], mapping: Sequence[str]) -> list[str]:
    """Columns that are to be what another one is already. Only addresses, and new further values, may be several."""
    seen: set[str] = set()
    found = []
    for column, target in zip(columns, mapping, strict=True):
        name = f"{_ATTRIBUTE}{slug(column)}" if target == NEW else target
        if name in seen:
            found.append(column)
        elif name != NOTHING and not name.startswith(_IDENTITY):
            seen.add(name)
    return found


def in_words(field: str, columns: Sequence[str], mapping: Sequence[str], known: Mapping[str, str]) -> str:
    """A field of a record as the file calls it, else as people do; `known` is target to label."""
    head, _dot, rest = field.partition(".")
    if head == "identities":
        own = [column for column, target in zip(columns, mapping, strict=False) if target.startswith(_IDENTITY)]
        return ", ".join(own) or _("addresses")
    if head == "identity":
        own = [column for column, target in zip(columns, mapping, strict=False) if target == field]
        return ", ".join(own) or known.get(field) or _("addresses")
    target = f"{_ATTRIBUTE}{rest}" if head == "attributes" else "tier" if head == "crm_tier" else head
    titles = dict(zip(mapping, columns, strict=False))
    titles |= {f"{_ATTRIBUTE}{slug(one)}": one for one, is_ in zip(columns, mapping, strict=False) if is_ == NEW}
    return titles.get(target) or known.get(target) or rest or field


def _squeezed(text: str) -> str:
    return re.sub(r"[^a-z0-9äöüß]", "", text.lower())


def slug(column: str) -> str:
    """A name for a further value: “Loyalty status” is loyalty_status."""
    text = column.lower().translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"})
    found = re.sub(r"[^a-z0-9]+", "_", text).strip("_")[:60]
    return found if found[:1].isalpha() else f"field_{found}"[:60].rstrip("_")


@dataclass(frozen=True, slots=True)
class Reader:
    """Rows to records; an empty cell says nothing about its field."""

    columns: Sequence[str]
    mapping: Sequence[str]
    kinds: Mapping[str, str]
    """Of declared further values."""
    tiers: Mapping[str, str]
    """Key or name in small letters to key."""

    def record(self, row: Sequence[Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for column, target, cell in zip(self.columns, self.mapping, row, strict=False):
            value = without_guard(cell.strip()) if isinstance(cell, str) else cell
            if target == NOTHING or value in (None, ""):
                continue
            if target.startswith(_IDENTITY):
                kind = target.removeprefix(_IDENTITY)
                found.setdefault("identities", []).extend(_addresses(kind, value))
            elif target == NEW:
                found.setdefault("attributes", {})[slug(column)] = str(value)
            elif target.startswith(_ATTRIBUTE):
                name = target.removeprefix(_ATTRIBUTE)
                found.setdefault("attributes", {})[name] = _attribute(self.kinds.get(name, "text"), value)
            else:
                found[target] = self._field(target, value)
        return found

    def _field(self, target: str, value: Any) -> Any:
        if target in _MONEY:
            return _number(value) if isinstance(value, str) else value
        if target == "orders":
            text = _number(value) if isinstance(value, str) else value
            if isinstance(text, str) and _EITHER.fullmatch(text):
                # Nobody orders in parts.
                text = re.sub("[.,]", "", text)
            return int(text) if isinstance(text, str) and text.isdigit() else text
        if target in {"last_order_at", "customer_since"}:
            text = _instant(str(value))
            return text[:10] if target == "customer_since" else text
        if target == "tier":
            return self.tiers.get(str(value).lower(), str(value))
        return str(value)


def _addresses(kind: str, value: Any) -> list[dict[str, str]]:
    texts = [str(value)] if not isinstance(value, str) else re.split(r"[;|]", value)
    found = []
    for one in texts:
        text = one.strip().lstrip("'")
        if kind == "phone" and text.isascii() and text.isdigit() and len(text) >= 11 and not text.startswith("0"):
            # A spreadsheet took +49… for a number and lost its plus.
            text = f"+{text}"
        if text:
            found.append({"kind": kind, "value": text})
    return found


def _number(text: str) -> str:
    """1.234,50 and 1,234.50 both mean a thousand and some. 1.234 may be either: as what is no number, it is left for
    the sync to refuse.
    """
    bare = re.sub(r"[\s\u00a0'€$£]|EUR|USD", "", text)
    if _EITHER.fullmatch(bare):
        return bare
    comma, point = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and point >= 0:
        bare = bare.replace(".", "").replace(",", ".") if comma > point else bare.replace(",", "")
    elif comma >= 0:
        bare = bare.replace(",", ".") if bare.count(",") == 1 else bare.replace(",", "")
    elif bare.count(".") > 1:
        bare = bare.replace(".", "")
    return bare


def _instant(text: str) -> str:
    """23.11.2026 as 2026-11-23; ISO stays."""
    found = _DAY.fullmatch(text.strip())
    if not found:
        return text.strip()
    day, month, year, time = found.groups()
    date = f"{year}-{int(month):02d}-{int(day):02d}"
    return f"{date}T{time.zfill(5)}" if time else date


def _attribute(kind: str, value: Any) -> Any:
    match kind:
        case "number" if isinstance(value, str):
            text = _number(value)
            if _EITHER.fullmatch(text):
                return text
            try:
                number = float(text)
            except ValueError:
                return value
            return int(number) if number.is_integer() and "e" not in text.lower() else number
        case "boolean" if isinstance(value, str):
            word = value.strip().lower()
            if word in {"yes", "true", "1", "ja", "wahr", "x"}:
                return True
            return False if word in {"no", "false", "0", "nein", "falsch", "-"} else value
        case "boolean" if value in (0, 1):
            return bool(value)
        case "date":
            return _instant(str(value))[:10]
        case "datetime":
            return _instant(str(value))
        case "list":
            return [one.strip() for one in re.split(r"[;|,]", str(value)) if one.strip()]
        case "text":
            return str(value)
    return value
