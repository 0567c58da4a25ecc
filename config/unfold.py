"""How the admin looks: name, colors, and the sidebar in the order in which a manager thinks."""

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _may(*permissions: str) -> Callable[[HttpRequest], bool]:
    return lambda request: any(request.user.has_perm(permission) for permission in permissions)


def _item(title: Any, icon: str, view: str, *permissions: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{view}"),
        "permission": _may(*permissions),
    }


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The first page; the ground alone knows the pulse of the workers."""
    from django.utils import timezone  # noqa: PLC0415  settings are read before Django is ready

    from channels.admin.dashboard import overview  # noqa: PLC0415
    from config.pulse import seconds_since_pulse  # noqa: PLC0415

    return {
        **context,
        "title": _("Overview"),
        **overview(
            user=request.user, now=timezone.now(), worker_silent_s=seconds_since_pulse("enrichment", time.time())
        ),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Pareto",
    "SITE_HEADER": "Pareto",
    "SITE_SUBHEADER": _("Your best customers first"),
    "SITE_URL": None,
    "SITE_ICON": lambda _request: static("admin/pareto/logo.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("admin/pareto/logo.svg")}
    ],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "DASHBOARD_CALLBACK": "config.unfold.dashboard",
    "STYLES": [lambda _request: static("admin/pareto/pareto.css")],
    "SCRIPTS": [lambda _request: static("admin/pareto/pareto.js")],
    "COLORS": {
        # A deep teal: readable with white on it, and, in its light tones, on dark grey.
        "primary": {
            "50": "oklch(97.5% .02 185)",
            "100": "oklch(94% .045 185)",
            "200": "oklch(89% .075 185)",
            "300": "oklch(83% .1 185)",
            "400": "oklch(76% .11 187)",
            "500": "oklch(68% .105 190)",
            "600": "oklch(49% .085 195)",
            "700": "oklch(43% .075 197)",
            "800": "oklch(37% .06 200)",
            "900": "oklch(31% .05 205)",
            "950": "oklch(22% .035 210)",
        },
        "font": {
            "subtle-light": "var(--color-base-600)",
            "subtle-dark": "var(--color-base-300)",
            "default-light": "var(--color-base-700)",
            "default-dark": "var(--color-base-200)",
            "important-light": "var(--color-base-900)",
            "important-dark": "var(--color-base-100)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    {"title": _("Overview"), "icon": "dashboard", "link": reverse_lazy("admin:index")},
                    _item(_("Contacts"), "forum", "routing_contact_changelist", "routing.view_contact"),
                    _item(_("Conversations"), "chat", "channels_conversation_changelist", "channels.view_conversation"),
                ],
            },
            {
                "title": _("How they are routed"),
                "separator": True,
                "items": [
                    _item(_("Flows"), "account_tree", "routing_flow_changelist", "routing.view_flow"),
                    _item(
                        _("Data sources"),
                        "cloud_download",
                        "enrichment_datasource_changelist",
                        "enrichment.view_datasource",
                    ),
                    _item(_("Opening hours"), "schedule", "queues_openinghours_changelist", "queues.view_openinghours"),
                    _item(_("Queues"), "groups", "queues_queue_changelist", "queues.view_queue"),
                ],
            },
            {
                "title": _("Whom we serve"),
                "separator": True,
                "items": [
                    _item(_("Customers"), "person", "customers_customer_changelist", "customers.view_customer"),
                    _item(
                        _("Customer fields"), "list_alt", "customers_attribute_changelist", "customers.view_attribute"
                    ),
                    _item(_("Syncs"), "sync", "sync_syncrun_changelist", "sync.view_syncrun"),
                    {
                        **_item(_("Tiers"), "military_tech", "customers_tier_changelist", "customers.view_tier"),
                        # Their policy lies below them, and has an entry of its own.
                        "active": lambda request: (
                            "/customers/tier/" in request.path
                            and not request.path.endswith("/pareto/")
                            and "/customers/tier/policy/" not in request.path
                        ),
                    },
                    _item(_("Pareto"), "area_chart", "customers_tier_pareto", "customers.view_tier"),
                    _item(_("Who is in which tier"), "balance", "customers_tier_policy", "customers.view_tier"),
                ],
            },
            {
                "title": _("Where they reach us"),
                "separator": True,
                "items": [
                    {
                        **_item(_("Numbers"), "call", "channels_number_changelist", "channels.view_number"),
                        # The test call lies below the numbers, and has an entry of its own.
                        "active": lambda request: (
                            "/channels/number/" in request.path
                            and "/test-call/" not in request.path
                            and "/number/buy/" not in request.path
                            and "/number/orders/" not in request.path
                        ),
                    },
                    {
                        **_item(_("Buy a number"), "add_shopping_cart", "channels_number_buy", "channels.buy_number"),
                        "active": lambda request: "/number/buy/" in request.path or "/number/orders/" in request.path,
                    },
                    _item(
                        _("Message templates"),
                        "quick_phrases",
                        "channels_template_changelist",
                        "channels.view_template",
                    ),
                    _item(_("Opt-outs"), "unsubscribe", "channels_optout_changelist", "channels.view_optout"),
                    _item(_("Accounts"), "key", "channels_account_changelist", "channels.view_account"),
                    _item(_("Test call"), "phone_in_talk", "channels_number_test_call", "routing.test_call"),
                ],
            },
            {
                "title": _("The house"),
                "separator": True,
                "items": [
                    _item(_("People"), "badge", "auth_user_changelist", "auth.view_user"),
                    _item(_("Roles"), "shield_person", "auth_group_changelist", "auth.view_group"),
                    _item(_("Webhooks"), "webhook", "outgoing_subscription_changelist", "outgoing.view_subscription"),
                    _item(_("Told so far"), "outgoing_mail", "outgoing_delivery_changelist", "outgoing.view_delivery"),
                    _item(_("API keys"), "vpn_key", "access_apikey_changelist", "access.view_apikey"),
                    _item(_("Privacy"), "lock_person", "privacy_retention_page", "privacy.view_retention"),
                    _item(_("Log of changes"), "history", "auditlog_logentry_changelist", "auditlog.view_logentry"),
                ],
            },
        ],
    },
}
