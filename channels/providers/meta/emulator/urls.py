"""Meta's own interface, as far as it is played."""

from django.urls import re_path

from channels.providers.meta.emulator.graph import messages

urlpatterns = [re_path(r"^v\d+\.\d+/(?P<own>[^/]+)/messages$", messages)]
