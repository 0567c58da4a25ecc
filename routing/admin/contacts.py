"""Contacts, read-only: where each one went, and why."""

from __future__ import annotations

import json
import re
from textwrap import shorten
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.views import ChangeList

from customers.privacy.sight import is_hiding
from routing.admin.story import tell
from routing.admin.ways import WayFilter
from routing.models import Contact

_WHY_CHARS = 110
# As people type a number: with blanks, brackets, strokes, and 00 for +.
_NUMBER = re.compile(r"[+\d][\d\s()/.-]{3,}")


class Newest(ChangeList):
    """Counts once: without a filter the page's own count is that of all."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class FlowFilter(admin.RelatedFieldListFilter):
    """By flow, whatever its version."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = str(_("flow"))


@admin.register(Contact)
class ContactAdmin(ModelAdmin):
    # Two facts a cell, so that the reason stands beside them without scrolling.
    list_display = ["contact", "who_from", "who", "queue", "result", "why_clipped"]
    list_select_related = ["customer", "tier", "queue"]
    list_filter = [
        "queue",
        "outcome",
        ("version__flow", FlowFilter),
        "tier",
        ("started_at", admin.DateFieldListFilter),
        "fell_back",
        "channel",
        WayFilter,
    ]
    search_fields = ["reference"]
    search_help_text = _("Reference, telephone number, or customer's name or number")
    ordering = ["-started_at", "-id"]
    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    empty_text = _(
        "No contacts yet. Each call and conversation appears here at the moment it arrives, "
        "with the reason why it went where it went."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        return Newest

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        contacts: QuerySet[Contact] = super().get_queryset(request)
        # The state of a run may be long, and neither the list nor the story needs it.
        return contacts.defer("run", "customer__attributes")

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's signature
        queryset: QuerySet[Contact],
        search_term: str,
    ) -> tuple[QuerySet[Contact], bool]:
        """By reference and whole number through their indexes; by parts of a name or number where that finds nothing."""
        term = search_term.strip()
        if not term:
            return queryset, False
        exact = queryset.filter(reference=term.upper())
        if _NUMBER.fullmatch(term):
            number = re.sub(r"[^\d+]", "", term)
            number = f"+{number[2:]}" if number.startswith("00") else number
            exact = queryset.filter(Q(reference=term.upper()) | Q(sender=number) | Q(sender__endswith=f":{number}"))
            # By parts one would find out the rest, digit by digit.
            if exact.exists() or is_hiding():
                return exact, False
            digits = number.lstrip("+").removeprefix("0")
            return queryset.filter(Q(sender__contains=digits) | Q(recipient__contains=digits)), False
        if exact.exists():
            return exact, False
        return queryset.filter(
            Q(customer__name__icontains=term)
            | Q(customer__external_id__iexact=term)
            | Q(reference__startswith=term.upper())
        ), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The story of one contact; there is no form on it."""
        del form_url
        contact = self._contact(request, object_id)
        if not self.has_view_permission(request, contact):
            raise PermissionDenied
        story = tell(contact.turns.order_by("number"), written=contact.channel != Contact.Channel.VOICE)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": contact.reference,
            "original": contact,
            "contact": contact,
            "story": story,
            "on_canvas": _on_canvas(request, contact),
            "raw": json.dumps([dict(turn.raw) for turn in story], indent=2, ensure_ascii=False),
            "has_view_permission": True,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/routing/contact/story.html", context)

    def _contact(self, request: HttpRequest, object_id: str) -> Contact:
        if not object_id.isdecimal():
            raise Http404
        related = ("customer", "tier", "queue", "version__flow")
        contacts = self.get_queryset(request).select_related(*related).defer("run", "version__definition")
        contact = contacts.filter(pk=object_id).first()
        if contact is None:
            raise Http404
        return contact

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        # Nobody may change contacts, and Django would say “Select contact to view”.
        return super().changelist_view(request, {"title": _("Contacts"), **(extra_context or {})})  # type: ignore[no-any-return]

    @display(description=_("contact"), ordering="started_at")
    def contact(self, contact: Contact) -> SafeString:
        started = timezone.localtime(contact.started_at)
        # A machine-readable time beside the short one that people read.
        return format_html(
            '<b class="p-ref">{}</b><br><time class="p-muted" datetime="{}">{}</time>',
            contact.reference,
            started.isoformat(),
            date_format(started, str(_("j M, H:i"))),
        )

    @display(description=_("from"), ordering="sender")
    def who_from(self, contact: Contact) -> SafeString:
        return format_html('{}<br><span class="p-muted">{}</span>', contact.sender_shown, contact.get_channel_display())

    @display(description=_("customer"), ordering="customer__name", empty_value="–")
    def who(self, contact: Contact) -> SafeString | None:
        from customers.admin import swatch  # noqa: PLC0415  registers models, so not before the apps are ready

        if contact.customer is None:
            return None
        return format_html("{}<br>{}", contact.customer, swatch(contact.tier) if contact.tier else "")

    @display(
        description=_("outcome"),
        ordering="outcome",
        label={
            "fell_back": "danger",
            "connected": "success",
            "transferred": "success",
            "unanswered": "warning",
            "abandoned": "warning",
            "lost": "danger",
            "voicemail": "info",
            "completed": "info",
            "": "default",
        },
    )
    def result(self, contact: Contact) -> tuple[str, str]:
        if contact.fell_back:
            return "fell_back", str(_("fell back"))
        if not contact.outcome:
            return "", contact.get_state_display()
        return contact.outcome, contact.get_outcome_display()

    @display(description=_("why"))
    def why_clipped(self, contact: Contact) -> str:
        # Between words: a part of one says nothing.
        return shorten(contact.why_shown, _WHY_CHARS, placeholder="…")


def _on_canvas(request: HttpRequest, contact: Contact) -> str:
    """Where its way is drawn; empty for who may not see flows, and for contacts of none."""
    if contact.version is None or not request.user.has_perms(["routing.view_flow", "routing.view_contact"]):
        return ""
    return f"{reverse('admin:routing_flow_change', args=[contact.version.flow_id])}?contact={contact.pk}"
