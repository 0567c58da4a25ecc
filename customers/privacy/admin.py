"""Privacy in the admin: everything of one customer as a file, erasing them, receipts, and how long data is kept."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from customers.models import Customer
from customers.privacy import services
from customers.privacy.models import LastRun, Receipt
from customers.privacy.registry import StillUnderWay, keepers, kinds

_MOST_DAYS = 36_500


@admin.register(Receipt)
class ReceiptAdmin(ModelAdmin):
    list_display = ["__str__", "by", "what", "proof"]
    search_fields = ["by", "proof"]
    fields = ["at", "by", "what", "proof"]
    readonly_fields = ["what"]
    empty_text = gettext_lazy("Nobody was erased yet. Open a customer and press “Erase”.")

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission

    @display(description=gettext_lazy("what was erased"))
    def what(self, receipt: Receipt) -> str:
        return ", ".join(f"{kind}: {count:,}" for kind, count in receipt.erased.items() if count)

    def get_urls(self) -> list[URLPattern]:
        def view(function: Any) -> Any:
            return self.admin_site.admin_view(function)

        return [
            path("export/<int:pk>/", view(self.export_view), name="privacy_export"),
            path("erase/<int:pk>/", view(self.erase_view), name="privacy_erase"),
            path("kept/", view(self.kept_view), name="privacy_retention_page"),
            *super().get_urls(),
        ]

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Everything that is stored of one customer; it leaves the house, hence by POST only."""
        if not request.user.has_perm("privacy.erase_customer"):
            raise PermissionDenied
        get_object_or_404(Customer, pk=pk)
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:privacy_erase", args=[pk]))
        return FileResponse(
            services.export_everything(customer_id=pk), as_attachment=True, filename=f"customer-{pk}.zip"
        )

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks for the customer number to be typed, and then erases."""
        if not request.user.has_perm("privacy.erase_customer"):
            raise PermissionDenied
        customer = get_object_or_404(Customer, pk=pk)
        fault = ""
        if request.method == "POST" and request.POST.get("do") == "end":
            services.end_what_is_under_way(customer_id=pk, now=now())
            if not services.under_way(customer_id=pk):
                messages.success(request, _("What was under way is ended. Nothing was erased yet."))
                return HttpResponseRedirect(request.path)
            fault = _("A new message is just being handled. Look at it, and try again.")
        elif request.method == "POST":
            if request.POST.get("typed", "").strip() != customer.external_id:
                fault = _("This is not the customer number. Nothing was erased.")
            else:
                try:
                    receipt = services.erase(customer_id=pk, by=request.user.get_username(), now=now())
                except StillUnderWay:
                    fault = _("This customer is calling or writing to us just now. Erase them once that is over.")
                else:
                    messages.success(request, _("The customer is erased. This is the receipt."))
                    return HttpResponseRedirect(reverse("admin:privacy_receipt_change", args=[receipt.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": Customer._meta,  # noqa: SLF001  Django's public way to it
            "original": customer,
            "title": _("Privacy of %(customer)s") % {"customer": customer},
            "customer": customer,
            "fault": fault,
            "under_way": services.under_way(customer_id=pk),
            "parts": [keeper.label for keeper in keepers()],
        }
        return TemplateResponse(request, "admin/privacy/erase.html", context, status=400 if fault else 200)

    def kept_view(self, request: HttpRequest) -> HttpResponse:
        """How long each kind is kept, and how many rows would go; saved only by its own button."""
        may_change = request.user.has_perm("privacy.change_retention")
        if not (may_change or request.user.has_perm("privacy.view_retention")):
            raise PermissionDenied
        wanted = {kind.name: services.days_of(kind) for kind in kinds()}
        faults: dict[str, str] = {}
        is_looked_at = False
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            for kind in kinds():
                text = request.POST.get(kind.name, "").strip()
                if text and not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_DAYS):
                    faults[kind.name] = _("A number of days, or nothing to keep it for good.")
                elif text and 0 < kind.most_days < int(text):
                    said = _(
                        "At most %(days)d days: whoever runs Pareto has them deleted then (CONTACT_RETENTION_DAYS)."
                    )
                    faults[kind.name] = said % {"days": kind.most_days}
                else:
                    wanted[kind.name] = int(text) if text else None
            is_looked_at = not faults
            if is_looked_at and request.POST.get("do") == "save":
                services.set_retention(days=wanted, by=request.user.get_username(), now=now())
                messages.success(request, _("Saved. What is older is deleted each night."))
                return HttpResponseRedirect(reverse("admin:privacy_retention_page"))
        runs = {run.kind: run for run in LastRun.objects.all()}
        context = {
            **self.admin_site.each_context(request),
            "content_title": _("How long data is kept"),
            "title": _("How long data is kept"),
            "may_change": may_change,
            "is_looked_at": is_looked_at,
            "rows": [
                {
                    "kind": kind,
                    "days": wanted[kind.name],
                    "run": runs.get(kind.name),
                    "fault": faults.get(kind.name, ""),
                    "goes": services.would_go(kind=kind, days=wanted[kind.name], now=now()) if is_looked_at else None,
                }
                for kind in kinds()
            ],
        }
        return TemplateResponse(request, "admin/privacy/kept.html", context, status=400 if faults else 200)
