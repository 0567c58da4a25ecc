"""Exports and erases one customer, and deletes what is older than it may be."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO, Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from customers.models import Customer, CustomerChange, Identity
from customers.privacy.models import LastRun, Receipt, Retention
from customers.privacy.registry import Kept, Subject, UnderWay, keepers, kinds
from customers.sealing import proof_of

_BATCH: Final = 1_000


def subject_of(customer_id: int) -> Subject:
    """Raises Customer.DoesNotExist."""
    customer = Customer.objects.get(pk=customer_id)
    addresses = Identity.objects.filter(customer=customer).order_by("id").values_list("kind", "value")
    names, before = _before(customer)
    return Subject(customer.pk, customer.external_id, customer.name, (*addresses, *before), names)


def _before(customer: Customer) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """Names and addresses that the history knows: older lists may still have them."""
    names: dict[str, None] = {}
    addresses: set[tuple[str, str]] = set()
    for changes in CustomerChange.objects.filter(customer_id=customer.pk).values_list("changes", flat=True):
        names |= dict.fromkeys(str(one) for one in changes.get("name", ()) if one and one != customer.name)
        for some in changes.get("identities", ()):
            for kind, found, value in (str(one).partition(":") for one in some or ()):
                if found:
                    addresses.add((kind, value))
    of_somebody = Identity.objects.filter(value__in=[value for _kind, value in addresses])
    addresses -= set(of_somebody.values_list("kind", "value"))
    return tuple(names), sorted(addresses)


def export_everything(*, customer_id: int) -> IO[bytes]:
    """A ZIP with one file of JSON for each part of the house that keeps something; open, at its beginning."""
    subject = subject_of(customer_id)
    file = tempfile.TemporaryFile()  # noqa: SIM115  whoever sends it closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for keeper in keepers():
            with archive.open(f"{keeper.name}.json", "w") as part:
                for piece in _as_list(keeper.export(subject)):
                    part.write(piece.encode())
    file.seek(0)
    return file


def _as_list(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    between = "[\n"
    for row in rows:
        yield between + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)
        between = ",\n"
    yield "\n]\n" if between != "[\n" else "[]\n"


def erase(*, customer_id: int, by: str, now: datetime) -> Receipt:
    """Takes the customer away everywhere: all of it, or nothing. Raises StillUnderWay."""
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer_id)
        subject = subject_of(customer_id)
        erased: dict[str, int] = {}
        for keeper in keepers():
            for kind, count in keeper.erase(subject, now).items():
                erased[kind] = erased.get(kind, 0) + count
        receipt = Receipt.objects.create(at=now, by=by[:150], proof=proof_of(subject.external_id), erased=erased)
    # Answers that were remembered come last: until the customer is gone, one more may be fetched.
    erased["cached answers"] = sum(keeper.forget(subject) for keeper in keepers() if keeper.forget)
    receipt.erased = erased
    receipt.save(update_fields=["erased"])
    return receipt


def under_way(*, customer_id: int) -> list[UnderWay]:
    subject = subject_of(customer_id)
    return [one for keeper in keepers() if keeper.under_way for one in keeper.under_way(subject)]


def end_what_is_under_way(*, customer_id: int, now: datetime) -> None:
    subject = subject_of(customer_id)
    for keeper in keepers():
        if keeper.end:
            keeper.end(subject, now)


def days_of(kind: Kept) -> int | None:
    row = Retention.objects.filter(kind=kind.name).first()
    return row.days if row else (kind.most_usual_days or None)


def set_retention(*, days: dict[str, int | None], by: str, now: datetime) -> None:
    for kind, value in days.items():
        Retention.objects.update_or_create(kind=kind, defaults={"days": value, "by": by[:150], "changed_at": now})


def would_go(*, kind: Kept, days: int | None, now: datetime) -> int:
    """How many rows are older than that."""
    return kind.old(now - timedelta(days=days)).count() if days else 0


def prune(*, now: datetime) -> dict[str, int]:
    """Deletes what is too old, in chunks, each in a transaction of its own; how many of each kind."""
    found = {}
    for kind in kinds():
        days = days_of(kind)
        if not days:
            continue
        total = 0
        old = kind.old(now - timedelta(days=days)).order_by("pk")
        while ids := list(old.values_list("pk", flat=True)[:_BATCH]):
            with transaction.atomic():
                total += old.model._base_manager.filter(pk__in=ids).delete()[0]  # noqa: SLF001
        LastRun.objects.update_or_create(kind=kind.name, defaults={"at": now, "rows": total})
        found[kind.name] = total
    return found
