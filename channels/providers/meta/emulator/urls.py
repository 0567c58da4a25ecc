"""Meta's own interface, as far as it is played."""

from django.urls import re_path

from channels.providers.meta.emulator import media
from channels.providers.meta.emulator.graph import messages
from channels.providers.meta.emulator.templates import templates

urlpatterns = [
    re_path(r"^v\d+\.\d+/(?P<own>[^/]+)/messages$", messages),
    re_path(r"^v\d+\.\d+/(?P<media_id>[^/]+)$", media.told),
    re_path(r"^media/", media.file),
    re_path(r"^v\d+\.\d+/(?P<business>[^/]+)/message_templates$", templates),
]
