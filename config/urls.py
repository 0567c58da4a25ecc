"""Every address; docs of the outer ones are in docs/operations.md."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config import health
from routing.views import flow_schema

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("webhooks/", include("channels.urls")),
    path("schemas/flow.json", flow_schema),
    path("health/live/", health.live),
    path("health/ready/", health.ready),
    path("metrics", health.metrics),
]

if settings.EMULATOR_URL:
    urlpatterns.append(path("emulator/", include("channels.emulator")))
if settings.DEMO:
    urlpatterns.append(path("demo/", include("demo.urls")))
