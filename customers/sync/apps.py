"""Registers the syncs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SyncConfig(AppConfig):
    name = "customers.sync"
    label = "sync"
    verbose_name = _("Syncs")
