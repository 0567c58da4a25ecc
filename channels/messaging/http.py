"""One request to a provider, and which of its failures leave it unsure whether anything was sent."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from channels.messaging.delivery import Later, Unsure

CONNECT_S, ANSWER_S = 5.0, 12.0
_local = threading.local()


def post(
    url: str,
    *,
    auth: tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    form: Any = None,
    json: Any = None,
) -> requests.Response | Later | Unsure:
    """The answer, whatever its status; or why there is none. Never raises."""
    try:
        return _session(url).post(
            url,
            auth=auth,
            headers=dict(headers or {}),
            data=form,
            json=json,
            timeout=(CONNECT_S, ANSWER_S),
            allow_redirects=False,
        )
    except (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError) as error:
        return Later(f"cannot be reached ({type(error).__name__})")
    except requests.ConnectionError as error:
        if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
            return Later("cannot be reached")
        return Unsure("the connection broke before the answer")
    except requests.RequestException as error:
        return Unsure(f"no answer ({type(error).__name__})")


def later(response: requests.Response, why: str) -> Later | None:
    """For the statuses that pass by themselves: too much at once, and trouble on the provider's side."""
    if response.status_code == requests.codes.too_many_requests:
        return Later(why, _seconds(response.headers.get("Retry-After", "")), whole_number=True)
    if response.status_code >= requests.codes.internal_server_error:
        return Later(why, _seconds(response.headers.get("Retry-After", "")))
    return None


def _seconds(header: str) -> float | None:
    return min(float(header), 3600.0) if header.isascii() and header.isdigit() else None


def _session(url: str) -> requests.Session:
    """One a thread: connections are kept, nothing else is."""
    name = "near" if urlsplit(url).hostname in {"127.0.0.1", "localhost"} else "far"
    session: requests.Session | None = getattr(_local, name, None)
    if session is None:
        session = requests.Session()
        # A proxy of the environment is for the way out.
        session.trust_env = name == "far"
        setattr(_local, name, session)
    return session
