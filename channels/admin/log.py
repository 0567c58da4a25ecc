"""The log of who changed what: read-only, for all objects or for one."""

from collections.abc import Iterable
from typing import Any

from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

admin.site.unregister(LogEntry)

# What belongs to an object and is edited on its page, with the field that points to it.
_PARTS = {
    "queue": (("sipaddress", "queue"),),
    "openinghours": (("openingperiod", "hours"), ("specialday", "hours")),
    "customer": (("identity", "customer"),),
}
_HIDDEN = "•••"
_CLIP = 300


class ObjectFilter(admin.SimpleListFilter):
    """Entries of one object and of its parts; its page links here, so nothing is offered to choose from."""

    title = _("object")
    parameter_name = "object"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:  # noqa: ARG002
        return [(self.value() or "", str(_("this one only")))] if self.value() else []

    def has_output(self) -> bool:
        return bool(self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[LogEntry]) -> QuerySet[LogEntry]:  # noqa: ARG002
        label, _separator, pk = (self.value() or "").partition(":")
        app, _separator, model = label.partition(".")
        if not pk.isdecimal():
            return queryset
        wanted = Q(content_type__app_label=app, content_type__model=model, object_pk=pk)
        for part, field in _PARTS.get(model, ()):
            # A part that is gone is known by what was logged of it; one that is there, by its own row.
            part_model = ContentType.objects.get_by_natural_key(app, part).model_class()
            there = part_model._base_manager.filter(**{field: pk}).values("pk") if part_model else ()  # noqa: SLF001
            own = Q(object_id__in=there) | Q(**{f"changes__{field}__contains": [pk]})
            wanted |= Q(content_type__app_label=app, content_type__model=part) & own
        return queryset.filter(wanted)


class KindFilter(admin.SimpleListFilter):
    title = _("what")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        from auditlog.registry import auditlog  # noqa: PLC0415  filled while the apps start

        types = ContentType.objects.get_for_models(*auditlog.get_models())
        return sorted(((str(type_.pk), str(capfirst(type_.name))) for type_ in types.values()), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[LogEntry]) -> QuerySet[LogEntry]:  # noqa: ARG002
        value = self.value() or ""
        return queryset.filter(content_type_id=value) if value.isdecimal() else queryset


@admin.register(LogEntry)
class LogEntryAdmin(ModelAdmin):
    list_display = ["timestamp", "who", "did", "what", "fields_changed"]
    list_display_links = ["timestamp"]
    list_select_related = ["content_type", "actor"]
    list_filter = ["action", KindFilter, ("timestamp", admin.DateFieldListFilter), ObjectFilter]
    search_fields = ["object_repr", "actor__username", "actor__last_name", "actor_email"]
    fieldsets = [(None, {"fields": [("timestamp", "who"), ("done", "what"), "remote_addr", "table"]})]
    readonly_fields = ["timestamp", "who", "done", "what", "remote_addr", "table"]
    compressed_fields = False
    empty_text = _("Nothing was changed yet. Each change of the configuration is listed here, with who made it.")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    @display(description=_("who"), ordering="actor__username")
    def who(self, entry: LogEntry) -> str:
        if entry.actor:
            return str(entry.actor.get_full_name() or entry.actor.get_username())
        return str(entry.actor_email or _("the system"))

    @display(
        description=_("did"),
        ordering="action",
        label={LogEntry.Action.CREATE: "success", LogEntry.Action.UPDATE: "info", LogEntry.Action.DELETE: "danger"},
    )
    def did(self, entry: LogEntry) -> tuple[int, str]:
        words = {
            LogEntry.Action.CREATE: _("added"),
            LogEntry.Action.UPDATE: _("changed"),
            LogEntry.Action.DELETE: _("deleted"),
        }
        return entry.action, str(words.get(entry.action, _("looked at")))

    @display(description=_("did"))
    def done(self, entry: LogEntry) -> str:
        words: tuple[int, str] = self.did(entry)
        return words[1]

    @display(description=_("what"))
    def what(self, entry: LogEntry) -> SafeString:
        kind = capfirst(entry.content_type.name)
        viewname = f"admin:{entry.content_type.app_label}_{entry.content_type.model}_change"
        try:
            link = reverse(viewname, args=[entry.object_pk])
        except NoReverseMatch:
            link = ""
        if not link or entry.action == LogEntry.Action.DELETE:
            return format_html("{}: {}", kind, entry.object_repr)
        return format_html('{}: <a class="p-link" href="{}">{}</a>', kind, link, entry.object_repr)

    @display(description=_("fields"), empty_value="–")
    def fields_changed(self, entry: LogEntry) -> str | None:
        names = [_verbose(entry, name) for name in (entry.changes or {})]
        if entry.action != LogEntry.Action.UPDATE or not names:
            return None
        return ", ".join(names[:4]) + (" …" if len(names) > 4 else "")

    @display(description=_("changes"))
    def table(self, entry: LogEntry) -> SafeString:
        rows = []
        for name, change in sorted((entry.changes or {}).items()):
            if name == "id" or not _is_field(entry, name):
                continue
            if isinstance(change, dict):
                before, after = "", ", ".join(map(str, change.get("objects", ())))
            else:
                before, after = (_show(value) for value in change)
            rows.append((_verbose(entry, name), before, after))
        if not rows:
            return format_html("<p>{}</p>", _("Nothing but the fact."))
        return format_html(
            '<table class="p-table"><thead><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>{}</tbody></table>',
            _("Field"),
            _("Before"),
            _("After"),
            format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows),
        )


def masked(value: str) -> str:
    """What the log keeps of a secret: whether there is one."""
    return _HIDDEN if value not in {"", "None"} else ""


def _is_field(entry: LogEntry, name: str) -> bool:
    """False for the other ends of relations, which auditlog writes down when an object is made."""
    model = entry.content_type.model_class()
    return model is None or name in {field.name for field in (*model._meta.fields, *model._meta.many_to_many)}  # noqa: SLF001


def _verbose(entry: LogEntry, name: str) -> str:
    model = entry.content_type.model_class()
    fields = [*model._meta.fields, *model._meta.many_to_many] if model else []  # noqa: SLF001  public, in spite of _
    field = next((field for field in fields if field.name == name), None)
    return str(capfirst(field.verbose_name)) if field else name


def _show(value: Any) -> str:
    text = "" if value in {None, "None"} else str(value)
    return text if len(text) <= _CLIP else f"{text[:_CLIP]}…"
