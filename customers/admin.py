"""Customers with the addresses they are known by, as a manager edits them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from customers.models import Customer, Identity, Tier
from customers.services import merge_customers

_MERGED_AT_ONCE = 10


def swatch(tier: Tier) -> SafeString:
    """The tier's name behind a dot of its color, so that the color is never alone in saying it."""
    return format_html('<span class="p-tier"><i class="p-dot" data-color="{}"></i>{}</span>', tier.color, tier.name)


class IdentityInline(TabularInline):
    model = Identity
    hide_title = True
    fields = ["kind", "value"]
    extra = 0


class CustomerForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_attributes(self) -> Any:
        attributes = self.cleaned_data["attributes"]
        # An empty field is no value at all; flows expect an object.
        if attributes is None:
            return {}
        if not isinstance(attributes, dict):
            raise forms.ValidationError(_('Write names with values in braces: {"loyalty_status": "gold"}.'))
        return attributes


@admin.register(Customer)
class CustomerAdmin(ModelAdmin):
    form = CustomerForm
    list_display = ["name_or_number", "external_id", "tier_swatch", "known_by", "value", "orders", "account_manager"]
    list_select_related = ["tier"]
    list_filter = ["tier", "language"]
    search_fields = ["name", "external_id", "identities__value", "account_manager"]
    search_help_text = _("Name, customer number, telephone number or e-mail")
    inlines = [IdentityInline]
    actions = ["merge"]
    compressed_fields = False
    readonly_fields = ["synced_at", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": [("name", "external_id"), "tier"]}),
        (
            _("Worth"),
            {
                "fields": [
                    ("lifetime_value", "revenue_12m", "currency"),
                    ("orders", "last_order_at"),
                    ("subscription_plan", "customer_since"),
                ],
                "description": _("Flows and tiers look at these. The CRM usually keeps them."),
            },
        ),
        (_("Contact"), {"fields": ["account_manager", ("language", "country", "time_zone"), "notes"]}),
        (_("Further values"), {"fields": ["attributes"], "classes": ["collapse"]}),
        (_("Kept by the system"), {"fields": [("synced_at", "created_at", "updated_at")], "classes": ["collapse"]}),
    ]
    empty_text = _(
        "No customers yet. The CRM sends them over the REST API, or add one by hand: "
        "a name, the customer number and a telephone number are enough."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        customers: QuerySet[Customer] = super().get_queryset(request)
        return customers.prefetch_related("identities")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        # Numbers are kept without blanks, but people type and paste them with some.
        squeezed = "".join(search_term.split()).translate(str.maketrans("", "", "()-/"))
        number = squeezed.lstrip("+")
        if number.isdigit() and len(number) >= 5:
            search_term = squeezed.replace("00", "+", 1) if squeezed.startswith("00") else squeezed
        return super().get_search_results(request, queryset, search_term)  # type: ignore[no-any-return]

    @admin.action(description=_("Merge into one customer"), permissions=["change", "delete"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Customer]) -> TemplateResponse | None:
        """Asks which of them stays, and then makes them one."""
        rows = list(queryset.order_by("id")[: _MERGED_AT_ONCE + 1])
        if not 2 <= len(rows) <= _MERGED_AT_ONCE:
            self.message_user(request, _("Choose two customers that are the same, or a few."), messages.ERROR)
            return None
        keep = next((row for row in rows if str(row.pk) == request.POST.get("keep")), None)
        if keep is None:
            context = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Merge into one customer"),
                "rows": rows,
            }
            return TemplateResponse(request, "admin/customers/customer/merge.html", context)
        others = [row.pk for row in rows if row.pk != keep.pk]
        kept = merge_customers(keep_id=keep.pk, other_ids=others, by=request.user.get_username(), now=now())
        self.message_user(request, _("All of them are %(customer)s now.") % {"customer": kept}, messages.SUCCESS)
        return None

    @display(description=_("name"), ordering="name")
    def name_or_number(self, customer: Customer) -> str:
        return str(customer)

    @display(description=_("tier"), ordering="tier__rank", empty_value="–")
    def tier_swatch(self, customer: Customer) -> SafeString | None:
        return swatch(customer.tier) if customer.tier else None

    @display(description=_("known by"), empty_value="–")
    def known_by(self, customer: Customer) -> str | None:
        addresses = [identity.value for identity in customer.identities.all()]
        return ", ".join(addresses[:2]) + (f" +{len(addresses) - 2}" if len(addresses) > 2 else "") or None

    @display(description=_("lifetime value"), ordering="lifetime_value", empty_value="–")
    def value(self, customer: Customer) -> str | None:
        if customer.lifetime_value is None:
            return None
        return f"{customer.lifetime_value:,.2f} {customer.currency}"
