"""People and their roles."""

from copy import copy
from typing import Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from channels.admin.entering import EntryForm

# The schedule comes from the settings; whoever edits it here would be overruled at the next start.
for model in (PeriodicTask, CrontabSchedule, IntervalSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(model)
admin.site.unregister(User)
admin.site.unregister(Group)
admin.site.login_form = EntryForm

_OWN_APPS = (
    "access",
    "channels",
    "customers",
    "enrichment",
    "outgoing",
    "queues",
    "routing",
    "tiers",
    "privacy",
    "auth",
    "auditlog",
)
# Kept by the system: nobody has a form for them.
_NOT_TO_GIVE = ("revision", "permission", "turn", "keptanswer")
_ACTIONS = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("see")}


def _offered() -> QuerySet[Permission]:
    own = Permission.objects.filter(content_type__app_label__in=_OWN_APPS)
    return own.exclude(content_type__model__in=_NOT_TO_GIVE).select_related("content_type")


def _in_words(permission: Permission) -> str:
    """“Queue: change”; permissions of our own say it themselves."""
    action, _separator, model = permission.codename.partition("_")
    if action in _ACTIONS and model == permission.content_type.model:
        return f"{capfirst(permission.content_type.name)}: {_ACTIONS[action]}"
    return f"{capfirst(permission.content_type.name)}: {permission.name.removeprefix('Can ')}"


class _AsInTheMenu(ChangeList):
    def __init__(self, request: HttpRequest, model: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, model, *args, **kwargs)
        self.opts = self.model_admin.opts


def _called(opts: Any, one: Any, many: Any) -> Any:
    """The pages say what the menu says; the models are Django's, and their own names stay."""
    opts = copy(opts)
    opts.verbose_name, opts.verbose_name_plural = one, many
    return opts


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "full_name", "email", "roles", "is_active", "last_login"]
    list_filter = ["groups", "is_active", "is_superuser"]
    filter_horizontal = ()
    compressed_fields = False
    fieldsets = [
        (None, {"fields": ["username", "password", ("first_name", "last_name"), "email"]}),
        (
            _("What they may do"),
            {
                "fields": ["groups", ("is_staff", "is_active", "is_superuser")],
                "description": _(
                    "Choose a role. “Staff status” lets somebody sign in here; “superuser” may do everything, "
                    "and is for whoever runs the server."
                ),
            },
        ),
        (_("Kept by the system"), {"fields": [("last_login", "date_joined")], "classes": ["collapse"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "usable_password", "password1", "password2"]}),
        (_("What they may do"), {"fields": ["groups", "is_staff"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]

    def __init__(self, model: type[User], admin_site: AdminSite) -> None:
        super().__init__(model, admin_site)
        self.opts = _called(self.opts, _("person"), _("people"))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        return _AsInTheMenu

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": _("People"), **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request)
        # Those that API keys act as are nobody whom one could meet.
        return users.filter(api_key=None).prefetch_related("groups")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        # Whoever is added here is meant to sign in here.
        return {"is_staff": True, **super().get_changeform_initial_data(request)}

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "groups" and field:
            field.label = _("Roles")
            field.help_text = _(
                "Managers set everything up, export customers and erase them. Supervisors keep queues, hours and "
                "customers, and see whole telephone numbers and e-mails. Read-only looks, and sees them cut short: "
                "+49…01. API clients are for programs, and do not sign in here."
            )
        return field

    @display(description=_("name"), ordering="last_name", empty_value="–")
    def full_name(self, user: User) -> str | None:
        return user.get_full_name() or None

    @display(description=_("roles"), empty_value="–")
    def roles(self, user: User) -> str | None:
        if user.is_superuser:
            return str(_("superuser"))
        return ", ".join(group.name for group in user.groups.all()) or None


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    list_display = ["name", "people"]
    filter_horizontal = ()
    compressed_fields = False

    def __init__(self, model: type[Group], admin_site: AdminSite) -> None:
        super().__init__(model, admin_site)
        self.opts = _called(self.opts, _("role"), _("roles"))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        return _AsInTheMenu

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": _("Roles"), **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(people_count=Count("user"))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        """What this admin is about, in words; Django would offer its own tables too."""
        if db_field.name != "permissions":
            return super().formfield_for_manytomany(db_field, request, **kwargs)
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field:
            field.queryset = _offered().order_by("content_type__app_label", "content_type__model", "codename")
            field.label_from_instance = _in_words  # type: ignore[method-assign, assignment]
        return field

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        # What the form does not offer, it must not take away either.
        others = list(form.instance.permissions.exclude(pk__in=_offered()))
        super().save_related(request, form, formsets, change)
        form.instance.permissions.add(*others)

    @display(description=_("people"), ordering="people_count")
    def people(self, group: Group) -> int:
        return int(group.people_count)  # type: ignore[attr-defined]
