"""Complaints about a demo where it should not be."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as Complaint


def check_demo_is_not_public(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """The demo's auth token is printed in the manual: whoever reads it may sign webhooks."""
    complaints: list[CheckMessage] = []
    if urlsplit(settings.PUBLIC_URL).scheme == "https":
        complaints.append(
            Complaint(
                f"The demo world is on, and Pareto is public at {settings.PUBLIC_URL}.",
                hint="Everybody knows the demo's auth token. Set DEMO=0, and deactivate the account “Demo carrier”.",
                id="demo.W001",
            )
        )
    if not {"127.0.0.1", "*"} & set(settings.ALLOWED_HOSTS):
        complaints.append(
            Complaint(
                "The demo's loyalty API is asked at 127.0.0.1, which ALLOWED_HOSTS does not have.",
                hint="Add 127.0.0.1 to ALLOWED_HOSTS, or set DEMO=0.",
                id="demo.W002",
            )
        )
    return complaints
