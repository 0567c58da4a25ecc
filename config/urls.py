"""Every address; docs of the outer ones are in docs/operations.md."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from access.pages import nothing_else, pages
from config import api, health
from routing.views import flow_schema

handler400 = "access.problems.bad_request"
handler404 = "access.problems.page_not_found"
handler500 = "access.problems.server_error"

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("webhooks/", include("channels.urls")),
    path("api/v1/", include(api.urls)),
    path("api/", include(pages)),
    path("api/", include(nothing_else)),
    path("schemas/flow.json", flow_schema),
    path("health/live/", health.live),
    path("health/ready/", health.ready),
    path("metrics", health.metrics),
]

if settings.EMULATOR_URL:
    urlpatterns.append(path("emulator/", include("channels.emulator")))
if settings.DEMO:
    urlpatterns.append(path("demo/", include("demo.urls")))
