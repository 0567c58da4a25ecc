"""Complaints about the configuration of data sources."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from customers.enrichment.guard import check_allow_list


@register
def allow_list_is_readable(app_configs: Sequence[Any] | None = None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """ENRICHMENT_ALLOWED_HOSTS holds hosts, addresses and networks, each perhaps with a port."""
    fault = check_allow_list()
    return [Error(fault, id="enrichment.E001")] if fault else []
