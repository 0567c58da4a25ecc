"""Registers the channels room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    name = "channels"
    verbose_name = _("Channels")

    def ready(self) -> None:
        from channels.provider import providers  # noqa: PLC0415  apps come before settings are complete

        for provider in providers().values():
            provider.register_checks()
