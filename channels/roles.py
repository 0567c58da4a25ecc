"""The roles that Pareto brings, and what each may do. A company may change them, or add its own, in the admin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_CONFIGURATION = (
    "queues.queue",
    "queues.sipaddress",
    "queues.openinghours",
    "queues.openingperiod",
    "queues.specialday",
    "customers.customer",
    "customers.identity",
    "customers.tier",
    "customers.attribute",
    "tiers.rate",
    "customers.consent",
    "enrichment.datasource",
    "routing.flow",
    "channels.account",
    "channels.number",
    "channels.template",
)
_HISTORY = (
    "channels.conversation",
    "channels.numberorder",
    "channels.optout",
    "privacy.receipt",
    "privacy.retention",
    "customers.customerchange",
    "routing.contact",
    "routing.flowversion",
    "auditlog.logentry",
)


def _may(models: Iterable[str], *actions: str) -> frozenset[str]:
    """`queues.queue` and `view` make `queues.view_queue`."""
    return frozenset(
        f"{app}.{action}_{model}" for app, model in (name.split(".") for name in models) for action in actions
    )


_VIEW_ALL = _may((*_CONFIGURATION, *_HISTORY), "view")
# Whole telephone numbers and e-mails, wherever they stand (customers/privacy/sight.py).
_IDENTITIES = frozenset({"customers.view_identity"})
# A key may do what its scopes say, publishing too: making one is for those who may do all that themselves.
_KEYS = (
    _may(("access.apikey",), "view", "add", "change")
    | _may(("outgoing.subscription",), "view", "add", "change", "delete")
    | _may(("outgoing.delivery",), "view", "change")
)
_TEST_CALL = frozenset({"routing.test_call"})
_ANSWER = frozenset({"channels.answer_conversation"})

ROLES: Mapping[str, frozenset[str]] = {
    "Managers": _VIEW_ALL
    | _may(_CONFIGURATION, "add", "change", "delete")
    | _TEST_CALL
    | _ANSWER
    | _KEYS
    | {"privacy.erase_customer", "privacy.export_customers", "privacy.change_retention"}
    | {"routing.publish_flow", "channels.buy_number"},
    "Supervisors": _VIEW_ALL
    | _TEST_CALL
    | _ANSWER
    | _may(("queues.queue", "queues.openinghours", "customers.customer"), "add", "change")
    # Rows on the pages of those: a period that is over has to go.
    | _may(
        (
            "queues.sipaddress",
            "queues.openingperiod",
            "queues.specialday",
            "customers.identity",
            "customers.consent",
        ),
        "add",
        "change",
        "delete",
    ),
    "Read-only": _VIEW_ALL - _IDENTITIES,
    # For programs; they need no staff status, hence never see the admin.
    "API clients": _may(("customers.customer", "customers.identity"), "add", "change", "view")
    | _may(("customers.tier", "routing.contact", "routing.flow", "routing.flowversion"), "view"),
}


def give_roles(apps: Any) -> None:
    """Creates the roles and gives them what they lack; takes nothing away, so it may run again.

    `apps` is the registry of the migration. Permissions are made only after all migrations, so those that are
    needed here are made at once, as Django itself would.
    """
    groups = apps.get_model("auth", "Group").objects
    permissions = _permissions(apps)
    for name, wanted in ROLES.items():
        group, _created = groups.get_or_create(name=name)
        # A migration sees the models of its time: what comes later is given by a later one.
        group.permissions.add(*(permissions[one] for one in sorted(wanted & permissions.keys())))


def _permissions(apps: Any) -> dict[str, Any]:
    wanted = {permission for role in ROLES.values() for permission in role}
    content_types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    found: dict[str, Any] = {}
    for model in apps.get_models(include_auto_created=True):
        options = model._meta  # noqa: SLF001  Django's public way to it
        names = {
            f"{action}_{options.model_name}": f"Can {action} {options.verbose_name_raw}"
            for action in options.default_permissions
        }
        names |= dict(options.permissions)
        needed = {codename for codename in names if f"{options.app_label}.{codename}" in wanted}
        if not needed:
            continue
        content_type, _created = content_types.get_or_create(app_label=options.app_label, model=options.model_name)
        for codename in needed:
            permission, _created = permissions.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": names[codename][:255]}
            )
            found[f"{options.app_label}.{codename}"] = permission
    return found
