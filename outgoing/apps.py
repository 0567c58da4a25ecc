"""Registers the outgoing webhooks."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutgoingConfig(AppConfig):
    name = "outgoing"
    verbose_name = _("Outgoing webhooks")

    def ready(self) -> None:
        from outgoing import privacy  # noqa: PLC0415  models must be there first

        privacy.register_all()
