"""Accounts at carriers: each kind is asked for what it needs, and shows whether the carrier accepts it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from channels.admin.secrets import KeepsSecrets, secret_field
from channels.models import Account
from channels.numbers.selectors import check_account
from channels.numbers.shop import Refused, ShopFault
from channels.numbers.shops import sells_numbers, webhooks_of
from channels.provider import AccountKind, account_kind, providers

# Columns that a kind may ask for; whatever it does not name is not on its form.
_OF_KINDS = ("external_id", "api_url", "secret", "verify_token", "access_token", "business_id")


def kinds() -> list[tuple[str, AccountKind]]:
    """All kinds with their provider, the commonest first."""
    return [(provider.key, kind) for provider in providers().values() for kind in provider.account_kinds()]


def kind_name(provider: str, carrier: str) -> str:
    kind = account_kind(provider, carrier)
    return kind.name if kind else carrier or provider


class AccountForm(KeepsSecrets):
    """Asks for what the account's kind needs, in the words of the carrier's own console."""

    secrets = ("secret", "verify_token", "access_token")
    # Set by the admin for each page.
    provider: str = ""
    kind: AccountKind

    secret = secret_field("", "", required=True)
    verify_token = secret_field("", "")
    access_token = secret_field("", "")

    class Meta:
        model = Account
        exclude: tuple[str, ...] = ("provider", "carrier")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.instance.provider, self.instance.carrier = self.provider, self.kind.carrier
        asked = {field.name: field for field in self.kind.fields}
        for name in _OF_KINDS:
            if name not in self.fields:
                continue
            if name not in asked:
                del self.fields[name]
                continue
            field, is_stored = self.fields[name], bool(self._stored.get(name))
            field.label, field.required = asked[name].label, asked[name].required and not is_stored
            if not is_stored:
                field.help_text = asked[name].help_text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in ("external_id", "api_url", "secret", "access_token", "business_id"):
            if isinstance(cleaned.get(name), str):
                # Copied from a page, they often bring a blank along.
                cleaned[name] = cleaned[name].strip()
        problem = providers()[self.provider].account_problem(
            self.kind.carrier, {name: cleaned.get(name) or "" for name in _OF_KINDS}
        )
        if problem and problem[0] in self.fields and problem[0] not in self.errors:
            self.add_error(*problem)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # They are not on the form, and an id is unique within its provider.
        # The stubs leave it out.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"provider", "carrier"}


@admin.register(Account)
class AccountAdmin(ModelAdmin):
    form = AccountForm
    list_display = ["name", "kind_shown", "external_id", "number_total", "sends_to", "is_active"]
    list_filter = ["provider", "carrier", "is_active"]
    compressed_fields = False
    search_fields = ["name", "external_id"]
    change_form_outer_after_template = "admin/channels/account/at_the_carrier.html"
    empty_text = _(
        "No accounts yet. Add the account at your carrier first: its id and its auth token, which every webhook is signed with."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        accounts: QuerySet[Account] = super().get_queryset(request)
        return accounts.annotate(number_count=Count("numbers"))

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "secret_state", "kind_shown")

    def get_fieldsets(self, request: HttpRequest, obj: Account | None = None) -> Any:
        # A reader's page shows the values of fields, so the secret must not be among them.
        may_edit = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        found = self._kind(request, obj)
        names = [field.name for field in found[1].fields] if found else ["external_id", "secret"]
        if not may_edit:
            names = [name for name in names if name not in AccountForm.secrets] + ["secret_state"]
        first = ("name", "kind_shown") if obj else ("name",)
        heading = None if obj or not found else found[1].name
        return [(heading, {"fields": [first, *names, "sends_to", "is_active"]})]

    def get_form(self, request: HttpRequest, obj: Account | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002  Django's
        form = super().get_form(request, obj, change, **kwargs)
        if found := self._kind(request, obj):
            form.provider, form.kind = found
        return form

    def _kind(self, request: HttpRequest, account: Account | None) -> tuple[str, AccountKind] | None:
        """Of the account, or that somebody chose for a new one."""
        if account is not None:
            found = account_kind(account.provider, account.carrier) or account_kind(account.provider, "")
            return (account.provider, found) if found else None
        wanted = request.GET.get("kind", request.POST.get("provider", ""))
        return next(
            ((key, kind) for key, kind in kinds() if wanted == ".".join(filter(None, (key, kind.carrier)))), None
        )

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        found = self._kind(request, None)
        if found is None and self.has_add_permission(request):
            context = {
                **self.admin_site.each_context(request),
                "title": say("Which carrier?"),
                "kinds": [(".".join(filter(None, (key, kind.carrier))), kind) for key, kind in kinds()],
            }
            return TemplateResponse(request, "admin/channels/account/kinds.html", context)
        title = say("Add an account at %(carrier)s") % {"carrier": found[1].name} if found else None
        return super().add_view(request, form_url, {"title": title, **(extra_context or {})})  # type: ignore[no-any-return]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        account = Account.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        context = {**_at_the_carrier(account, request), **(extra_context or {})} if account else extra_context
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    def get_urls(self) -> list[URLPattern]:
        return [*_check_urls(self.admin_site), *super().get_urls()]

    @display(description=_("numbers"), ordering="number_count")
    def number_total(self, account: Any) -> int:
        return int(account.number_count)

    @display(description=_("carrier"), ordering="carrier")
    def kind_shown(self, account: Account) -> str:
        return kind_name(account.provider, account.carrier)

    @display(description=_("auth token"))
    def secret_state(self, account: Account) -> str:
        return str(_("stored") if account.secret else _("none"))


def _at_the_carrier(account: Account, request: HttpRequest) -> dict[str, Any]:
    """What stands below the form: the check, and the addresses for whoever sets numbers up by hand."""
    if not sells_numbers(account):
        return {}
    try:
        webhooks = webhooks_of(account)
    except Refused:
        webhooks = None
    return {
        "carrier_name": kind_name(account.provider, account.carrier),
        "webhooks": webhooks,
        "is_emulated": account.sends_to == Account.Sending.EMULATOR,
        "may_check": request.user.has_perm("channels.change_account"),
        "may_buy": request.user.has_perm("channels.buy_number"),
    }


def _check_urls(site: AdminSite) -> list[URLPattern]:
    @require_POST
    def check(request: HttpRequest, account_id: int) -> HttpResponse:
        if not request.user.has_perm("channels.change_account"):
            raise PermissionDenied
        account = get_object_or_404(Account, pk=account_id)
        name = kind_name(account.provider, account.carrier)
        try:
            called = check_account(account)
        except ShopFault as fault:
            messages.error(request, str(fault))
        else:
            who = f" ({called})" if called else ""
            emulated = account.sends_to == Account.Sending.EMULATOR
            messages.success(
                request,
                say("The emulator, which plays %(carrier)s, accepts the account%(who)s.")
                % {"carrier": name, "who": who}
                if emulated
                else say("%(carrier)s accepts the account%(who)s.") % {"carrier": name, "who": who},
            )
        return redirect(reverse("admin:channels_account_change", args=[account.pk]))

    guarded: Callable[..., HttpResponse] = site.admin_view(check)
    return [path("<int:account_id>/check/", guarded, name="channels_account_check")]
