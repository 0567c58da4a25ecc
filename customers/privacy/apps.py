"""Registers privacy, with what customers themselves keep of somebody."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "customers.privacy"
    label = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from customers.privacy import own, scraps  # noqa: PLC0415  models must be there first

        own.register_all()
        scraps.register_all()
