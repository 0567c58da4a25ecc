"""Accounts at carriers, and the numbers on which contacts arrive."""

import re
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget

from channels.admin.test_call import test_call_urls
from channels.models import Account, Number

_BETWEEN_DIGITS = re.compile(r"[\s()./\u2010-\u2015-]+")


def _secret_field(label: Any, help_text: Any, *, required: bool = False) -> forms.CharField:
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, widget=widget, help_text=help_text, required=required)


class _KeepsSecrets(forms.ModelForm):  # type: ignore[type-arg]
    """Secrets go in and never come out: empty keeps what is stored."""

    secrets: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stored = {name: getattr(self.instance, name) for name in self.secrets}
        for name in self.secrets:
            if name in self.fields:
                self.initial[name] = ""
                if self._stored[name]:
                    self.fields[name].required = False
                    self.fields[name].help_text = _("A token is stored. It stays if you leave this empty.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.secrets:
            if name in self.fields and not cleaned.get(name):
                cleaned[name] = self._stored[name]
        return cleaned


class AccountForm(_KeepsSecrets):
    secrets = ("secret", "verify_token", "access_token")

    secret = _secret_field(
        _("Auth token"),
        _("Kept encrypted and never shown again. Webhooks are verified with it. At Meta it is the app secret."),
        required=True,
    )
    verify_token = _secret_field(
        _("Verify token"),
        _("Meta only: what you type in the app's webhook settings, to show that this address is yours."),
    )
    access_token = _secret_field(
        _("Access token"), _("Meta only: messages are sent with it, unless the number has its own.")
    )

    class Meta:
        model = Account
        exclude: tuple[str, ...] = ()


@admin.register(Account)
class AccountAdmin(ModelAdmin):
    form = AccountForm
    list_display = ["name", "provider", "external_id", "number_total", "is_active"]
    list_filter = ["provider", "is_active"]
    compressed_fields = False
    search_fields = ["name", "external_id"]
    empty_text = _(
        "No accounts yet. Add the account at your carrier first: its id and its auth token, which every webhook is signed with."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        accounts: QuerySet[Account] = super().get_queryset(request)
        return accounts.annotate(number_count=Count("numbers"))

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "secret_state")

    def get_fieldsets(self, request: HttpRequest, obj: Account | None = None) -> Any:
        # A reader's page shows the values of fields, so the secret must not be among them.
        may_edit = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        secrets = ["secret", ("verify_token", "access_token")] if may_edit else ["secret_state"]
        return [(None, {"fields": [("name", "provider"), "external_id", *secrets, "sends_to", "is_active"]})]

    @display(description=_("numbers"), ordering="number_count")
    def number_total(self, account: Any) -> int:
        return int(account.number_count)

    @display(description=_("auth token"))
    def secret_state(self, account: Account) -> str:
        return str(_("stored") if account.secret else _("none"))


class NumberForm(_KeepsSecrets):
    """Takes a number as people write it: +49 30 / 901-820 or 0049 (30) 901820."""

    secrets = ("access_token",)

    access_token = _secret_field(
        _("Access token"), _("Only where a page has one of its own. Empty: that of the account.")
    )

    class Meta:
        model = Number
        exclude: tuple[str, ...] = ()

    def clean_address(self) -> str:
        return as_address(self.cleaned_data["address"])


def as_address(text: str) -> str:
    """The number without what only makes it readable. Names that are no numbers stay as they are."""
    channel, colon, rest = text.strip().rpartition(":")
    digits = _BETWEEN_DIGITS.sub("", rest)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    is_number = digits.startswith("+") and digits[1:].isdecimal()
    return f"{channel.lower()}{colon}{digits if is_number else rest}"


@admin.register(Number)
class NumberAdmin(ModelAdmin):
    form = NumberForm
    list_display = ["address", "name", "flow", "goes_to", "fallback_queue", "account", "is_active"]
    list_select_related = ["flow__live", "fallback_queue", "account"]
    list_filter = ["is_active", "account", "flow"]
    compressed_fields = False
    search_fields = ["address", "name"]
    empty_text = _(
        "No numbers yet. Add a number of one of your accounts, choose its flow, and its incoming calls start that flow."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Number]:
        numbers: QuerySet[Number] = super().get_queryset(request)
        # Definitions are long, and a list has no use for them.
        return numbers.defer("flow__draft", "flow__live__definition", "account__secret")

    def get_fieldsets(self, request: HttpRequest, obj: Number | None = None) -> Any:
        # A reader's page shows the values of fields, so the token must not be among them.
        may_edit = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        token = ["access_token"] if may_edit else []
        return [
            (None, {"fields": [("address", "name"), "account", *token, "is_active"]}),
            (
                _("Where contacts go"),
                {
                    "fields": [("flow", "fallback_queue")],
                    "description": _(
                        "The flow decides. If it cannot, whatever the reason, the fallback queue takes the contact: "
                        "nobody is lost."
                    ),
                },
            ),
        ]

    def get_urls(self) -> list[URLPattern]:
        return [*test_call_urls(self.admin_site), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = []
        number = Number.objects.filter(pk=object_id).only("address").first() if object_id.isdecimal() else None
        if number and number.address.startswith("+") and request.user.has_perm("routing.test_call"):
            query = urlencode({"number": number.address})
            link = f"{reverse('admin:channels_number_test_call')}?{query}"
            tools.append({"title": _("Test call"), "link": link, "icon": "phone_in_talk"})
        context = {"object_tools": tools, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    @display(
        description=_("starts"), label={"live": "success", "none": "danger", "fallback": "warning", "off": "default"}
    )
    def goes_to(self, number: Number) -> tuple[str, str]:
        if not number.is_active:
            return "off", str(_("switched off"))
        if number.flow is None:
            return "fallback", str(_("fallback queue only"))
        if number.flow.live is None:
            return "none", str(_("flow not published"))
        return "live", str(_("version %(number)s") % {"number": number.flow.live.number})
