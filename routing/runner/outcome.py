"""What a turn made of a contact: its state, outcome, queue, and the sentence of why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from routing.engine.effects import Dial, Enqueue
from routing.engine.events import Event, HungUp, TransferEnded
from routing.engine.plan import Plan
from routing.engine.why import explain, is_written
from routing.models import Contact
from routing.runner.play import Played
from routing.runner.store import Standing
from routing.runner.surroundings import Surroundings

Outcome = Contact.Outcome
State = Contact.State


def standing(
    *,
    before: Standing | None,
    event: Event,
    played: Played,
    trace: Sequence[dict[str, Any]],
    plan: Plan | None,
    fell_back: str,
    surroundings: Surroundings,
    now: datetime,
) -> Standing:
    """The columns of the contact after `event`. `trace` is that of all its turns."""
    dial = next((effect for effect in reversed(played.effects) if isinstance(effect, Dial | Enqueue)), None)
    over = played.status != "waiting"
    outcome = before.outcome if before else ""
    match event:
        case TransferEnded(status="completed"):
            outcome = Outcome.CONNECTED
        case TransferEnded(status="canceled") | HungUp() if outcome in {"", Outcome.TRANSFERRED}:
            # Hanging up while it rings, or before; a conversation that went well is told by its transfer.
            outcome = Outcome.ABANDONED
        case TransferEnded():
            outcome = Outcome.UNANSWERED
    if dial is not None:
        outcome = Outcome.TRANSFERRED
    elif any(seen.get("what") == "recording" for entry in played.trace for seen in entry.get("saw", ())):
        outcome = Outcome.VOICEMAIL
    elif over and not outcome:
        outcome = Outcome.COMPLETED
    waits_for = played.state.get("waits_for")
    state = State.ENDED if over else State.HANDED_OVER if waits_for == "transfer" else State.IN_FLOW
    queue_id = before.queue_id if before else None
    if dial is not None:
        queue_id = surroundings.queue_ids.get(dial.queue)
    why = before.why if before else ""
    if dial is not None or (over and (not why or outcome in {Outcome.VOICEMAIL, Outcome.UNANSWERED})):
        why = (
            f"{'They left' if is_written(trace) else 'The caller hung up'} in “{played.trace[-1]['title']}”, "
            "before the contact was put through."
            if isinstance(event, HungUp) and dial is None and played.trace
            else explain(trace, went_to=_went(dial, outcome, surroundings), flow=_flow(plan), fell_back=fell_back)
        )
    return Standing(
        # Plain texts: the driver takes a longer way for members of an enumeration.
        state=state.value,
        outcome=str(Outcome(outcome).value),
        queue_id=queue_id,
        fell_back=bool(fell_back) or (before.fell_back if before else False),
        why=why,
        ended_at=now if over else None,
    )


def _flow(plan: Plan | None) -> str:
    if plan is None or not plan.name:
        return ""
    # A draft has no number yet: only the simulator runs one.
    return f"“{plan.name}” version {plan.version}" if plan.version else f"the draft of “{plan.name}”"


def _went(dial: Dial | Enqueue | None, outcome: str, surroundings: Surroundings) -> str:
    if dial is not None:
        queue = surroundings.world.queues.get(dial.queue)
        return f"Went to {queue.name}" if queue else f"Went to {dial.to if isinstance(dial, Dial) else dial.queue}"
    return {
        Outcome.VOICEMAIL: "Went to voicemail",
        Outcome.UNANSWERED: "Nobody answered",
        Outcome.CONNECTED: "Ended",
    }.get(Outcome(outcome), "Ended by the flow")
