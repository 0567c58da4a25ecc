"""The API's own pages: its OpenAPI, Swagger from this server alone, and what is said where nothing is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

from access.problems import page_not_found


class ByFormat(DefaultContentNegotiation):
    """By the Accept header, or by `?format=json` for those who open an address."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return super().select_renderer(request, renderers, format_suffix or request.query_params.get("format"))


_OPEN: dict[str, Any] = {"authentication_classes": [], "permission_classes": []}


def _nothing_here(request: HttpRequest) -> HttpResponseBase:
    return page_not_found(request, Exception())


_nothing_here.csrf_exempt = True  # type: ignore[attr-defined]  # a program has no form of ours

pages: list[URLPattern] = [
    path("schema/", SpectacularAPIView.as_view(content_negotiation_class=ByFormat, **_OPEN), name="api-schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api-schema", **_OPEN), name="api-docs"),
]
nothing_else: list[URLPattern] = [re_path("", _nothing_here)]
