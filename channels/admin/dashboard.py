"""The first page: how today goes, what needs mending, and what to do first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from channels.models import Account, Number
from queues.models import Queue
from routing.models import Contact, Flow

# A worker says every few seconds that it lives; see /health/ready/.
_WORKER_SILENT_S = 16.0
_WARNINGS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a small table: what, how many, how large against the largest, and where to look."""

    title: str
    count: int
    percent: int
    link: str


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001  that is what it is
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class FirstStep:
    title: str
    text: str
    link: str
    done: bool


@dataclass(slots=True)
class Today:
    """Contacts since midnight of this server's time zone."""

    total: int = 0
    last_hour: int = 0
    fell_back: int = 0
    under_way: int = 0
    queues: list[Row] = field(default_factory=list)
    outcomes: list[Row] = field(default_factory=list)


def overview(
    *, user: User | AbstractBaseUser | AnonymousUser, now: datetime, worker_silent_s: float | None
) -> dict[str, Any]:
    """The context of the first page; whatever the user may not see is left out."""
    may = user.has_perm  # type: ignore[union-attr]
    context: dict[str, Any] = {"warnings": [], "first_steps": [], "today": None}
    if may("routing.view_contact"):
        context["today"] = _today(now)
        context["today_link"] = _contacts(now)
    if may("channels.view_number") and may("queues.view_queue"):
        context["warnings"] = _warnings(worker_silent_s)
    if may("channels.add_number") and may("routing.add_flow"):
        steps = _first_steps()
        context["first_steps"] = [] if all(step.done for step in steps) else steps
    return context


def _midnight(now: datetime) -> datetime:
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def _contacts(now: datetime, **filters: str) -> str:
    since = _midnight(now).strftime("%Y-%m-%d %H:%M:%S%z")
    since = f"{since[:-2]}:{since[-2:]}"
    query = urlencode({"started_at__gte": since, **filters})
    return f"{reverse('admin:routing_contact_changelist')}?{query}"


def _today(now: datetime) -> Today:
    """Two queries over one day's rows, through the index on the time."""
    contacts = Contact.objects.filter(started_at__gte=_midnight(now))
    today = Today()
    hour_ago = now - timedelta(hours=1)
    groups = contacts.order_by().values("queue_id", "queue__name", "outcome")
    counts = groups.annotate(
        total=Count("id"),
        recent=Count("id", filter=Q(started_at__gte=hour_ago)),
        lost=Count("id", filter=Q(fell_back=True)),
        open=Count("id", filter=~Q(state=Contact.State.ENDED)),
    )
    queues: dict[tuple[Any, str], int] = {}
    outcomes: dict[str, int] = {}
    for row in counts:
        today.total += row["total"]
        today.last_hour += row["recent"]
        today.fell_back += row["lost"]
        today.under_way += row["open"]
        queue = (row["queue_id"], row["queue__name"] or _("no queue"))
        queues[queue] = queues.get(queue, 0) + row["total"]
        outcomes[row["outcome"]] = outcomes.get(row["outcome"], 0) + row["total"]
    most = max(queues.values(), default=0)
    for (pk, name), count in sorted(queues.items(), key=lambda one: -one[1]):
        where = {"queue__id__exact": str(pk)} if pk else {"queue__isnull": "True"}
        today.queues.append(Row(name, count, round(100 * count / most), _contacts(now, **where)))
    most = max(outcomes.values(), default=0)
    for outcome, count in sorted(outcomes.items(), key=lambda one: -one[1]):
        title = str(Contact.Outcome(outcome).label) if outcome else _("under way")
        today.outcomes.append(Row(title, count, round(100 * count / most), _contacts(now, outcome__exact=outcome)))
    return today


def _warnings(worker_silent_s: float | None) -> list[Warning]:
    found: list[Warning] = []
    if worker_silent_s is None or worker_silent_s > _WORKER_SILENT_S:
        found.append(
            Warning(
                _(
                    "No worker answers. Data sources cannot be asked, so contacts are routed by what the CRM synced "
                    "or the flow's defaults. Whoever runs the server should look."
                )
            )
        )
    unpublished = Number.objects.filter(is_active=True, flow__isnull=False, flow__live__isnull=True)
    for number in unpublished.select_related("flow").only("address", "name", "flow__name")[:_WARNINGS_SHOWN]:
        text = _(
            "%(number)s starts the flow “%(flow)s”, which is not published: its contacts go to the fallback queue."
        )
        link = reverse("admin:routing_flow_change", args=[number.flow_id])
        found.append(Warning(text % {"number": number.address, "flow": number.flow}, link))
    empty = Queue.objects.filter(is_active=True, sip_addresses__isnull=True)
    for queue in empty.filter(Q(overflow__isnull=True) | Q(overflow__sip_addresses__isnull=True))[:_WARNINGS_SHOWN]:
        text = _("The queue “%(queue)s” has no SIP address: nobody can be put through to it.")
        found.append(Warning(text % {"queue": queue}, reverse("admin:queues_queue_change", args=[queue.pk])))
    return found


def _first_steps() -> list[FirstStep]:
    """Six cheap questions; the card goes away once each was answered with yes."""
    return [
        FirstStep(
            _("A queue"),
            _("The team that answers, and its SIP address."),
            reverse("admin:queues_queue_add"),
            Queue.objects.exists(),
        ),
        FirstStep(
            _("A flow"),
            _("What happens to a contact, step by step. Publish it."),
            reverse("admin:routing_flow_add"),
            Flow.objects.filter(live__isnull=False).exists(),
        ),
        FirstStep(
            _("An account"),
            _("Yours at the carrier, with its auth token."),
            reverse("admin:channels_account_add"),
            Account.objects.exists(),
        ),
        FirstStep(
            _("A number"),
            _("It starts the flow."),
            reverse("admin:channels_number_add"),
            Number.objects.filter(flow__isnull=False).exists(),
        ),
        FirstStep(
            _("A first contact"),
            _("Call the number, or place a test call."),
            reverse("admin:channels_number_test_call"),
            Contact.objects.exists(),
        ),
    ]
