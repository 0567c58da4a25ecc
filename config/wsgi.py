"""WSGI entry point, for granian or any other server."""

import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest
from django.urls import ResolverMatch, resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)


# There are few addresses of webhooks. What does not resolve is not kept.
_resolved = lru_cache(maxsize=64)(resolve)


class WebhookRequest(WSGIRequest):
    """Its body is UTF-8, whatever the header says of it; Django's parser of that header is made for mail."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        self.content_params = {}


class WebhookHandler(WSGIHandler):
    """Django with WEBHOOK_MIDDLEWARE: what people's requests pass through costs a webhook a fifth of its time."""

    request_class = WebhookRequest

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002  Django's signature
        everything, settings.MIDDLEWARE = settings.MIDDLEWARE, settings.WEBHOOK_MIDDLEWARE
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = everything

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        match = request.resolver_match = _resolved(request.path_info)
        return match


_people = WSGIHandler()
_webhooks = WebhookHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Webhooks by the short way, people by the usual one."""
    handler = _webhooks if environ.get("PATH_INFO", "").startswith("/webhooks/") else _people
    answer: Iterable[bytes] = handler(environ, start_response)
    return answer
