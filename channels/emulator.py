"""The providers' interfaces as this server plays them, for accounts that do not send for real."""

from django.urls import include, path

from channels.provider import providers

urlpatterns = [
    path(f"{provider.key}/", include(provider.emulator_urls))
    for provider in providers().values()
    if provider.emulator_urls
]
