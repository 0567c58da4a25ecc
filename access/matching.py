"""Whoever read something, and changes it, may say what they read: nothing that somebody else wrote meanwhile is lost."""

from __future__ import annotations

from typing import Any

from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from access.problems import Problem

# Told in words, not as a parameter: whoever makes requests from the schema alone knows no version to send.
IF_MATCH = (
    "With the header `If-Match` and the `ETag` of what you read it is done only if nobody changed it since, else `412`."
)
ETAG = OpenApiParameter(
    "ETag",
    {"type": "string"},
    OpenApiParameter.HEADER,
    description="For `If-Match`: another one whenever something changed.",
    response=[200, 201],
)


def etag(version: Any) -> str:
    return f'"{version}"'


def check_match(request: Request, version: Any) -> None:
    """Raises Problem 412 if the request names other versions than this one. The row has to be locked by then."""
    wanted = request.headers.get("If-Match")
    if wanted is None or wanted.strip() == "*" or etag(version) in parse_etags(wanted):
        return
    said = _("Somebody changed it since you read it: read it again.")
    raise Problem(412, "changed-since", said, headers={"ETag": etag(version)})
