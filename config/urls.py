"""Every address; docs of the outer ones are in docs/operations.md."""

from django.contrib import admin
from django.urls import path

from config import health

urlpatterns = [
    path("admin/", admin.site.urls),
    path("health/live/", health.live),
    path("health/ready/", health.ready),
    path("metrics", health.metrics),
]
