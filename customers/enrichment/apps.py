"""Registers the data sources."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnrichmentConfig(AppConfig):
    name = "customers.enrichment"
    label = "enrichment"
    verbose_name = _("Data sources")

    def ready(self) -> None:
        from customers.enrichment import checks, signals  # noqa: F401, PLC0415  models must be there first
