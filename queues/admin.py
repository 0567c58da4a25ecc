"""Queues with their SIP addresses, and opening hours, as a manager edits them."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.timesince import timesince
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from queues.models import OpeningHours, OpeningPeriod, Queue, SipAddress, SpecialDay


class KeyIsFixed:
    """For models that others refer to by `key`: prefilled from the name, and fixed once saved."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields: tuple[str, ...] = tuple(super().get_readonly_fields(request, obj))  # type: ignore[misc]
        return (*fields, "key") if obj else fields

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, tuple[str, ...]]:
        # Readers have no form field to fill, and Django would look for one.
        return {} if obj or not self.has_add_permission(request) else {"key": ("name",)}  # type: ignore[attr-defined]


def in_words(seconds: int) -> str:
    """90 is “1 minute, 30 seconds”; in the reader's language."""
    minutes, rest = divmod(seconds, 60)
    then = now()
    words = [timesince(then - timedelta(minutes=minutes), then)] if minutes else []
    if rest or not minutes:
        words.append(ngettext("%(count)d second", "%(count)d seconds", rest) % {"count": rest})
    return ", ".join(words)


class SipAddressInline(TabularInline):
    model = SipAddress
    hide_title = True
    fields = ["position", "uri", "ring_s"]
    extra = 0
    min_num = 0


@admin.register(Queue)
class QueueAdmin(KeyIsFixed, ModelAdmin):
    list_display = ["name", "ahead", "target", "hours", "addresses", "overflow", "is_active"]
    list_select_related = ["hours", "overflow"]
    list_filter = ["is_active", "hours"]
    search_fields = ["name", "key", "description", "sip_addresses__uri"]
    inlines = [SipAddressInline]
    compressed_fields = False
    fieldsets = [
        (None, {"fields": [("name", "key"), "description", "is_active"]}),
        (
            _("Priority and targets"),
            {
                "fields": ["head_start_s", ("answer_within_s", "service_level_percent")],
                "description": _("How this team's customers are treated, compared with everybody else's."),
            },
        ),
        (
            _("When nobody answers"),
            {
                "fields": ["hours", "overflow"],
                "description": _(
                    "The SIP addresses below are tried in their order. After the last one, the overflow queue's follow."
                ),
            },
        ),
    ]
    empty_text = _(
        "No queues yet. A queue is a team behind one or more SIP addresses, such as “VIP” at sip:vip@pbx.example.com."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Queue]:
        queues: QuerySet[Queue] = super().get_queryset(request)
        return queues.annotate(address_count=Count("sip_addresses", distinct=True))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "description":
            kwargs["widget"] = UnfoldAdminTextareaWidget(attrs={"rows": 2})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        match = request.resolver_match
        if db_field.name == "overflow" and field and match and (own := match.kwargs.get("object_id")):
            field.queryset = Queue.objects.exclude(pk=own)
        return field

    @display(description=_("head start"), ordering="head_start_s", empty_value="–")
    def ahead(self, queue: Queue) -> str | None:
        if not queue.head_start_s:
            return None
        return _("jumps %(time)s ahead") % {"time": in_words(queue.head_start_s)}

    @display(description=_("target"), ordering="answer_within_s")
    def target(self, queue: Queue) -> str:
        return _("%(percent)s %% within %(time)s") % {
            "percent": queue.service_level_percent,
            "time": in_words(queue.answer_within_s),
        }

    @display(description=_("SIP addresses"), ordering="address_count", label={"none": "danger", "some": "default"})
    def addresses(self, queue: Any) -> tuple[str, str]:
        if not queue.address_count:
            return "none", str(_("none: nobody can be put through"))
        count = ngettext("%(count)d address", "%(count)d addresses", queue.address_count)
        return "some", count % {"count": queue.address_count}


class OpeningPeriodInline(TabularInline):
    model = OpeningPeriod
    hide_title = True
    fields = ["weekday", "opens_at", "closes_at"]
    extra = 0


class SpecialDayInline(TabularInline):
    model = SpecialDay
    hide_title = True
    fields = ["date", "name", "opens_at", "closes_at"]
    extra = 0


@admin.register(OpeningHours)
class OpeningHoursAdmin(KeyIsFixed, ModelAdmin):
    list_display = ["name", "time_zone", "week", "special"]
    search_fields = ["name", "key", "special_days__name"]
    inlines = [OpeningPeriodInline, SpecialDayInline]
    compressed_fields = False
    fieldsets = [(None, {"fields": [("name", "key"), "time_zone"]})]
    empty_text = _("No opening hours yet. Without them a team counts as always there.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OpeningHours]:
        hours: QuerySet[OpeningHours] = super().get_queryset(request)
        return hours.prefetch_related("periods", "special_days")

    @display(description=_("week"), empty_value=_("never open"))
    def week(self, hours: OpeningHours) -> str | None:
        return ", ".join(str(period) for period in hours.periods.all()) or None

    @display(description=_("special days"), empty_value="–")
    def special(self, hours: OpeningHours) -> str | None:
        today = now().date()
        coming = [str(day) for day in hours.special_days.all() if day.date >= today]
        return ", ".join(coming[:3]) + (" …" if len(coming) > 3 else "") or None
