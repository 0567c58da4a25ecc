"""One request to a provider, and which of its failures leave it unsure whether anything was sent."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.poolmanager import PoolManager

from channels.messaging.delivery import Later, Refused, Unsure
from channels.numbers.http import PlainPool, SecurePool
from customers.enrichment.guard import AddressRefused

CONNECT_S, ANSWER_S = 5.0, 12.0
# However long a provider asks us to wait.
_LONGEST_S = 3600.0
_local = threading.local()


class _Guarded(HTTPAdapter):
    """For addresses that a manager typed: internal ones only where the operator named them."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:  # noqa: FBT001, FBT002  the library's
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


def post(
    url: str,
    *,
    auth: tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    form: Any = None,
    json: Any = None,
    is_typed: bool = False,
) -> requests.Response | Later | Unsure | Refused:
    """The answer, whatever its status; or why there is none. Never raises.

    `is_typed`: the host is one that a manager typed, not the provider's own.
    """
    try:
        return _session("typed" if is_typed else _kind(url)).post(
            url,
            auth=auth,
            headers=dict(headers or {}),
            data=form,
            json=json,
            timeout=(CONNECT_S, ANSWER_S),
            allow_redirects=False,
        )
    except AddressRefused:
        return Refused("the server has an internal address that ENRICHMENT_ALLOWED_HOSTS does not name")
    except (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError) as error:
        return Later(f"cannot be reached ({type(error).__name__})")
    except requests.ConnectionError as error:
        if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
            return Later("cannot be reached")
        return Unsure("the connection broke before the answer")
    except requests.RequestException as error:
        return Unsure(f"no answer ({type(error).__name__})")


# A gateway that gave up waiting does not know whether what is behind it did the work.
_GATEWAY = frozenset({502, 504})


def later(response: requests.Response, why: str) -> Later | Unsure | None:
    """For the statuses that pass by themselves: too much at once, and trouble on the provider's side."""
    if response.status_code in _GATEWAY:
        return Unsure(why)
    if response.status_code == requests.codes.too_many_requests:
        return Later(why, _seconds(response.headers.get("Retry-After", "")), whole_number=True)
    if response.status_code >= requests.codes.internal_server_error:
        return Later(why, _seconds(response.headers.get("Retry-After", "")))
    return None


def _seconds(header: str) -> float | None:
    """Of `Retry-After`, which is a number or a date."""
    if header.isascii() and header.isdigit():
        return min(float(header), _LONGEST_S)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - datetime.now(UTC)).total_seconds(), 0.0), _LONGEST_S)


def _kind(url: str) -> str:
    return "near" if urlsplit(url).hostname in {"127.0.0.1", "localhost"} else "far"


def _session(name: str) -> requests.Session:
    """One a thread: connections are kept, nothing else is."""
    session: requests.Session | None = getattr(_local, name, None)
    if session is None:
        session = requests.Session()
        # A proxy of the environment is for the way out.
        session.trust_env = name == "far"
        if name == "typed":
            session.mount("http://", _Guarded())
            session.mount("https://", _Guarded())
        setattr(_local, name, session)
    return session
