"""What is wrong with a data source, said before it is saved rather than while a caller waits."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from concurrent.futures import TimeoutError as LookupTimeout
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from customers.enrichment import guard, mapping
from customers.enrichment.questions import JSON, Fault
from customers.enrichment.templates import Body, HeaderValue, TemplateFault, Url

if TYPE_CHECKING:
    from customers.enrichment.models import DataSource

HEADERS = 30
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
# What belongs to the connection, not to the manager.
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"})
_LOOKUP_S = 1.0


def validate_source(source: DataSource) -> list[Fault]:
    """Every fault, each with the field it belongs to. Looks the hosts up, for at most a second each."""
    return [
        *_address("url", source.url),
        *_headers(source),
        *_body(source),
        *_sign_in(source),
        *_not_found(source),
        *mapping.faults(source.mapping),
    ]


def _address(field: str, text: str) -> Iterator[Fault]:
    try:
        template = Url(text)
        origin = template.origin
        template.try_filters()
    except TemplateFault as fault:
        yield Fault(field, str(fault))
        return
    parts = urlsplit(origin)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme.lower() == "https" else 80)
    try:
        guard.reachable(host, port, _LOOKUP_S)
    except guard.AddressRefused:
        yield Fault(
            field,
            _("%(host)s is an internal address. The operator has to name it in ENRICHMENT_ALLOWED_HOSTS first.")
            % {"host": host},
        )
    except (OSError, UnicodeError, LookupTimeout):
        # Perhaps not there yet; the worker will say so when it asks.
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return
        yield Fault(field, _("The host of the address is not right."))


def _headers(source: DataSource) -> Iterator[Fault]:
    headers: JSON = source.headers
    if not isinstance(headers, dict) or len(headers) > HEADERS:
        yield Fault("headers", _('Headers are names and values, such as {"Accept-Language": "en"}.'))
        return
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            yield Fault("headers", _("“%(name)s” is no name of a header.") % {"name": name})
        elif name.lower() in _OURS:
            yield Fault("headers", _("The header %(name)s is set by Pareto itself.") % {"name": name})
        elif not isinstance(value, str):
            yield Fault("headers", _("The value of %(name)s is no text.") % {"name": name})
        else:
            try:
                template = HeaderValue(value)
                template.try_filters()
                if "{" not in value:
                    template.fill({})
            except TemplateFault as fault:
                yield Fault("headers", f"{name}: {fault}")


def _body(source: DataSource) -> Iterator[Fault]:
    if source.method != "POST":
        if source.body.strip():
            yield Fault("body", _("Only POST has a body."))
        return
    headers = source.headers if isinstance(source.headers, dict) else {}
    kind = next((str(value) for name, value in headers.items() if name.lower() == "content-type"), "application/json")
    try:
        template = Body(source.body, kind)
        template.try_filters()
        if "{{" not in source.body and "{%" not in source.body:
            template.fill({})
    except TemplateFault as fault:
        yield Fault("body", str(fault))


def _sign_in(source: DataSource) -> Iterator[Fault]:
    if source.auth == "none":
        return
    secret = source.secret or ""
    if not secret.strip():
        yield Fault("secret", _("Signing in this way needs a secret."))
    elif source.auth in {"bearer", "header"} and not (secret.isascii() and secret.isprintable()):
        yield Fault("secret", _("A secret in a header has plain letters, digits and signs only, in one line."))
    if source.auth in {"basic", "oauth2"} and not source.auth_name.strip():
        yield Fault("auth_name", _("Say the user or client id."))
    if source.auth == "basic" and ":" in source.auth_name:
        yield Fault("auth_name", _("A user name holds no colon."))
    if source.auth == "header" and (not _HEADER_NAME.fullmatch(source.auth_name) or source.auth_name.lower() in _OURS):
        yield Fault("auth_name", _("Say the name of the header, such as X-Api-Key."))
    if source.auth == "oauth2":
        if "{{" in source.token_url or "{%" in source.token_url:
            yield Fault("token_url", _("The token address has no placeholders."))
        else:
            yield from _address("token_url", source.token_url)


def _not_found(source: DataSource) -> Iterator[Fault]:
    statuses: JSON = source.not_found_statuses
    if not isinstance(statuses, list) or not all(
        isinstance(one, int) and not isinstance(one, bool) and 200 <= one <= 499 for one in statuses
    ):
        yield Fault("not_found_statuses", _("A list of HTTP statuses, such as [404, 410]."))
    if source.not_found_path:
        try:
            mapping.compile_path(source.not_found_path)
        except ValueError as error:
            yield Fault("not_found_path", str(error))
