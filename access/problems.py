"""What is said when a request cannot be answered: RFC 9457, `application/problem+json`, for every error there is."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.core.exceptions import (
    FieldDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import csrf, defaults
from psycopg.errors import UniqueViolation
from rest_framework import exceptions, status
from rest_framework.response import Response

PROBLEM = "application/problem+json"
_log = structlog.get_logger(__name__)

_TITLES = {
    400: gettext_lazy("The request is not right"),
    401: gettext_lazy("Who is asking?"),
    403: gettext_lazy("Not allowed"),
    404: gettext_lazy("There is no such thing"),
    405: gettext_lazy("Not done here"),
    406: gettext_lazy("No answer of that kind"),
    409: gettext_lazy("It cannot be kept like this"),
    410: gettext_lazy("Not there any more"),
    412: gettext_lazy("It changed meanwhile"),
    413: gettext_lazy("Too much at once"),
    415: gettext_lazy("Not a body that can be read"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Something went wrong here"),
    503: gettext_lazy("Not possible right now"),
}


class Problem(exceptions.APIException):
    """An error with a type of its own, and whatever else a program should know about it.

    `errors` are {"pointer": "/name", "detail": "…"}: the place in the body (RFC 6901), or in the query, "?name".
    """

    def __init__(
        self,
        status_code: int,
        kind: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status_code = status_code
        self.kind = kind
        self.said = str(detail)
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.more = more


class QueryInvalid(Problem):
    """Something is wrong with the query of an address."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(400, "invalid-query", detail, errors=[{"pointer": f"?{name}", "detail": str(detail)}])


def body(status_code: int, kind: str, detail: str, *, instance: str, **more: Any) -> dict[str, Any]:
    """The members of a problem. `type` is a name to compare with; it is no address to open."""
    return {
        "type": f"urn:pareto:problem:{kind}",
        "title": str(_TITLES.get(status_code, "")),
        "status": status_code,
        "detail": str(detail),
        "instance": instance,
        **more,
    }


# Faults of a body that is as the schema says: something is taken, missing, or against a rule.
_CONFLICTS = frozenset({"unique", "taken", "unknown", "refused"})


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """REST framework's exception handler: nothing is left to answer in HTML."""
    request = context.get("request")
    instance = request.path if request is not None else ""
    problem = _problem(error)
    if problem.status_code >= 500:
        _report(error, problem, request, instance)
    more = dict(problem.more)
    if problem.errors:
        more["errors"] = problem.errors
    response = Response(
        body(problem.status_code, problem.kind, problem.said, instance=instance, **more),
        status=problem.status_code,
        headers=problem.headers,
        content_type=PROBLEM,
    )
    response.exception = True
    return response


def _report(error: Exception, problem: Problem, request: Any, instance: str) -> None:
    view = getattr(getattr(request, "resolver_match", None), "view_name", "") if request is not None else ""
    _log.error("api_failed", path=instance, view=view, status=problem.status_code, exc_info=error)


def _problem(error: Exception) -> Problem:  # noqa: PLR0912  one line for each thing that can go wrong
    match error:
        case Problem():
            return error
        case exceptions.Throttled():
            wait_s = max(1, round(getattr(error, "wait", None) or 1))
            return Problem(
                429,
                "too-many-requests",
                _("Come back in %(seconds)s seconds.") % {"seconds": wait_s},
                headers={"Retry-After": str(wait_s)},
            )
        case exceptions.ValidationError():
            return invalid(error.detail)
        case ValidationError():
            return invalid(exceptions.ValidationError(error.messages).detail)
        case exceptions.APIException():
            return _framework(error)
        case Http404() | FieldDoesNotExist():
            return Problem(404, "not-found", _("Nothing is known under this address."))
        case PermissionDenied():
            return Problem(403, "not-allowed", _("This key may not do that."))
        case RequestDataTooBig():
            return too_large()
        case SuspiciousOperation():
            return Problem(400, "unreadable", _("The request cannot be read."))
        case IntegrityError() if isinstance(error.__cause__, UniqueViolation):
            return Problem(409, "taken", _("Something else is called so by now."))
        case IntegrityError():
            return Problem(409, "in-use", _("Something else refers to it, or a rule of the data forbids it."))
        case OperationalError() | InterfaceError():
            return unavailable()
        case DatabaseError() | Exception():
            return Problem(500, "failed", _("It is written down, with the time. Nothing of this request was kept."))
    raise AssertionError("unreachable")


def _framework(error: exceptions.APIException) -> Problem:
    kinds = {
        400: "unreadable",
        401: "unauthenticated",
        403: "not-allowed",
        404: "not-found",
        405: "method-not-allowed",
        406: "not-acceptable",
        415: "unsupported-media-type",
    }
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    detail = error.detail if isinstance(error.detail, str) else str(error.detail)
    if isinstance(error, exceptions.NotFound):
        detail = _("Nothing is known under this address.")
    return Problem(error.status_code, kinds.get(error.status_code, "failed"), detail, headers=headers)


def invalid(detail: Any) -> Problem:
    """What a serializer refused: each fault with its place. A body that is as the schema says is a conflict."""
    errors = list(_faults(detail, ""))
    is_taken = bool(errors) and all(one["code"] in _CONFLICTS for one in errors)
    said = errors[0]["detail"] if len(errors) == 1 else _("%(count)d values are not right.") % {"count": len(errors)}
    if is_taken:
        return Problem(409, "conflict", said, errors=errors)
    return Problem(400, "invalid", said, errors=errors)


def _faults(detail: Any, pointer: str) -> Any:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            is_whole = name in {"non_field_errors", "__all__"}
            step = "" if is_whole else "/" + str(name).replace("~", "~0").replace("/", "~1")
            yield from _faults(inner, pointer + step)
    elif isinstance(detail, list | tuple):
        for number, inner in enumerate(detail):
            # Errors of the items of a list come as one mapping each, empty for the items that are right.
            yield from _faults(inner, f"{pointer}/{number}" if isinstance(inner, Mapping) else pointer)
    else:
        yield {"pointer": pointer, "detail": str(detail), "code": getattr(detail, "code", "invalid")}


def too_large() -> Problem:
    return Problem(413, "too-large", _("The body is larger than what is read at once. Send it in parts."))


def unavailable() -> Problem:
    return Problem(
        503, "unavailable", _("The database cannot be reached. Send the request again."), headers={"Retry-After": "2"}
    )


def _outside(request: HttpRequest, status_code: int, kind: str, detail: str) -> JsonResponse:
    data = body(status_code, kind, detail, instance=request.path)
    return JsonResponse(data, status=status_code, content_type=PROBLEM)


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400 of the addresses: for programs a problem, for people Django's page."""
    if is_api(request):
        return _outside(request, 400, "unreadable", _("The request cannot be read."))
    return defaults.bad_request(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: whoever sends JSON reads JSON, as the canvas does; people get Django's page."""
    if request.content_type == "application/json":
        said = _("This page has been open for too long, or was opened elsewhere. Reload it; then try again.")
        return JsonResponse({"error": said}, status=403)
    return csrf.csrf_failure(request, reason)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404 of the addresses."""
    if not is_api(request):
        return defaults.page_not_found(request, exception)
    said = _("There is no such address.")
    if not request.path.endswith("/"):
        said = _("There is no such address. All of them end with a slash.")
    return _outside(request, status.HTTP_404_NOT_FOUND, "not-found", said)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500 of the addresses: what broke before REST framework was asked."""
    if not is_api(request):
        return defaults.server_error(request)
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        return _outside(request, 503, "unavailable", _("The database cannot be reached. Send the request again."))
    return _outside(request, 500, "failed", _("It is written down, with the time."))
