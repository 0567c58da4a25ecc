"""Data sources: how the company's APIs are asked, as a manager edits and tries it."""

import json
import re
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
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

from customers.enrichment import mapping
from customers.enrichment.models import DataSource
from customers.enrichment.questions import Leaf
from customers.enrichment.rows import KINDS, HeadersField, StatusesField, ValuesField
from customers.enrichment.services import Trial, try_source

# {{ phone }}, {{ phone | url_encode }}: the name of the input is the first word.
_PLACEHOLDER = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)")
_INPUT_CHARS = 500


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

    headers = HeadersField(label=_("Headers"), required=False)
    mapping = ValuesField(
        label=_("Values"),
        required=False,
        help_text=_(
            "Flows read them by their name. “Try it” shows an answer of the API, and takes values from it by a click."
        ),
    )
    not_found_statuses = StatusesField(
        label=_("“Not found” statuses"), required=False, help_text=_("Such as 404, 410. Empty: 404.")
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
        if self._stored:
            self.fields["secret"].help_text = _("A secret is stored. It stays if you leave this empty.")
            self.initial["secret"] = ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
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
        if db_field.name == "body":
            kwargs["widget"] = UnfoldAdminTextareaWidget(
                attrs={"rows": 4, "spellcheck": "false", "class": "p-code p-short"}
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
        if request.method == "POST" and "take" in request.POST:
            return self._take(request, source)
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
            "offered": _not_taken(source, trial) if trial else [],
            "kinds": KINDS.items(),
        }
        return TemplateResponse(request, "admin/enrichment/datasource/try.html", context)

    def _take(self, request: HttpRequest, source: DataSource) -> HttpResponse:
        """Adds the ticked values to those that flows may use."""
        chosen = [
            {key: request.POST.get(f"{key}-{number}", "").strip() for key in ("name", "path", "type")}
            for number in request.POST.getlist("take")
            if number.isdecimal()
        ]
        rows = [*(source.mapping if isinstance(source.mapping, list) else []), *chosen]
        back = redirect("admin:enrichment_datasource_try", source.pk)
        if not chosen:
            self.message_user(request, _("Tick the values that flows shall use."), messages.WARNING)
            return back
        if wrong := mapping.faults(rows):
            for fault in wrong:
                self.message_user(request, fault.message, messages.ERROR)
            return back
        source.mapping = rows
        source.save()
        names = ", ".join(row["name"] for row in chosen)
        self.log_change(request, source, [{"changed": {"fields": ["mapping"]}}])
        self.message_user(request, _("Flows may use these now: %(names)s.") % {"names": names}, messages.SUCCESS)
        return redirect("admin:enrichment_datasource_change", source.pk)

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


def _not_taken(source: DataSource, trial: Trial) -> list[Leaf]:
    """What the answer holds beside what is taken already, under names that are free."""
    rows = [row for row in source.mapping if isinstance(row, dict)] if isinstance(source.mapping, list) else []
    paths, names = {row.get("path") for row in rows}, {row.get("name") for row in rows}
    return [
        replace(leaf, name=f"{leaf.name}_2") if leaf.name in names else leaf
        for leaf in trial.offered
        if leaf.path not in paths
    ]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
