"""Tiers as a manager edits them, with the pages that say who is in which; and exchange rates."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget

from customers.admin import swatch
from customers.models import Tier
from customers.tiers import pages, pareto
from customers.tiers.counting import with_counts
from customers.tiers.models import Rate


@admin.register(Tier)
class TierAdmin(ModelAdmin):
    list_display = ["name_swatch", "rank", "ahead", "target", "customer_total"]
    list_display_links = ["name_swatch"]
    compressed_fields = False
    search_fields = ["name", "key"]
    fieldsets = [
        (None, {"fields": [("name", "key"), ("rank", "color")]}),
        (
            _("How they are treated"),
            {
                "fields": [("head_start_s", "answer_within_s")],
                "description": _("The queue may have a head start and a target of its own; the better one counts."),
            },
        ),
    ]
    empty_text = _("No tiers yet. Most companies begin with three: platinum, gold and silver.")

    def get_readonly_fields(self, request: HttpRequest, obj: Tier | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "key") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Tier | None = None) -> dict[str, tuple[str, ...]]:
        # Readers have no form field to fill, and Django would look for one.
        return {} if obj or not self.has_add_permission(request) else {"key": ("name",)}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "color":
            kwargs["widget"] = UnfoldAdminColorInputWidget
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        return [*pages.urls(self), *pareto.urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tier]:
        tiers: QuerySet[Tier] = super().get_queryset(request)
        return with_counts(tiers)

    @display(description=_("name"), ordering="name")
    def name_swatch(self, tier: Tier) -> SafeString:
        return swatch(tier)

    @display(description=_("head start"), ordering="head_start_s", empty_value="–")
    def ahead(self, tier: Tier) -> str | None:
        if not tier.head_start_s:
            return None
        return _("jumps %(time)s ahead") % {"time": _in_words(tier.head_start_s)}

    @display(description=_("answer within"), ordering="answer_within_s", empty_value=_("the queue's target"))
    def target(self, tier: Tier) -> str | None:
        return _in_words(tier.answer_within_s) if tier.answer_within_s else None

    @display(description=_("customers"), ordering="customer_count")
    def customer_total(self, tier: Any) -> int:
        return int(tier.customer_count)


def _in_words(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    then = now()
    words = [timesince(then - timedelta(minutes=minutes), then)] if minutes else []
    if rest or not minutes:
        words.append(ngettext("%(count)d second", "%(count)d seconds", rest) % {"count": rest})
    return ", ".join(words)


@admin.register(Rate)
class RateAdmin(ModelAdmin):
    list_display = ["currency", "worth", "updated_at"]
    search_fields = ["currency"]
    compressed_fields = False
    empty_text = _(
        "No exchange rates yet. They are needed only if customers pay in several currencies: "
        "amounts in one without a rate do not count."
    )
