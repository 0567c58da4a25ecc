"""`POST customers/sync/stream/` and its runs: any number of records, brought in by a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.utils.urls import replace_query_param

from access import idempotency
from access.paging import LIMIT, MOST, NoSuchPage, limit_of
from access.problems import Problem, QueryInvalid
from access.resources import Guarded
from customers.sync import runs
from customers.sync.api.batches import DRY_RUN, STRICT, flag
from customers.sync.api.schemas import ERRORS, RUN, RUNS
from customers.sync.models import SyncFault, SyncRun
from customers.sync.receiving import Digest, StreamRefused, parts, receive, whole
from customers.sync.services import Options
from customers.sync.state import RESULTS
from customers.sync.tasks import work

log = structlog.get_logger()
_TYPES = {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "text/plain"}
_LINES = {"description": "One record a line."}
_PAGE = 100
_STATUS = {"too-large": 413, "unreadable": 400, "broken-off": 400, "canceled": 409}
_RUN_ID = OpenApiParameter("run_id", UUID, OpenApiParameter.PATH)
_SAID = """Takes a record a line (NDJSON), as many as you like, packed with gzip if you like. They are put aside while
they come; when the last one is there, the answer is 202 and a worker begins. A stream that breaks off changes nothing.
Ask the run for its progress."""


class Streams(Guarded):
    tag = "sync"
    scopes: ClassVar[Any] = {"post": "customers:write"}
    query: ClassVar[Any] = {"post": ("dry_run", "strict")}
    repeats_itself = frozenset({"post"})

    @extend_schema(
        operation_id="customers_sync_stream",
        summary="Bring any number of customers into step",
        description=_SAID,
        parameters=[DRY_RUN, STRICT],
        request={"application/x-ndjson": _LINES, "text/plain": _LINES},
        responses={(202, "application/json"): RUN, (200, "application/json"): RUN},
    )
    def post(self, request: Request) -> Response:
        plain: HttpRequest = request._request  # noqa: SLF001  Django's own: its body is read piece by piece
        if plain.content_type not in _TYPES:
            raise UnsupportedMediaType(plain.content_type or "")
        encoding = plain.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in {"", "identity", "gzip"}:
            raise UnsupportedMediaType(encoding, _("A stream may be packed with gzip, and with nothing else."))
        options = Options(dry_run=flag(request, "dry_run"), strict=flag(request, "strict"))
        read, has_length = _reader(plain)
        is_gzip = encoding == "gzip"
        is_end_proved = has_length or is_gzip
        pieces = parts(read, is_gzip=is_gzip, most_bytes=settings.SYNC_STREAM_MAX_BYTES)
        name = idempotency.name_of(plain)
        try:
            known = self._known(name)
            if known is None:
                run = self._open(name, options, is_end_proved=is_end_proved)
                self._receive(run, pieces, Digest())
                return self._started(request, run)
            if known.is_end_proved:
                return self._again(request, known, pieces)
            return self._longer(request, known, self._open("", options, is_end_proved=is_end_proved), pieces)
        except StreamRefused as refused:
            raise Problem(_STATUS[refused.kind], refused.kind, refused.detail) from None

    def _known(self, name: str) -> SyncRun | None:
        """The run that this stream was sent for before."""
        rows = SyncRun.objects.filter(by=self.key.name, idempotency_key=name)
        known = rows.exclude(state=SyncRun.State.INCOMPLETE).first() if name else None
        if known is not None and known.state == SyncRun.State.RECEIVING:
            raise _under_way()
        return known

    def _again(self, request: Request, known: SyncRun, pieces: Any) -> Response:
        digest = Digest()
        for piece in pieces:
            digest.add(piece)
        if known.digest != digest.text():
            raise _another()
        return _replayed(request, known)

    def _longer(self, request: Request, known: SyncRun, run: SyncRun, pieces: Any) -> Response:
        """What came before may have been cut off where a line ended: this is the same once more, or the whole of it."""
        digest = Digest(mark=known.received_bytes)
        self._receive(run, pieces, digest)
        if digest.text() == known.digest:
            runs.forget_run(run_id=run.pk)
            return _replayed(request, known)
        if digest.at_mark != known.digest:
            runs.forget_run(run_id=run.pk)
            raise _another()
        if not runs.take_place(run=run, shorter=known):
            runs.forget_run(run_id=run.pk)
            raise _under_way()
        return self._started(request, run)

    def _open(self, name: str, options: Options, *, is_end_proved: bool) -> SyncRun:
        now = timezone.now()
        try:
            with transaction.atomic():
                return runs.open_run(
                    by=self.key.name, options=options, idempotency_key=name, is_end_proved=is_end_proved, now=now
                )
        except IntegrityError:
            raise _under_way() from None

    def _receive(self, run: SyncRun, pieces: Any, digest: Digest) -> None:
        try:
            receive(run, pieces, timezone.now, digest)
        except BaseException as problem:
            # Whatever ended it: half a stream is none. Where even this fails, the sweep does it.
            why = problem.detail if isinstance(problem, StreamRefused) else _("The stream broke off. Send it again.")
            runs.break_off(run_id=run.pk, why=why, now=timezone.now())
            raise

    def _started(self, request: Request, run: SyncRun) -> Response:
        if not runs.close_received(run_id=run.pk, now=timezone.now()):
            raise StreamRefused("canceled", _("The sync was canceled, or thought to have broken off."))
        start_worker(run.pk)
        run.refresh_from_db()
        answer = told(run, request)
        return Response(answer, status=202, headers={"Location": answer["url"]})


def start_worker(run_id: UUID) -> None:
    """Where the broker is away, the sweep starts it later."""
    try:
        work.delay(str(run_id))
    except Exception:
        log.exception("a sync waits for the sweep, the broker cannot be reached", run=str(run_id))


def _under_way() -> Problem:
    said = _("The first stream with this Idempotency-Key is still under way.")
    return Problem(409, "under-way", said, headers={"Retry-After": "1"})


def _another() -> Problem:
    said = _("This Idempotency-Key was used for another stream before. Take a new one for each.")
    return Problem(409, "idempotency-key-used", said)


def _replayed(request: Request, known: SyncRun) -> Response:
    return Response(told(known, request), headers={"Idempotent-Replayed": "true"})


def _reader(request: HttpRequest) -> tuple[Any, bool]:
    """How to read the stream, and whether its length is told beforehand."""
    # Django reads as many bytes as the header says; a stream that comes in chunks has none, and ends by itself.
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower() and "CONTENT_LENGTH" not in request.META:
        return request.META["wsgi.input"].read, False
    return whole(request.read, int(request.META.get("CONTENT_LENGTH") or 0)), True


class Runs(Guarded):
    tag = "sync"
    scopes: ClassVar[Any] = {"get": "customers:read"}
    query: ClassVar[Any] = {"get": ("cursor", "limit", "state")}

    @extend_schema(
        operation_id="customers_sync_runs",
        summary="Streams, newest first",
        parameters=[
            OpenApiParameter("cursor", str, OpenApiParameter.QUERY, description="Take `next`."),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
                OpenApiParameter.QUERY,
                description=f"How many at most: 1 to {MOST}.",
            ),
            OpenApiParameter("state", str, OpenApiParameter.QUERY, enum=SyncRun.State.values),
        ],
        responses={(200, "application/json"): RUNS},
    )
    def get(self, request: Request) -> Response:
        rows, most = SyncRun.objects.order_by("-started_at", "-pk"), limit_of(request)
        if (state := request.query_params.get("state")) is not None:
            if state not in SyncRun.State.values:
                known = ", ".join(SyncRun.State.values)
                raise QueryInvalid("state", _("There is no such choice. There is: %(known)s.") % {"known": known})
            rows = rows.filter(state=state)
        if cursor := request.query_params.get("cursor"):
            try:
                before = datetime.fromisoformat(cursor)
            except ValueError:
                before = None
            if before is None or before.tzinfo is None:
                raise NoSuchPage
            rows = rows.filter(started_at__lt=before)
        page = list(rows[: most + 1])
        last = page[most - 1].started_at.isoformat() if len(page) > most else None
        return Response({"next": _next(request, last), "results": [told(run, request) for run in page[:most]]})


class Run(Guarded):
    tag = "sync"
    scopes: ClassVar[Any] = {"get": "customers:read"}

    @extend_schema(
        operation_id="customers_sync_run",
        summary="How far a stream is",
        parameters=[_RUN_ID],
        responses={(200, "application/json"): RUN},
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        return Response(told(find(run_id), request))


class Cancel(Guarded):
    tag = "sync"
    scopes: ClassVar[Any] = {"post": "customers:write"}

    @extend_schema(
        operation_id="customers_sync_cancel",
        summary="Stop a stream",
        description="Nothing more of it is done; what is done stays. One that is over stays as it is.",
        parameters=[_RUN_ID],
        request=None,
        responses={(200, "application/json"): RUN},
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        find(run_id)
        runs.cancel_run(run_id=run_id, now=timezone.now())
        return Response(told(find(run_id), request))


class Errors(Guarded):
    tag = "sync"
    scopes: ClassVar[Any] = {"get": "customers:read"}
    query: ClassVar[Any] = {"get": ("cursor",)}

    @extend_schema(
        operation_id="customers_sync_errors",
        summary="Which records of a stream failed, and why",
        parameters=[_RUN_ID, OpenApiParameter("cursor", int, OpenApiParameter.QUERY, description="Take `next`.")],
        responses={(200, "application/json"): ERRORS},
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        run = find(run_id)
        text = request.query_params.get("cursor", "0")
        if not (text.isascii() and text.isdigit() and int(text[:20]) < 2**31):
            raise NoSuchPage
        rows = list(SyncFault.objects.filter(run=run, line__gt=int(text)).order_by("line")[: _PAGE + 1])
        last = str(rows[_PAGE - 1].line) if len(rows) > _PAGE else None
        results = [
            {"line": row.line, "external_id": row.external_id or None, "errors": row.errors} for row in rows[:_PAGE]
        ]
        return Response({"next": _next(request, last), "results": results})


def find(run_id: UUID) -> SyncRun:
    """Raises Http404."""
    run = SyncRun.objects.filter(pk=run_id).first()
    if run is None:
        raise Http404
    return run


def told(run: SyncRun, request: Request) -> dict[str, Any]:
    return {
        "id": str(run.pk),
        "url": reverse("api-sync-run", args=[run.pk], request=request),
        "state": run.state,
        "is_over": run.is_over,
        "dry_run": bool(run.options.get("dry_run")),
        "received": run.received,
        "received_bytes": run.received_bytes,
        "done": run.done,
        "counts": {result: run.counts.get(result, 0) for result in RESULTS},
        "declared": run.declared,
        "error": run.error or None,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }


def _next(request: Request, cursor: str | None) -> str | None:
    return str(replace_query_param(request.build_absolute_uri(), "cursor", cursor)) if cursor else None
