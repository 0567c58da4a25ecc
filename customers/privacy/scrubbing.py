"""Finds whatever names one customer in texts, JSON and bytes that are about many, and leaves a dash in its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import phonenumbers
from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, Func, JSONField, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Collate, Lower, Replace

from customers.models import Customer
from customers.privacy.registry import Subject

DASH: Final = "–"
_SIGNS: Final = " ()./-"
_SQUEEZE: Final = str.maketrans("", "", _SIGNS)
_WILD: Final = re.compile(r"([%_\\])")
_ESCAPED: Final = r"\\\1"
_BETWEEN: Final = r"[ ()./-]{0,3}"
# A customer number of fewer characters than that, or of digits alone, is in many texts about something else.
_TELLING: Final = 6


class _HasOneOf(Func):
    """A text is like one of an array's."""

    template = "(%(expressions)s)"
    arg_joiner = " LIKE ANY "
    output_field = BooleanField()

    def __init__(self, text: Any, parts: Value) -> None:
        super().__init__(text, Func(parts, template="(%(expressions)s::text[])"))


@dataclass(frozen=True)
class Scrubber:
    """Knows one customer by whatever they may be written as."""

    subject: Subject

    @cached_property
    def pattern(self) -> str:
        """A regular expression that Python and PostgreSQL read alike, without regard to case."""
        parts = {_literal(value) for kind, value in self.subject.addresses if kind != "phone"}
        parts |= {_dialed(value) for kind, value in self.subject.addresses if kind == "phone"}
        number = self.subject.external_id
        is_telling = not number.isdigit() and (len(number) >= _TELLING or any(map(str.isdigit, number)))
        if is_telling or (number.isdigit() and len(number) > _TELLING):
            parts.add(_literal(number))
        else:
            parts.add(f'"{re.escape(number)}"')
        parts |= {_literal(name) for name in self._telling_names}
        return "|".join(sorted(parts, key=len, reverse=True))

    @cached_property
    def _telling_names(self) -> list[str]:
        """Two people called Max are not told apart in a text that says Max."""
        rows = Customer.objects.exclude(pk=self.subject.customer_id)
        return [name for name in self.subject.names if len(name) >= 5 and not rows.filter(name__iexact=name).exists()]

    @cached_property
    def _finder(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE)

    @cached_property
    def _remover(self) -> re.Pattern[str]:
        """Where somebody is named, their name goes as well, whoever else has it."""
        names = "".join(f"|{_literal(name)}" for name in self.subject.names)
        return re.compile(self.pattern + names, re.IGNORECASE)

    def mentions(self, value: Any) -> bool:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        return text == self.subject.external_id or self._finder.search(text) is not None

    def text(self, text: str) -> str:
        return DASH if text == self.subject.external_id else self._remover.sub(DASH, text)

    def json(self, value: Any) -> Any:
        """The same shape; names of fields as well."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(key)): self.json(one) for key, one in value.items()}
            case list() | tuple():
                return [self.json(one) for one in value]
            case int() if not isinstance(value, bool) and len(str(value)) > _TELLING and self.mentions(str(value)):
                return None
            case _:
                return value

    @cached_property
    def _needles(self) -> list[str]:
        """What `pattern` cannot match without: letters and digits in a row, once the signs between them are left out."""
        found = {self.subject.external_id, *(value for kind, value in self.subject.addresses if kind != "phone")}
        for value in (value for kind, value in self.subject.addresses if kind == "phone"):
            try:
                found.add(phonenumbers.national_significant_number(phonenumbers.parse(value, None)))
            except phonenumbers.NumberParseException:
                found.add(value)
        found |= set(self._telling_names)
        # Of other letters the small and the large one are known to few collations, and those are slow.
        runs = (re.findall(r"[\x21-\x7e]+", one.translate(_SQUEEZE)) or [""] for one in found)
        return sorted({max(some, key=len).lower() for some in runs})

    def _candidates(self, rows: QuerySet[Any], fields: Iterable[str]) -> list[int]:
        """A regular expression costs a hundred times as much: it is asked about these few rows only."""
        said = Func(Value("\n"), *(Cast(name, TextField()) for name in fields), function="concat_ws")
        plain = Lower(Collate(Cast(said, TextField()), "C"))
        # One sign after the other costs a third of translate(), and one array asks of each text once.
        tight: Func = plain
        for sign in _SIGNS:
            tight = Replace(tight, Value(sign), Value(""))
        return list(rows.filter(_HasOneOf(tight, Value(self._parts))).order_by().values_list("pk", flat=True))

    @cached_property
    def _parts(self) -> list[str]:
        return [f"%{re.sub(_WILD, _ESCAPED, needle)}%" for needle in self._needles]

    def rows(self, rows: QuerySet[Any], fields: Iterable[str]) -> QuerySet[Any]:
        """Those that name the customer in one of the fields, whatever these hold."""
        fields = list(fields)
        rows = rows.model._base_manager.filter(pk__in=self._candidates(rows, fields))  # noqa: SLF001
        wanted = Q()
        for name in fields:
            field = rows.model._meta.get_field(name)  # noqa: SLF001  Django's public way to it
            if isinstance(field, JSONField | ArrayField):
                rows = rows.annotate(**{f"{name}_said": Cast(name, TextField())})
                wanted |= Q(**{f"{name}_said__iregex": self.pattern})
            else:
                wanted |= Q(**{f"{name}__iregex": self.pattern}) | Q(**{name: self.subject.external_id})
        found: QuerySet[Any] = rows.filter(wanted)
        return found

    def scrub(self, rows: QuerySet[Any], fields: Iterable[str]) -> int:
        """Takes the customer out of these fields of whatever names them; how many rows did."""
        names = list(fields)
        count = 0
        for row in list(self.rows(rows, names).order_by("pk")):
            changed = {name: self.json(getattr(row, name)) for name in names}
            rows.model._base_manager.filter(pk=row.pk).update(**changed)  # noqa: SLF001  save() would log who it was
            count += 1
        return count

    def told(self, rows: QuerySet[Any], fields: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The same rows for an export."""
        names = list(fields)
        for row in self.rows(rows, names).order_by("pk").iterator(chunk_size=200):
            yield _plain(row, names)


def _plain(row: Model, names: list[str]) -> dict[str, Any]:
    return {"about": str(row._meta.verbose_name), "id": row.pk} | {name: getattr(row, name) for name in names}  # noqa: SLF001


def _literal(text: str) -> str:
    return rf"(?<![0-9A-Za-z]){re.escape(text)}(?![0-9A-Za-z])"


def _dialed(value: str) -> str:
    """A telephone number in each way of writing it: +49 151…, 0049151…, 0151/…, 49151…"""
    try:
        parsed = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return _literal(value)
    bare = phonenumbers.national_significant_number(parsed)
    if len(bare) < 7:
        return _literal(value)
    digits = _BETWEEN.join(bare)
    country = _BETWEEN.join(str(parsed.country_code))
    return rf"(?<![0-9])((\+|00)?{_BETWEEN}{country}{_BETWEEN}(\(0\))?|0)?{_BETWEEN}{digits}(?![0-9])"
