"""What every webhook of this provider goes through before anything is done: method, size, form, account, signature."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import classonlymethod
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from channels.provider import Request
from channels.providers.twilio.carriers import carrier_of
from channels.providers.twilio.inbound import BODY_BYTES, NotAForm, read_call, read_form
from channels.webhooks import REFUSED, TOOK, TooLarge, read_body

log = structlog.get_logger(__name__)

PROVIDER = "twilio"


# Looking a metric up by its labels takes longer than counting.
_took = lru_cache(maxsize=16)(TOOK.labels)


class Refused(Exception):
    """The webhook gets this status and nothing happens. `cause` is for the log and the counter."""

    def __init__(self, status: int, cause: str, body: bytes = b"", **facts: Any) -> None:
        super().__init__(cause)
        self.status, self.cause, self.body, self.facts = status, cause, body, facts


class Webhook(View):
    """POST only, and no token of a form: the signature says who it is."""

    http_method_names = ("post",)
    kind = ""

    @classonlymethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:  # noqa: N805
        return csrf_exempt(super().as_view(**initkwargs))

    def post(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        try:
            return self.answer(request, self.read(read_webhook(request)), began)
        except Refused as refused:
            REFUSED.labels(PROVIDER, refused.cause).inc()
            log.warning("webhook refused", cause=refused.cause, status=refused.status, kind=self.kind, **refused.facts)
            content_type = "text/xml; charset=utf-8" if refused.body else "text/plain; charset=utf-8"
            return HttpResponse(refused.body or f"{refused.cause}\n", content_type, refused.status)
        finally:
            _took(PROVIDER, self.kind).observe(time.monotonic() - began)

    def read(self, form: dict[str, list[str]]) -> Any:
        """What the form is about. Raises Refused."""
        try:
            return read_call(form)
        except NotAForm as error:
            raise Refused(400, "incomplete form", why=str(error)) from None

    @abstractmethod
    def answer(self, request: HttpRequest, call: Any, began: float) -> HttpResponse:
        """The answer to a well-formed webhook whose sender is not verified yet. Raises Refused."""


class Subject(Protocol):
    """The call or message that a form is about."""

    @property
    def account_id(self) -> str: ...

    @property
    def call_id(self) -> str: ...

    @property
    def form(self) -> Mapping[str, Sequence[str]]: ...


def read_webhook(request: HttpRequest) -> dict[str, list[str]]:
    """The form. Raises Refused, before anything was asked of the database."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refused(415, "not a form", content_type=str(request.content_type)[:80])
    try:
        return read_form(read_body(request, BODY_BYTES))
    except TooLarge as error:
        raise Refused(413, "too large", bytes=error.length) from None
    except NotAForm as error:
        raise Refused(400, "incomplete form", why=str(error)) from None


def _signature_headers(request: HttpRequest, names: Sequence[str]) -> dict[str, str]:
    """Only these: `request.headers` reads and renames all of them."""
    return {name: str(request.META.get(_meta(name), "")) for name in names}


# As many as carriers have headers.
@lru_cache(maxsize=32)
def _meta(name: str) -> str:
    return f"HTTP_{name.upper().replace('-', '_')}"


def verify(request: HttpRequest, call: Subject, secret: str, carrier: str = "") -> str:
    """The address that was signed, without its query. Raises Refused."""
    signer = carrier_of(carrier)
    path = request.path
    query = request.META.get("QUERY_STRING", "")
    # Not Django's build_absolute_uri: it re-quotes the query, and what was signed is what was sent.
    tail = f"{path}?{query}" if query else path
    bases = _bases(settings.PUBLIC_URL, str(request.scheme), request.get_host())
    headers = _signature_headers(request, signer.headers)
    signed = signer.signed_url(
        Request(urls=tuple([base + tail for base in bases]), headers=headers, body=request.body, form=call.form),
        secret,
        time.time(),
    )
    if signed is None:
        cause = "bad signature" if signer.is_signed(headers) else "no signature"
        # The commonest reason is a public address that differs from PUBLIC_URL, so it is told.
        raise Refused(403, cause, account=call.account_id, call=call.call_id, expected=bases[0] + path)
    return signed.partition("?")[0]


# As many as there are names of this server, which get_host has checked.
@lru_cache(maxsize=64)
def _bases(public_url: str, scheme: str, host: str) -> tuple[str, ...]:
    """What the signed address may begin with, the likeliest first."""
    own = [f"{scheme}://{host}", f"https://{host}", f"http://{host}"]
    return tuple(dict.fromkeys([public_url, *own] if public_url else own))
