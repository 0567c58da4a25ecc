"""Takes an import back: what it changed and nobody changed since is as it was before, and whom it added goes again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import transaction

from customers.files.models import Import
from customers.history import addresses_of, snapshot
from customers.models import Consent, Customer, CustomerChange, Identity
from customers.nudges import nudge
from customers.sync.services import Options, sync_customers

# What belongs to a customer and goes with them; whatever else points at them keeps them here.
_OWN: Final = {Identity, Consent, CustomerChange}
_TIERS: Final = {"tier", "tier_by", "manual_tier", "manual_tier_until"}
OVER: Final = (Import.State.DONE, Import.State.CANCELED)


def take_back(*, file: Import, by: str, now: datetime) -> bool:
    """Has a worker do it; False if there is nothing to take back, or it is not the time for that."""
    with transaction.atomic():
        rows = Import.objects.filter(pk=file.pk, state__in=OVER, left__gt=0)
        is_ready = rows.update(state=Import.State.UNDOING, undone_by=by[:150], beat_at=now)
        if is_ready:
            transaction.on_commit(partial(nudge, "files.tasks.take_back", file.pk))
    return bool(is_ready)


def carry_on(*, file_id: int, now: Any) -> None:
    """The last batch first, each in a transaction of its own. `now` is the clock."""
    file = Import.objects.get(pk=file_id)
    this = Import.objects.filter(pk=file_id, state=Import.State.UNDOING)
    counts = Counter(file.undone)
    # A batch that is taken back twice, because we died here, finds nothing of the import any more.
    while file.left:
        file.undo_moments.append((at := now()).isoformat())
        if not this.update(undo_moments=file.undo_moments, beat_at=at):
            return
        counts += _one_batch(file, datetime.fromisoformat(file.moments[file.left - 1]), at)
        file.left -= 1
        this.update(left=file.left, undone=dict(counts), beat_at=now())
    this.update(state=Import.State.UNDONE, beat_at=now())


def _one_batch(file: Import, moment: datetime, now: datetime) -> Counter[str]:
    rows = CustomerChange.objects.filter(at=moment, via=CustomerChange.Via.IMPORT, by=file.by).order_by("id")
    lines = list(rows.values_list("customer_id", "changes"))
    people = Customer.objects.select_related("tier", "crm_tier", "manual_tier").prefetch_related("identities")
    known = people.in_bulk([pk for pk, _changes in lines])
    held = _held(file, [pk for pk, changes in lines if "created" in changes], moment)
    counts: Counter[str] = Counter()
    raw = []
    for pk, changes in lines:
        customer = known.get(pk)
        if customer is None:
            continue
        if "created" in changes:
            if pk in held:
                counts["kept"] += 1
            else:
                raw.append({"external_id": customer.external_id, "deleted": True})
            continue
        record, is_whole = _before(customer, changes)
        if not is_whole:
            counts["kept"] += 1
        if record:
            raw.append({"external_id": customer.external_id, **record})
    report = sync_customers(raw=raw, options=Options(), by=file.undone_by, now=now, via=CustomerChange.Via.IMPORT)
    counts.update({name: count for name, count in report.counts.items() if count})
    return counts


def _held(file: Import, added: list[int], moment: datetime) -> set[int]:
    """Who was changed since by somebody else, or has contacts, conversations or anything else that is not theirs alone."""
    own = {datetime.fromisoformat(one) for one in (*file.moments, *file.undo_moments)}
    later = CustomerChange.objects.filter(customer_id__in=added, at__gt=moment).exclude(via=CustomerChange.Via.TIERS)
    changes = later.values_list("customer_id", "at", "via")
    found = {pk for pk, at, via in changes if via != CustomerChange.Via.IMPORT or at not in own}
    for relation in Customer._meta.related_objects:  # noqa: SLF001  Django's public way to them
        if relation.related_model not in _OWN:
            name = relation.field.attname
            rows = relation.related_model._base_manager.filter(**{f"{name}__in": added})  # noqa: SLF001
            found |= set(rows.values_list(name, flat=True))
    return found


def _before(customer: Customer, changes: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The record that brings back what is still as the import left it, and whether that is all of it."""
    today = snapshot(customer)
    further = today["attributes"] or {}
    record: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    is_whole = True
    for name, (before, after) in changes.items():
        place, _dot, inner = name.partition(".")
        if name == "identities":
            record |= _addresses(set(addresses_of(customer)), before, after)
        elif place == "attributes":
            if further.get(inner) == after:
                attributes[inner] = before
            else:
                is_whole = False
        elif name in _TIERS:
            continue  # follows from the rest
        elif today.get(name) == after:
            record["tier" if name == "crm_tier" else name] = before if before != "" else None
        else:
            is_whole = False
    return record | ({"attributes": attributes} if attributes else {}), is_whole


def _addresses(own: set[str], gone: Iterable[str], come: Iterable[str]) -> dict[str, Any]:
    found = {"identities": _as_records(gone), "remove_identities": _as_records(one for one in come if one in own)}
    return {name: rows for name, rows in found.items() if rows}


def _as_records(texts: Iterable[str]) -> list[dict[str, str]]:
    return [dict(zip(("kind", "value"), text.split(":", 1), strict=True)) for text in texts]
