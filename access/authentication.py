"""Who is asking: `Authorization: Bearer pk_…`, and nothing else."""

from __future__ import annotations

from typing import Any

from auditlog.context import auditlog_value
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from access.keys import find_key, note_use
from access.models import ApiKey
from access.networks import client_address, is_within
from access.problems import Problem

_CHALLENGE = 'Bearer realm="Pareto"'


def _refused(detail: str) -> Problem:
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": _CHALLENGE})


class KeyAuthentication(BaseAuthentication):
    """`request.auth` is the key, `request.user` the user that it acts as; the log of changes names that one."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey]:
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if not text:
            raise _refused(_("Send a key: “Authorization: Bearer pk_…”. Keys are made in the admin."))
        if scheme.lower() != "bearer":
            raise _refused(_("Send the key as “Authorization: Bearer pk_…”."))
        now = timezone.now()
        key = find_key(text.strip())
        if key is None:
            raise _refused(_("There is no such key."))
        if key.revoked_at:
            raise _refused(_("This key was revoked."))
        if key.expires_at and key.expires_at <= now:
            raise _refused(_("This key has expired."))
        address = client_address(request._request)  # noqa: SLF001  Django's own request
        if key.networks and not is_within(address, key.networks):
            detail = _("This key may not be used from %(address)s.") % {"address": address or _("an unknown address")}
            raise Problem(403, "network-not-allowed", detail)
        note_use(key=key, address=address, now=now)
        _sign_changes(key.user, address)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return _CHALLENGE


def _sign_changes(user: Any, address: str) -> None:
    """Whatever is written from here on is this key's doing. The middleware knows only those who signed in."""
    try:
        context = auditlog_value.get()
    except LookupError:
        return
    context |= {"actor": user, "remote_addr": address or None, "remote_port": None}
