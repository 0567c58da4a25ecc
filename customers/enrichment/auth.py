"""How a request signs in: basic, bearer, a header of its own, or an OAuth2 token that is fetched and kept in memory."""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode

from django.utils.translation import gettext as _

from customers.enrichment.exchange import Answer, ExchangeFailed, Order, exchange
from customers.enrichment.questions import fingerprint
from customers.enrichment.sources import Source
from customers.enrichment.templates import TemplateFault, Url

# A token is given back this much earlier than it ends, for clocks and for the way.
_MARGIN_S = 30.0
_DEFAULT_LIFE_S = 300.0
_MAX_LIFE_S = 86_400.0


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float


# In the worker's memory only: a token is as good as the secret. One fetch at a time for each source.
_tokens: dict[str, _Token] = {}
_locks: dict[str, threading.Lock] = {}
_locks_lock = threading.Lock()


def sign_in(source: Source, *, deadline: float) -> dict[str, str]:
    """The headers that sign a request in. Raises `ExchangeFailed`."""
    match source.auth:
        case "basic":
            return {"Authorization": f"Basic {_basic(source.auth_name, source.secret)}"}
        case "bearer":
            return {"Authorization": f"Bearer {source.secret}"}
        case "header":
            return {source.auth_name: source.secret}
        case "oauth2":
            return {"Authorization": f"Bearer {_token(source, deadline)}"}
        case _:
            return {}


def forget_token(source: Source) -> bool:
    """After a 401: whether there was a token, so that a new one is worth a try."""
    return _tokens.pop(_name(source), None) is not None


def secrets_of(source: Source) -> list[str]:
    """Everything that must not be seen in what a manager is shown."""
    found = [source.secret]
    if source.auth == "basic":
        found.append(_basic(source.auth_name, source.secret))
    if source.auth == "oauth2":
        found.append(_oauth_basic(source))
        if token := _tokens.get(_name(source)):
            found.append(token.text)
    return [secret for secret in found if secret]


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _oauth_basic(source: Source) -> str:
    # RFC 6749, 2.3.1: both are form-encoded before they are joined.
    return _basic(quote_plus(source.auth_name), quote_plus(source.secret))


def _name(source: Source) -> str:
    return source.key + fingerprint(source.token_url, source.auth_name, source.secret, source.scope)


def _token(source: Source, deadline: float) -> str:
    name = _name(source)
    token = _tokens.get(name)
    if token and token.until > time.monotonic():
        return token.text
    with _locks_lock:
        lock = _locks.setdefault(name, threading.Lock())
    if not lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
        raise ExchangeFailed(_("The token address did not answer in time."))
    try:
        token = _tokens.get(name)
        if not token or token.until <= time.monotonic():
            token = _fetch(source, deadline)
            if len(_tokens) > 1000:
                _tokens.clear()
            _tokens[name] = token
        return token.text
    finally:
        lock.release()


def _fetch(source: Source, deadline: float) -> _Token:
    try:
        url = Url(source.token_url).fill({})
    except TemplateFault:
        raise ExchangeFailed(_("The token address is not right.")) from None
    form = {"grant_type": "client_credentials", **({"scope": source.scope} if source.scope else {})}
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}

    def ask(extra_headers: dict[str, str], extra_form: dict[str, str]) -> Answer:
        order = Order("POST", url, headers | extra_headers, urlencode(form | extra_form).encode())
        return exchange(order, connect_s=source.connect_timeout_s, deadline=deadline)

    try:
        answer = ask({"Authorization": f"Basic {_oauth_basic(source)}"}, {})
        if answer.status in {400, 401}:
            # Some servers know the client only in the form.
            answer = ask({}, {"client_id": source.auth_name, "client_secret": source.secret})
    except ExchangeFailed as failure:
        raise ExchangeFailed(_("No token: %(why)s") % {"why": failure}, again=failure.again, never_sent=True) from None
    if answer.status != 200:
        raise ExchangeFailed(
            _("The token address answered %(status)d.") % {"status": answer.status}, again=answer.status >= 500
        )
    return _read(answer.body)


def _read(body: bytes) -> _Token:
    try:
        data = json.loads(body)
        text, life_s = data["access_token"], data.get("expires_in", _DEFAULT_LIFE_S)
        life_s = min(float(life_s), _MAX_LIFE_S)
        usable = isinstance(text, str) and text.isascii() and text.isprintable() and bool(text)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        usable = False
    if not usable:
        raise ExchangeFailed(_("The token address answered without a token."))
    # A life shorter than the margin is still good for the request at hand.
    return _Token(text, time.monotonic() + max(life_s - _MARGIN_S, min(life_s, 1.0) / 2))
