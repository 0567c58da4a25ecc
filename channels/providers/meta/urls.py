"""The address that Meta calls, also as somebody types it who forgets the last slash."""

from django.urls import path

from channels.providers.meta.views import webhook

urlpatterns = [path("", webhook, name="meta-webhook")]
