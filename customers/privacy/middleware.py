"""Masks telephone numbers in the admin's pages about people, for those who may not see identities."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from customers.privacy.masking import masked

# Whoever is asked about there may be somebody's number; the company's own numbers stand elsewhere.
_PAGES: Final = (
    "customers/customer/",
    "routing/contact/",
    "channels/conversation/",
    "channels/optout/",
    "auditlog/",
    "privacy/",
    "files/",
)
# What a form would send back stays as it is: what is masked there would be saved so.
_NUMBER: Final = re.compile(
    r"""(<textarea.*?</textarea>|\svalue="[^"]*"|\s(?:href|action|src|id|for|name)="[^"]*")"""
    r"""|\+[1-9][0-9]{6,14}(?![0-9])|(?<![\w./:#-])[1-9][0-9]{9,14}(?![\w-])""",
    re.DOTALL,
)
_READABLE: Final = ("text/html", "application/json")


class MaskIdentities:
    """The last net of the pages: whatever a list, a trace or a text shows passes here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.streaming or not response.get("Content-Type", "").startswith(_READABLE):
            return response
        home = reverse("admin:index")
        if not request.path.startswith(tuple(f"{home}{page}" for page in _PAGES)):
            return response
        if not request.user.is_authenticated or request.user.has_perm("customers.view_identity"):
            return response
        response.content = _NUMBER.sub(_cut, response.content.decode()).encode()
        if response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
        return response


def _cut(match: re.Match[str]) -> str:
    return match[0] if match[1] else masked(match[0])
