"""Writes about customers that are more than a row: who is known by which address, and two that are one."""

from __future__ import annotations

from django.db import transaction

from customers.models import Customer, Identity


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


@transaction.atomic
def merge_customers(*, keep_id: int, other_ids: list[int]) -> Customer:
    """Makes several customers one: addresses and everything that points at the others moves; what `keep` lacks is filled.

    The others are deleted. What both know, `keep` knows better.
    """
    rows = {
        row.pk: row for row in Customer.objects.select_for_update().filter(pk__in=[keep_id, *other_ids]).order_by("id")
    }
    keep = rows.pop(keep_id)
    for other in rows.values():
        for relation in Customer._meta.related_objects:  # noqa: SLF001  Django's public way to them
            field = relation.field.name
            relation.related_model._base_manager.filter(**{field: other}).update(**{field: keep})  # noqa: SLF001
        for name in ("name", "language", "time_zone", "account_manager", "tier_id", "lifetime_value", "orders"):
            if getattr(keep, name) in (None, ""):
                setattr(keep, name, getattr(other, name))
        keep.attributes = {**(other.attributes or {}), **(keep.attributes or {})}
        other.delete()
    keep.save()
    return keep
