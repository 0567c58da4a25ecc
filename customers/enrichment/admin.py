"""Data sources: how the company's APIs are asked, as a manager edits and tries it."""

import json
import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from customers.enrichment.models import DataSource
from customers.enrichment.services import Trial, try_source

# {{ phone }}, {{ phone | url_encode }}: the name of the input is the first word.
_PLACEHOLDER = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)")
_ROWS = {"headers": 3, "body": 4, "mapping": 10, "not_found_statuses": 1}
_INPUT_CHARS = 500


class PrettyJSON(json.JSONEncoder):
    """One row of a list a line, as people read them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"ensure_ascii": False}
        super().__init__(*args, **kwargs)

    def encode(self, o: Any) -> str:
        encode = super().encode
        if isinstance(o, list) and o and all(isinstance(row, dict) for row in o):
            return "[\n" + ",\n".join(f"  {encode(row)}" for row in o) + "\n]"
        if isinstance(o, dict) and len(o) > 1:
            return "{\n" + ",\n".join(f"  {encode(key)}: {encode(value)}" for key, value in o.items()) + "\n}"
        return encode(o)


class DataSourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """The secret goes in and never comes out: empty keeps what is stored."""

    secret = forms.CharField(
        label=_("Password, token or secret"),
        required=False,
        strip=True,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown again."),
    )
    forget_secret = forms.BooleanField(
        label=_("Forget the stored secret"), required=False, widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        model = DataSource
        exclude: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stored = self.instance.secret
        # Django would call them Get and Post.
        if "method" in self.fields:
            self.fields["method"].choices = [(method, method) for method in DataSource.Method.values]  # type: ignore[attr-defined]
        for name in ("headers", "mapping", "not_found_statuses"):
            if name in self.fields:
                self.fields[name].encoder = PrettyJSON  # type: ignore[attr-defined]
        if self._stored:
            self.fields["secret"].help_text = _("A secret is stored. It stays if you leave this empty.")
            self.initial["secret"] = ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, empty in (("headers", {}), ("mapping", []), ("not_found_statuses", [])):
            # An emptied field means none, where JSON would have nothing at all.
            if name in cleaned and cleaned[name] is None:
                cleaned[name] = empty
        if "secret" in self.fields:
            typed = cleaned.get("secret") or ""
            cleaned["secret"] = typed or ("" if cleaned.get("forget_secret") else self._stored or "")
        return cleaned


@admin.register(DataSource)
class DataSourceAdmin(ModelAdmin):
    form = DataSourceForm
    list_display = ["name", "where", "auth", "patience", "is_active"]
    list_filter = ["is_active", "auth"]
    search_fields = ["name", "key", "url"]
    compressed_fields = False
    empty_text = _(
        "No data sources yet. A data source is one of your company's APIs that says who is calling and what they are worth."
    )

    def get_readonly_fields(self, request: HttpRequest, obj: DataSource | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "secret_state", *(["key"] if obj else []))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, tuple[str, ...]]:
        # Readers have no form field to fill, and Django would look for one.
        return {} if obj or not self.has_add_permission(request) else {"key": ("name",)}

    def get_fieldsets(self, request: HttpRequest, obj: DataSource | None = None) -> Any:
        # A reader's page shows the values of fields, so the secret must not be among them.
        may_edit = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        secret = ["secret"] if may_edit else ["secret_state"]
        if may_edit and obj and obj.secret:
            secret.append("forget_secret")
        return [
            (None, {"fields": [("name", "key"), "is_active"]}),
            (
                _("Address"),
                {
                    "fields": [("method", "url"), "headers", "body"],
                    "description": _(
                        "Where the API is asked. Placeholders such as {{ phone }} are filled by the flow's step."
                    ),
                },
            ),
            (_("Sign in"), {"fields": ["auth", "auth_name", *secret, ("token_url", "scope")]}),
            (
                _("Limits"),
                {
                    "fields": [
                        ("connect_timeout_s", "total_timeout_s", "retries"),
                        ("cache_s", "last_known_s"),
                        ("breaker_failures", "breaker_rest_s"),
                    ],
                    "description": _("How long the caller may wait for it, and what happens while it fails."),
                },
            ),
            (
                _("Answer"),
                {
                    "fields": ["mapping", ("not_found_statuses", "not_found_path")],
                    "description": _(
                        "Which values flows may use, and how the API says that it does not know a customer."
                    ),
                },
            ),
        ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in _ROWS:
            kwargs["widget"] = UnfoldAdminTextareaWidget(
                attrs={"rows": _ROWS[db_field.name], "spellcheck": "false", "class": "p-code p-short"}
            )
        elif db_field.name == "url":
            kwargs["widget"] = UnfoldAdminTextInputWidget(attrs={"class": "max-w-full!", "spellcheck": "false"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = []
        if object_id.isdecimal() and self.has_change_permission(request):
            link = reverse("admin:enrichment_datasource_try", args=[object_id])
            tools.append({"title": _("Try it"), "link": link, "icon": "play_arrow"})
        context = {"object_tools": tools, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    # --- try it -----------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.try_view)
        return [path("<int:object_id>/try/", view, name="enrichment_datasource_try"), *super().get_urls()]

    def try_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Asks the API once, as a call would, and shows what left and what came. It leaves the house: change only."""
        source = DataSource.objects.filter(pk=object_id).first()
        if source is None:
            raise Http404
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        names = placeholders(source)
        inputs = {name: request.POST.get(name, "").strip()[:_INPUT_CHARS] for name in names}
        trial: Trial | None = None
        if request.method == "POST":
            trial = try_source(source=source, inputs=inputs)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": source,
            "title": _("Try %(name)s") % {"name": source.name},
            "source": source,
            "inputs": inputs,
            "trial": trial,
            "rows": _found(source, trial) if trial else [],
        }
        return TemplateResponse(request, "admin/enrichment/datasource/try.html", context)

    @display(description=_("address"))
    def where(self, source: DataSource) -> str:
        address = f"{source.method} {source.url.split('?')[0]}"
        return address if len(address) <= 60 else f"{address[:59]}…"

    @display(description=_("answers within"), ordering="total_timeout_s")
    def patience(self, source: DataSource) -> str:
        return _("%(seconds)s s") % {"seconds": f"{source.total_timeout_s:g}"}

    @display(description=_("password, token or secret"))
    def secret_state(self, source: DataSource) -> str:
        return str(_("stored") if source.secret else _("none"))


def placeholders(source: DataSource) -> list[str]:
    """Names of the inputs that a flow has to give, in the order in which they appear."""
    headers = source.headers.values() if isinstance(source.headers, dict) else ()
    texts = [source.url, *(str(value) for value in headers), source.body]
    return list(dict.fromkeys(name for text in texts for name in _PLACEHOLDER.findall(text)))


def _found(source: DataSource, trial: Trial) -> list[tuple[str, str, str, bool]]:
    """Each value of the mapping: its name, where it was looked for, what was there, and whether anything was."""
    rows = source.mapping if isinstance(source.mapping, list) else []
    values = trial.result.values
    return [
        (row["name"], str(row.get("path", "")), _shown(values.get(row["name"])), row["name"] in values)
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("name"), str)
    ]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
