"""Addresses that a later record of the same batch gives away: an earlier one may have them, so that two can trade."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from customers.sync.records import Address, Record
from customers.sync.state import FAILED, STALE, Known, Leave, Outcome, State


class NotGivenAway(Exception):
    """Somebody relied on a record that failed or came too late: to be decided anew without these."""

    def __init__(self, addresses: frozenset[Address], others: frozenset[Address]) -> None:
        super().__init__()
        self.addresses = addresses
        self.others = others
        """All that was to be given away."""


def leaving(records: Iterable[Record], state: State, *, kept: Collection[Address] = ()) -> dict[Address, Leave]:
    """By address, who gives it away and where in the batch. `kept` are those of whom it is known that they stay."""
    found = {}
    for record in records:
        if record.faults or not (record.deleted or record.remove_identities or record.replaces_identities):
            continue
        owner = _owner(record, state)
        if owner is None or record.is_older(owner.source_version, owner.source_at):
            continue
        for address in _given_away(record, owner, state):
            if address not in kept:
                found[address] = Leave(owner.external_id, record.index)
    return found


def check_relied(state: State, outcomes: list[Outcome]) -> None:
    """Raises NotGivenAway if a record that somebody relied on changed nothing."""
    if not state.relied:
        return
    results = {outcome.index: outcome.result for outcome in outcomes}
    broken = {address for address, leave in state.relied.items() if results[leave.index] in {FAILED, STALE}}
    if broken:
        raise NotGivenAway(frozenset(broken), frozenset(state.leaving))


def _owner(record: Record, state: State) -> Known | None:
    if record.external_id:
        return state.by_number.get(record.external_id)
    numbers = {state.owners[one].external_id for one in record.identities if one in state.owners}
    return state.by_number.get(numbers.pop()) if len(numbers) == 1 else None


def _given_away(record: Record, owner: Known, state: State) -> Iterable[Address]:
    own = state.held_by.get(owner.id, set()) if owner.id is not None else set()
    if record.deleted:
        return own
    stays = set(record.identities)
    going = {
        one for one in record.remove_identities if one in state.owners and state.owners[one].customer_id == owner.id
    }
    return (going | own if record.replaces_identities else going) - stays
