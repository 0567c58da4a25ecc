"""What customers themselves keep of somebody, beside rooms above: master data, history, the log, files, cached answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice, product
from typing import Any, Final

import redis
from auditlog.models import LogEntry
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from customers.enrichment.flight import Keys
from customers.enrichment.models import DataSource
from customers.enrichment.questions import Question
from customers.history import snapshot
from customers.models import Consent, Customer, CustomerChange, Identity
from customers.privacy.registry import Keeper, Kept, Subject, register, register_kept
from customers.privacy.scrubbing import Scrubber
from customers.sealing import seal_tombstones
from customers.services import delete_customers

_GUESSES: Final = 300
_AT_ONCE: Final = 500
# Fetched answers, and what Django keeps for pages: a call that is tried.
_REMEMBERED: Final = ("pareto:fetch:*", ":*:test-call:*")
_LOGGED: Final = ("object_repr", "changes", "changes_text", "serialized_data", "additional_data")
_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")


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
        "customers": 1,
    }
    delete_customers(customer_ids=[subject.customer_id])
    seal_tombstones(external_id=subject.external_id, customer_id=subject.customer_id)
    return erased


def _entries(subject: Subject) -> QuerySet[Any]:
    """Lines of the log about the customer, and about rows that name them."""
    types = ContentType.objects.get_for_models(Customer, Identity, Consent)
    about = Q(content_type=types[Customer], object_id=subject.customer_id)
    parts = Q(pk__in=Scrubber(subject).rows(LogEntry.objects.all(), _LOGGED).values("pk"))
    for model in (Identity, Consent):
        own = model._default_manager.filter(customer_id=subject.customer_id).values("pk")  # noqa: SLF001
        parts |= Q(content_type=types[model], object_id__in=own)
        # Rows that are gone: the log knows whose they were.
        parts |= Q(content_type=types[model], changes__customer__contains=str(subject.customer_id))
    entries: QuerySet[Any] = LogEntry.objects.filter(about | parts)
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
    """Answers of data sources that were fetched for one of their addresses, or name them; how many.

    The names of answers are digests of what was asked: what can be guessed is taken away by its name, the rest by what
    it says.
    """
    from customers.enrichment.admin import placeholders  # noqa: PLC0415  registers models, so not before the apps are ready

    words = list(dict.fromkeys([subject.external_id, subject.name, *subject.spellings]))
    words += [value.lstrip("+") for kind, value in subject.addresses if kind == "phone"]
    names: set[bytes] = set()
    for source in DataSource.objects.all():
        inputs = placeholders(source)
        for values in islice(product(words, repeat=len(inputs)), _GUESSES):
            keys = Keys.of(Question(source.key, dict(zip(inputs, values, strict=True))).key)
            names |= {keys.answer.encode(), keys.last.encode()}
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as connection:
        for pattern in _REMEMBERED:
            names |= set(_naming(connection, pattern, Scrubber(subject)))
        return int(connection.delete(*names)) if names else 0


def _naming(connection: redis.Redis, pattern: str, scrubber: Scrubber) -> Iterator[bytes]:
    names = connection.scan_iter(match=pattern, count=1_000)
    while some := list(islice(names, _AT_ONCE)):
        kinds = connection.pipeline(transaction=False)
        for name in some:
            kinds.type(name)
        texts = connection.pipeline(transaction=False)
        read = []
        for name, kind in zip(some, kinds.execute(), strict=True):
            if kind == b"string":
                texts.get(name)
            elif kind == b"list":
                texts.lrange(name, 0, -1)
            else:
                continue
            read.append(name)
        for name, value in zip(read, texts.execute(), strict=True):
            parts = value if isinstance(value, list) else [value or b""]
            if any(scrubber.mentions(_unescaped(part)) for part in parts):
                yield name


def _unescaped(part: bytes) -> str:
    r"""Letters that JSON wrote as \u00fc are letters again."""
    text = part.decode(errors="replace")
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
