"""WSGI entry point, for granian or any other server."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)


class WebhookHandler(WSGIHandler):
    """Django with WEBHOOK_MIDDLEWARE: what people's requests pass through costs a webhook a fifth of its time."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002  Django's signature
        everything, settings.MIDDLEWARE = settings.MIDDLEWARE, settings.WEBHOOK_MIDDLEWARE
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = everything


_people = WSGIHandler()
_webhooks = WebhookHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Webhooks by the short way, people by the usual one."""
    handler = _webhooks if environ.get("PATH_INFO", "").startswith("/webhooks/") else _people
    answer: Iterable[bytes] = handler(environ, start_response)
    return answer
