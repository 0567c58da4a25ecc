"""What a batch of records means for the customers whom it is about: pure, in memory, in the order of the records."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from customers.models import Customer
from customers.sync.leaving import check_relied, leaving
from customers.sync.records import Address, Answer, Fault, Record
from customers.sync.state import (
    CREATED,
    DELETED,
    FAILED,
    MERGED,
    STALE,
    UNCHANGED,
    UPDATED,
    Contended,
    Held,
    Known,
    Outcome,
    State,
    Told,
)

_EMPTY: dict[str, Any] = {
    "name": "",
    "language": "",
    "country": "",
    "time_zone": "",
    "account_manager": "",
    "tier_id": None,
    "tier_by": "",
    "tier_since": None,
    "crm_tier_id": None,
    "lifetime_value": None,
    "revenue_12m": None,
    "orders": None,
    "last_order_at": None,
    "subscription_plan": "",
    "customer_since": None,
    "currency": "EUR",
    "notes": "",
}
# Whoever is in a tier by these stays there until the tiers' own rules have looked again.
_BY_POLICY = {Customer.TierBy.RULE.value, Customer.TierBy.SHARE.value}
_ATTRIBUTES = 400


def decide(records: list[Record], state: State, *, kept: Collection[Address] = ()) -> list[Outcome]:
    """The outcome of each, in order; merges come after everything else. `state` holds what is to be written.

    Raises NotGivenAway; then the same is decided anew, with those addresses `kept`.
    """
    state.leaving = leaving(records, state, kept=kept)
    seen: dict[str, int] = {}
    outcomes = []
    merging: list[tuple[Outcome, Record]] = []
    for record in records:
        outcome = Outcome(record.index, record.external_id, FAILED, record.faults)
        outcomes.append(outcome)
        if record.faults:
            continue
        if record.merge_into:
            merging.append((outcome, record))
            continue
        outcome.result = _apply(record, outcome, state)
        if outcome.result != FAILED:
            outcome.repeats = seen.get(outcome.external_id)
            seen[outcome.external_id] = record.index
    for outcome, record in merging:
        outcome.result = _merge(record, outcome, state)
    check_relied(state, outcomes)
    return outcomes


def _apply(record: Record, outcome: Outcome, state: State) -> str:
    known, number = _find(record, outcome, state)
    outcome.external_id = number
    if outcome.faults:
        return FAILED
    if record.deleted:
        return _delete(record, number, known, state)
    if known is None:
        if number in state.erased or record.is_older(*state.buried.get(number, (None, None))):
            return STALE
        known = Known(None, number, dict(_EMPTY), {})
        is_new = True
    else:
        is_new = False
        if record.is_older(known.source_version, known.source_at):
            return STALE
    moves = _addresses(record, known, outcome, state)
    if moves is None or not _fits(record, known, outcome):
        return FAILED
    if is_new:
        state.created.append(known)
        state.by_number[number] = known
    is_changed = _write_values(record, known, state)
    is_changed |= _write_addresses(moves, known, state)
    is_changed |= _write_consents(record, known, state.now)
    # What it gives away may have been taken before.
    is_changed |= record.index in state.relied_on
    _note_source(record, known)
    if is_new:
        return CREATED
    return UPDATED if is_changed else UNCHANGED


def _find(record: Record, outcome: Outcome, state: State) -> tuple[Known | None, str]:
    if record.external_id:
        return state.by_number.get(record.external_id), record.external_id
    owners = {state.owners[one].external_id for one in record.identities if one in state.owners}
    if len(owners) > 1:
        said = {"customers": ", ".join(sorted(owners))}
        outcome.faults = [
            Fault("identities", "ambiguous", _("These addresses belong to several customers: %(customers)s.") % said)
        ]
        return None, ""
    number = owners.pop() if owners else record.made_up_number
    known = state.by_number.get(number)
    if known is None and owners:
        raise Contended
    return known, number


def _note_source(record: Record, known: Known) -> None:
    if record.source_version is not None and record.source_version != known.source_version:
        known.source_version, known.is_newer = record.source_version, True
    if record.source_at is not None and record.source_at != known.source_at:
        known.source_at, known.is_newer = record.source_at, True


def _delete(record: Record, number: str, known: Known | None, state: State) -> str:
    if known is None:
        return _foretell(record, number, state)
    if record.is_older(known.source_version, known.source_at):
        return STALE
    known.is_deleted = True
    del state.by_number[known.external_id]
    own = state.held_by.get(known.id, set()) if known.id is not None else set()
    for address in (own - known.gone) | known.come:
        state.owners.pop(address, None)
    told = state.buried[number] = _last_told(record, known.source_version, known.source_at)
    if known.id is not None:
        state.deleted.append((known, *told))
    elif told != (None, None):
        state.foretold.add(number)
    return DELETED


def _last_told(record: Record, source_version: int | None, source_at: datetime | None) -> Told:
    """What later records are held against once the customer is gone."""
    version = record.source_version if record.source_version is not None else source_version
    return version, record.source_at or source_at


def _foretell(record: Record, number: str, state: State) -> str:
    """Somebody who is not there goes: kept in mind, so that an older record that is on its way brings nobody."""
    if number in state.erased:
        return UNCHANGED
    before = state.buried.get(number, (None, None))
    if record.is_older(*before):
        return STALE
    told = _last_told(record, *before)
    if told != before:
        state.buried[number] = told
        state.foretold.add(number)
    return UNCHANGED


@dataclass(slots=True)
class _Moves:
    """Which addresses a record moves."""

    come: list[Address]
    gone: list[Address]
    taken: list[tuple[Address, Known]]


def _addresses(record: Record, known: Known, outcome: Outcome, state: State) -> _Moves | None:
    """What becomes of addresses; None if one belongs to somebody else, who is named in the faults."""
    moves = _Moves([], [], [])
    for address in record.identities:
        held = state.owners.get(address)
        if held is None:
            moves.come.append(address)
        elif held.external_id != known.external_id:
            if not record.takes_identities and not _is_given_away(address, held, record, state):
                said = {"address": ":".join(address), "customer": held.external_id}
                detail = _("%(address)s belongs to customer %(customer)s.") % said
                hint = _("Merge the two, or send take_identities.")
                outcome.faults = [*outcome.faults, Fault("identities", "identity_taken", f"{detail} {hint}")]
                continue
            other = state.by_number.get(held.external_id)
            if other is None:
                raise Contended
            moves.taken.append((address, other))
            moves.come.append(address)
    if outcome.faults:
        return None
    moves.gone = [
        one
        for one in record.remove_identities
        if (held := state.owners.get(one)) and held.external_id == known.external_id and one not in record.identities
    ]
    if record.replaces_identities:
        wanted = {*record.identities, *moves.gone}
        own = state.held_by.get(known.id, set()) if known.id is not None else set()
        moves.gone += [one for one in sorted((own - known.gone) | known.come) if one not in wanted]
    return moves


def _is_given_away(address: Address, held: Held, record: Record, state: State) -> bool:
    leave = state.leaving.get(address)
    if leave is None or leave.index < record.index or leave.external_id != held.external_id:
        return False
    state.relied[address] = leave
    state.relied_on.add(leave.index)
    return True


def _write_addresses(moves: _Moves, known: Known, state: State) -> bool:
    for address, other in moves.taken:
        _lose(address, other)
    for address in moves.gone:
        _lose(address, known)
        state.owners.pop(address, None)
    for address in moves.come:
        if address in known.gone:
            known.gone.remove(address)
        else:
            known.come.add(address)
        state.owners[address] = Held(known.id or 0, known.external_id)
    return bool(moves.gone or moves.come)


def _lose(address: Address, known: Known) -> None:
    if address in known.come:
        known.come.remove(address)
    else:
        known.gone.add(address)


def _fits(record: Record, known: Known, outcome: Outcome) -> bool:
    if record.attributes and len(known.attributes) + len(record.attributes) > _ATTRIBUTES:
        detail = _("A customer has at most %(count)d further values.") % {"count": _ATTRIBUTES}
        outcome.faults = [Fault("attributes", "too_long", detail)]
        return False
    return True


def _write_values(record: Record, known: Known, state: State) -> bool:
    values = known.values
    changed = {name: value for name, value in record.fields.items() if values[name] != value}
    if record.names_tier:
        wanted = {"crm_tier_id": state.tiers[record.tier] if record.tier else None}
        if state.crm_decides:
            wanted |= _effective(wanted["crm_tier_id"], known, state.now)
        changed |= {name: value for name, value in wanted.items() if values[name] != value}
        if "tier_id" in changed:
            changed["tier_since"] = state.now if changed["tier_id"] else None
    attributes = known.attributes
    is_other = any(
        (name in attributes)
        if value is None
        else attributes.get(name) != value or type(attributes[name]) is not type(value)
        for name, value in record.attributes.items()
    )
    if changed:
        if known.old_values is None:
            known.old_values = {}
        for name in changed:
            known.old_values.setdefault(name, values[name])
        known.values = values | changed
    if is_other:
        if known.old_attributes is None:
            known.old_attributes = attributes
        merged = attributes | record.attributes
        known.attributes = {name: value for name, value in merged.items() if value is not None}
    return bool(changed) or is_other


def _effective(crm_tier_id: int | None, known: Known, now: datetime) -> dict[str, Any]:
    """The ladder: by hand until it expires, then what rules or shares said, else the CRM's word."""
    by_hand = known.manual_tier_id is not None and (known.manual_tier_until is None or known.manual_tier_until > now)
    if by_hand or known.values["tier_by"] in _BY_POLICY:
        return {}
    if crm_tier_id is None and not known.values["tier_by"]:
        return {}  # in a tier by nobody that we know of: left there
    by = Customer.TierBy.CRM if crm_tier_id else Customer.TierBy.NOBODY
    return {"tier_id": crm_tier_id, "tier_by": by.value}


def _write_consents(record: Record, known: Known, now: datetime) -> bool:
    is_changed = False
    for purpose, answer in record.consents.items():
        before = known.new_consents.get(purpose) or known.consents.get(purpose)
        wanted = _consent(answer, before, now)
        if wanted is not None:
            known.new_consents[purpose] = wanted
            is_changed = True
    return is_changed


def _consent(
    answer: Answer, before: tuple[bool, datetime, str] | None, now: datetime
) -> tuple[bool, datetime, str] | None:
    """The later answer counts; one without a time that says the same as before is no new one."""
    if before is not None:
        if answer.at is None and answer.granted == before[0]:
            return None
        if answer.at is not None and (answer.at < before[1] or (answer.granted, answer.at, answer.source) == before):
            return None
    return answer.granted, answer.at or now, answer.source


def _merge(record: Record, outcome: Outcome, state: State) -> str:
    other, number = _find(record, outcome, state)
    outcome.external_id = number
    if outcome.faults:
        return FAILED
    keep = state.by_number.get(record.merge_into)
    if other is None and (keep or number in state.buried or number in state.erased):
        # Merged before, or not there yet: there is nothing to move.
        return _foretell(record, number, state)
    if other is None:
        detail = _("Nobody knows this customer, nor %(number)s to merge into.") % {"number": record.merge_into}
        outcome.faults = [Fault("merge_into", "unknown_customer", detail)]
        return FAILED
    if keep is other:
        outcome.faults = [Fault("merge_into", "contradiction", _("A customer cannot be merged into itself."))]
        return FAILED
    if keep is None:
        detail = _("There is no other customer %(number)s to merge into.") % {"number": record.merge_into}
        outcome.faults = [Fault("merge_into", "unknown_customer", detail)]
        return FAILED
    if record.is_older(other.source_version, other.source_at):
        return STALE
    del state.by_number[other.external_id]
    told = state.buried[number] = _last_told(record, other.source_version, other.source_at)
    state.merges.append((outcome, keep, other, told))
    return MERGED
