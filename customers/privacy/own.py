"""What customers themselves keep of somebody, beside rooms above: master data, history, the log, files, cached answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice, product
from typing import Any, Final

import redis
from auditlog.models import LogEntry
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from customers.enrichment.flight import Keys
from customers.enrichment.models import DataSource
from customers.enrichment.questions import Question
from customers.files.models import Fault
from customers.history import snapshot
from customers.models import Consent, Customer, CustomerChange, Identity
from customers.privacy.registry import Keeper, Kept, Subject, register, register_kept
from customers.services import delete_customers
from customers.sync.models import SyncFault

_GUESSES: Final = 300


def register_all() -> None:
    register(Keeper("customer", _("customer"), _export, _erase, _forget))
    register(Keeper("log_of_changes", _("log of changes"), _export_log, _erase_log))
    register_kept(
        Kept("history", _("history of customers"), _("What changed of customers, when and by whom."), _old_history)
    )
    register_kept(
        Kept("log", _("log of changes"), _("Who changed what in the admin. Auditors may want it for years."), _old_log)
    )


def _old_history(before: datetime) -> QuerySet[Any]:
    return CustomerChange.objects.filter(at__lt=before)


def _old_log(before: datetime) -> QuerySet[Any]:
    rows: QuerySet[Any] = LogEntry.objects.filter(timestamp__lt=before)
    return rows


def _export(subject: Subject) -> Iterator[dict[str, Any]]:
    customer = Customer.objects.select_related("tier", "crm_tier", "manual_tier").get(pk=subject.customer_id)
    kept = ("tier_by", "tier_since", "source_version", "source_at", "synced_at", "created_at", "updated_at")
    yield {"customer": {**snapshot(customer), **{name: getattr(customer, name) for name in kept}}}
    for identity in Identity.objects.filter(customer=customer).order_by("id"):
        yield {"identity": {"kind": identity.kind, "value": identity.value}}
    for consent in Consent.objects.filter(customer=customer).order_by("id"):
        yield {
            "consent": {
                "purpose": consent.purpose,
                "granted": consent.granted,
                "at": consent.at,
                "source": consent.source,
            }
        }
    for change in CustomerChange.objects.filter(customer=customer).order_by("id").iterator():
        yield {"change": {"at": change.at, "by": change.by, "via": change.via, "changes": change.changes}}


def _erase(subject: Subject, _now: datetime) -> dict[str, int]:
    erased = {
        "identities": Identity.objects.filter(customer_id=subject.customer_id).count(),
        "consents": Consent.objects.filter(customer_id=subject.customer_id).count(),
        "history": CustomerChange.objects.filter(customer_id=subject.customer_id).count(),
        "faults of files": Fault.objects.filter(external_id=subject.external_id).delete()[0],
        "faults of syncs": SyncFault.objects.filter(external_id=subject.external_id).delete()[0],
        "customers": 1,
    }
    delete_customers(customer_ids=[subject.customer_id])
    return erased


def _entries(subject: Subject) -> QuerySet[Any]:
    """Lines of the log about the customer, and about rows that name them."""
    types = ContentType.objects.get_for_models(Customer, Identity, Consent)
    about = Q(content_type=types[Customer], object_id=subject.customer_id)
    parts = Q(object_repr__in=subject.spellings)
    for value in {value for _kind, value in subject.addresses}:
        parts |= Q(said__contains=value)
    for model in (Identity, Consent):
        own = model._default_manager.filter(customer_id=subject.customer_id).values("pk")  # noqa: SLF001
        parts |= Q(content_type=types[model], object_id__in=own)
        # Rows that are gone: the log knows whose they were.
        parts |= Q(content_type=types[model], changes__customer__contains=str(subject.customer_id))
    rows = LogEntry.objects.annotate(said=Cast("changes", TextField()))
    entries: QuerySet[Any] = rows.filter(about | parts)
    return entries


def _export_log(subject: Subject) -> Iterator[dict[str, Any]]:
    for entry in _entries(subject).select_related("actor").order_by("timestamp").iterator():
        yield {
            "at": entry.timestamp,
            "by": str(entry.actor or ""),
            "about": entry.object_repr,
            "changes": entry.changes,
        }


def _erase_log(subject: Subject, _now: datetime) -> dict[str, int]:
    """That something was changed, when and by whom, stays; what it was goes."""
    scrubbed = _entries(subject).update(
        object_repr="–", changes={}, changes_text="", serialized_data=None, additional_data=None
    )
    return {"lines of the log": scrubbed}


def _forget(subject: Subject) -> int:
    """Answers of data sources that were fetched for one of their addresses; how many."""
    from customers.enrichment.admin import placeholders  # noqa: PLC0415  registers models, so not before the apps are ready

    words = list(dict.fromkeys([subject.external_id, subject.name, *subject.spellings]))
    words += [value.lstrip("+") for kind, value in subject.addresses if kind == "phone"]
    names: set[str] = set()
    for source in DataSource.objects.all():
        inputs = placeholders(source)
        for values in islice(product(words, repeat=len(inputs)), _GUESSES):
            keys = Keys.of(Question(source.key, dict(zip(inputs, values, strict=True))).key)
            names |= {keys.answer, keys.last}
    if not names:
        return 0
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as connection:
        return int(connection.delete(*names))
