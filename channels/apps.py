"""Registers the channels room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    name = "channels"
    verbose_name = _("Channels")

    def ready(self) -> None:
        from channels import (  # noqa: PLC0415  models must be there first
            privacy,
            tasks,  # noqa: F401  nudges name them, in processes too that work off none
        )
        from channels.provider import providers  # noqa: PLC0415  apps come before settings are complete
        from routing.files.foreign import register  # noqa: PLC0415  it reads models

        privacy.register_all()
        for provider in providers().values():
            provider.register_checks()
            for reader in provider.file_readers():
                register(reader)
