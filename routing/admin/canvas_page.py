"""The page of a flow with the canvas on it, for installations where the editor was built."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from routing.models import Flow

_SCRIPT = "routing/editor/editor.js"
_STYLE = "routing/editor/editor.css"
# What the script was built from: its address changes when it does, so that no browser keeps an old one.
_STAMP = "routing/editor/.built-from"


def editor_is_built() -> bool:
    """Whether there is a canvas to show; without one flows are edited as text."""
    return staticfiles_storage.exists(_SCRIPT) or finders.find(_SCRIPT) is not None


def canvas_page(model_admin: ModelAdmin[Flow], request: HttpRequest, flow: Flow) -> TemplateResponse:
    """The canvas fetches everything else itself."""
    stamp = _stamp()
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": flow,
        "object": flow,
        "title": flow.name,
        "subtitle": _("Flow"),
        "is_fullwidth": "1",
        "script": f"{staticfiles_storage.url(_SCRIPT)}?{stamp}",
        "style": f"{staticfiles_storage.url(_STYLE)}?{stamp}",
        "document_url": reverse("admin:routing_flow_change", args=[flow.pk]).removesuffix("change/")
        + "canvas/document/",
    }
    return TemplateResponse(request, "admin/routing/flow/canvas.html", context)


def _stamp() -> str:
    """Of the built script; asked each time, since it may be built again while the server runs."""
    found = finders.find(_STAMP)
    if isinstance(found, str):
        with open(found, encoding="ascii") as file:  # noqa: PTH123  a path of Django's own
            return file.read(16)
    if staticfiles_storage.exists(_STAMP):
        with staticfiles_storage.open(_STAMP) as file:
            return str(file.read(16).decode("ascii"))
    return ""
