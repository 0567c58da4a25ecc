"""Writes about customers that are more than a row: who is known by which address, and two that are one."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.db.models import CASCADE

from customers.history import addresses, differences, identity_changes, record, snapshot
from customers.models import Customer, CustomerChange, Identity, Tombstone

log = structlog.get_logger(__name__)

_FILLED = (
    "name",
    "language",
    "country",
    "time_zone",
    "account_manager",
    "tier_id",
    "crm_tier_id",
    "lifetime_value",
    "revenue_12m",
    "orders",
    "last_order_at",
    "subscription_plan",
    "customer_since",
)


class IdentityTaken(Exception):
    """The address belongs to another customer; the two may be merged."""

    def __init__(self, customer: Customer) -> None:
        super().__init__(str(customer))
        self.customer = customer


@transaction.atomic
def add_identity(*, customer_id: int, kind: str, value: str) -> Identity:
    """The customer is known by this address from now on. Raises IdentityTaken."""
    identity, _ = Identity.objects.select_related("customer").get_or_create(
        kind=kind, value=value, defaults={"customer_id": customer_id}
    )
    if identity.customer_id != customer_id:
        raise IdentityTaken(identity.customer)
    return identity


def learn_identity(*, customer_id: int, kind: str, value: str) -> None:
    """As add_identity, of what a provider says by the way: whoever has the address already keeps it."""
    if kind not in Identity.Kind.values:
        return
    try:
        with transaction.atomic():
            Identity.objects.get_or_create(kind=kind, value=value, defaults={"customer_id": customer_id})
    except IntegrityError:
        log.warning("identity not learned", customer=customer_id, kind=kind)


@transaction.atomic
def delete_customers(*, customer_ids: list[int]) -> None:
    """Deletes them with what is theirs alone; what only points at them stays. A few statements, however many there are.

    A tombstone for each is the database's work (migration 0002).
    """
    for relation in Customer._meta.related_objects:  # noqa: SLF001  Django's public way to them
        field = relation.field
        rows = relation.related_model._base_manager.filter(**{f"{field.name}__in": customer_ids})  # noqa: SLF001
        if field.remote_field.on_delete is CASCADE:
            rows._raw_delete(rows.db)  # noqa: SLF001  delete() would read each row, and log each
        else:
            rows.update(**{field.name: None})
    rows = Customer.objects.filter(pk__in=customer_ids)
    rows._raw_delete(rows.db)  # noqa: SLF001


@transaction.atomic
def merge_customers(*, keep_id: int, other_ids: list[int], by: str, now: datetime) -> Customer:
    """Makes several customers one: addresses and everything that points at the others moves; what `keep` lacks is filled.

    The others are deleted. What both know, `keep` knows better; of two consents for one purpose the later counts.
    """
    rows = {
        row.pk: row for row in Customer.objects.select_for_update().filter(pk__in=[keep_id, *other_ids]).order_by("id")
    }
    keep = rows.pop(keep_id)
    before, known = snapshot(keep), addresses(keep)
    for other in rows.values():
        _take_consents(keep, other)
        for relation in Customer._meta.related_objects:  # noqa: SLF001  Django's public way to them
            field = relation.field.name
            relation.related_model._base_manager.filter(**{field: other}).update(**{field: keep})  # noqa: SLF001
        for name in _FILLED:
            if getattr(keep, name) in (None, ""):
                setattr(keep, name, getattr(other, name))
        keep.attributes = {**(other.attributes or {}), **(keep.attributes or {})}
        keep.notes = "\n\n".join(filter(None, (keep.notes, other.notes)))
        gone_id = other.pk
        other.delete()
        Tombstone.objects.filter(customer_id=gone_id).update(merged_into=keep.external_id)
    keep.save()
    changes = differences(before, snapshot(keep)) | identity_changes(known, addresses(keep))
    merged = {"merged": [sorted(other.external_id for other in rows.values()), keep.external_id]}
    record(customer_id=keep.pk, changes=changes | merged, by=by, via=CustomerChange.Via.MERGE, now=now)
    return keep


def _take_consents(keep: Customer, other: Customer) -> None:
    """Leaves one answer for each purpose among the two, so that all of the other's can move."""
    own = {row.purpose: row for row in keep.consents.all()}
    for row in other.consents.all():
        rival = own.get(row.purpose)
        if rival is not None:
            (row if rival.at >= row.at else rival).delete()
