"""API keys, as a manager makes and revokes them; a key's text is shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from access.keys import make_key, revoke_key
from access.models import ApiKey
from access.networks import validate_network
from access.scopes import SCOPES

_SOON = timedelta(days=14)


class NetworksField(forms.CharField):
    """One address or network a line."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3, "placeholder": "203.0.113.7\n10.0.0.0/8"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        networks = (super().to_python(value) or "").replace(",", " ").split()
        faults = []
        for network in networks:
            try:
                validate_network(network)
            except ValidationError as fault:
                faults.append(fault)
        if faults:
            raise ValidationError(faults)
        return networks

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(list(initial or []) != self.to_python(data))
        except ValidationError:
            return True


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("As little as it needs. A request that needs more is refused, and told what is missing."),
    )
    networks = NetworksField(
        label=_("Allowed networks"),
        required=False,
        help_text=_("Only from these addresses, one a line, such as 203.0.113.7 or 10.0.0.0/8. Empty: from anywhere."),
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "networks", "requests_per_minute", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "scopes" in self.fields:
            self.fields["scopes"].choices = [  # type: ignore[attr-defined]
                (scope, f"{words} ({scope})") for scope, words in SCOPES.items()
            ]

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data.get("expires_at")
        if expires_at and "expires_at" in self.changed_data and expires_at <= timezone.now():
            raise ValidationError(_("This is in the past: the key would open nothing."))
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    form = ApiKeyForm
    list_display = ["name", "begins_with", "state", "may", "used", "expires_at"]
    list_filter_submit = False
    search_fields = ["name", "prefix"]
    compressed_fields = False
    actions_detail = ["revoke"]
    readonly_fields = ["begins_with", "state_in_words", "used", "created_at", "created_by"]
    empty_text = _(
        "No keys yet. A program, such as the CRM's sync, needs one to use the REST API: it says what it may do and until when."
    )

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:  # noqa: ARG002
        fieldsets: list[Any] = [
            (None, {"fields": ["name", "scopes"]}),
            (_("From where, how often, how long"), {"fields": ["networks", ("requests_per_minute", "expires_at")]}),
        ]
        if obj:
            kept = [("begins_with", "state_in_words"), "used", ("created_at", "created_by")]
            fieldsets.append((_("Kept by the system"), {"fields": kept}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        # What is revoked stays as it was, for whoever reads later what it was able to do.
        revoked = ("name", "scopes", "networks", "requests_per_minute", "expires_at")
        return (*fields, *revoked) if obj and obj.revoked_at else fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        keys: QuerySet[ApiKey] = super().get_queryset(request)
        return keys.select_related("created_by")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        # A key is revoked, not deleted: the log goes on naming it.
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:  # noqa: FBT001
        if change:
            super().save_model(request, obj, form, change)
            return
        data = form.cleaned_data
        made = make_key(
            name=data["name"],
            scopes=data["scopes"],
            networks=data["networks"],
            expires_at=data["expires_at"],
            requests_per_minute=data["requests_per_minute"],
            by=request.user,  # type: ignore[arg-type]  # the admin lets nobody in who is anonymous
            now=timezone.now(),
        )
        for field in ApiKey._meta.concrete_fields:  # noqa: SLF001  the form's object becomes what was made
            setattr(obj, field.attname, getattr(made.key, field.attname))
        obj._state.adding = False  # noqa: SLF001
        request.made_key = made.text  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """The one page on which the key stands. It is not kept, so a page that is loaded again cannot show it."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Your new key"),
            "key": obj,
            "text": request.made_key,  # type: ignore[attr-defined]
            "address": request.build_absolute_uri("/api/v1/"),
        }
        response = TemplateResponse(request, "admin/access/apikey/made.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    @action(description=_("Revoke"), url_path="revoke", icon="block", permissions=["revoke"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.get_object(request, object_id)
        back = reverse("admin:access_apikey_changelist")
        if key is None:
            return HttpResponseRedirect(back)
        if request.method == "POST":
            if revoke_key(key_id=key.pk, now=timezone.now()):
                self.message_user(request, _("“%(key)s” opens nothing any more.") % {"key": key}, messages.SUCCESS)
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Revoke a key"),
            "key": key,
        }
        return TemplateResponse(request, "admin/access/apikey/revoke.html", context)

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.has_change_permission(request):
            return False
        return not (object_id and ApiKey.objects.filter(pk=object_id, revoked_at__isnull=False).exists())

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().changeform_view(request, *args, **kwargs)

    @display(description=_("begins with"), ordering="prefix")
    def begins_with(self, key: ApiKey) -> SafeString:
        return format_html("<code>{}_…</code>", key.prefix)

    @display(
        description=_("state"),
        label={"works": "success", "soon": "warning", "expired": "danger", "revoked": "danger"},
    )
    def state(self, key: ApiKey) -> tuple[str, str]:
        return state_of(key)

    @display(description=_("state"))
    def state_in_words(self, key: ApiKey) -> str:
        return state_of(key)[1]

    @display(description=_("may"))
    def may(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(description=_("last used"), ordering="last_used_at", empty_value=_("never"))
    def used(self, key: ApiKey) -> str | None:
        if key.last_used_at is None:
            return None
        when = timezone.localtime(key.last_used_at).strftime("%Y-%m-%d %H:%M")
        return str(_("%(when)s from %(where)s") % {"when": when, "where": key.last_used_from or "?"})


def state_of(key: ApiKey) -> tuple[str, str]:
    """A word for programs and one for people."""
    now = timezone.now()
    if key.revoked_at:
        return "revoked", str(_("revoked"))
    if key.expires_at and key.expires_at <= now:
        return "expired", str(_("expired"))
    if key.expires_at and key.expires_at <= now + _SOON:
        return "soon", str(_("expires soon"))
    return "works", str(_("works"))
