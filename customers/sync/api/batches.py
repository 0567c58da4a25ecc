"""`POST customers/sync/`: up to 10 000 records, and what became of each; `GET customers/changes/`: the way back."""

from __future__ import annotations

import json
from typing import IO, Any, ClassVar, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from access import idempotency
from access.bodies import read_body
from access.paging import NoSuchPage
from access.problems import Problem, QueryInvalid
from access.resources import Guarded
from customers.sync import feed
from customers.sync.api.schemas import BATCH, CHANGES, MOST_RECORDS, REPORT
from customers.sync.services import Options, Report, sync_customers
from customers.sync.state import FAILED

OPTIONS = ("dry_run", "atomic", "strict")
_RESULTS = ("all", "failed", "none")


def flag_parameter(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, bool, OpenApiParameter.QUERY, description=description)


DRY_RUN = flag_parameter("dry_run", "True: the same report, and nothing is written.")
ATOMIC = flag_parameter("atomic", "True: all records, or none if one fails (then 409).")
STRICT = flag_parameter("strict", "True: a further value that nobody declared is a fault.")
_SHOWN = OpenApiParameter(
    "results",
    str,
    OpenApiParameter.QUERY,
    enum=list(_RESULTS),
    description="Which results are listed: all if not said.",
)
_SAID = """Adds, changes, merges and deletes up to 10 000 customers. Each record succeeds or fails for itself, and the
report says which and why. A customer is found by `external_id`, or else by an address. What a record does not name
stays; null clears. Of two records the one with the newer `source_version` (or `source_at`) wins, whenever it comes.

The body may be packed: `Content-Encoding: gzip`. With an `Idempotency-Key` it may be sent again."""


class Batches(Guarded):
    tag = "sync"
    scopes: ClassVar[Any] = {"post": "customers:write"}
    query: ClassVar[Any] = {"post": (*OPTIONS, "results")}
    # The body is read here: larger than others, and once.
    repeats_itself = frozenset({"post"})

    @extend_schema(
        operation_id="customers_sync",
        summary="Bring customers into step",
        description=_SAID,
        parameters=[DRY_RUN, ATOMIC, STRICT, _SHOWN],
        request={"application/json": BATCH},
        responses={(200, "application/json"): REPORT},
    )
    def post(self, request: Request) -> HttpResponse | Response:
        plain: HttpRequest = request._request  # noqa: SLF001  Django's own: its body is not read yet
        if plain.content_type != "application/json":
            raise UnsupportedMediaType(plain.content_type or "")
        body = read_body(
            cast("IO[bytes]", plain), plain.headers.get("Content-Encoding", ""), limit=settings.SYNC_MAX_BYTES
        )
        name = idempotency.name_of(plain)
        if not name:
            return self._work(request, body)

        def work() -> HttpResponse:
            try:
                response: Any = self._work(request, body)
            except Problem as problem:
                response = self.handle_exception(problem)
            rendered: HttpResponse = super(Batches, self).finalize_response(request, response).render()
            return rendered

        print_of = idempotency.fingerprint("POST", plain.get_full_path(), body)
        return idempotency.once(key_id=self.key.pk, name=name, request=print_of, now=timezone.now(), work=work)

    def _work(self, request: Request, body: bytes) -> Response:
        records, options = _read(body, {name: flag(request, name) for name in OPTIONS})
        shown = request.query_params.get("results", "all")
        if shown not in _RESULTS:
            raise QueryInvalid("results", _("One of %(known)s.") % {"known": ", ".join(_RESULTS)})
        report = sync_customers(raw=records, options=options, by=self.key.name, now=timezone.now())
        told = _told(report, options, shown)
        if options.atomic and report.counts[FAILED]:
            said = _("%(count)d records are not right, and nothing was written.") % {"count": report.counts[FAILED]}
            raise Problem(409, "sync-failed", said, **told)
        return Response(told)


def flag(request: Request, name: str) -> bool:
    """A switch in the query. Raises QueryInvalid."""
    text = request.query_params.get(name)
    if text not in {None, "true", "false"}:
        raise QueryInvalid(name, _("Either true or false."))
    return text == "true"


def _read(body: bytes, flags: dict[str, bool]) -> tuple[list[Any], Options]:
    try:
        # Some write NaN and Infinity for numbers: that is the fault of the record that has them.
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        where = f" ({error})" if isinstance(error, json.JSONDecodeError) else ""
        raise ParseError(_("The body is not JSON.") + where) from None
    given: Any = {}
    if isinstance(data, dict):
        given, data = data, data.get("records")
        if unknown := set(given) - {"records", *OPTIONS}:
            raise _not_right("/" + min(unknown)[:100], _("There is no such field."))
        for name in OPTIONS:
            if type(given.get(name, False)) is not bool:
                raise _not_right(f"/{name}", _("Either true or false."))
    if not isinstance(data, list):
        raise _not_right("/records", _("A list of records is wanted."))
    if len(data) > MOST_RECORDS:
        raise _not_right(
            "/records",
            _("At most %(count)d records fit into a request; more go into a stream.") % {"count": MOST_RECORDS},
        )
    return data, Options(**{name: flags[name] or given.get(name, False) for name in OPTIONS})


def _not_right(pointer: str, detail: str) -> Problem:
    pointer = pointer.encode("utf-8", "replace").decode()
    return Problem(400, "invalid", detail, errors=[{"pointer": pointer, "detail": detail, "code": "invalid"}])


def _told(report: Report, options: Options, shown: str) -> dict[str, Any]:
    outcomes = [] if shown == "none" else report.outcomes
    return {
        "dry_run": options.dry_run,
        "written": report.written,
        "received": len(report.outcomes),
        "counts": report.counts,
        "declared": report.declared,
        "results": [one.as_json() for one in outcomes if shown == "all" or one.result == FAILED],
    }


class Changes(Guarded):
    tag = "sync"
    scopes: ClassVar[Any] = {"get": "customers:read"}
    query: ClassVar[Any] = {"get": ("since", "limit")}
    problems: ClassVar[Any] = {"get": ("410",)}

    @extend_schema(
        operation_id="customers_changes",
        summary="What changed since",
        description="Every customer who was added, changed, merged or deleted since, oldest first, as they are now. "
        "Nobody is left out, however long a transaction took; somebody who changed again may come twice.",
        parameters=[
            OpenApiParameter(
                "since", str, OpenApiParameter.QUERY, description="`since` of the last answer. Without it: everybody."
            ),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": feed.MOST, "default": feed.MOST},
                OpenApiParameter.QUERY,
            ),
        ],
        responses={(200, "application/json"): CHANGES},
    )
    def get(self, request: Request) -> Response:
        text = request.query_params.get("limit", str(feed.MOST))
        if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= feed.MOST):
            raise QueryInvalid("limit", _("From 1 to %(most)d.") % {"most": feed.MOST})
        since = request.query_params.get("since", "")
        try:
            page = feed.changes_since(feed.Cursor.read(since) if since else feed.Cursor(), most=int(text))
        except feed.CursorTooOld:
            said = _("The database was replaced since. Read everybody anew: ask without `since`.")
            raise Problem(410, "since-too-old", said) from None
        except feed.CursorUnknown:
            raise NoSuchPage from None
        following = page.next.text()
        address = request.build_absolute_uri(f"{request.path}?since={following}&limit={text}")
        return Response({"results": page.entries, "since": following, "next": address, "has_more": page.has_more})
