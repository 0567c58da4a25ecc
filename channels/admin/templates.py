"""Message templates: what the channel approved, fetched from the provider or typed by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from channels.messaging.models import Template
from channels.messaging.templates import can_fetch, fetch_templates, places_of
from channels.models import Account
from channels.numbers.shop import ShopFault

_LINE_CHARS = 90


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """Of one that somebody types, because the provider has no list that could be fetched."""

    class Meta:
        model = Template
        fields = ("account", "name", "external_id", "language", "text", "state")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "external_id" in self.fields:
            self.fields["external_id"].required = False
        if "state" in self.fields:
            self.fields["state"].choices = [  # type: ignore[attr-defined]
                choice
                for choice in Template.State.choices
                if choice[0] in {Template.State.APPROVED, Template.State.REFUSED}
            ]

    def clean_language(self) -> str:
        return str(self.cleaned_data["language"]).strip()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("name", "external_id"):
            cleaned[name] = str(cleaned.get(name) or "").strip()
        # At Meta the name is what it is sent by.
        cleaned["external_id"] = cleaned["external_id"] or cleaned["name"]
        account = cleaned.get("account")
        if account is not None and account.provider == "twilio" and not cleaned["external_id"].startswith("HX"):
            self.add_error("external_id", say("At Twilio it is sent by its id, which begins with HX."))
        return cleaned


@admin.register(Template)
class TemplateAdmin(ModelAdmin):
    form = TemplateForm
    list_display = ["name", "language", "line", "account", "standing"]
    list_filter = ["state", "account", "language"]
    list_select_related = ["account"]
    search_fields = ["name", "external_id", "text"]
    actions_list = ["go_fetch"]
    compressed_fields = False
    empty_text = _(
        "No message templates yet. Fetch them from the provider, or add one by hand: they are what may be sent to somebody "
        "who wrote longer ago than the channel allows."
    )

    def has_change_permission(self, request: HttpRequest, obj: Template | None = None) -> bool:
        """What was fetched is the provider's: it is changed there, and fetched again."""
        return bool(super().has_change_permission(request, obj)) and (obj is None or obj.fetched_at is None)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Template]:
        rows: QuerySet[Template] = super().get_queryset(request)
        return rows.defer("account__secret", "account__access_token", "account__verify_token")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("fetch/", self.admin_site.admin_view(self.fetch_page), name="channels_template_fetch"),
            path(
                "fetch/<int:account_id>/",
                self.admin_site.admin_view(require_POST(self.fetch)),
                name="channels_template_fetch_one",
            ),
        ]
        return [*own, *super().get_urls()]

    def has_fetch_permission(self, request: HttpRequest) -> bool:
        return bool(
            request.user.has_perm("channels.add_template") and request.user.has_perm("channels.change_template")
        )

    @action(description=_("Fetch from the provider"), url_path="go-fetch", permissions=["fetch"], icon="sync")
    def go_fetch(self, request: HttpRequest) -> HttpResponse:
        del request
        return redirect("admin:channels_template_fetch")

    def fetch_page(self, request: HttpRequest) -> HttpResponse:
        """The accounts that have templates; fetching changes rows, hence a button for each."""
        self._may_fetch(request)
        rows = Account.objects.filter(is_active=True).annotate(
            template_count=Count("templates"), fetched=Max("templates__fetched_at")
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": say("Fetch message templates"),
            "accounts": [row for row in rows.order_by("name") if can_fetch(row)],
        }
        return TemplateResponse(request, "admin/channels/template/fetch.html", context)

    def fetch(self, request: HttpRequest, account_id: int) -> HttpResponse:
        self._may_fetch(request)
        account = get_object_or_404(Account, pk=account_id, is_active=True)
        try:
            count, usable = fetch_templates(account=account, now=timezone.now())
        except ShopFault as fault:
            messages.error(request, str(fault))
            return redirect("admin:channels_template_fetch")
        messages.success(
            request,
            ngettext(
                "Fetched %(count)s template; %(usable)s may be sent.",
                "Fetched %(count)s templates; %(usable)s may be sent.",
                count,
            )
            % {"count": count, "usable": usable},
        )
        return redirect(f"{reverse('admin:channels_template_changelist')}?account__id__exact={account.pk}")

    def _may_fetch(self, request: HttpRequest) -> None:
        if not self.has_fetch_permission(request):
            raise PermissionDenied

    @display(description=_("text"))
    def line(self, template: Template) -> str:
        text = " ".join(template.text.split())
        return text if len(text) <= _LINE_CHARS else f"{text[: _LINE_CHARS - 1]}…"

    @display(
        description=_("state"),
        ordering="state",
        label={
            "approved": "success",
            "waiting": "info",
            "refused": "danger",
            "gone": "default",
            "elsewhere": "warning",
        },
    )
    def standing(self, template: Template) -> tuple[str, str]:
        return template.state, template.get_state_display()

    def get_readonly_fields(self, request: HttpRequest, obj: Template | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "filled_in")

    def get_fieldsets(self, request: HttpRequest, obj: Template | None = None) -> Any:
        del request
        names = ["account", "name", "external_id", "language", "text", *(["filled_in"] if obj else []), "state"]
        return [(None, {"fields": names})]

    @display(description=_("to fill in"), empty_value="–")
    def filled_in(self, template: Template) -> str | None:
        return ", ".join(places_of(template.text)) or None
