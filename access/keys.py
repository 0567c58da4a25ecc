"""Making, finding and revoking keys."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from access.models import ApiKey
from access.scopes import SCOPES

_LETTERS = string.ascii_letters + string.digits
# pk_<8 to find it by>_<40 to prove it>: 238 bits of chance, so a plain SHA-256 is enough.
_PREFIX, _SECRET = 8, 40
_NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: `text` is shown once and kept nowhere."""

    key: ApiKey
    text: str = field(repr=False)


@transaction.atomic
def make_key(
    *,
    name: str,
    scopes: Sequence[str],
    by: AbstractBaseUser | None,
    now: datetime,
    networks: Sequence[str] = (),
    expires_at: datetime | None = None,
    requests_per_minute: int = 600,
) -> NewKey:
    """A new key and the user that it acts as. Raises ValueError for a scope that there is not."""
    if unknown := sorted(set(scopes) - SCOPES.keys()):
        raise ValueError(f"No such scope: {', '.join(unknown)}")
    prefix = f"pk_{_chance(_PREFIX)}"
    text = f"{prefix}_{_chance(_SECRET)}"
    user = User(username=prefix, first_name=name[:150], last_name=_("(API key)"), is_active=False)
    user.set_unusable_password()
    user.save()
    key = ApiKey(
        name=name,
        prefix=prefix,
        digest=digest(text),
        scopes=[scope for scope in SCOPES if scope in scopes],
        networks=list(networks),
        requests_per_minute=requests_per_minute,
        expires_at=expires_at,
        user=user,
        created_at=now,
        created_by_id=by.pk if by else None,
    )
    key.full_clean(exclude=["user", "created_by"])
    key.save(force_insert=True)
    return NewKey(key, text)


def find_key(text: str) -> ApiKey | None:
    """The key with this text, revoked and expired ones too; None if there is none. One query at most."""
    prefix, _underscore, secret = text.rpartition("_")
    if not (prefix.startswith("pk_") and prefix.isascii() and len(prefix) == _PREFIX + 3 and len(secret) == _SECRET):
        return None
    key = ApiKey.objects.select_related("user").filter(prefix=prefix).first()
    if key is None or not secrets.compare_digest(key.digest, digest(text)):
        return None
    return key


def note_use(*, key: ApiKey, address: str, now: datetime) -> None:
    """Remembers when and from where the key was used last; at most once a minute, whoever asks how often."""
    if key.last_used_at and key.last_used_at > now - _NOTE_USE_EVERY:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - _NOTE_USE_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now, last_used_from=address or None)


def revoke_key(*, key_id: int, now: datetime) -> bool:
    """The key opens nothing any more, for good; whether it did until now."""
    key = ApiKey.objects.filter(pk=key_id, revoked_at__isnull=True).first()
    if key is None:
        return False
    key.revoked_at = now
    key.save(update_fields=["revoked_at"])
    return True


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _chance(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
