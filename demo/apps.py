"""Registers the demo; only installed where settings.DEMO is on."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class DemoConfig(AppConfig):
    name = "demo"
    verbose_name = _("Demo")

    def ready(self) -> None:
        from demo.checks import check_demo_is_not_public  # noqa: PLC0415  settings are complete only now

        register(check_demo_is_not_public)
