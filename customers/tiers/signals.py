"""What the room of tiers tells the rooms above it."""

from __future__ import annotations

from dataclasses import dataclass

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class Move:
    """A customer who came into another tier. Tiers by key, empty for none; `by` is a value of Customer.TierBy."""

    customer_id: int
    external_id: str
    before: str
    after: str
    by: str


tier_changed = Signal()
"""Sent with `moves` (a list of Move) and `now`, inside the transaction that writes them: whoever must not lose one writes
a row of their own with it. One signal for many customers."""
