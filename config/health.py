"""What operators and their machines ask: is it alive, is it ready, what does it count."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Callable
from secrets import compare_digest

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from config.pulse import seconds_since_pulse

logger = structlog.get_logger(__name__)
# A worker's pulse comes every 5 s; three may be missed before it is called dead.
_PULSE_LIFE_S = 16.0


def live(_request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all; asks nobody else, so a restart is the right cure when it fails."""
    return HttpResponse("alive\n", content_type="text/plain")


def ready(_request: HttpRequest) -> JsonResponse:
    """200 when calls can be routed as configured, else 503 and what is down."""
    checks = {"database": _database, "redis": _redis, "enrichment_worker": _enrichment_worker}
    found = {name: _outcome(name, check) for name, check in checks.items()}
    is_ready = all(outcome == "ok" for outcome in found.values())
    response = JsonResponse({"ready": is_ready, **found}, status=200 if is_ready else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  Django would call a 503 an error, each time
    return response


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text. For whoever knows METRICS_TOKEN; without one, for this machine only."""
    if not _may_read_metrics(request):
        return HttpResponse("Set METRICS_TOKEN and send it as a bearer token.\n", "text/plain", status=403)
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):  # each process writes there; the sum is read here
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "")
        return compare_digest(sent.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False  # a proxy on this machine speaks for somebody elsewhere
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _outcome(name: str, check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as problem:  # noqa: BLE001  whatever it is, this part is down, and that is the answer
        logger.warning("not_ready", part=name, problem=type(problem).__name__)
        return "down"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _redis() -> str:
    cache.set("ready", 1, 10)
    return "ok"


def _enrichment_worker() -> str:
    age_s = seconds_since_pulse("enrichment", time.time())
    return "ok" if age_s is not None and age_s < _PULSE_LIFE_S else "down"
