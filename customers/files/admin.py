"""Files in the admin: upload, what the columns are, what would change, progress, report; and customers as a file."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from customers.files import export, services, undoing
from customers.files.columns import in_words, targets
from customers.files.models import Import
from customers.files.reading import Unreadable
from customers.files.services import ColumnsAreTheSame, NobodyIsNamed
from customers.files.sheets import KINDS, Cell, written
from customers.models import Customer
from customers.privacy import sight

_SHOWN = 50
_BUSY = {Import.State.CHECKING, Import.State.RUNNING, Import.State.UNDOING}
RESULTS = {
    "created": gettext_lazy("added"),
    "updated": gettext_lazy("changed"),
    "unchanged": gettext_lazy("the same"),
    "stale": gettext_lazy("older than ours"),
    "failed": gettext_lazy("cannot be taken"),
}
# Of an import that was taken back.
_UNDONE = {
    "deleted": gettext_lazy("gone again"),
    "updated": gettext_lazy("as they were"),
    "kept": gettext_lazy("left, as somebody changed them since"),
    "failed": gettext_lazy("could not be taken back"),
}


def _as_cell(value: Any) -> Cell:
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


@admin.register(Import)
class ImportAdmin(ModelAdmin):
    list_display = ["name", "state", "rows", "by", "created_at"]
    search_fields = ["name", "by"]
    list_display_links = None
    empty_text = gettext_lazy("No files yet. Press “Import” on the page of customers.")

    def has_view_permission(self, request: HttpRequest, _obj: Any = None) -> bool:
        return self._may(request)

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission

    def _may(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.has_perm("customers.add_customer") and user.has_perm("customers.change_customer"))

    def _may_take_back(self, request: HttpRequest) -> bool:
        # Whom it added is deleted.
        return self._may(request) and bool(request.user.has_perm("customers.delete_customer"))

    def get_list_display(self, _request: HttpRequest) -> list[str]:
        return ["link", *self.list_display[1:]]

    @display(description=gettext_lazy("file"))
    def link(self, file: Import) -> str:
        from django.utils.html import format_html  # noqa: PLC0415

        return format_html(
            '<a class="p-link" href="{}">{}</a>', reverse("admin:files_import_show", args=[file.pk]), file
        )

    def get_urls(self) -> list[URLPattern]:
        def view(function: Any) -> Any:
            return self.admin_site.admin_view(function)

        return [
            path("new/", view(self.upload_view), name="files_import_upload"),
            path("export/<str:kind>/", view(self.export_view), name="files_import_export"),
            path("<int:pk>/", view(self.show_view), name="files_import_show"),
            path("<int:pk>/state/", view(self.state_view), name="files_import_state"),
            path("<int:pk>/changes/", view(self.changes_view), name="files_import_changes"),
            path("<int:pk>/faults/", view(self.faults_view), name="files_import_faults"),
            *super().get_urls(),
        ]

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Takes a file."""
        if not self._may(request):
            raise PermissionDenied
        fault = ""
        if request.method == "POST":
            upload = request.FILES.get("file")
            if upload is None:
                fault = _("Choose a file first.")
            else:
                try:
                    made = services.take_file(upload=upload, by=request.user.get_username(), now=now())
                except Unreadable as problem:
                    fault = str(problem)
                else:
                    return HttpResponseRedirect(reverse("admin:files_import_show", args=[made.pk]))
        context = {**self._base(request, _("Import customers")), "fault": fault, "latest": Import.objects.all()[:8]}
        return TemplateResponse(request, "admin/files/upload.html", context, status=400 if fault else 200)

    def show_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Wherever the file is on its way: its columns, what would change, its progress, its report."""
        if not self._may(request):
            raise PermissionDenied
        file = get_object_or_404(Import, pk=pk)
        if request.method == "POST":
            if request.POST.get("do") == "remove":
                return self._remove(request, file)
            self._act(request, file)
            return HttpResponseRedirect(reverse("admin:files_import_show", args=[pk]))
        known = targets()
        groups: dict[str, list[Any]] = {}
        for target in known:
            groups.setdefault(target.group, []).append(target)
        samples = [
            [str(row[at]) if at < len(row) and row[at] is not None else "" for row in file.sample]
            for at in range(len(file.columns))
        ]
        context = {
            **self._base(request, file.name),
            "file": file,
            "columns": list(zip(file.columns, file.mapping, samples, strict=False)),
            "groups": groups.items(),
            "counts": [(label, file.counts.get(name, 0)) for name, label in RESULTS.items()],
            "results": [(label, file.results.get(name, 0)) for name, label in RESULTS.items()],
            "changes": [
                self._change(file, one, {target.name: target.label for target in known}) for one in file.changes
            ],
            "changed": file.counts.get("created", 0) + file.counts.get("updated", 0),
            "faults": file.faults.order_by("row")[:_SHOWN],
            "fault_count": file.faults.count(),
            "is_busy": file.state in _BUSY,
            "undone": [(label, file.undone.get(name, 0)) for name, label in _UNDONE.items() if file.undone.get(name)],
            "may_take_back": file.state in undoing.OVER and file.left and self._may_take_back(request),
            "unmapped": services.unmapped(file),
        }
        return TemplateResponse(request, "admin/files/show.html", context)

    def _change(self, file: Import, one: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
        pairs = [(in_words(name, file.columns, file.mapping, known), *pair) for name, pair in one["pairs"].items()]
        return {**one, "label": RESULTS.get(one["result"], one["result"]), "pairs": pairs}

    def _remove(self, request: HttpRequest, file: Import) -> HttpResponse:
        if not services.remove(file=file):
            messages.error(request, _("A worker is at this file just now. Cancel it first."))
            return HttpResponseRedirect(reverse("admin:files_import_show", args=[file.pk]))
        messages.success(request, _("%(file)s is removed from this list. Its customers stay.") % {"file": file.name})
        return HttpResponseRedirect(reverse("admin:files_import_changelist"))

    def _act(self, request: HttpRequest, file: Import) -> None:
        match request.POST.get("do"):
            case "columns" if file.state in {Import.State.UPLOADED, Import.State.CHECKED, Import.State.FAILED}:
                names = {target.name for target in targets()}
                chosen = [request.POST.get(f"column-{at}", "") for at in range(len(file.columns))]
                mapping = [one if one in names else "" for one in chosen]
                try:
                    services.choose_columns(file=file, mapping=mapping, now=now())
                except NobodyIsNamed:
                    messages.error(
                        request,
                        _("Say which column has the customer number, a telephone number or an e-mail address."),
                    )
                except ColumnsAreTheSame as same:
                    # Kept, so that only what is wrong has to be chosen again.
                    Import.objects.filter(pk=file.pk).update(mapping=mapping)
                    said = _("%(columns)s: another column is the same already. Choose something else, or “not taken”.")
                    messages.error(request, said % {"columns": ", ".join(f"“{one}”" for one in same.columns)})
            case "confirm":
                if not services.confirm(file=file, now=now()):
                    messages.error(request, _("Look at what would change first."))
            case "cancel":
                services.cancel(file=file, now=now())
            case "back" if self._may_take_back(request):
                if not undoing.take_back(file=file, by=request.user.get_username(), now=now()):
                    messages.error(request, _("There is nothing of it to take back."))
            case "again" if file.state == Import.State.CHECKED:
                Import.objects.filter(pk=file.pk, state=Import.State.CHECKED).update(state=Import.State.UPLOADED)

    def state_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self._may(request):
            raise PermissionDenied
        file = get_object_or_404(Import, pk=pk)
        is_busy = file.state in _BUSY
        looked = file.written if file.state == Import.State.RUNNING else file.looked_at
        state = ("running" if looked else "waiting") if is_busy else "done"
        return JsonResponse({"state": state, "percent": file.percent, "looked_at": looked, "moved": 0})

    def faults_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Every row that cannot be taken, as CSV."""
        if not self._may(request):
            raise PermissionDenied
        file = get_object_or_404(Import, pk=pk)
        rows = file.faults.order_by("row").values_list("row", "external_id", "reason").iterator(chunk_size=2000)
        names = [_("Row"), _("Customer number"), _("What is wrong")]
        answer = StreamingHttpResponse(written("csv", names, rows), content_type=KINDS["csv"])
        answer["Content-Disposition"] = f'attachment; filename="faults-{pk}.csv"'
        return answer

    def changes_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Everything that would change, as CSV: worked out anew, while it is sent."""
        if not self._may(request):
            raise PermissionDenied
        file = get_object_or_404(Import, pk=pk, state=Import.State.CHECKED)
        names = [_("Row"), _("Customer number"), _("Is"), _("Field"), _("Before"), _("After")]
        found = (
            (row, number, str(RESULTS[result]), field, _as_cell(before), _as_cell(after))
            for row, number, result, field, before, after in services.every_change(file=file, now=now)
        )
        answer = StreamingHttpResponse(written("csv", names, found), content_type=KINDS["csv"])
        answer["Content-Disposition"] = f'attachment; filename="changes-{pk}.csv"'
        return answer

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """The customers of the list as it is filtered and searched."""
        customers = self.admin_site.get_model_admin(Customer)
        if not (customers.has_view_permission(request) and sight.may_export(request.user)) or kind not in KINDS:
            raise PermissionDenied
        found = customers.get_changelist_instance(request).get_queryset(request).prefetch_related(None)
        attributes = export.declared()
        shows = sight.may_see(request.user)
        pieces = written(kind, export.header(attributes), export.rows(found, attributes, shows_identities=shows))
        answer = StreamingHttpResponse(pieces, content_type=KINDS[kind])
        answer["Content-Disposition"] = f'attachment; filename="customers-{now():%Y-%m-%d}.{kind}"'
        return answer

    def _base(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
