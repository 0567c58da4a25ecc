"""Reads the records that a CRM sends: what each wants, or every fault in it with the field. No database."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from customers import identities
from customers.models import Consent
from customers.sync import values
from customers.sync.values import Wrong

Value = str | int | Decimal | date | datetime | None
Address = tuple[str, str]

# Field of a record to the column that keeps it, and its reader.
FIELDS: dict[str, Callable[[Any], Value]] = {
    "name": values.text(200),
    "language": values.language,
    "country": values.country,
    "time_zone": values.time_zone,
    "account_manager": values.text(200),
    "lifetime_value": values.money,
    "revenue_12m": values.money,
    "orders": values.count,
    "last_order_at": values.instant,
    "subscription_plan": values.text(100),
    "customer_since": values.day,
    "currency": values.currency,
    "notes": values.text(20_000),
}
_OTHERS = (
    "external_id",
    "tier",
    "attributes",
    "identities",
    "identities_replace",
    "remove_identities",
    "take_identities",
    "consents",
    "source_version",
    "source_at",
    "deleted",
    "merge_into",
)
_NAMES = (*FIELDS, *_OTHERS)
# Beside these a deletion or a merge may say nothing.
_OF_THE_END = frozenset({"external_id", "identities", "source_version", "source_at", "deleted", "merge_into"})
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
_MOST_IDENTITIES = 50
_MOST_ATTRIBUTES = 200
# Fields are for lists that people choose from; more of them are a mistake in whoever makes their names.
_MOST_DECLARED = 500
_MOST_FAULTS = 20
_CONSENT: dict[str, Callable[[Any], Any]] = {
    "granted": values.boolean,
    "at": values.instant,
    "source": values.text(200),
}
_PURPOSES = frozenset(Consent.Purpose.values)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a record, and where."""

    field: str
    code: str
    detail: str

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Answer:
    """To one purpose of consent."""

    granted: bool
    at: datetime | None
    source: str


@dataclass(slots=True)
class Record:
    """One record as it is wanted; what it does not name is not in it."""

    index: int
    external_id: str = ""
    fields: dict[str, Value] = field(default_factory=dict)
    tier: str | None = None
    names_tier: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    """None takes a value away."""
    identities: list[Address] = field(default_factory=list)
    remove_identities: list[Address] = field(default_factory=list)
    replaces_identities: bool = False
    takes_identities: bool = False
    consents: dict[str, Answer] = field(default_factory=dict)
    source_version: int | None = None
    source_at: datetime | None = None
    deleted: bool = False
    merge_into: str = ""
    faults: list[Fault] = field(default_factory=list)

    @property
    def made_up_number(self) -> str:
        """The customer number of someone who is known by an address only: the same whoever brings it."""
        kind, value = min(self.identities)
        return f"id-{hashlib.sha256(f'{kind}:{value}'.encode()).hexdigest()[:20]}"

    def is_older(self, source_version: int | None, source_at: datetime | None) -> bool:
        """Than what was said last: by the source's version where both have one, else by its time."""
        if self.source_version is not None and source_version is not None:
            return self.source_version < source_version
        if self.source_at is not None and source_at is not None:
            return self.source_at < source_at
        return False


@dataclass(slots=True)
class Catalog:
    """What records may refer to; fields that they declare are added as they come."""

    tiers: Mapping[str, int]
    """Key to id."""
    kinds: dict[str, str]
    """Name of a further value to its kind."""
    default_country: str
    declares: bool = True
    """False: a value that nobody declared is a fault."""
    latest: datetime | None = None
    """What a source says that it did later than this, its clock made up."""
    declared: dict[str, str] = field(default_factory=dict)
    """What was added, by records without a fault."""


def wants_country(raw: Any) -> bool:
    """Whether the record has a telephone number that only its customer's country makes whole."""
    if not isinstance(raw, dict) or raw.get("country"):
        return False
    return any(
        isinstance(one, dict)
        and isinstance(one.get("kind"), str)
        and isinstance(one.get("value"), str)
        and identities.needs_country(one["kind"], one["value"])
        for name in ("identities", "remove_identities")
        if isinstance(raw.get(name), list)
        for one in raw[name]
    )


def read_record(index: int, raw: Any, catalog: Catalog, countries: Mapping[str, str]) -> Record:
    """One record; `countries` has those of known customers by number. Faults are in it, never raised."""
    record = Record(index)
    if not isinstance(raw, dict):
        record.faults.append(Fault("", "wrong_type", _("A record is an object.")))
        return record
    return _Reader(record, raw, catalog, countries).read()


class _Reader:
    """Reads one record."""

    def __init__(self, record: Record, raw: dict[str, Any], catalog: Catalog, countries: Mapping[str, str]) -> None:
        self.record, self.raw, self.catalog, self.countries = record, raw, catalog, countries
        self.new_kinds: dict[str, str] = {}

    def read(self) -> Record:
        record, fields = self.record, self.record.fields
        for name, value in self.raw.items():
            reader = FIELDS.get(name)
            if reader is not None:
                try:
                    fields[name] = reader(value)
                except Wrong as wrong:
                    self._fault(name, wrong)
            elif name not in _OTHERS:
                self._unknown(name)
        self._read_others()
        if not record.faults and self.new_kinds:
            self.catalog.kinds |= self.new_kinds
            self.catalog.declared |= self.new_kinds
        return record

    def _read_others(self) -> None:
        raw, record = self.raw, self.record
        if (number := raw.get("external_id")) is not None:
            self._set("external_id", values.number_of_customer, number)
        self._set("source_version", values.version, raw.get("source_version"))
        self._set("source_at", self._source_at, raw.get("source_at"))
        if raw.get("deleted"):
            self._set("deleted", values.boolean, raw["deleted"])
        if raw.get("merge_into") is not None:
            self._set("merge_into", values.number_of_customer, raw["merge_into"])
        if "tier" in raw:
            self._tier(raw["tier"])
        if (attributes := raw.get("attributes")) is not None:
            self._attributes(attributes)
        if raw.get("identities") is not None:
            record.identities = self._addresses("identities")
        if raw.get("remove_identities") is not None:
            record.remove_identities = self._addresses("remove_identities")
        for name, place in (("identities_replace", "replaces_identities"), ("take_identities", "takes_identities")):
            if raw.get(name) is not None:
                self._set(place, values.boolean, raw[name], path=name)
        if record.replaces_identities and "identities" not in raw:
            self._fault("identities_replace", Wrong("required", _("It wants identities beside it.")))
        if raw.get("consents") is not None:
            self._consents(raw["consents"])
        self._check_whole()

    def _check_whole(self) -> None:
        record, raw = self.record, self.raw
        if record.faults:
            return
        if not record.external_id and not record.identities:
            self._fault(
                "external_id", Wrong("required", _("A record has an external_id, or identities to find it by."))
            )
        if record.deleted or record.merge_into:
            if record.deleted and record.merge_into:
                self._fault("merge_into", Wrong("contradiction", _("A record is deleted, or merged, not both.")))
            for name in raw.keys() - _OF_THE_END:
                self._fault(name, Wrong("contradiction", _("A deletion or a merge has no other values.")))

    def _set(self, name: str, reader: Callable[[Any], Any], value: Any, *, path: str = "") -> None:
        if value is None:
            return
        try:
            setattr(self.record, name, reader(value))
        except Wrong as wrong:
            self._fault(path or name, wrong)

    def _source_at(self, value: Any) -> datetime | None:
        found = values.instant(value)
        if found and self.catalog.latest and found > self.catalog.latest:
            # Every later change of this customer would be too old.
            raise Wrong("out_of_range", _("This lies more than a day ahead: the clock of the source is wrong."))
        return found

    def _tier(self, value: Any) -> None:
        self.record.names_tier = True
        if value is None or value == "":
            return
        if type(value) is str and value in self.catalog.tiers:
            self.record.tier = value
        elif type(value) is not str:
            self._fault("tier", Wrong("wrong_type", _("Wanted is the key of a tier.")))
        else:
            known = ", ".join(list(self.catalog.tiers)[:20]) or _("none yet")
            said = {"key": value[:60], "known": known}
            self._fault("tier", Wrong("unknown_tier", _("There is no tier %(key)s. There are: %(known)s.") % said))

    def _attributes(self, given: Any) -> None:
        if type(given) is not dict:
            self._fault("attributes", Wrong("wrong_type", _("Wanted is an object of names and values.")))
            return
        if len(given) > _MOST_ATTRIBUTES:
            self._fault("attributes", Wrong("too_long", _("At most %(count)d fit.") % {"count": _MOST_ATTRIBUTES}))
            return
        kinds, kept = self.catalog.kinds, self.record.attributes
        for name, value in given.items():
            try:
                kind = kinds.get(name) or self._kind(name, value)
                kept[name] = None if value is None else values.attribute(kind, value)
            except Wrong as wrong:
                self._fault(f"attributes.{name}", wrong)

    def _kind(self, name: str, value: Any) -> str:
        """Of a value that nobody declared."""
        if not _ATTRIBUTE.fullmatch(name):
            raise Wrong("invalid", _("Names have small letters, digits and _, such as loyalty_status."))
        if name in self.new_kinds:
            return self.new_kinds[name]
        if value is None:
            return "object"  # nothing is kept, so nothing is declared
        if not self.catalog.declares:
            raise Wrong("unknown_attribute", _("Nobody declared this value, and strict is asked for."))
        if len(self.catalog.kinds) + len(self.new_kinds) >= _MOST_DECLARED:
            raise Wrong("too_many", _("There are %(count)d declared values already.") % {"count": _MOST_DECLARED})
        self.new_kinds[name] = values.kind_of(value)
        return self.new_kinds[name]

    def _addresses(self, name: str) -> list[Address]:
        given = self.raw[name]
        if type(given) is not list:
            self._fault(name, Wrong("wrong_type", _("Wanted is a list of objects with kind and value.")))
            return []
        if len(given) > _MOST_IDENTITIES:
            self._fault(name, Wrong("too_long", _("At most %(count)d fit.") % {"count": _MOST_IDENTITIES}))
            return []
        found: dict[Address, None] = {}
        for place, one in enumerate(given):
            if type(one) is not dict or type(one.get("kind")) is not str or type(one.get("value")) is not str:
                self._fault(f"{name}.{place}", Wrong("wrong_type", _("Wanted is an object with kind and value.")))
                continue
            try:
                found[identities.normalized(one["kind"], one["value"], self._country())] = None
            except identities.NotAnAddress as problem:
                part = "value" if one["kind"] in identities.KINDS else "kind"
                self._fault(f"{name}.{place}.{part}", Wrong("invalid", str(problem)))
        return list(found)

    def _country(self) -> str:
        own = self.record.fields.get("country") or self.countries.get(self.record.external_id)
        return str(own or self.catalog.default_country)

    def _consents(self, given: Any) -> None:
        if type(given) is not list:
            self._fault("consents", Wrong("wrong_type", _("Wanted is a list of objects with purpose and granted.")))
            return
        if len(given) > (most := len(_PURPOSES) * 2):
            self._fault("consents", Wrong("too_long", _("At most %(count)d fit.") % {"count": most}))
            return
        for place, one in enumerate(given):
            path = f"consents.{place}"
            if type(one) is not dict:
                self._fault(path, Wrong("wrong_type", _("Wanted is an object with purpose and granted.")))
                continue
            purpose = one.get("purpose")
            if type(purpose) is not str or purpose not in _PURPOSES:
                known = ", ".join(Consent.Purpose.values)
                self._fault(f"{path}.purpose", Wrong("invalid", _("One of %(known)s.") % {"known": known}))
                continue
            read: dict[str, Any] = {}
            for name, reader in _CONSENT.items():
                try:
                    read[name] = reader(one.get(name))
                except Wrong as wrong:
                    self._fault(f"{path}.{name}", wrong)
            if len(read) == len(_CONSENT):
                self.record.consents[purpose] = Answer(**read)

    def _unknown(self, name: str) -> None:
        near = difflib.get_close_matches(name, _NAMES, 1)
        detail = _("There is no such field. Did you mean %(near)s?") % {"near": near[0]} if near else ""
        detail = detail or _("There is no such field. Values of your own go into attributes.")
        self._fault(name[:100], Wrong("unknown_field", detail))

    def _fault(self, path: str, wrong: Wrong) -> None:
        if len(self.record.faults) < _MOST_FAULTS:
            self.record.faults.append(Fault(_printable(path)[:200], wrong.code, _printable(wrong.detail)))


def _printable(text: str) -> str:
    """What was sent is repeated in faults, and faults are kept."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
