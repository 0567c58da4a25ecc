"""Streams in the admin: how far each is, and which line was wrong and why."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from customers.sync.models import SyncRun
from customers.sync.runs import cancel_run

_SHOWN = 100
_RESULTS = {
    "created": _("added"),
    "updated": _("changed"),
    "unchanged": _("the same"),
    "stale": _("older than ours"),
    "deleted": _("deleted"),
    "merged": _("merged"),
    "failed": _("wrong"),
}


@admin.register(SyncRun)
class SyncRunAdmin(ModelAdmin):
    list_display = ["started_at", "by", "state_badge", "progress", "wrong", "finished_at"]
    list_filter = ["state"]
    search_fields = ["by"]
    show_full_result_count = False
    change_form_after_template = "admin/sync/syncrun/faults.html"
    actions_detail = ["cancel"]
    fields = ["state_badge", "progress", "results", "error", ("by", "started_at", "finished_at"), "received_bytes"]
    empty_text = _("No streams yet. The CRM sends them over the REST API when more than 10,000 customers changed.")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return ("state_badge", "progress", "results", "error", "by", "started_at", "finished_at", "received_bytes")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        run = self.get_object(request, object_id)
        rows = list(run.faults.order_by("line")[: _SHOWN + 1]) if run else []
        extra = {
            "faults": rows[:_SHOWN],
            "more_faults": len(rows) > _SHOWN,
            "is_under_way": bool(run and not run.is_over),
            "show_save": False,
            "show_save_and_continue": False,
        }
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    @action(description=_("Stop"), url_path="cancel", icon="block", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = self.get_object(request, object_id)
        if run and cancel_run(run_id=run.pk, now=now()):
            self.message_user(request, _("Stopped. What was done stays."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:sync_syncrun_change", args=[object_id]))

    def has_cancel_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.has_change_permission(request):
            return False
        run = self.get_object(request, object_id) if object_id else None
        return run is None or not run.is_over

    @display(
        description=_("state"),
        label={
            "done": "success",
            "running": "info",
            "waiting": "info",
            "receiving": "info",
            "failed": "danger",
            "incomplete": "warning",
            "canceled": "warning",
        },
    )
    def state_badge(self, run: SyncRun) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description=_("progress"))
    def progress(self, run: SyncRun) -> SafeString:
        said = _("%(done)s of %(received)s") % {"done": f"{run.done:,}", "received": f"{run.received:,}"}
        return format_html('<progress max="{}" value="{}"></progress> {}', max(run.received, 1), run.done, said)

    @display(description=_("wrong"))
    def wrong(self, run: SyncRun) -> str:
        return f"{run.counts.get('failed', 0):,}"

    @display(description=_("results"), empty_value="–")
    def results(self, run: SyncRun) -> str | None:
        told = [f"{count:,} {_RESULTS[name]}" for name, count in run.counts.items() if count and name in _RESULTS]
        return ", ".join(told) or None
