"""Data sources: how the company's APIs are asked, as a manager edits it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from customers.enrichment.models import DataSource


class DataSourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """The secret goes in and never comes out: empty keeps what is stored."""

    secret = forms.CharField(
        label=_("password, token or secret"),
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
