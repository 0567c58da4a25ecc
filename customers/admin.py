"""Customers with the addresses they are known by, as a manager edits them."""

from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime, now
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from customers import merging
from customers.forms import CustomerForm, IdentityForm, form_of, names_of
from customers.history import addresses, differences, identity_changes, record, snapshot, timeline
from customers.listing import QuickList, QuickPaginator, indexed
from customers.models import Attribute, Consent, Customer, CustomerChange, Identity, Tier
from customers.selectors import ids_found
from customers.tiers.services import assign

_MOST_FOUND = 1_000


def swatch(tier: Tier) -> SafeString:
    """The tier's name behind a dot of its color, so that the color is never alone in saying it."""
    return format_html('<span class="p-tier"><i class="p-dot" data-color="{}"></i>{}</span>', tier.color, tier.name)


class IdentityInline(TabularInline):
    model = Identity
    form = IdentityForm
    hide_title = True
    fields = ["kind", "value"]
    extra = 0


class ConsentInline(TabularInline):
    model = Consent
    hide_title = True
    fields = ["purpose", "granted", "at", "source"]
    extra = 0


class DecidedBy(admin.SimpleListFilter):
    title = _("tier decided by")
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [choice for choice in Customer.TierBy.choices if choice[0]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:  # noqa: ARG002
        if not self.value():
            return queryset
        rows = queryset.filter(tier_by=self.value())
        # These are few, and the tier by hand has an index.
        return rows.filter(manual_tier__isnull=False) if self.value() == Customer.TierBy.HAND else rows


@admin.register(Customer)
class CustomerAdmin(ModelAdmin):
    form = CustomerForm
    list_display = [
        "name_or_number",
        "external_id",
        "tier_swatch",
        "known_by",
        "revenue",
        "value",
        "order_count",
        "ordered",
        "manager",
    ]
    list_select_related = ["tier"]
    list_filter = ["tier", DecidedBy]
    # By what has an index: sorting a million rows for a page is no answer.
    sortable_by = ["external_id", "revenue", "value", "order_count", "ordered"]
    # What is looked into is the matter of get_search_results; this shows the field.
    search_fields = ["name"]
    search_help_text = _("A part of the name, or the beginning of a customer number, a telephone number or an e-mail")
    paginator = QuickPaginator
    show_full_result_count = False
    list_before_template = "admin/customers/customer/sort.html"
    inlines = [IdentityInline, ConsentInline]
    actions = ["merge"]
    compressed_fields = False
    change_form_after_template = "admin/customers/customer/timeline.html"
    readonly_fields = ["tier_now", "crm_tier", "synced_at", "created_at", "updated_at"]
    empty_text = _(
        "No customers yet. The CRM sends them over the REST API, or add one by hand: "
        "a name, the customer number and a telephone number are enough."
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        kwargs["form"] = form_of(self._declared(request))
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Customer | None = None) -> Any:
        tier = (
            ["tier_now", ("manual_tier", "manual_tier_until"), "crm_tier"]
            if obj
            else [("manual_tier", "manual_tier_until")]
        )
        declared = self._declared(request)
        return [
            (None, {"fields": [("name", "external_id")]}),
            (_("Tier"), {"fields": tier}),
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
            *([(_("Further values"), {"fields": names_of(declared)})] if declared else []),
            (_("Contact"), {"fields": ["account_manager", ("language", "country", "time_zone"), "notes"]}),
            (_("Values that nobody declared"), {"fields": ["attributes"], "classes": ["collapse"]}),
            *(
                [
                    (
                        _("Kept by the system"),
                        {"fields": [("synced_at", "created_at", "updated_at")], "classes": ["collapse"]},
                    )
                ]
                if obj
                else []
            ),
        ]

    def _declared(self, request: Any) -> list[Attribute]:
        """Asked for several times while a page is made, and read once."""
        if not hasattr(request, "declared_attributes"):
            request.declared_attributes = list(Attribute.objects.order_by("label"))
        found: list[Attribute] = request.declared_attributes
        return found

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        customers: QuerySet[Customer] = super().get_queryset(request)
        return customers.prefetch_related("identities")

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's signature
        queryset: QuerySet[Customer],
        search_term: str,
    ) -> tuple[QuerySet[Customer], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=ids_found(search_term, most=_MOST_FOUND)), False

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:  # noqa: FBT001
        kept = Customer.objects.select_related("tier", "crm_tier", "manual_tier").filter(pk=obj.pk).first()
        before = snapshot(kept) if kept else {}
        request.known_before = addresses(kept) if kept else []  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)
        by, at = request.user.get_username(), now()
        changes = differences(before, snapshot(obj)) if change else {"created": [None, obj.external_id]}
        record(customer_id=obj.pk, changes=changes, by=by, via=CustomerChange.Via.ADMIN, now=at)
        assign(customer_ids=[obj.pk], now=at)

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        super().save_related(request, form, formsets, change)
        changes = identity_changes(request.known_before, addresses(form.instance)) if change else {}
        by = request.user.get_username()
        record(customer_id=form.instance.pk, changes=changes, by=by, via=CustomerChange.Via.ADMIN, now=now())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        pk = int(object_id) if object_id.isascii() and object_id.isdigit() and len(object_id) < 19 else 0
        extra = {"timeline": timeline(pk, {row.name: row.label for row in self._declared(request)})}
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    @display(description=_("tier"), empty_value=_("none"))
    def tier_now(self, customer: Customer) -> SafeString | None:
        if not customer.tier:
            return None
        words = {"who": customer.get_tier_by_display() or _("nobody that we know of")}
        said = _("decided by %(who)s") % words
        if customer.tier_since:
            said += " " + _("on %(day)s") % {"day": date_format(customer.tier_since)}
        return format_html('{} <span class="p-muted">{}</span>', swatch(customer.tier), said)

    @admin.action(description=_("Merge into one customer"), permissions=["change", "delete"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Customer]) -> TemplateResponse | None:
        return merging.merge(self, request, queryset)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(merging.look_for_the_other, self))
        return [path("<int:pk>/merge/", view, name="customers_customer_merge"), *super().get_urls()]

    @display(description=_("name"))
    def name_or_number(self, customer: Customer) -> str:
        return str(customer)

    @display(description=_("tier"), empty_value="–")
    def tier_swatch(self, customer: Customer) -> SafeString | None:
        return swatch(customer.tier) if customer.tier else None

    @display(description=_("known by"), empty_value="–")
    def known_by(self, customer: Customer) -> str | None:
        addresses = [str(identity) for identity in customer.identities.all()]
        return ", ".join(addresses[:2]) + (f" +{len(addresses) - 2}" if len(addresses) > 2 else "") or None

    @display(description=_("orders"), ordering=indexed("orders"), empty_value="–")
    def order_count(self, customer: Customer) -> int | None:
        return customer.orders

    @display(description=_("last order"), ordering=indexed("last_order_at"), empty_value="–")
    def ordered(self, customer: Customer) -> str | None:
        return date_format(localtime(customer.last_order_at)) if customer.last_order_at else None

    @display(description=_("account manager"), empty_value="–")
    def manager(self, customer: Customer) -> str | None:
        return customer.account_manager or None

    @display(description=_("lifetime value"), ordering=indexed("lifetime_value"), empty_value="–")
    def value(self, customer: Customer) -> str | None:
        return _money(customer.lifetime_value, customer.currency)

    @display(description=_("revenue, 12 months"), ordering=indexed("revenue_12m"), empty_value="–")
    def revenue(self, customer: Customer) -> str | None:
        return _money(customer.revenue_12m, customer.currency)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        return QuickList


def _money(amount: Decimal | None, currency: str) -> str | None:
    return None if amount is None else f"{amount:,.2f} {currency}"


@admin.register(Attribute)
class AttributeAdmin(ModelAdmin):
    list_display = ["label", "name", "kind", "help_text"]
    search_fields = ["name", "label"]
    compressed_fields = False
    fields = [("label", "name"), "kind", "help_text"]
    empty_text = _("No fields yet. The CRM declares them by sending them, or add one: then pickers and lists know it.")

    def get_readonly_fields(self, request: HttpRequest, obj: Attribute | None = None) -> tuple[str, ...]:
        # Flows and the CRM refer to the name.
        return (*super().get_readonly_fields(request, obj), "name") if obj else ()
