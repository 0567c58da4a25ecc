"""Fields of the data source's form that are tables: headers, and the values to take from an answer. No JSON to type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import INPUT_CLASSES, UnfoldAdminTextInputWidget

from customers.enrichment.mapping import ROWS, TYPES, convert_or_keep

_BLANK = 1
KINDS = {
    "text": _("text"),
    "number": _("number"),
    "boolean": _("yes or no"),
    "date": _("date"),
    "datetime": _("date and time"),
    "list": _("list"),
}


class RowsWidget(forms.Widget):
    """A table with a row for each value, some blank ones, and buttons that add and take away."""

    template_name = "admin/enrichment/datasource/rows.html"
    columns: tuple[dict[str, Any], ...] = ()
    add_label: Any = ""

    class Media:
        js = ("admin/enrichment/rows.js",)

    def rows_of(self, value: Any) -> list[dict[str, Any]]:
        """What the stored or the typed value is in columns."""
        return [row for row in value or [] if isinstance(row, dict)] if isinstance(value, list) else []

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rows = self.rows_of(value)
        context["widget"] |= {
            "columns": self.columns,
            "add_label": self.add_label,
            "rows": [self._cells(name, row) for row in [*rows, *({} for _ in range(0 if rows else _BLANK))]],
            "blank": self._cells(name, {}),
            "most": ROWS,
        }
        return context

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ARG002  Django's
        # Django's renderer of forms does not look into the project's own templates.
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:  # noqa: ARG002  Django's
        typed = {column["key"]: _all(data, f"{name}-{column['key']}") for column in self.columns}
        count = max((len(values) for values in typed.values()), default=0)
        rows = []
        for number in range(count):
            row = {key: values[number].strip() if number < len(values) else "" for key, values in typed.items()}
            if any(value for key, value in row.items() if key != "type"):
                rows.append(row)
        return rows

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:  # noqa: ARG002  Django's
        return not any(f"{name}-{column['key']}" in data for column in self.columns)

    def id_for_label(self, id_: str) -> str:  # noqa: ARG002  Django's
        return ""  # a table has no one field to put the cursor into

    def _cells(self, name: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                **column,
                "name": f"{name}-{column['key']}",
                "value": _shown(row.get(column["key"])) or column.get("first", ""),
                "classes": " ".join(INPUT_CLASSES),
            }
            for column in self.columns
        ]


class ValuesWidget(RowsWidget):
    columns = (
        {"key": "name", "label": _("Name in flows"), "example": "loyalty_status"},
        {"key": "path", "label": _("Where it is in the answer"), "example": "customer.status"},
        {"key": "type", "label": _("Kind"), "choices": tuple(KINDS.items()), "first": "text"},
        {"key": "default", "label": _("If it is missing"), "example": _("nothing")},
    )
    add_label = _("Add a value")


class ValuesField(forms.Field):
    """Rows as the mapping keeps them; whatever is wrong with them is said by the source's own validation."""

    widget = ValuesWidget

    def to_python(self, value: Any) -> list[dict[str, Any]]:
        return [_mapped(row) for row in value or []]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


class HeadersWidget(RowsWidget):
    columns = (
        {"key": "name", "label": _("Header"), "example": "Accept-Language"},
        {"key": "value", "label": _("Value"), "example": "{{ language }}"},
    )
    add_label = _("Add a header")

    def rows_of(self, value: Any) -> list[dict[str, Any]]:
        if isinstance(value, dict):
            return [{"name": name, "value": text} for name, text in value.items()]
        return super().rows_of(value)


class HeadersField(forms.Field):
    """Names and values of headers. Raises what only a table can have: a name twice, or none."""

    widget = HeadersWidget

    def to_python(self, value: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for row in value or []:
            name = row["name"]
            if not name:
                raise ValidationError(_("The value “%(value)s” has no header."), params={"value": row["value"][:40]})
            if name.lower() in {one.lower() for one in found}:
                raise ValidationError(_("The header %(name)s is there twice."), params={"name": name})
            found[name] = row["value"]
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return (initial or {}) != self.to_python(data)
        except ValidationError:
            return True


class StatusesField(forms.CharField):
    """HTTP statuses, written one after the other: 404, 410."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(one) for one in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        words = [word for word in re.split(r"[\s,;]+", super().to_python(value) or "") if word]
        if not all(word.isascii() and word.isdigit() and len(word) == 3 for word in words):
            raise ValidationError(_("HTTP statuses have three digits: 404, 410."))
        return [int(word) for word in words]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))


def _mapped(row: Mapping[str, str]) -> dict[str, Any]:
    kind = row["type"] if row["type"] in TYPES else row["type"] or "text"
    mapped: dict[str, Any] = {"name": row["name"], "path": row["path"], "type": kind}
    if row["default"]:
        mapped["default"] = convert_or_keep(row["default"], kind)
    return mapped


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_shown, value))
        case _:
            return str(value)


def _all(data: Any, name: str) -> list[str]:
    values = data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])
    return [str(value) for value in ([values] if isinstance(values, str) else values)]
