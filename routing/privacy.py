"""What contacts keep of a customer: exported with their traces, and erased so that the statistics stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet, Value
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.privacy.registry import Keeper, Kept, StillUnderWay, Subject, UnderWay, register, register_kept
from customers.privacy.scrubbing import DASH, Scrubber
from routing.engine.faults import DefinitionInvalid
from routing.models import ERASED, Contact, FlowCase, Turn
from routing.runner.services import hang_up

_CASE = ("name", "scenario", "expected")


def register_all() -> None:
    register(Keeper("contacts", _("contacts"), export, erase, under_way=under_way, end=end))
    register(Keeper("test_cases", _("test cases of flows"), export_cases, erase_cases))
    register_kept(
        Kept(
            "contacts",
            _("contacts"),
            _("Calls and conversations with their traces. Reports reach back no further."),
            lambda before: Contact.objects.filter(started_at__lt=before, state=Contact.State.ENDED),
            settings.CONTACT_RETENTION_DAYS,
            most_days=settings.CONTACT_RETENTION_DAYS,
        )
    )
    register_kept(
        Kept(
            "traces",
            _("traces"),
            _("Each step of a contact with the values seen. Without them a contact keeps its reason in one sentence."),
            lambda before: Turn.objects.filter(at__lt=before, contact__state=Contact.State.ENDED),
        )
    )


def of(subject: Subject) -> QuerySet[Contact]:
    """Theirs, and those from one of their addresses that nobody was known by at the time."""
    return Contact.objects.filter(Q(customer_id=subject.customer_id) | Q(customer=None, sender__in=subject.spellings))


def export(subject: Subject) -> Iterator[dict[str, Any]]:
    rows = of(subject).select_related("tier", "queue", "version__flow").order_by("id")
    for contact in rows.iterator(chunk_size=200):
        yield {
            "reference": contact.reference,
            "channel": contact.channel,
            "from": contact.sender,
            "to": contact.recipient,
            "tier": str(contact.tier or ""),
            "queue": str(contact.queue or ""),
            "flow": str(contact.version or ""),
            "outcome": contact.outcome,
            "why": contact.why,
            "started_at": contact.started_at,
            "ended_at": contact.ended_at,
            "turns": [
                {"at": turn.at, "event": turn.event, "answer": turn.effects, "trace": turn.trace}
                for turn in contact.turns.order_by("number")
            ],
        }


def _open(subject: Subject) -> QuerySet[Contact]:
    return of(subject).exclude(state=Contact.State.ENDED)


def under_way(subject: Subject) -> list[UnderWay]:
    return [
        UnderWay(
            gettext("%(channel)s, %(state)s since %(time)s (%(reference)s)")
            % {
                "channel": contact.get_channel_display(),
                "state": contact.get_state_display(),
                "time": date_format(localtime(contact.started_at), "DATETIME_FORMAT"),
                "reference": contact.reference,
            },
            reverse("admin:routing_contact_change", args=[contact.pk]),
        )
        for contact in _open(subject).order_by("pk")
    ]


def end(subject: Subject, now: datetime) -> None:
    """As if they had hung up: a message that nobody answers would keep them here for ever."""
    for contact in _open(subject).order_by("pk"):
        try:
            hang_up(origin=contact.origin, external_id=contact.external_id, now=now)
        except DefinitionInvalid:
            # Its plan can be read no more, so nobody will ever take it on.
            lost = Contact.Outcome.LOST
            _open(subject).filter(pk=contact.pk).update(state=Contact.State.ENDED, ended_at=now, outcome=lost)


def erase(subject: Subject, _now: datetime) -> dict[str, int]:
    """Channel, tier, queue, outcome and times stay: they are nobody's."""
    contacts = of(subject)
    if _open(subject).exists():
        raise StillUnderWay
    ids = list(contacts.values_list("pk", flat=True))
    turns = Turn.objects.filter(contact_id__in=ids)
    steps = turns._raw_delete(turns.db) or 0  # noqa: SLF001  nothing points at a turn
    Contact.objects.filter(pk__in=ids).update(
        sender="–",
        customer=None,
        why="",
        run={},
        external_id=Concat(Value(ERASED), Cast(F("pk"), CharField())),
    )
    return {"contacts": len(ids), "traces": steps}


def cases_of(subject: Subject) -> QuerySet[FlowCase]:
    """Test cases that are about them, or name them."""
    named = Scrubber(subject).rows(FlowCase.objects.all(), _CASE).values("pk")
    return FlowCase.objects.filter(Q(scenario__caller__customer_id=subject.customer_id) | Q(pk__in=named))


def export_cases(subject: Subject) -> Iterator[dict[str, Any]]:
    for case in cases_of(subject).select_related("flow").order_by("id"):
        yield {"flow": case.flow.name, "name": case.name, "scenario": case.scenario, "expected": case.expected}


def erase_cases(subject: Subject, _now: datetime) -> dict[str, int]:
    """The case stays with a caller whom nobody knows; whoever publishes next sees whether it still holds."""
    scrubber, count = Scrubber(subject), 0
    for case in cases_of(subject):
        scenario = scrubber.json(case.scenario)
        caller = scenario.get("caller")
        if isinstance(caller, dict) and (DASH in str(caller.get("number")) or _is(caller, subject)):
            scenario["caller"] = {}
        name = scrubber.text(case.name)
        if name != case.name:
            name = f"{name} {case.pk}"[:100]
        FlowCase.objects.filter(pk=case.pk).update(name=name, scenario=scenario, expected=scrubber.json(case.expected))
        count += 1
    return {"test cases": count}


def _is(caller: dict[str, Any], subject: Subject) -> bool:
    return caller.get("customer_id") == subject.customer_id
