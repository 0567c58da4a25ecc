"""WSGI entry point, for granian or any other server."""

import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import django
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response, response_for_exception
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils.module_loading import import_string

from config.patience import bounded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)


# There are few addresses of webhooks. What does not resolve is not kept.
_resolved = lru_cache(maxsize=64)(resolve)


class WebhookRequest(WSGIRequest):
    """Its body is UTF-8, whatever the header says of it; Django's parser of that header is made for mail."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        self.content_params = {}


class WebhookHandler:
    """From the server to the view and back: what people's requests pass through costs a webhook a fourth of its time.

    Instead of Django's middleware there is WEBHOOK_MIDDLEWARE, and the signals of a request's beginning and end are
    not sent: the connection is given back here, before the answer leaves.
    """

    def __init__(self) -> None:
        self._respond: Callable[[HttpRequest], Any] = _respond
        for path in reversed(settings.WEBHOOK_MIDDLEWARE):
            self._respond = convert_exception_to_response(import_string(path)(self._respond))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            with bounded():
                response = self._respond(WebhookRequest(environ))
        finally:
            close_old_connections()
        # Without it the answer would leave in chunks.
        response.headers.setdefault("Content-Length", str(len(response.content)))
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return (response.content,)


def _respond(request: HttpRequest) -> HttpResponse:
    try:
        match = request.resolver_match = _resolved(request.path_info)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    except Exception as error:  # noqa: BLE001  logged by Django, and answered as it answers people
        return response_for_exception(request, error)
    return response


_people = WSGIHandler()
_webhooks = WebhookHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Webhooks by the short way, people by the usual one."""
    handler = _webhooks if environ.get("PATH_INFO", "").startswith("/webhooks/") else _people
    answer: Iterable[bytes] = handler(environ, start_response)
    return answer
