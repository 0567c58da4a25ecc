"""Registers the routing room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoutingConfig(AppConfig):
    name = "routing"
    verbose_name = _("Routing")

    def ready(self) -> None:
        from routing.privacy import register_all  # noqa: PLC0415  models must be there first

        register_all()
