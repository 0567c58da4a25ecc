"""Flows: the draft as text, its faults, publishing, versions and files."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from queues.admin import KeyIsFixed
from routing.admin.adding import AddFlowForm
from routing.admin.canvas.urls import canvas_urls
from routing.admin.canvas_page import canvas_page, editor_is_built
from routing.admin.drafts import FlowForm, as_text, shown
from routing.admin.import_page import import_page
from routing.engine.faults import DefinitionInvalid
from routing.files import Form
from routing.models import Flow, FlowVersion
from routing.services import (
    DraftIsStale,
    FlowHasNoSuchVersion,
    create_flow,
    export_flow,
    publish_flow,
    roll_back,
    save_draft,
)
from routing.simulator.cases import CasesDiffer

_VERSIONS_SHOWN = 50


@admin.register(Flow)
class FlowAdmin(KeyIsFixed, ModelAdmin):
    form = FlowForm
    change_form_template = "admin/routing/flow/change_form.html"
    change_list_template = "admin/routing/flow/change_list.html"
    list_display = ["name", "live_version", "draft_state", "used_by", "updated_at"]
    search_fields = ["name", "key", "description"]
    warn_unsaved_form = True
    compressed_fields = False
    empty_text = _(
        "No flows yet. A flow says what happens to a contact, step by step. Begin with one, or import a file."
    )

    # --- who may ----------------------------------------------------------------------------
    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("routing.publish_flow")

    def has_delete_permission(self, request: HttpRequest, obj: Flow | None = None) -> bool:
        # Published versions are kept for ever, since contacts point at them.
        return bool(super().has_delete_permission(request, obj)) and (obj is None or obj.live_id is None)

    # --- the list ---------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet[Flow]:
        flows: QuerySet[Flow] = super().get_queryset(request)
        match = request.resolver_match
        if match and match.url_name == "routing_flow_changelist":
            differs = ExpressionWrapper(~Q(draft=F("live__definition")), output_field=BooleanField())
            flows = flows.select_related("live").prefetch_related("numbers").annotate(draft_differs=differs)
            flows = flows.defer("draft", "live__definition", "live__subflows")
        return flows

    @display(description=_("live"), ordering="live__number", label={"live": "success", "none": "warning"})
    def live_version(self, flow: Flow) -> tuple[str, str]:
        if flow.live is None:
            return "none", str(_("not published"))
        return "live", str(_("version %(number)s") % {"number": flow.live.number})

    @display(description=_("draft"), label={"differs": "info", "same": "default"})
    def draft_state(self, flow: Any) -> tuple[str, str] | None:
        if flow.live is None:
            return None
        return ("differs", str(_("changed since"))) if flow.draft_differs else ("same", str(_("as published")))

    @display(description=_("used by"), empty_value=_("no number"))
    def used_by(self, flow: Any) -> str | None:
        return ", ".join(number.shown for number in flow.numbers.all()) or None

    # --- the form ---------------------------------------------------------------------------
    def get_fieldsets(self, request: HttpRequest, obj: Flow | None = None) -> Any:
        if obj is None and _begins_on_canvas(request):
            return [(None, {"fields": ["name", "key", "description", "start", "copy_of", "file"]})]
        may_edit = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        draft = ["text"] if may_edit else ["draft_text"]
        return [(None, {"fields": [("name", "key"), "description"]}), (_("Draft"), {"fields": draft})]

    def get_readonly_fields(self, request: HttpRequest, obj: Flow | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "draft_text")

    @display(description=_("definition"))
    def draft_text(self, flow: Flow) -> SafeString:
        return format_html('<pre class="p-code p-pre">{}</pre>', as_text(flow.draft))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "description":
            kwargs["widget"] = UnfoldAdminTextareaWidget(attrs={"rows": 2})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: Flow | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002  Django's own
        if not change and _begins_on_canvas(request):
            # The canvas is where it is drawn; here it only gets its name and what it starts from.
            return super().get_form(request, obj, change=change, **{**kwargs, "form": AddFlowForm})
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        form.only_check = "_check" in request.POST
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        """Django's, but a refusal of the services comes back as the form with everything that was typed."""
        if "_publish" in request.POST and not self.has_publish_permission(request):
            raise PermissionDenied
        if flow := self._for_canvas(request, object_id):
            return canvas_page(self, request, flow)
        extra = {
            "may_publish": self.has_publish_permission(request),
            "has_canvas": editor_is_built(),
            **self._beside(object_id),
            **(extra_context or {}),
        }
        try:
            return super().changeform_view(request, object_id, form_url, extra)  # type: ignore[no-any-return]
        except (DraftIsStale, DefinitionInvalid, CasesDiffer) as refusal:
            # The transaction took everything back; the same request is answered again, with the reason.
            request.refusal = refusal  # type: ignore[attr-defined]
            if isinstance(refusal, CasesDiffer):
                extra["differing"] = refusal.failed
            if isinstance(refusal, DraftIsStale):
                extra["stale_revision"] = refusal.revision
            return super().changeform_view(request, object_id, form_url, extra)  # type: ignore[no-any-return]

    def _for_canvas(self, request: HttpRequest, object_id: str | None) -> Flow | None:
        """The flow, if its page is the canvas: it was built, and nobody asked for the text."""
        if request.method != "GET" or "text" in request.GET or "_popup" in request.GET or not editor_is_built():
            return None
        flow = Flow.objects.filter(pk=object_id).first() if object_id and object_id.isdecimal() else None
        return flow if flow and self.has_view_or_change_permission(request, flow) else None

    def _beside(self, object_id: str | None) -> dict[str, Any]:
        """What the page of a flow shows around the form."""
        if object_id is None or not object_id.isdecimal():
            return {}
        flow = Flow.objects.select_related("live").filter(pk=object_id).first()
        if flow is None:
            return {}
        versions = flow.versions.select_related("published_by").defer("definition", "subflows")
        return {
            "flow": flow,
            "draft_differs": flow.live is not None and flow.live.definition != flow.draft,
            "numbers": list(getattr(flow, "numbers").all()),  # noqa: B009  the numbers are a room above
            "versions": versions.order_by("-number")[:_VERSIONS_SHOWN],
        }

    def render_change_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self_made = kwargs.get("add") and _begins_on_canvas(request)
        response: Any = super().render_change_form(request, *args, **kwargs)
        if self_made:
            response.template_name = "admin/routing/flow/add_form.html"
        return response  # type: ignore[no-any-return]

    def save_model(self, request: HttpRequest, obj: Flow, form: FlowForm, change: bool) -> None:  # noqa: FBT001
        by, now = _person(request), timezone.now()
        definition = form.definition or {}
        if change:
            if set(form.changed_data) & {"name", "description"}:
                obj.save(update_fields=["name", "description", "updated_at"])
            # Whoever was refused and saw by whom may save over it: that revision, and no later one.
            overwrites = request.POST.get("_overwrite", "")
            revision = int(overwrites) if overwrites.isdecimal() else form.cleaned_data.get("revision") or 0
            saved = save_draft(flow_id=obj.pk, definition=definition, revision=revision, by=by, now=now)
        else:
            saved = create_flow(
                key=obj.key, name=obj.name, definition=definition, description=obj.description, by=by, now=now
            )
            obj.pk = saved.pk
        request.saved_draft = saved.draft  # type: ignore[attr-defined]
        if "_publish" in request.POST:
            version = publish_flow(
                flow_id=saved.pk,
                by=by,
                note=form.cleaned_data.get("note", ""),
                now=now,
                despite_cases="_despite_cases" in request.POST,
            )
            request.published = version.number  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Flow, post_url_continue: str | None = None) -> HttpResponse:
        if "_popup" in request.POST:
            return super().response_add(request, obj, post_url_continue)  # type: ignore[no-any-return]
        if _begins_on_canvas(request):
            return HttpResponseRedirect(reverse("admin:routing_flow_change", args=[obj.pk]))
        return self._saved(request, obj)

    def response_change(self, request: HttpRequest, obj: Flow) -> HttpResponse:
        return self._saved(request, obj)

    def _saved(self, request: HttpRequest, flow: Flow) -> HttpResponse:
        """Back to the form, with a word on where the draft stands."""
        published = getattr(request, "published", None)
        if published:
            text = _t("Version %(number)s of “%(name)s” is live: new contacts walk through it from now on.")
            messages.success(request, text % {"number": published, "name": flow.name})
        else:
            messages.success(request, _t("The draft is saved. Contacts still walk through the live version."))
        # Whoever writes text stays with the text.
        return HttpResponseRedirect(reverse("admin:routing_flow_change", args=[flow.pk]) + "?text=1")

    # --- versions and files -----------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_view), name="routing_flow_import"),
            path("<int:object_id>/export/", view(self.export_view), name="routing_flow_export"),
            path(
                "<int:object_id>/roll-back/<int:version_id>/",
                view(self.roll_back_view),
                name="routing_flow_roll_back",
            ),
            *canvas_urls(view),
            *super().get_urls(),
        ]

    def export_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        flow = self._flow(object_id)
        if not self.has_view_permission(request, flow):
            raise PermissionDenied
        form: Form = "yaml" if request.GET.get("form") == "yaml" else "json"
        return HttpResponse(
            export_flow(flow=flow, form=form),
            content_type=f"application/{form}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{flow.key}.{form}"'},
        )

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """A file becomes a new flow, or the draft of the flow of its key."""
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied
        return import_page(self, request)

    def roll_back_view(self, request: HttpRequest, object_id: int, version_id: int) -> HttpResponse:
        """Asks once, then publishes an old version anew."""
        flow = self._flow(object_id)
        if not (self.has_change_permission(request, flow) and self.has_publish_permission(request)):
            raise PermissionDenied
        version = flow.versions.filter(pk=version_id).first()
        if version is None:
            raise Http404
        faults: list[Any] = []
        differing: tuple[Any, ...] = ()
        if request.method == "POST":
            try:
                new = roll_back(
                    flow_id=flow.pk,
                    version_id=version_id,
                    by=_person(request),
                    note=request.POST.get("note", "")[:500],
                    now=timezone.now(),
                    despite_cases="_despite_cases" in request.POST,
                )
            except DefinitionInvalid as invalid:
                faults = shown(invalid.faults, "")
            except CasesDiffer as differ:
                differing = differ.failed
            except FlowHasNoSuchVersion:
                raise Http404 from None
            else:
                text = _t("Version %(number)s is live. It says the same as version %(old)s did.")
                messages.success(request, text % {"number": new.number, "old": version.number})
                return HttpResponseRedirect(reverse("admin:routing_flow_change", args=[flow.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Go back to version %(number)s") % {"number": version.number},
            "flow": flow,
            "version": version,
            "loses_draft": flow.live is None or flow.live.definition != flow.draft,
            "faults": faults,
            "differing": differing,
        }
        return TemplateResponse(request, "admin/routing/flow/roll_back.html", context)

    def _flow(self, object_id: int) -> Flow:
        flow = Flow.objects.select_related("live").filter(pk=object_id).first()
        if flow is None:
            raise Http404
        return flow


def _begins_on_canvas(request: HttpRequest) -> bool:
    """Whether a new flow is only named on the add page; its text is for experts, and where no canvas was built."""
    asked = request.GET if request.method == "GET" else request.POST
    return "text" not in asked and "_popup" not in asked and editor_is_built()


def _person(request: HttpRequest) -> User:
    """Who is signed in; every view of the admin has made sure that somebody is."""
    assert isinstance(request.user, User)
    return request.user


@admin.register(FlowVersion)
class FlowVersionAdmin(ModelAdmin):
    """Versions are immutable: there is a page to read one, and the list is on the flow's own page."""

    list_display = ["flow", "number", "published_at", "published_by", "note"]
    list_display_links = ["number"]
    list_select_related = ["flow", "published_by"]
    list_filter = ["flow"]
    search_fields = ["flow__name", "note"]
    fieldsets = [(None, {"fields": [("flow", "number"), ("published_at", "published_by"), "note", "text"]})]
    readonly_fields = ["text"]
    empty_text = _("Nothing was published yet.")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlowVersion]:
        versions: QuerySet[FlowVersion] = super().get_queryset(request)
        return versions.defer("subflows", "flow__draft", *(["definition"] if _is_list(request) else []))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Versions of flows"), **(extra_context or {})})  # type: ignore[no-any-return]

    @display(description=_("definition"))
    def text(self, version: FlowVersion) -> SafeString:
        return format_html('<pre class="p-code p-pre">{}</pre>', as_text(version.definition))


def _is_list(request: HttpRequest) -> bool:
    return bool(request.resolver_match and str(request.resolver_match.url_name).endswith("_changelist"))
