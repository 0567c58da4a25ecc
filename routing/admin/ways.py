"""The list of contacts, narrowed to those that took one way through a flow: what a link on the canvas asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing.models import Contact, TrafficEdge, TrafficWalk
from routing.traffic.reading import Look, Way

_PARTS = 7
# The last second that PostgreSQL and Python both know.
_LATEST = 253_402_300_799


@dataclass(frozen=True, slots=True)
class AskedWay:
    """One way through a flow, or through one version of it, of contacts that arrived since then."""

    flow_id: int
    version_id: int | None
    since: datetime
    kind: str
    step: str
    target: str
    exit: str

    def edges(self) -> QuerySet[TrafficEdge]:
        edges = TrafficEdge.objects.filter(
            version__flow=self.flow_id, step=self.step, kind=self.kind, exit=self.exit, target=self.target
        ).select_related("version__flow")
        return edges if self.version_id is None else edges.filter(version=self.version_id)


def list_url(look: Look, way: Way) -> str:
    """The address of the list of all of them."""
    parts = (look.flow_id, look.version_id or "", int(look.since.timestamp()), way.kind, way.step, way.target, way.exit)
    query = urlencode({WayFilter.parameter_name: ":".join(map(str, parts))})
    return f"{reverse('admin:routing_contact_changelist')}?{query}"


def read_way(text: str) -> AskedWay | None:
    """What `list_url` wrote; None for anything else."""
    parts = text.split(":", _PARTS - 1)
    if len(parts) != _PARTS or "\x00" in text:
        return None
    flow, version, since, kind, step, target, exit_name = parts
    numbers = [one for one in (flow, version, since) if one]
    if not flow or not since or any(not one.isdecimal() or len(one) > 18 for one in numbers) or int(since) > _LATEST:
        return None
    at = datetime.fromtimestamp(int(since), tz=UTC)
    return AskedWay(int(flow), int(version) if version else None, at, kind, step, target, exit_name)


class WayFilter(admin.SimpleListFilter):
    """Shown only where somebody came by such a link."""

    title = gettext_lazy("way through a flow")
    parameter_name = "way"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        text = self.value() or ""
        return [(text, _words(text))] if text else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:  # noqa: ARG002
        if not self.value():
            return queryset
        way = read_way(self.value() or "")
        if way is None:
            return queryset.none()
        edges = list(way.edges().values_list("pk", flat=True))
        walks = TrafficWalk.objects.filter(edges__overlap=edges, started_at__gte=way.since)
        return queryset.filter(pk__in=walks.values("contact_id")) if edges else queryset.none()


def _words(text: str) -> str:
    way = read_way(text)
    edge = way.edges().order_by("-version").first() if way else None
    if edge is None:
        return _("no such way")
    end = edge.label or edge.exit if edge.kind == TrafficEdge.Kind.EXIT else edge.get_kind_display()
    return f"{edge.version.flow}: {edge.title or edge.step} → {end}"
