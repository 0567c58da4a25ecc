"""The forms of a customer's page: a proper field for each declared value, and addresses in one spelling."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from customers import identities
from customers.models import Attribute, Identity

_PREFIX = "attribute_"


class IdentityForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is typed is brought into the spelling that callers are found by."""

    class Meta:
        model = Identity
        fields = ("kind", "value")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("kind") and data.get("value"):
            country = self.data.get("country") or settings.DEFAULT_COUNTRY
            try:
                data["kind"], data["value"] = identities.normalized(data["kind"], data["value"], str(country).upper())
            except identities.NotAnAddress as problem:
                self.add_error("value", str(problem))
            else:
                self.instance.kind = data["kind"]
        return data


class CustomerForm(forms.ModelForm):  # type: ignore[type-arg]
    """`attributes` holds what nobody declared; each declared value has a field of its own."""

    declared: Sequence[Attribute] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = self.instance.attributes if isinstance(self.instance.attributes, dict) else {}
        names = {row.name for row in self.declared}
        self.initial["attributes"] = {name: value for name, value in held.items() if name not in names}
        for row in self.declared:
            self.initial[_PREFIX + row.name] = _shown(row.kind, held.get(row.name))

    def clean_attributes(self) -> Any:
        attributes = self.cleaned_data["attributes"]
        # An empty field is no value at all; flows expect an object.
        if attributes is None:
            return {}
        if not isinstance(attributes, dict):
            raise forms.ValidationError(_('Write names with values in braces: {"loyalty_status": "gold"}.'))
        return attributes

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("manual_tier_until") and not data.get("manual_tier"):
            self.add_error("manual_tier", _("Choose the tier that holds until then."))
        until = data.get("manual_tier_until")
        if until and until <= timezone.now() and "manual_tier_until" in self.changed_data:
            self.add_error("manual_tier_until", _("That is over already, so the tier would hold for no time at all."))
        if isinstance(data.get("attributes"), dict):
            own = {row.name: _kept(row.kind, data.get(_PREFIX + row.name)) for row in self.declared}
            data["attributes"] |= {name: value for name, value in own.items() if value is not None}
        return data


def form_of(declared: Sequence[Attribute]) -> type[CustomerForm]:
    """The form with a field for each declared value."""
    members: dict[str, Any] = {_PREFIX + row.name: _field(row) for row in declared}
    return type("CustomerForm", (CustomerForm,), {"declared": tuple(declared), **members})


def names_of(declared: Sequence[Attribute]) -> list[str]:
    return [_PREFIX + row.name for row in declared]


def _field(row: Attribute) -> forms.Field:
    said: dict[str, Any] = {"label": row.label, "help_text": row.help_text, "required": False}
    match row.kind:
        case Attribute.Kind.NUMBER:
            return forms.DecimalField(max_digits=18, widget=UnfoldAdminDecimalFieldWidget, **said)
        case Attribute.Kind.BOOLEAN:
            choices = [("", "–"), ("true", _("yes")), ("false", _("no"))]
            return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **said)
        case Attribute.Kind.DATE:
            return forms.DateField(widget=UnfoldAdminSingleDateWidget, **said)
        case Attribute.Kind.DATETIME:
            return forms.SplitDateTimeField(widget=UnfoldAdminSplitDateTimeWidget, **said)
        case Attribute.Kind.LIST:
            said["help_text"] = said["help_text"] or _("One a line.")
            return forms.CharField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), **said)
        case Attribute.Kind.OBJECT:
            return _ObjectField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), **said)
        case _:
            return forms.CharField(max_length=4_000, widget=UnfoldAdminTextInputWidget, **said)


class _ObjectField(forms.JSONField):
    """Empty where there is nothing, not the word null."""

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


def _shown(kind: str, value: Any) -> Any:
    """What the field shows of a kept value."""
    match kind, value:
        case _, None:
            return None
        case Attribute.Kind.BOOLEAN, bool():
            return "true" if value else "false"
        case Attribute.Kind.LIST, list():
            return "\n".join(map(str, value))
        case Attribute.Kind.DATETIME, str():
            try:
                return timezone.localtime(datetime.fromisoformat(value))
            except ValueError:
                return None
        case (Attribute.Kind.TEXT, dict() | list()):
            return json.dumps(value, ensure_ascii=False)
        case _:
            return value


def _kept(kind: str, value: Any) -> Any:
    """What is kept of a field; None for nothing."""
    match kind, value:
        case _, None | "":
            return None
        case Attribute.Kind.NUMBER, _:
            return int(value) if value == value.to_integral_value() else float(value)
        case Attribute.Kind.BOOLEAN, _:
            return value == "true"
        case Attribute.Kind.LIST, str():
            return [line.strip() for line in value.splitlines() if line.strip()]
        case _, datetime() | date():
            return value.isoformat()
        case _:
            return value
