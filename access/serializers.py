"""Fields that take what the schema says and nothing near it, and bodies that hold no field that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as ModelInvalid
from django.core.validators import BaseValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.validators import UniqueValidator

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MONEY = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
# As 1,234 is written in half of Europe. The sync refuses it, too.
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
_MOST_MONEY = Decimal(10) ** 12
_IN_THE_SCHEMA = (BaseValidator, RegexValidator, UniqueValidator)


class Text(serializers.CharField):
    """A text as it was sent. A number is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not self.allow_blank and not data.strip():
            self.fail("blank")
        return super().to_internal_value(data)


class Slug(serializers.SlugField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Integer(serializers.IntegerField):
    """A whole number, not a text or truth value. 1.0 is one, as in JSON Schema."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, Decimal) and data == data.to_integral_value():
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | Decimal):
            self.fail("invalid")
        return super().to_internal_value(float(data))


class YesNo(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Choice(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "format": "date-time", "description": "With its offset: 2026-11-23T12:00:00Z."})
class Instant(serializers.DateTimeField):
    """A moment, with its offset."""

    def to_internal_value(self, value: Any) -> datetime:
        if not (isinstance(value, str) and _INSTANT.fullmatch(value)):
            raise ValidationError(_("A moment with its offset, such as 2026-11-23T12:00:00Z."), code="invalid")
        return super().to_internal_value(value)


class Day(serializers.DateField):
    def to_internal_value(self, value: Any) -> Any:
        if not (isinstance(value, str) and _DAY.fullmatch(value)):
            raise ValidationError(_("A day, such as 2026-11-23."), code="invalid")
        return super().to_internal_value(value)


@extend_schema_field(
    {
        "oneOf": [
            # All but one to three digits with three after the point.
            {
                "type": "string",
                "pattern": r"^-?([0-9]{1,12}(\.([0-9]{1,2}|[0-9]{4,6}))?|(0[0-9]{0,11}|[0-9]{4,12})\.[0-9]{3})$",
            },
            {"type": "number", "minimum": -999999999999, "maximum": 999999999999},
        ],
        "description": 'Best as a text: "1234.50". Rounded to cents. "1.234" is refused: it may be a thousand.',
    }
)
class Money(serializers.DecimalField):
    """An amount of at most twelve digits before its point; answered as a text, exactly."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 2, **kwargs})

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, str) and _THOUSANDS.fullmatch(data):
            said = _("%(text)s may be a thousand: write %(whole)s, or an amount with two decimals.")
            raise ValidationError(said % {"text": data, "whole": data.replace(".", "")}, code="ambiguous")
        if (isinstance(data, str) and _MONEY.fullmatch(data)) or (
            isinstance(data, int | Decimal) and not isinstance(data, bool)
        ):
            amount = Decimal(data)
        else:
            self.fail("invalid")
        if abs(amount) >= _MOST_MONEY:
            self.fail("max_whole_digits", max_whole_digits=12)
        rounded = amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        if abs(rounded) >= _MOST_MONEY:
            self.fail("max_whole_digits", max_whole_digits=12)
        return rounded


@extend_schema_field({"$ref": "#/components/schemas/JsonValue"})
class Json(serializers.JSONField):
    """Any JSON, as the database keeps it."""

    def to_internal_value(self, data: Any) -> Any:
        return plain(data)


def plain(data: Any) -> Any:
    """JSON with floats instead of Decimals."""
    if isinstance(data, Decimal):
        return int(data) if data == data.to_integral_value() and abs(data) < 10**15 else float(data)
    if isinstance(data, dict):
        return {name: plain(value) for name, value in data.items()}
    if isinstance(data, list):
        return [plain(value) for value in data]
    return data


class Key(serializers.SlugRelatedField[Any]):
    """Another thing by its key. One that there is not is a conflict with what is there, not a wrong body."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"slug_field": "key", **kwargs})

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            raise ValidationError(_("A key, as text."), code="invalid")
        rows = self.get_queryset()
        assert isinstance(rows, models.QuerySet)
        try:
            return rows.get(**{self.slug_field: data})
        except rows.model.DoesNotExist:
            raise ValidationError(_("There is no “%(key)s”.") % {"key": data[:100]}, code="unknown") from None


class Strict(serializers.Serializer[Any]):
    """A body that may hold its fields only: a misspelled name is told, not dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError({"non_field_errors": [_("An object in braces is expected here.")]}, code="invalid")
        writable = {name for name, field in self.fields.items() if not field.read_only}
        faults: dict[str, Any] = {}
        for name in data:
            if name not in writable:
                said = _("It cannot be written.") if name in self.fields else _("There is no field of this name.")
                faults[str(name)] = [ErrorDetail(said, "unknown_field")]
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            detail = error.detail
            raise ValidationError({**faults, **detail} if isinstance(detail, dict) else detail) from None
        if faults:
            raise ValidationError(faults)
        return value


class StrictModel(Strict, serializers.ModelSerializer[Any]):
    """A body for a model: what the model's own `clean` and its constraints refuse is told by field, too."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.TextField: Text,
        models.SlugField: Slug,
        models.IntegerField: Integer,
        models.SmallIntegerField: Integer,
        models.PositiveIntegerField: Integer,
        models.PositiveSmallIntegerField: Integer,
        models.BigIntegerField: Integer,
        models.FloatField: Number,
        models.BooleanField: YesNo,
        models.DateTimeField: Instant,
        models.DateField: Day,
        models.DecimalField: Money,
        models.JSONField: Json,
    }
    serializer_choice_field = Choice

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        model: Any = self.Meta.model
        fields = model._meta.concrete_fields  # noqa: SLF001  Django's public way to them
        names = {field.name for field in fields}
        row = model()
        if self.instance is not None:
            row = model(**{field.attname: getattr(self.instance, field.attname) for field in fields})
            row._state.adding = False  # noqa: SLF001  so that it is not taken for its own double
        for name, value in attrs.items():
            if name in names:
                setattr(row, name, value)
        try:
            row.full_clean(exclude=self.unchecked())
        except ModelInvalid as error:
            faults = {
                "non_field_errors" if name == NON_FIELD_ERRORS else name: [
                    ErrorDetail(said, "refused") for said in told
                ]
                for name, told in error.message_dict.items()
            }
            raise ValidationError(faults) from None
        return attrs

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        kind, kwargs = super().build_standard_field(field_name, model_field)
        if "validators" in kwargs:
            # What the schema cannot say is left to `full_clean`.
            kwargs["validators"] = [one for one in kwargs["validators"] if isinstance(one, _IN_THE_SCHEMA)]
        return kind, kwargs

    def unchecked(self) -> set[str]:
        """Fields of the model that are set later, by whoever saves."""
        return set()
