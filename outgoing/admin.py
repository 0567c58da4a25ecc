"""Webhook subscriptions and their deliveries, as a manager sets them up and looks why one was not heard."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from outgoing.models import Delivery, Kind, Subscription
from outgoing.services import change_subscription, send_again, subscribe, unsubscribe


class SubscriptionForm(forms.ModelForm):  # type: ignore[type-arg]
    kinds = forms.MultipleChoiceField(
        label=_("Told of"), choices=Kind.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = Subscription
        fields = ("name", "url", "kinds", "personal", "is_active")


@admin.register(Subscription)
class SubscriptionAdmin(ModelAdmin):
    form = SubscriptionForm
    list_display = ["name", "url", "told_of", "state"]
    search_fields = ["name", "url"]
    compressed_fields = False
    readonly_fields = ["state_in_words", "created_at", "created_by"]
    empty_text = _(
        "No subscriptions yet. Another system, such as the CRM, can be told at once when a contact arrives, is routed, "
        "answered or over, and when a customer changes the tier."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        rows: QuerySet[Subscription] = super().get_queryset(request)
        return rows.select_related("created_by")

    def get_fieldsets(self, request: HttpRequest, obj: Subscription | None = None) -> Any:  # noqa: ARG002
        fieldsets: list[Any] = [(None, {"fields": ["name", "url", "kinds", ("personal", "is_active")]})]
        if obj:
            fieldsets.append((_("Kept by the system"), {"fields": ["state_in_words", ("created_at", "created_by")]}))
        return fieldsets

    def delete_model(self, request: HttpRequest, obj: Subscription) -> None:  # noqa: ARG002
        transaction.on_commit(partial(unsubscribe, subscription_id=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        for one in queryset:
            self.delete_model(request, one)

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:  # noqa: FBT001
        data = {name: form.cleaned_data[name] for name in form.Meta.fields}
        if change:
            change_subscription(subscription=Subscription.objects.get(pk=obj.pk), **data)
            return
        made = subscribe(**data, by=request.user, now=timezone.now())  # type: ignore[arg-type]  # nobody anonymous gets here
        for field in Subscription._meta.concrete_fields:  # noqa: SLF001  the form's object becomes what was made
            setattr(obj, field.attname, getattr(made.subscription, field.attname))
        obj._state.adding = False  # noqa: SLF001
        request.made_secret = made.secret  # type: ignore[attr-defined]

    def response_add(
        self,
        request: HttpRequest,
        obj: Subscription,
        post_url_continue: str | None = None,  # noqa: ARG002  Django names it
    ) -> HttpResponse:
        """The one page on which the secret stands."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Your new secret"),
            "subscription": obj,
            "text": request.made_secret,  # type: ignore[attr-defined]
        }
        response = TemplateResponse(request, "admin/outgoing/subscription/made.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    @display(description=_("told of"))
    def told_of(self, subscription: Subscription) -> str:
        return ", ".join(subscription.kinds)

    @display(description=_("state"), label={"works": "success", "failing": "warning", "off": "danger"})
    def state(self, subscription: Subscription) -> tuple[str, str]:
        if not subscription.is_active:
            return "off", str(_("switched off"))
        if subscription.failing_since:
            since = timezone.localtime(subscription.failing_since).strftime("%Y-%m-%d %H:%M")
            return "failing", str(_("fails since %(since)s") % {"since": since})
        return "works", str(_("works"))

    @display(description=_("state"))
    def state_in_words(self, subscription: Subscription) -> str:
        words: tuple[str, str] = self.state(subscription)
        return ": ".join(filter(None, (words[1], subscription.disabled_why)))


@admin.register(Delivery)
class DeliveryAdmin(ModelAdmin):
    list_display = ["created_at", "kind", "subscription", "outcome", "attempts", "answered"]
    list_select_related = ["subscription"]
    search_fields = ["subscription__name", "=event_id"]
    list_filter = ["state", "kind", "subscription"]
    actions = ["again"]
    show_full_result_count = False
    empty_text = _("Nothing was told yet. Once something happens that a subscription wants to hear of, it is here.")
    fields = [
        ("kind", "subscription"),
        ("state", "attempts", "due_at"),
        ("created_at", "sent_at"),
        ("status", "took_ms"),
        "error",
        "response",
        "told",
    ]
    readonly_fields = [
        *("kind", "subscription", "state", "attempts", "due_at", "created_at", "sent_at"),
        *("status", "took_ms", "error", "response", "told"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows: QuerySet[Delivery] = super().get_queryset(request)
        return rows.defer("facts")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    @admin.action(description=_("Send again"), permissions=["change"])
    def again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        count = send_again(delivery_ids=list(queryset.values_list("pk", flat=True)), now=timezone.now())
        said = ngettext("%(count)d is sent again.", "%(count)d are sent again.", count) % {"count": count}
        self.message_user(request, said, messages.SUCCESS)

    @display(description=_("state"), ordering="state", label={"due": "info", "sent": "success", "failed": "danger"})
    def outcome(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.state, str(delivery.get_state_display())

    @display(description=_("answer"), empty_value="–")
    def answered(self, delivery: Delivery) -> str | None:
        return delivery.error or (str(delivery.status) if delivery.status else None)

    @display(description=_("what was told"))
    def told(self, delivery: Delivery) -> SafeString | str:
        if not delivery.body:
            return str(_("Not written yet."))
        return format_html(
            '<pre class="p-pre">{}</pre>', json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False)
        )
