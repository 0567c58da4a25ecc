"""Registers the door of the REST API."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "access"
    verbose_name = _("REST API")

    def ready(self) -> None:
        from access import schema  # noqa: F401, PLC0415  registers what drf-spectacular is to know
