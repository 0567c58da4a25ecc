"""The addresses that providers call: each provider's own, behind its key."""

from django.urls import include, path

from channels.provider import providers

urlpatterns = [path(f"{provider.key}/", include(provider.urls)) for provider in providers().values()]
